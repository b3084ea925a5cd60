//! What a plugin can do, each thing said once.
//!
//! ```no_run
//! use witbot_sdk::{Command, Event, Plugin, Result, chat, kv};
//!
//! witbot_sdk::plugin!(plugin);
//!
//! fn plugin() -> Plugin {
//!     let take = Command::new("take <duty>", "Takes a duty.", take)
//!         .example("take support")
//!         .details("It is yours until somebody else takes it.");
//!     Plugin::new("Knows who is on duty.")
//!         .command(take)
//!         .schedule("morning", "0 9 * * mon-fri Europe/Berlin", "Says who has support.", morning)
//!         .required_setting("channel", "Where it is said in the morning.")
//!         .wants("kv", "To remember who is on duty.")
//!         .wants("schedules", "To say it in the morning.")
//!         .wants("chat", "To say it in the channel.")
//! }
//!
//! fn take(event: &Event) -> Result {
//!     kv::set(&event.required("duty")?, &event.user_name())?;
//!     event.reply("It is yours.")?;
//!     Ok(())
//! }
//!
//! fn morning(_: &Event) -> Result {
//!     let settings: serde_json::Value = witbot_sdk::config::settings()?;
//!     let channel = settings["channel"].as_str().unwrap_or_default();
//!     let who: Option<String> = kv::get("support")?;
//!     chat::post(channel, format!("Support: {}.", who.unwrap_or("nobody".to_owned())))?;
//!     Ok(())
//! }
//! ```

use serde::de::DeserializeOwned;

use crate::config::{self, Wrong};
use crate::error::Result;
use crate::event::Event;

type Handler = Box<dyn Fn(&Event) -> Result>;

/// A plugin: its commands, listeners, subscriptions, schedules and webhooks with their handlers, and what it needs.
///
/// Nothing here fails. What is wrong with a declaration is reported by witbot, all of it at once, and the plugin is
/// then not loaded.
pub struct Plugin {
    pub(crate) summary: String,
    pub(crate) entries: Vec<Entry>,
    pub(crate) settings: Vec<Setting>,
    pub(crate) wants: Vec<(String, String)>,
    pub(crate) can_use: Vec<(String, String)>,
}

impl Plugin {
    /// A plugin that does nothing yet. The summary is one line for lists, at most 200 characters.
    pub fn new(summary: impl Into<String>) -> Plugin {
        Plugin {
            summary: summary.into(),
            entries: Vec::new(),
            settings: Vec::new(),
            wants: Vec::new(),
            can_use: Vec::new(),
        }
    }

    /// Adds a command.
    pub fn command(self, command: Command) -> Plugin {
        let Command {
            id,
            usage,
            summary,
            examples,
            details,
            danger,
            handler,
        } = command;
        let id = id.unwrap_or_else(|| name_of(&usage));
        self.entry(
            id,
            Trigger::Command {
                usage,
                summary,
                examples,
                details,
                danger,
            },
            handler,
        )
    }

    /// Adds a listener: a regular expression that is tried on every message in the channels the bot is in, addressed
    /// to the bot or not. Named groups become arguments. Linear-time syntax, without look-around and back-references.
    pub fn listener(
        self,
        pattern: impl Into<String>,
        summary: impl Into<String>,
        handler: impl Fn(&Event) -> Result + 'static,
    ) -> Plugin {
        let trigger = Trigger::Listener {
            pattern: pattern.into(),
            summary: summary.into(),
            hubot: None,
        };
        self.entry("listener".to_owned(), trigger, Box::new(handler))
    }

    /// Adds a listener by Hubot's rules, as `robot.hear(/pattern/flags, …)` does there. It is tried on every message as
    /// it was said, with the name of the bot and with mentions as `@name`. Groups become arguments by number, from `0`
    /// for all that matched, and by name where they have one.
    ///
    /// The flags are `i`, `m` and `s`, or none. `g` is accepted and changes nothing: there is always the first hit, with
    /// its groups. The syntax is that of [`listener`](Plugin::listener), not JavaScript's.
    pub fn hubot_hear(
        self,
        pattern: impl Into<String>,
        flags: impl Into<String>,
        summary: impl Into<String>,
        handler: impl Fn(&Event) -> Result + 'static,
    ) -> Plugin {
        let trigger = Trigger::Listener {
            pattern: pattern.into(),
            summary: summary.into(),
            hubot: Some((Hubot::Hear, flags.into())),
        };
        self.entry("hear".to_owned(), trigger, Box::new(handler))
    }

    /// Adds a listener by Hubot's rules, as `robot.respond(/pattern/flags, …)` does there: like
    /// [`hubot_hear`](Plugin::hubot_hear), for what begins with the name or the alias of the bot. The pattern is tried
    /// directly behind that, and need not reach to the end. Without `i`, the name as well has to be written as it stands
    /// in the settings.
    ///
    /// ```no_run
    /// use witbot_sdk::{Event, Plugin, Result};
    ///
    /// fn plugin() -> Plugin {
    ///     Plugin::new("Opens the doors.")
    ///         // robot.respond(/open the (.*) doors/i, (res) => res.reply(`Opening the ${res.match[1]} doors.`))
    ///         .hubot_respond("open the (.*) doors", "i", "Opens doors.", open)
    /// }
    ///
    /// fn open(event: &Event) -> Result {
    ///     let doors = event.required("1")?;
    ///     event.reply(format!("Opening the {doors} doors."))?;
    ///     Ok(())
    /// }
    /// ```
    pub fn hubot_respond(
        self,
        pattern: impl Into<String>,
        flags: impl Into<String>,
        summary: impl Into<String>,
        handler: impl Fn(&Event) -> Result + 'static,
    ) -> Plugin {
        let trigger = Trigger::Listener {
            pattern: pattern.into(),
            summary: summary.into(),
            hubot: Some((Hubot::Respond, flags.into())),
        };
        self.entry("respond".to_owned(), trigger, Box::new(handler))
    }

    /// Asks for events of one kind from outside, such as `github.deployment` or `circleci.workflow-completed`, or of what
    /// plugins publish, such as `topic.deployed`. Only events of repositories, projects and topics that the plugin was granted
    /// reach it.
    pub fn subscribe(
        self,
        kind: impl Into<String>,
        handler: impl Fn(&Event) -> Result + 'static,
    ) -> Plugin {
        let kind = kind.into();
        self.entry(
            kind.clone(),
            Trigger::Subscription { kind },
            Box::new(handler),
        )
    }

    /// Has the plugin called by the clock: with a line of cron and perhaps a time zone (else UTC), such as
    /// `0 9 * * mon-fri Europe/Berlin`, or with a length of time from 10 seconds on, `every 5m`. `id` names it in the settings,
    /// where the operator may write another time, or `off`.
    ///
    /// [`Event::kind`] is `schedule`, and the field `/due` is the time for which it was called, in milliseconds since 1970.
    /// What was missed while the bot did not run is made up for once, and then the field `/missed` is `true`. There is nobody
    /// to reply to. When clocks are put forward or back, a line whose minute or hour begins with `*` goes by what clocks show;
    /// any other is called once for a time that is skipped, and once for one that is shown twice.
    ///
    /// Grant: `schedules = [{ at_most_every = "5m" }]`.
    ///
    /// ```no_run
    /// use witbot_sdk::{Event, Plugin, Result, chat};
    ///
    /// fn plugin() -> Plugin {
    ///     Plugin::new("Says good morning.")
    ///         .wants("schedules", "Says it in the morning.")
    ///         .wants("chat", "Says it in #general.")
    ///         .schedule("morning", "0 9 * * mon-fri Europe/Berlin", "Says good morning.", morning)
    /// }
    ///
    /// fn morning(_: &Event) -> Result {
    ///     chat::post("general", "Good morning!")?;
    ///     Ok(())
    /// }
    /// ```
    pub fn schedule(
        self,
        id: impl Into<String>,
        when: impl Into<String>,
        summary: impl Into<String>,
        handler: impl Fn(&Event) -> Result + 'static,
    ) -> Plugin {
        let trigger = Trigger::Schedule {
            when: when.into(),
            summary: summary.into(),
        };
        self.entry(id.into(), trigger, Box::new(handler))
    }

    /// Asks for the webhooks that come to `POST /hooks/in/NAME`. [`Event::kind`] is `webhook.NAME`, and
    /// [`field`](Event::field) looks into the body: JSON as it is, anything else as `{"text": …}`, and the fields of a form
    /// beside it as `{"form": {…}}`. The operator says in the grant how the sender proves itself, and the host verifies it.
    ///
    /// Grant: `webhooks = [{ name = "alerts", verify = "standard", secret = "ALERTS_SECRET" }]`.
    ///
    /// ```no_run
    /// use witbot_sdk::{Event, Plugin, Result, chat};
    ///
    /// fn plugin() -> Plugin {
    ///     Plugin::new("Tells of alerts.")
    ///         .wants("webhooks", "Hears of alerts.")
    ///         .wants("chat", "Tells of them in #ops.")
    ///         .webhook("alerts", "Tells of an alert.", alert)
    /// }
    ///
    /// fn alert(event: &Event) -> Result {
    ///     let title = event.field("/title").unwrap_or_default();
    ///     chat::post("ops", format!("Alert: {title}"))?;
    ///     Ok(())
    /// }
    /// ```
    pub fn webhook(
        self,
        name: impl Into<String>,
        summary: impl Into<String>,
        handler: impl Fn(&Event) -> Result + 'static,
    ) -> Plugin {
        let name = name.into();
        let trigger = Trigger::Webhook {
            name: name.clone(),
            summary: summary.into(),
        };
        self.entry(format!("webhook.{name}"), trigger, Box::new(handler))
    }

    /// Names a setting that the operator may write under `[plugins.NAME] settings`. See [`config`](crate::config).
    pub fn setting(self, name: impl Into<String>, summary: impl Into<String>) -> Plugin {
        self.with_setting(name.into(), summary.into(), false)
    }

    /// Names a setting that the plugin cannot work without.
    pub fn required_setting(self, name: impl Into<String>, summary: impl Into<String>) -> Plugin {
        self.with_setting(name.into(), summary.into(), true)
    }

    /// Has the settings read as a type, and looked at, before the plugin is put to work with them: when it is loaded, and
    /// when they change. What is wrong is told to the operator, with the line in which it stands, and holds the plugin;
    /// what worked before goes on. Nothing but the settings can be used there.
    ///
    /// ```no_run
    /// use serde::Deserialize;
    /// use witbot_sdk::Plugin;
    /// use witbot_sdk::config::Wrong;
    ///
    /// #[derive(Deserialize)]
    /// struct Settings {
    ///     minutes: u32,
    /// }
    ///
    /// fn plugin() -> Plugin {
    ///     Plugin::new("Reminds of things.")
    ///         .required_setting("minutes", "How long to wait.")
    ///         .checks_settings(|settings: &Settings| match settings.minutes {
    ///             0 => vec![Wrong::at(&["minutes"], "nobody needs to be reminded at once: write 1 or more")],
    ///             _ => Vec::new(),
    ///         })
    /// }
    /// ```
    pub fn checks_settings<T: DeserializeOwned>(
        self,
        look: impl Fn(&T) -> Vec<Wrong> + 'static,
    ) -> Plugin {
        let handler = move |_: &Event| {
            config::check(&look);
            Ok(())
        };
        self.entry("settings".to_owned(), Trigger::Settings, Box::new(handler))
    }

    /// Has what the plugin keeps in [`kv`](crate::kv) become what this version understands, before it takes over from another
    /// one. The other goes on serving until the handler came to its end, and may write meanwhile; an error or a panic holds
    /// this version, and the operator is told. Only `kv`, [`config`](crate::config) and [`log`](crate::log) can be used there.
    ///
    /// It is called once for each time that this version takes over, and never for a plugin that did not serve before. What
    /// was half done when it failed stays as it is, so look at what is there: the fields `/from/digest` and `/from/version`,
    /// of the version that served, are for the log.
    ///
    /// ```no_run
    /// use witbot_sdk::{Event, Plugin, Result, kv};
    ///
    /// fn plugin() -> Plugin {
    ///     Plugin::new("Reminds of things.")
    ///         .wants("kv", "Keeps what it reminds of.")
    ///         .migrates(migrate)
    /// }
    ///
    /// /// Keys began with `remind:` once.
    /// fn migrate(_: &Event) -> Result {
    ///     for old in kv::keys("remind:", None, 1_000)? {
    ///         if let Some(kept) = kv::get_bytes(&old)? {
    ///             kv::set_bytes(&old.replacen("remind:", "reminder/", 1), &kept)?;
    ///         }
    ///         kv::delete(&old)?;
    ///     }
    ///     Ok(())
    /// }
    /// ```
    pub fn migrates(self, handler: impl Fn(&Event) -> Result + 'static) -> Plugin {
        self.entry("migrate".to_owned(), Trigger::Migration, Box::new(handler))
    }

    /// Says why the plugin wants a capability: `chat`, `github`, `ci`, `http`, `kv`, `schedules`, `topics` or `webhooks`. The operator reads it before
    /// granting.
    pub fn wants(mut self, capability: impl Into<String>, reason: impl Into<String>) -> Plugin {
        self.wants.push((capability.into(), reason.into()));
        self
    }

    /// Says what the plugin does with a capability that it can also do without: it is not held when the operator does not
    /// grant it, and calls are then [`Code::Denied`](crate::Code::Denied).
    pub fn can_use(mut self, capability: impl Into<String>, reason: impl Into<String>) -> Plugin {
        self.can_use.push((capability.into(), reason.into()));
        self
    }

    fn with_setting(mut self, name: String, summary: String, required: bool) -> Plugin {
        self.settings.push(Setting {
            name,
            summary,
            required,
        });
        self
    }

    fn entry(mut self, id: String, trigger: Trigger, handler: Handler) -> Plugin {
        let id = self.unused(id);
        self.entries.push(Entry {
            id,
            trigger,
            handler,
        });
        self
    }

    /// The id, with a number behind it if an earlier handler has it already.
    fn unused(&self, id: String) -> String {
        let taken = |id: &str| self.entries.iter().any(|entry| entry.id == id);
        if !taken(&id) {
            return id;
        }
        (2..)
            .map(|number| format!("{id}-{number}"))
            .find(|id| !taken(id))
            .unwrap_or(id)
    }
}

/// A command: something people type to the bot by name.
pub struct Command {
    id: Option<String>,
    usage: String,
    summary: String,
    examples: Vec<String>,
    details: String,
    danger: Danger,
    handler: Handler,
}

/// What a command says of its effects.
#[derive(Clone, Copy, Default)]
pub(crate) struct Danger {
    pub(crate) dangerous: bool,
    pub(crate) asks_permission: bool,
}

impl Command {
    /// A command. The usage is both what help shows and what is matched, without regard to case: words stand for
    /// themselves, `a|b` for either, `[…]` is optional, `<name>` is one word and `<name:type>` is typed: `word`, `text`
    /// (all the rest of the line), `integer`, `number`, `boolean`, `duration` (`90s`, `2h`), `user` or `channel`.
    /// For example: `deploy <app>[/<ref>] [to|in|on <env>]`.
    pub fn new(
        usage: impl Into<String>,
        summary: impl Into<String>,
        handler: impl Fn(&Event) -> Result + 'static,
    ) -> Command {
        Command {
            id: None,
            usage: usage.into(),
            summary: summary.into(),
            examples: Vec::new(),
            details: String::new(),
            danger: Danger::default(),
            handler: Box::new(handler),
        }
    }

    /// Says that it does what cannot easily be undone. Nobody may give it unless a rule of the operator says so.
    pub fn dangerous(mut self) -> Command {
        self.danger.dangerous = true;
        self
    }

    /// Says that its handler asks for permission itself, by [`permission::demand`](crate::permission::demand). Until it
    /// was permitted there, whatever it does outside of the bot is `denied`. Without this, the bot decides by what was
    /// typed, before the handler is called.
    pub fn asks_permission(mut self) -> Command {
        self.danger.asks_permission = true;
        self
    }

    /// Adds an example that help shows and that tests run. It must fit the usage.
    pub fn example(mut self, text: impl Into<String>) -> Command {
        self.examples.push(text.into());
        self
    }

    /// Adds a longer help text, at most 2,000 characters.
    pub fn details(mut self, text: impl Into<String>) -> Command {
        self.details = text.into();
        self
    }

    /// Names the handler. Without this it has the command's own name: the words with which the usage begins.
    pub fn id(mut self, id: impl Into<String>) -> Command {
        self.id = Some(id.into());
        self
    }
}

pub(crate) struct Entry {
    pub(crate) id: String,
    pub(crate) trigger: Trigger,
    pub(crate) handler: Handler,
}

pub(crate) enum Trigger {
    Command {
        usage: String,
        summary: String,
        examples: Vec<String>,
        details: String,
        danger: Danger,
    },
    Listener {
        pattern: String,
        summary: String,
        /// Hubot's method and flags, where its rules hold.
        hubot: Option<(Hubot, String)>,
    },
    Subscription {
        kind: String,
    },
    Schedule {
        when: String,
        summary: String,
    },
    Webhook {
        name: String,
        summary: String,
    },
    Settings,
    Migration,
}

/// Hubot's ways to listen.
#[derive(Clone, Copy)]
pub(crate) enum Hubot {
    Hear,
    Respond,
}

pub(crate) struct Setting {
    pub(crate) name: String,
    pub(crate) summary: String,
    pub(crate) required: bool,
}

/// The name of a command: the words with which its usage begins, up to the first that is an argument, optional, or one
/// of several.
fn name_of(usage: &str) -> String {
    let end = usage.find(['<', '[', '|']).unwrap_or(usage.len());
    let words = usage[..end]
        .split_whitespace()
        .map(str::to_lowercase)
        .collect::<Vec<_>>();
    if words.is_empty() {
        "command".to_owned()
    } else {
        words.join("-")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nothing(_: &Event) -> Result {
        Ok(())
    }

    fn ids(plugin: &Plugin) -> Vec<&str> {
        plugin
            .entries
            .iter()
            .map(|entry| entry.id.as_str())
            .collect()
    }

    #[test]
    fn handlers_are_named_after_their_commands() {
        for (usage, name) in [
            ("hello [<name>]", "hello"),
            ("deploy <app>[/<ref>] [to|in|on <env>]", "deploy"),
            ("where can I deploy <app>", "where-can-i-deploy"),
            ("ping", "ping"),
            ("on|off <switch>", "on"),
            ("<word>", "command"),
        ] {
            assert_eq!(name_of(usage), name, "{usage}");
        }
    }

    #[test]
    fn no_two_handlers_have_the_same_name() {
        let plugin = Plugin::new("Test.")
            .command(Command::new("deploy <app>", "One.", nothing))
            .command(Command::new("deploy [<app>] now", "Two.", nothing))
            .command(Command::new("deploy", "Three.", nothing).id("all"))
            .listener("one", "One.", nothing)
            .listener("two", "Two.", |_| Ok(()))
            .hubot_hear("three", "i", "Three.", nothing)
            .hubot_respond("four", "", "Four.", nothing)
            .hubot_respond("five", "", "Five.", nothing)
            .subscribe("github.deployment", nothing)
            .schedule("nightly", "0 3 * * *", "Six.", nothing)
            .webhook("alerts", "Seven.", nothing)
            .webhook("alerts", "Eight.", nothing);
        assert_eq!(
            ids(&plugin),
            [
                "deploy",
                "deploy-2",
                "all",
                "listener",
                "listener-2",
                "hear",
                "respond",
                "respond-2",
                "github.deployment",
                "nightly",
                "webhook.alerts",
                "webhook.alerts-2"
            ]
        );
    }
}
