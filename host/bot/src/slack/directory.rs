//! People and places, as Slack describes them: asked for one by one when they are needed, and remembered until Slack says
//! that they changed.

mod groups;
mod known;
mod places;

#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};
use tokio::time::Instant;
use witbot_core::chat::{Channel, ChannelKind, Person, Standing};
use witbot_core::error::{Code, Error};
use witbot_core::ids::{ChannelId, UserId};
use witbot_core::{limits, printable};

use self::known::Known;
use super::api::{Account, Api, Failure, Method};
use super::events::Changed;
use super::send::advice;

/// Who and what there is in the workspace.
pub struct Directory {
    api: Arc<Api>,
    account: Arc<Account>,
    people: Known<Person>,
    channels: Known<Behind>,
    /// Channels that a message said to be shared with another organisation.
    shared: Known<()>,
    /// Ids of channels by their names.
    names: Known<ChannelId>,
    directs: Known<ChannelId>,
    members: Known<Arc<Vec<UserId>>>,
    /// Held by whoever goes through all channels, so that others do not do the same at the same time.
    listing: tokio::sync::Mutex<()>,
    listed: Mutex<Option<Instant>>,
}

/// What an id of a place stands for.
#[derive(Clone)]
struct Behind {
    /// None: it is a conversation of two or of a few.
    channel: Option<Channel>,
    /// None: Slack does not say it.
    kind: Option<ChannelKind>,
}

impl Directory {
    /// A directory in which nothing is known yet.
    pub(super) fn new(api: Arc<Api>, account: Arc<Account>) -> Directory {
        Directory {
            api,
            account,
            people: Known::default(),
            channels: Known::default(),
            shared: Known::default(),
            names: Known::default(),
            directs: Known::default(),
            members: Known::default(),
            listing: tokio::sync::Mutex::default(),
            listed: Mutex::default(),
        }
    }

    /// A person.
    pub async fn person(&self, id: &UserId) -> Result<Person, Error> {
        let ask = || async {
            let user = self.ask(Method::PERSON, &[("user", id.as_str())]).await?;
            Ok(self.person_of(id, &user["user"]))
        };
        // It also decides who may do something.
        let age_max = limits::SLACK_DECIDING_AGE_MAX;
        let found = self.people.get(id.as_str(), age_max, ask).await;
        found.map_err(|failure| self.error(failure, &format!("the person `{id}`")))
    }

    /// The channel of a name, if the bot is in it, or of an id.
    pub async fn channel(&self, name: &str) -> Result<Channel, Error> {
        let name = name.trim().trim_start_matches('#');
        let found = if looks_like_id(name) {
            self.channel_of_id(name).await
        } else {
            self.channel_of_name(name).await
        };
        let what = format!("the channel `{}`", printable::short(name));
        match found {
            Ok(Some(Behind {
                channel: Some(channel),
                ..
            })) => Ok(channel),
            // A grant for channels is none for what people say among themselves.
            Ok(Some(Behind { channel: None, .. })) => Err(Error::invalid(format!(
                "`{}` is a conversation and no channel: `chat.direct` writes to a person alone",
                printable::short(name)
            ))),
            Ok(None) => Err(self.unseen(&what)),
            Err(failure) => Err(self.error(failure, &what)),
        }
    }

    /// The conversation of the bot with one person.
    pub async fn direct(&self, user: &UserId) -> Result<ChannelId, Error> {
        let ask = || async {
            let request = json!({ "users": user.as_str() });
            let opened = self.api.write_in_turn(Method::DIRECT, &request).await?;
            let id = opened["channel"]["id"]
                .as_str()
                .and_then(|id| id.parse().ok());
            id.ok_or_else(|| Failure::Unknown("Slack does not say which channel it is".to_owned()))
        };
        let age_max = limits::SLACK_KNOWN_AGE_MAX;
        let found = self.directs.get(user.as_str(), age_max, ask).await;
        found.map_err(|failure| self.error(failure, &format!("a conversation with `{user}`")))
    }

    /// The same, as far as it is known without asking.
    pub fn known_direct(&self, user: &UserId) -> Option<ChannelId> {
        self.directs.peek(user.as_str())
    }

    /// The name of a person or a channel, as far as it is known without asking.
    pub fn called(&self, id: &str) -> Option<String> {
        let person = self.people.peek(id).map(|person| person.name);
        person.or_else(|| Some(self.channels.peek(id)?.channel?.name))
    }

    /// Something is no longer as it was.
    pub fn forget(&self, changed: &Changed) {
        match changed {
            Changed::User(id) => self.people.forget(id.as_str()),
            Changed::Channel(id) => {
                self.channels.forget(id.as_str());
                self.shared.forget(id.as_str());
                self.names.forget_if(|known| known == id);
                *self.listed() = None;
            }
            Changed::Groups => self.members.forget_if(|_| true),
            Changed::Shared(id, shared) => self.told_shared(id, *shared),
        }
    }

    async fn channel_of_id(&self, id: &str) -> Result<Option<Behind>, Failure> {
        if id.starts_with('D') {
            return Ok(Some(Behind {
                channel: None,
                kind: None,
            }));
        }
        self.place(id, limits::SLACK_KNOWN_AGE_MAX).await
    }

    async fn channel_of_name(&self, name: &str) -> Result<Option<Behind>, Failure> {
        if let Some(found) = self.remembered(name).await? {
            return Ok(Some(found));
        }
        let _listing = self.listing.lock().await;
        // Somebody else may have found it in the meantime.
        if let Some(found) = self.remembered(name).await? {
            return Ok(Some(found));
        }
        let listed = *self.listed();
        if listed.is_some_and(|at| at.elapsed() < limits::SLACK_LISTED_AGE_MAX) {
            return Ok(None);
        }
        self.list(name).await
    }

    /// The channel that had this name the last time that all were gone through, if it still has it.
    async fn remembered(&self, name: &str) -> Result<Option<Behind>, Failure> {
        let Some(id) = self.names.peek(name) else {
            return Ok(None);
        };
        let found = self.channel_of_id(id.as_str()).await?;
        let channel = found.as_ref().and_then(|behind| behind.channel.as_ref());
        if channel.is_some_and(|channel| channel.name == name) {
            return Ok(found);
        }
        // Another one may have it now.
        self.names.forget(name);
        *self.listed() = None;
        Ok(None)
    }

    /// Goes through the channels that the bot is in, up to the one of this name, and remembers what it sees.
    async fn list(&self, name: &str) -> Result<Option<Behind>, Failure> {
        // Asking for private ones without the scope for them would be refused as a whole.
        let types = if self.account.may("groups:read") {
            "public_channel,private_channel"
        } else {
            "public_channel"
        };
        let limit = limits::SLACK_PAGE.to_string();
        let mut cursor = String::new();
        for _ in 0..limits::SLACK_PAGES_MAX {
            let mut parameters = vec![
                ("types", types),
                ("exclude_archived", "true"),
                ("limit", &limit),
            ];
            if !cursor.is_empty() {
                parameters.push(("cursor", &cursor));
            }
            let page = self.ask(Method::CHANNELS, &parameters).await?;
            let channels = page["channels"].as_array().into_iter().flatten();
            let mut found = None;
            for behind in channels.filter_map(places::behind) {
                let Some(channel) = &behind.channel else {
                    continue;
                };
                self.channels.put(channel.id.as_str(), behind.clone());
                self.names.put(&channel.name, channel.id.clone());
                if channel.name == name {
                    found.get_or_insert(behind);
                }
            }
            if found.is_some() {
                return Ok(found);
            }
            match page["response_metadata"]["next_cursor"].as_str() {
                Some(next) if !next.is_empty() => cursor = next.to_owned(),
                Some(_) | None => break,
            }
        }
        *self.listed() = Some(Instant::now());
        Ok(None)
    }

    async fn ask(&self, method: Method, parameters: &[(&str, &str)]) -> Result<Value, Failure> {
        self.api.read(method, parameters).await
    }

    fn person_of(&self, id: &UserId, user: &Value) -> Person {
        let profile = &user["profile"];
        let names = [
            &profile["display_name"],
            &profile["real_name"],
            &user["real_name"],
            &user["name"],
        ];
        let name = names
            .into_iter()
            .filter_map(Value::as_str)
            .map(printable::short);
        Person {
            id: id.clone(),
            name: name
                .into_iter()
                .find(|name| !name.is_empty())
                .unwrap_or_else(|| id.to_string()),
            standing: self.standing(user),
        }
    }

    fn standing(&self, user: &Value) -> Standing {
        let is = |what: &str| user[what] == true;
        let ours = &self.account.identity;
        let of_other_team = user["team_id"]
            .as_str()
            .is_some_and(|team| team != ours.team);
        let enterprise = user["enterprise_user"]["enterprise_id"].as_str();
        let of_our_enterprise = enterprise.is_some() && enterprise == ours.enterprise.as_deref();
        if is("is_stranger") || (of_other_team && !of_our_enterprise) {
            Standing::Stranger
        } else if is("is_bot") || user["id"] == "USLACKBOT" {
            Standing::Bot
        } else if is("is_restricted") || is("is_ultra_restricted") {
            Standing::Guest
        } else {
            Standing::Member
        }
    }

    fn unseen(&self, what: &str) -> Error {
        let name = &self.account.name;
        Error::new(
            Code::NotFound,
            format!(
                "I do not see {what}. If there is one, invite me there with `/invite @{name}`."
            ),
        )
    }

    fn error(&self, failure: Failure, what: &str) -> Error {
        let code = match &failure {
            Failure::RateLimited { after } => {
                let mut error = Error::new(Code::RateLimited, failure.to_string());
                error.retry_after_ms = u64::try_from(after.as_millis()).ok();
                return error;
            }
            Failure::Unreached(_) | Failure::NotTaken(_) | Failure::Unknown(_) => Code::Unavailable,
            Failure::Refused(refusal) if refusal.is_about_token() => Code::Unavailable,
            Failure::Refused(refusal) => match refusal.code.as_str() {
                "user_not_found" | "user_not_visible" | "users_not_found" => {
                    return Error::new(Code::NotFound, format!("Slack does not know {what}."));
                }
                "missing_scope" | "no_scopes" | "no_permission" => {
                    let advice = advice(refusal, &self.account.name, None);
                    return Error::new(Code::Denied, advice);
                }
                _ => Code::Invalid,
            },
        };
        Error::new(code, format!("Slack does not tell about {what}: {failure}"))
    }

    fn listed(&self) -> MutexGuard<'_, Option<Instant>> {
        self.listed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Names of channels have no capital letters.
fn looks_like_id(name: &str) -> bool {
    name.len() >= 2
        && name.starts_with(['C', 'D', 'G'])
        && name
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}
