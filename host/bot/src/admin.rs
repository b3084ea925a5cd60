//! What admins do in the chat, with plugins and with everybody's runs; and `whoami`, which anybody may say.

use std::collections::BTreeSet;

use serde_json::Value;
use witbot_core::chat::{Span, Text};
use witbot_core::event::{Event, Message, Source};
use witbot_core::ids::PluginName;
use witbot_core::limits;
use witbot_core::policy::Membership;
use witbot_core::usage::first_day;
use witbot_store::Store;
use witbot_store::error::StoreError;
use witbot_store::invocations::{Filter, Invocation, Status};

use crate::clock;
use crate::orders::followed::Followers;
use crate::orders::plugins::{self, PluginOrder};
use crate::orders::{self, Done, Order, What};
use crate::rights::{Own, Rights, Ruled};
use crate::runs::words;
use crate::sheet::Sheet;
use crate::theirs;

/// What they want.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// To see all about a plugin.
    Show(String),
    /// To have a plugin not serve, and why.
    Hold(String, String),
    /// To have it serve again.
    Release(String),
    /// To have the version serve that served before.
    Rollback(String),
    /// To see what goes on for everybody.
    Runs,
    /// To end a run of anybody, by the beginning of its id.
    Cancel(String),
    /// To have a run tried again that was put aside.
    Retry(String),
    /// To know what the bot knows of them.
    WhoAmI,
}

/// What it comes to.
pub struct Granted {
    /// What they are told. None: the line about what was done says it already.
    pub text: Option<Text>,
    /// What was done with a run.
    pub done: Option<Done>,
}

/// The wish that a message is, if it is one.
pub fn wish(text: &str) -> Option<Wish> {
    let (first, rest) = word(text);
    let (second, rest) = word(rest);
    let (third, rest) = word(rest);
    let alone = rest.is_empty();
    let of = |third: &str| third.to_lowercase();
    match (
        first.to_lowercase().as_str(),
        second.to_lowercase().as_str(),
    ) {
        ("whoami", "") => Some(Wish::WhoAmI),
        ("runs", "all") if third.is_empty() => Some(Wish::Runs),
        (_, _) if third.is_empty() => None,
        ("plugin", "hold") => Some(Wish::Hold(of(third), rest.to_owned())),
        ("plugin", "show") if alone => Some(Wish::Show(of(third))),
        ("plugin", "release") if alone => Some(Wish::Release(of(third))),
        ("plugin", "rollback") if alone => Some(Wish::Rollback(of(third))),
        ("runs", "cancel") if alone => Some(Wish::Cancel(of(third))),
        ("runs", "retry") if alone => Some(Wish::Retry(of(third))),
        _ => None,
    }
}

/// What to write, for who begins a command of this room and does not end it.
pub fn usage(text: &str) -> Option<&'static str> {
    let (first, rest) = word(text);
    match (
        first.to_lowercase().as_str(),
        word(rest).0.to_lowercase().as_str(),
    ) {
        ("plugin", _) => Some(
            "Usage: `plugin show NAME`, `plugin hold NAME [REASON]`, `plugin release NAME` or `plugin rollback NAME`. \
             `plugins` lists the names.",
        ),
        ("runs", "all") => Some("Usage: `runs all`."),
        ("runs", "cancel" | "retry") => {
            Some("Usage: `runs cancel RUN` or `runs retry RUN`. `runs all` lists what goes on.")
        }
        ("whoami", _) => Some("Usage: `whoami`."),
        _ => None,
    }
}

/// The first word, and what is behind it.
fn word(text: &str) -> (&str, &str) {
    let text = text.trim();
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    (word, rest.trim())
}

impl Wish {
    /// As rules call it. All but the last concern others.
    pub fn command(&self) -> Own {
        let (id, admin) = match self {
            Wish::Show(_) => ("plugin-show", true),
            Wish::Hold(..) => ("plugin-hold", true),
            Wish::Release(_) => ("plugin-release", true),
            Wish::Rollback(_) => ("plugin-rollback", true),
            Wish::Runs => ("runs-all", true),
            Wish::Cancel(_) => ("runs-cancel", true),
            Wish::Retry(_) => ("runs-retry", true),
            Wish::WhoAmI => ("whoami", false),
        };
        Own { id, admin }
    }
}

/// What the rules say. None: it may be done.
pub async fn may(rights: &Rights, event: &Event, message: &Message, wish: &Wish) -> Option<Ruled> {
    rights.own(event, message, wish.command()).await
}

/// What wishes are granted with.
pub struct Admin {
    /// What holds and rolls back.
    pub followers: Followers,
    /// Who has which role.
    pub rights: Rights,
}

impl Admin {
    /// Does what somebody wants who may.
    pub async fn grant(
        &self,
        event: &Event,
        message: &Message,
        wish: Wish,
    ) -> Result<Granted, StoreError> {
        let store = &self.followers.store;
        let text = match wish {
            Wish::Show(name) => self.show(&name).await,
            Wish::Hold(name, reason) => {
                self.order(event, message, plugins::What::Hold, &name, reason)
                    .await?
            }
            Wish::Release(name) => {
                self.order(event, message, plugins::What::Release, &name, String::new())
                    .await?
            }
            Wish::Rollback(name) => {
                let what = plugins::What::Rollback(None);
                self.order(event, message, what, &name, String::new())
                    .await?
            }
            Wish::Runs => all(store).await?.into(),
            Wish::Cancel(run) => return self.with_run(message, What::Cancel, &run).await,
            Wish::Retry(run) => return self.with_run(message, What::Retry, &run).await,
            Wish::WhoAmI => self.who(event, message).await?,
        };
        Ok(Granted {
            text: Some(text),
            done: None,
        })
    }

    async fn order(
        &self,
        event: &Event,
        message: &Message,
        what: plugins::What,
        name: &str,
        reason: String,
    ) -> Result<Text, StoreError> {
        let Some(plugin) = self.named(name) else {
            return Ok(self.unknown());
        };
        let order = PluginOrder {
            what,
            plugin,
            reason,
            by: words::name(&message.user),
            at: event.received,
            person: Some(message.user.id.clone()),
        };
        let noted = self.followers.carry_out(&order).await?;
        Ok(noted.text.into())
    }

    async fn show(&self, name: &str) -> Text {
        let live = self.followers.live.load_full();
        let standing = self.named(name);
        let Some(standing) = standing.as_ref().and_then(|name| live.standing(name)) else {
            return self.unknown();
        };
        let settings = self.rights.settings.load_full();
        let part = settings
            .plugins
            .get(&standing.name)
            .cloned()
            .unwrap_or_default();
        let usage = self
            .followers
            .store
            .usage(&standing.name, first_day(clock::now()))
            .await;
        let usage = usage.map_err(|error| format!("not known: {error}"));
        let sheet = Sheet {
            name: &standing.name,
            newest: standing.newest.as_deref().map(Into::into),
            before: standing.before.as_deref().map(Into::into),
            problem: standing.problem.as_ref(),
            grants: &part.grants,
            observe: part.observe.as_deref(),
            limits: part.limits,
            usage: usage.as_deref().map_err(Clone::clone),
        };
        sheet.chat()
    }

    /// A plugin that has a file, or about which something was ordered.
    fn named(&self, name: &str) -> Option<PluginName> {
        let name: PluginName = name.parse().ok()?;
        let live = self.followers.live.load();
        (live.standing(&name).is_some() || live.held.contains(&name)).then_some(name)
    }

    fn unknown(&self) -> Text {
        let live = self.followers.live.load();
        let names: Vec<String> = live
            .standings
            .iter()
            .map(|one| format!("`{}`", one.name))
            .collect();
        match names.as_slice() {
            [] => "There are no plugins.".into(),
            names => format!("There is no such plugin. There are {}.", names.join(", ")).into(),
        }
    }

    async fn with_run(
        &self,
        message: &Message,
        what: What,
        begin: &str,
    ) -> Result<Granted, StoreError> {
        let store = &self.followers.store;
        let found = store.invocations_like(begin).await?;
        let run = match found.as_slice() {
            [run] => run,
            [] => return Ok(said("I know no such run. `runs all` lists what goes on.")),
            [_, ..] => return Ok(said("Several runs begin so. Write more of it.")),
        };
        let order = Order {
            what,
            run: run.id.clone(),
            by: words::name(&message.user),
            person: Some(message.user.id.clone()),
            by_plugin: false,
        };
        let done = orders::carry_out(store, order).await?;
        Ok(Granted {
            text: Some(theirs::sentence(&done.text).into()),
            done: Some(done),
        })
    }

    async fn who(&self, event: &Event, message: &Message) -> Result<Text, StoreError> {
        let user = &message.user;
        let identity = self
            .followers
            .store
            .identity(event.source, &user.id)
            .await?;
        let mut lines = vec![format!("id {}", user.id)];
        if let Value::String(standing) = serde_json::to_value(user.standing).unwrap_or_default() {
            lines.push(standing);
        }
        let (roles, unknown) = self.roles(message).await;
        lines.push(match roles.as_slice() {
            [] => "no role".to_owned(),
            roles => format!("roles {}", roles.join(", ")),
        });
        if !unknown.is_empty() {
            lines.push(format!(
                "perhaps {}: their groups cannot be read just now",
                unknown.join(", ")
            ));
        }
        lines.push(match (identity, event.source) {
            (Some(identity), _) => format!("at GitHub {}", identity.login),
            (None, Source::Console) => "not linked to an account at GitHub".to_owned(),
            (None, _) => "not linked to an account at GitHub; say `link github`".to_owned(),
        });
        let text = Text::from("You are ").user(user.id.clone());
        Ok(text.with(Span::Plain(format!(":\n- {}", lines.join("\n- ")))))
    }

    /// The roles of somebody, and those of which that is not known.
    async fn roles(&self, message: &Message) -> (Vec<String>, Vec<String>) {
        let policy = self.rights.settings.load().policy.clone();
        let mut groups = BTreeSet::new();
        for role in policy.roles().keys() {
            policy.groups_of(role, &mut groups);
        }
        let user = &message.user.id;
        let known = self.rights.people.groups(user, &groups).await;
        let (mut has, mut unknown) = (Vec::new(), Vec::new());
        for role in policy.roles().keys() {
            match policy.membership(role, user, &known) {
                Membership::Yes => has.push(role.clone()),
                Membership::Unknown => unknown.push(role.clone()),
                Membership::No => {}
            }
        }
        (has, unknown)
    }
}

/// What goes on for everybody: what needs somebody first, then what was begun last.
async fn all(store: &Store) -> Result<String, StoreError> {
    let mut runs: Vec<Invocation> = Vec::new();
    for status in [Status::Dead, Status::Running, Status::Parked] {
        let filter = Filter {
            plugin: None,
            status: Some(status),
            limit: limits::RUNS_SHOWN_MAX,
        };
        runs.extend(store.invocations(filter).await?);
    }
    if runs.is_empty() {
        return Ok("Nothing goes on.".to_owned());
    }
    runs.truncate(limits::RUNS_SHOWN_MAX as usize);
    let mut lines = vec!["What goes on:".to_owned()];
    for run in &runs {
        let event = store.event(run.event).await?;
        let asked = event.as_ref().map_or(String::new(), words::asked);
        let from = event.as_ref().and_then(words::from);
        let from = from.map_or(String::new(), |(user, place)| {
            format!(" of {} in {}", words::name(user), place.channel)
        });
        let stands = theirs::stands(store, run).await?;
        lines.push(format!(
            "- {} {} `{asked}`{from} {stands}",
            run.id.short(),
            run.plugin
        ));
    }
    if runs.len() == limits::RUNS_SHOWN_MAX as usize {
        lines.push("There may be more: `witbot runs` lists all.".to_owned());
    }
    Ok(lines.join("\n"))
}

fn said(text: &str) -> Granted {
    Granted {
        text: Some(text.into()),
        done: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_commands_are_wishes() {
        let name = || "deploy".to_owned();
        for (text, expected) in [
            ("plugin show deploy", Some(Wish::Show(name()))),
            (
                " Plugin  HOLD Deploy ",
                Some(Wish::Hold(name(), String::new())),
            ),
            (
                "plugin hold deploy It leaks, badly",
                Some(Wish::Hold(name(), "It leaks, badly".to_owned())),
            ),
            ("plugin release deploy", Some(Wish::Release(name()))),
            ("plugin rollback deploy", Some(Wish::Rollback(name()))),
            ("plugin release deploy now", None),
            ("plugin show", None),
            ("plugin", None),
            ("plugins", None),
            ("runs", None),
            ("runs all", Some(Wish::Runs)),
            ("runs all day", None),
            ("runs cancel 1A2B", Some(Wish::Cancel("1a2b".to_owned()))),
            ("runs retry 1a2b", Some(Wish::Retry("1a2b".to_owned()))),
            ("runs cancel", None),
            ("runs away", None),
            ("WhoAmI", Some(Wish::WhoAmI)),
            ("whoami really", None),
            ("", None),
        ] {
            assert_eq!(wish(text), expected, "{text}");
        }
    }

    #[test]
    fn who_begins_a_command_is_told_how_it_ends() {
        for text in [
            "plugin",
            "plugin shw deploy",
            "runs all day",
            "runs cancel",
            "whoami really",
        ] {
            assert!(wish(text).is_none() && usage(text).is_some(), "{text}");
        }
        for text in ["plugins", "runs", "runs away", "who", "deploy"] {
            assert_eq!(usage(text), None, "{text}");
        }
    }

    #[test]
    fn only_who_asks_about_themselves_needs_no_role() {
        let name = String::new;
        for wish in [
            Wish::Show(name()),
            Wish::Hold(name(), name()),
            Wish::Release(name()),
            Wish::Rollback(name()),
            Wish::Runs,
            Wish::Cancel(name()),
            Wish::Retry(name()),
        ] {
            assert!(wish.command().admin, "{wish:?}");
        }
        assert!(!Wish::WhoAmI.command().admin);
    }
}
