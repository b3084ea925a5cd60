//! Requests to GitHub as a whole: reads that are patient within a deadline, and writes that are sent once.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::Method;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::{Instant, timeout_at};
use witbot_core::error::{Code, Error};
use witbot_core::grants::Grants;
use witbot_core::ids::{Repository, UnixMillis};
use witbot_core::limits;

use super::answer::{Answer, Failed};
use super::asked::{Asked, Identity};
use super::client::Client;
use super::installations::{Installation, Installations};
use super::refusal::Refusal;

/// Items on a page: the most that GitHub gives.
pub const PAGE: usize = 100;

/// How long things may take.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// A read with all of its tries, or getting ready for a write.
    pub read: Duration,
    /// A write.
    pub write: Duration,
    /// Between the tries of a read, at first.
    pub pause: Duration,
    /// Between a write without an answer and the search for what it did.
    pub settle: Duration,
}

impl Pace {
    /// As it is for the real GitHub.
    pub const USUAL: Pace = Pace {
        read: limits::SERVICE_TIME_MAX,
        write: limits::SERVICE_TIME_MAX,
        pause: limits::GITHUB_READ_PAUSE,
        settle: limits::GITHUB_SETTLE,
    };
}

/// The way to GitHub.
#[derive(Clone)]
pub struct Connection {
    access: Access,
    /// What tokens are narrowed to. None: what is asked is asked by the bot for itself.
    grants: Option<Arc<Grants>>,
    /// As whom the bot speaks.
    pub identity: Identity,
    /// How patient it is.
    pub pace: Pace,
}

/// With which client a repository is reached.
#[derive(Clone)]
pub enum Access {
    /// All with the same.
    One(Arc<Client>),
    /// Each with that of its installation.
    App(Arc<Installations>),
}

/// A write that was not answered as a write is.
pub enum Unwritten {
    /// It was not sent.
    No(Error),
    /// It may have happened. Says what was seen of it.
    Perhaps(String),
}

impl Connection {
    /// A connection that asks nothing yet.
    pub fn new(access: Access, identity: Identity, pace: Pace) -> Connection {
        Connection {
            access,
            grants: None,
            identity,
            pace,
        }
    }

    /// The same, for a plugin with these grants: what the bot's app may do more, it may not do here. A personal token cannot
    /// be narrowed.
    pub fn for_plugin(&self, grants: &Arc<Grants>) -> Connection {
        Connection {
            grants: Some(grants.clone()),
            ..self.clone()
        }
    }

    /// Forgets what tokens there are, as what they are good for was decided anew.
    pub fn forget_tokens(&self) {
        if let Access::App(installations) = &self.access {
            installations.forget_tokens();
        }
    }

    /// Reads something that is there; all else is an error. Tries again what may work the next time.
    pub async fn get(
        &self,
        repository: &Repository,
        path: &str,
        asked: &Asked,
    ) -> Result<Answer, Error> {
        let deadline = Instant::now() + self.pace.read;
        let client = self.client(repository, deadline, asked).await?;
        self.patiently(&client, deadline, asked, || read(&client, path))
            .await
    }

    /// One page of a list, counted from 1, with the answer that tells whether there are more.
    pub async fn page<T: DeserializeOwned>(
        &self,
        repository: &Repository,
        path: &str,
        number: u32,
        asked: &Asked,
    ) -> Result<(T, Answer), Error> {
        let query = if path.contains('?') { '&' } else { '?' };
        let path = format!("{path}{query}per_page={PAGE}&page={number}");
        let answer = self.get(repository, &path, asked).await?;
        Ok((answer.read(&asked.thing)?, answer))
    }

    /// All items of a list. `items` takes them out of a page.
    pub async fn all<P: DeserializeOwned, T>(
        &self,
        repository: &Repository,
        path: &str,
        asked: &Asked,
        items: impl Fn(P) -> Vec<T>,
    ) -> Result<Vec<T>, Error> {
        let mut all = Vec::new();
        for number in 1..=limits::GITHUB_PAGES_MAX {
            let (page, answer) = self.page::<P>(repository, path, number, asked).await?;
            let page = items(page);
            let more = answer.goes_on(page.len(), PAGE);
            all.extend(page);
            if !more {
                return Ok(all);
            }
        }
        let text = format!(
            "GitHub has more than {} answers when asked to {}.",
            all.len(),
            asked.action
        );
        Err(Error::new(Code::Unavailable, text))
    }

    /// Sends a write, once, with nothing in it where the body is null. An answer that says whether it was done is returned, whatever it says.
    pub async fn post(
        &self,
        repository: &Repository,
        path: &str,
        body: &Value,
        asked: &Asked,
    ) -> Result<Answer, Unwritten> {
        let deadline = Instant::now() + self.pace.read;
        let client = self
            .client(repository, deadline, asked)
            .await
            .map_err(Unwritten::No)?;
        client.unparked(deadline).await.map_err(Unwritten::No)?;
        let deadline = Instant::now() + self.pace.write;
        let body = Some(body).filter(|body| !body.is_null());
        match timeout_at(deadline, client.send(Method::POST, path, body)).await {
            Ok(Ok(answer)) if answer.status.is_server_error() => Err(Unwritten::Perhaps(format!(
                "GitHub failed ({})",
                answer.status.as_u16()
            ))),
            Ok(Ok(answer)) => {
                if !answer.status.is_success() {
                    self.heed(&client, &answer.refusal());
                }
                Ok(answer)
            }
            Ok(Err(Failed::Lost(reason))) => {
                tracing::warn!(%repository, reason, "GitHub's answer to a write was lost");
                Err(Unwritten::Perhaps("GitHub's answer was lost".to_owned()))
            }
            Ok(Err(failed)) => Err(Unwritten::No(self.failure(&client, failed, asked).0)),
            Err(_elapsed) => Err(Unwritten::Perhaps(format!(
                "GitHub did not answer within {:?}",
                self.pace.write
            ))),
        }
    }

    /// The refusal that an answer is.
    pub fn refused(&self, answer: &Answer, asked: &Asked) -> Error {
        answer.refusal().error(asked, self.identity, now())
    }

    /// The client for a repository. For an app, its installation is found, and a token that is good for no more than what
    /// was granted.
    async fn client(
        &self,
        repository: &Repository,
        deadline: Instant,
        asked: &Asked,
    ) -> Result<Arc<Client>, Error> {
        let installations = match &self.access {
            Access::One(client) => return Ok(client.clone()),
            Access::App(installations) => installations,
        };
        if let Some(known) = installations.known(repository) {
            let client = self.authorized(installations, &known, repository, deadline, asked);
            match client.await {
                // It was known, and is gone, or may do less: perhaps the app was installed anew.
                Err(error) if matches!(error.code, Code::NotFound | Code::Invalid) => {
                    installations.forget(known.id);
                }
                result => return result,
            }
        }
        let found = self
            .find_installation(installations, repository, deadline)
            .await?;
        installations.remember(repository, found.clone());
        self.authorized(installations, &found, repository, deadline, asked)
            .await
    }

    async fn find_installation(
        &self,
        installations: &Installations,
        repository: &Repository,
        deadline: Instant,
    ) -> Result<Installation, Error> {
        let asked = Asked {
            action: format!("find the bot's app at {repository}"),
            thing: format!("installation of the bot's app on {repository}"),
        };
        let path = format!("/repos/{repository}/installation");
        let app = &installations.app;
        let answer = self
            .patiently(app, deadline, &asked, || read(app, &path))
            .await?;
        answer.read::<Installation>(&asked.thing)
    }

    /// A client for a repository of an installation, with a token that is valid.
    async fn authorized(
        &self,
        installations: &Installations,
        installation: &Installation,
        repository: &Repository,
        deadline: Instant,
        asked: &Asked,
    ) -> Result<Arc<Client>, Error> {
        let scope = self.grants.as_ref().map(|grants| grants.scope(repository));
        let access = installations.access(installation, scope);
        let asked = Asked {
            thing: format!("installation {} of the bot's app", installation.id),
            ..asked.clone()
        };
        let app = &installations.app;
        self.patiently(app, deadline, &asked, || installations.client(&access))
            .await
    }

    /// Tries until it works, is refused for good, or is too late.
    async fn patiently<T, F: Future<Output = Result<T, Failed>>>(
        &self,
        client: &Client,
        deadline: Instant,
        asked: &Asked,
        mut attempt: impl FnMut() -> F,
    ) -> Result<T, Error> {
        let mut pause = self.pace.pause;
        for number in 1.. {
            client.unparked(deadline).await?;
            let (error, passing) = match timeout_at(deadline, attempt()).await {
                Ok(Ok(done)) => return Ok(done),
                Ok(Err(failed)) => self.failure(client, failed, asked),
                Err(_elapsed) => break,
            };
            tracing::debug!(%error, number, passing, "GitHub could not be asked to {}", asked.action);
            if !passing || number >= limits::GITHUB_READS_MAX || Instant::now() + pause >= deadline
            {
                return Err(error);
            }
            // A client that has to stay away waits for that instead, at the head of the loop.
            if error.code != Code::RateLimited {
                tokio::time::sleep(pause).await;
                pause *= 2;
            }
        }
        let text = format!(
            "GitHub did not answer in time when asked to {}. Try again in a while.",
            asked.action
        );
        Err(Error::new(Code::Unavailable, text))
    }

    /// What a failure is to the plugin, and whether it may pass soon.
    fn failure(&self, client: &Client, failed: Failed, asked: &Asked) -> (Error, bool) {
        match failed {
            Failed::Refused(refusal) => {
                let limited = self.heed(client, &refusal);
                let passing = limited || refusal.status.is_server_error();
                (refusal.error(asked, self.identity, now()), passing)
            }
            Failed::Unreached(reason) | Failed::Lost(reason) => {
                tracing::warn!(reason, "GitHub cannot be reached");
                let text = format!(
                    "The bot cannot reach GitHub to {}. Try again in a while.",
                    asked.action
                );
                (Error::new(Code::Unavailable, text), true)
            }
        }
    }

    /// Stays away from GitHub, if that is what it says.
    fn heed(&self, client: &Client, refusal: &Refusal) -> bool {
        let limited = refusal.limited(now());
        if limited.is_some() {
            client.metrics().rate_limited("github");
        }
        limited.into_iter().for_each(|wait| client.park(wait));
        limited.is_some()
    }
}

async fn read(client: &Client, path: &str) -> Result<Answer, Failed> {
    client.send(Method::GET, path, None).await?.successful()
}

/// The time by the bot's clock.
pub fn now() -> UnixMillis {
    let since = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    UnixMillis(since.as_millis().try_into().unwrap_or(u64::MAX))
}
