//! Who people are at GitHub: `link github` has somebody prove an account to be theirs, and `unlink github` forgets it.
//!
//! It is proved by GitHub's device flow. While somebody is about to type their code, only this process knows of it: after a
//! stop they begin anew. What was proved is in the store.

mod words;

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};
use tokio::sync::oneshot;
use witbot_core::audit::Record;
use witbot_core::event::{Event, Message, Source};
use witbot_core::ids::{UnixMillis, UserId};
use witbot_core::limits;
use witbot_store::Store;
use witbot_store::error::StoreError;
use witbot_store::identities::Identity;

use crate::clock;
use crate::services::github::device::{Account, Code, Device};

/// What somebody wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// `link github`.
    Link,
    /// `unlink github`.
    Unlink,
}

impl Wish {
    /// The command, as rules call it.
    pub fn command(&self) -> &'static str {
        match self {
            Wish::Link => "link",
            Wish::Unlink => "unlink",
        }
    }
}

/// What they are told. All of it is for them alone.
pub struct Answer {
    /// At once.
    pub text: String,
    /// And what is still to come.
    pub then: Option<Attempt>,
}

/// The room: who is about to link an account.
#[derive(Clone)]
pub struct Identities {
    store: Store,
    /// None: the operator has not set it up.
    device: Option<Arc<Device>>,
    attempts: Arc<Mutex<HashMap<Person, oneshot::Sender<()>>>>,
}

/// Somebody in a chat: ids of different chats can be the same.
type Person = (Source, UserId);

/// Somebody was given a code and has not typed it yet.
pub struct Attempt {
    identities: Identities,
    device: Arc<Device>,
    person: Person,
    code: Code,
    /// Ends when they begin anew.
    replaced: oneshot::Receiver<()>,
}

/// The wish that a message is, if it is one.
pub fn wish(text: &str) -> Option<Wish> {
    let mut words = text.split_whitespace();
    let (first, second, third) = (words.next()?, words.next()?, words.next());
    if third.is_some() || !second.eq_ignore_ascii_case("github") {
        return None;
    }
    match first.to_lowercase().as_str() {
        "link" => Some(Wish::Link),
        "unlink" => Some(Wish::Unlink),
        _ => None,
    }
}

impl Identities {
    /// The room, with the way to GitHub if it is set up.
    pub fn new(store: Store, device: Option<Device>) -> Identities {
        Identities {
            store,
            device: device.map(Arc::new),
            attempts: Arc::default(),
        }
    }

    /// Does what somebody wants.
    pub async fn grant(&self, event: &Event, message: &Message, wish: Wish) -> Answer {
        let person = (event.source, message.user.id.clone());
        let granted = match wish {
            Wish::Link => self.link(person).await,
            Wish::Unlink => self.unlink(person).await.map(Answer::only),
        };
        granted.unwrap_or_else(|error| {
            tracing::error!("whose account at GitHub is whose cannot be looked up: {error}");
            Answer::only(words::STORE_FAILED)
        })
    }

    async fn link(&self, person: Person) -> Result<Answer, StoreError> {
        let Some(device) = &self.device else {
            return Ok(Answer::only(words::NOT_SET_UP));
        };
        let known = self.store.identity(person.0, &person.1).await?;
        let Some(replaced) = self.enter(&person) else {
            return Ok(Answer::only(words::TOO_MANY));
        };
        let code = match device.begin().await {
            Ok(code) => code,
            Err(unknown) => {
                self.leave(&person);
                tracing::warn!("an account at GitHub could not be linked: {unknown}");
                return Ok(Answer::only(words::unknown(&unknown)));
            }
        };
        Ok(Answer {
            text: words::code(&code, known.as_ref()),
            then: Some(Attempt {
                identities: self.clone(),
                device: device.clone(),
                person,
                code,
                replaced,
            }),
        })
    }

    async fn unlink(&self, person: Person) -> Result<&'static str, StoreError> {
        self.leave(&person);
        let record = record(&person.1, "identity.unlinked", json!({}), "ok");
        let (source, user) = person;
        let done = self.store.unlink(source, user, record).await?;
        Ok(match done {
            true => words::UNLINKED,
            false => words::NOTHING_LINKED,
        })
    }

    /// Links an account that somebody has proved to be theirs, and says so.
    async fn proved(&self, (source, user): Person, account: Account) -> Result<String, StoreError> {
        let detail = json!({ "provider": "github", "account": account.id, "login": account.login });
        let identity = Identity {
            account: account.id,
            login: account.login.clone(),
            linked: clock::now(),
        };
        let linked = record(&user, "identity.linked", detail.clone(), "ok");
        let done = self.store.link(source, user.clone(), identity, linked);
        if done.await? {
            return Ok(words::linked(&account.login));
        }
        let refused = record(&user, "identity.linked", detail, "conflict");
        self.store.audit(vec![refused]).await?;
        Ok(words::taken(&account.login))
    }

    /// Begins an attempt, in place of the one that there was. None: too many are going on.
    fn enter(&self, person: &Person) -> Option<oneshot::Receiver<()>> {
        let (enter, replaced) = oneshot::channel();
        let mut attempts = self.attempts();
        // Those that are over have nobody who waits for their being replaced.
        attempts.retain(|_, attempt| !attempt.is_closed());
        let full = attempts.len() >= limits::LINK_ATTEMPTS_MAX;
        match attempts.entry(person.clone()) {
            Entry::Vacant(_) if full => return None,
            Entry::Vacant(place) => drop(place.insert(enter)),
            Entry::Occupied(mut place) => drop(place.insert(enter)),
        }
        Some(replaced)
    }

    fn leave(&self, person: &Person) {
        self.attempts().remove(person);
    }

    fn attempts(&self) -> MutexGuard<'_, HashMap<Person, oneshot::Sender<()>>> {
        self.attempts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Answer {
    fn only(text: impl Into<String>) -> Answer {
        Answer {
            text: text.into(),
            then: None,
        }
    }
}

impl Attempt {
    /// Waits until the code was typed, and says what came of it. None: they began anew, or unlinked, and were told so then.
    pub async fn finish(self) -> Option<String> {
        let Attempt {
            identities,
            device,
            person,
            code,
            replaced,
        } = self;
        let found = tokio::select! {
            found = device.finish(code) => found,
            _ = replaced => return None,
        };
        let done = match found {
            Ok(account) => identities.proved(person, account).await,
            Err(unknown) => {
                tracing::info!("an account at GitHub was not linked: {unknown}");
                Ok(words::unknown(&unknown))
            }
        };
        Some(done.unwrap_or_else(|error| {
            tracing::error!("an account at GitHub cannot be linked: {error}");
            words::STORE_FAILED.to_owned()
        }))
    }
}

fn record(user: &UserId, action: &str, detail: Value, outcome: &str) -> Record {
    let at: UnixMillis = clock::now();
    Record {
        at,
        actor: Some(user.clone()),
        plugin: None,
        digest: None,
        invocation: None,
        action: action.to_owned(),
        detail,
        outcome: outcome.to_owned(),
    }
}

#[cfg(test)]
mod tests;
