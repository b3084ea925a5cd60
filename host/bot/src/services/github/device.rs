//! Who somebody is at GitHub, shown by themselves: they type a code at GitHub, and the bot is given a token for the account
//! with which they did. Nothing is asked for that the token could do, and it is dropped when it has told whose it is.
//! <https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps#device-flow>

use std::time::Duration;

use http::Method;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout_at};
use witbot_core::limits;
use zeroize::Zeroize as _;

use super::answer::{Answer, Failed};
use super::client::{self, Client};
use crate::metrics::Metrics;
use crate::secret::Secret;

/// What the bot asks the token for, by GitHub's name.
const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// The way to find out who people are.
pub struct Device {
    /// GitHub as people see it.
    site: Client,
    /// GitHub as programs see it.
    api: Client,
    client_id: String,
}

/// A code that somebody has to type.
pub struct Code {
    /// What they type.
    pub shown: String,
    /// Where.
    pub address: String,
    /// Until then.
    pub expires: Instant,
    secret: Secret,
    pause: Duration,
}

/// An account.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Account {
    /// Its number, which never changes.
    pub id: u64,
    /// Its name.
    pub login: String,
}

/// Why nobody is known afterwards.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unknown {
    /// They said no.
    #[error("it was declined at GitHub")]
    Declined,
    /// They did not type the code in time.
    #[error("the code was not typed in time")]
    Expired,
    /// The app is not what it should be. Says what GitHub says.
    #[error("GitHub does not take the app of the setting `client_id`: {0}")]
    App(String),
    /// GitHub could not be asked.
    #[error("GitHub cannot be asked: {0}")]
    Unreached(String),
}

#[derive(Deserialize)]
struct Begun {
    device_code: String,
    user_code: String,
    verification_uri: String,
    expires_in: u64,
    interval: u64,
}

/// Either what was asked for, or an error, both with status 200.
#[derive(Deserialize)]
struct Told {
    access_token: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
    interval: Option<u64>,
}

/// What GitHub says of a code.
enum Turn {
    Token(Secret),
    Wait,
    /// Longer than before: so long, if it says so.
    Slower(Option<u64>),
}

impl Device {
    /// Prepares it, and asks nothing yet. Must be called within a tokio runtime.
    pub fn new(
        url: &str,
        api_url: &str,
        client_id: String,
        metrics: &Metrics,
    ) -> anyhow::Result<Device> {
        Ok(Device {
            site: Client::new(client::nobody(url)?, metrics),
            api: Client::new(client::nobody(api_url)?, metrics),
            client_id,
        })
    }

    /// Has GitHub make a code.
    pub async fn begin(&self) -> Result<Code, Unknown> {
        let body = json!({ "client_id": self.client_id, "scope": "" });
        let mut answer = self.post("/login/device/code", &body).await?;
        let begun = read::<Begun>(&answer);
        let begun = begun.map_err(|unread| refused(&answer).unwrap_or(unread));
        answer.body.zeroize();
        let begun = begun?;
        let lasts = Duration::from_secs(begun.expires_in).min(limits::LINK_TIME_MAX);
        Ok(Code {
            shown: begun.user_code,
            address: begun.verification_uri,
            expires: Instant::now() + lasts,
            secret: Secret::new(begun.device_code),
            pause: pause(begun.interval),
        })
    }

    /// Waits until the code was typed, and says with which account.
    pub async fn finish(&self, code: Code) -> Result<Account, Unknown> {
        let followed = timeout_at(code.expires, self.follow(&code)).await;
        let token = followed.unwrap_or(Err(Unknown::Expired))?;
        self.owner(token).await
    }

    async fn follow(&self, code: &Code) -> Result<Secret, Unknown> {
        let mut pause = code.pause;
        loop {
            sleep(pause).await;
            match self.ask(code).await {
                Ok(Turn::Token(token)) => return Ok(token),
                Ok(Turn::Wait) => {}
                Ok(Turn::Slower(seconds)) => {
                    pause = slower(pause, seconds);
                }
                // The code is good for a while yet, and GitHub may be back before that.
                Err(Unknown::Unreached(reason)) => {
                    tracing::warn!(reason, "GitHub cannot be asked whether a code was typed");
                    pause = pause.max(limits::LINK_SLOWER);
                }
                Err(unknown) => return Err(unknown),
            }
        }
    }

    async fn ask(&self, code: &Code) -> Result<Turn, Unknown> {
        let body = json!({
            "client_id": self.client_id, "device_code": code.secret.expose(), "grant_type": GRANT,
        });
        let mut answer = self.post("/login/oauth/access_token", &body).await?;
        let told = read::<Told>(&answer);
        let told = told.map_err(|unread| refused(&answer).unwrap_or(unread));
        answer.body.zeroize();
        let mut told = told?;
        if let Some(token) = told.access_token.take() {
            return Ok(Turn::Token(Secret::new(token)));
        }
        match told.error.as_deref() {
            Some("authorization_pending") => Ok(Turn::Wait),
            Some("slow_down") => Ok(Turn::Slower(told.interval)),
            _ => Err(told.meaning()),
        }
    }

    /// Whose token it is. It is gone afterwards.
    async fn owner(&self, token: Secret) -> Result<Account, Unknown> {
        let octocrab = self.api.octocrab();
        let octocrab = octocrab.user_access_token(token.expose().to_owned());
        drop(token);
        let octocrab = octocrab.map_err(|error| unreached(Failed::of(error)))?;
        let client = Client::new(octocrab, self.api.metrics());
        let deadline = Instant::now() + limits::SERVICE_TIME_MAX;
        let answer = timeout_at(deadline, client.send(Method::GET, "/user", None)).await;
        let answer = answer.map_err(|_elapsed| late())?.map_err(unreached)?;
        if answer.status.is_success() {
            return read(&answer);
        }
        Err(refused(&answer).unwrap_or_else(unreadable))
    }

    async fn post(&self, path: &str, body: &Value) -> Result<Answer, Unknown> {
        let deadline = Instant::now() + limits::SERVICE_TIME_MAX;
        let sent = timeout_at(deadline, self.site.send(Method::POST, path, Some(body))).await;
        sent.map_err(|_elapsed| late())?.map_err(unreached)
    }
}

impl Told {
    fn meaning(&self) -> Unknown {
        match self.error.as_deref() {
            Some("access_denied") => Unknown::Declined,
            Some("expired_token" | "token_expired") => Unknown::Expired,
            Some(error) => {
                let text = self.error_description.as_deref();
                Unknown::App(text.unwrap_or(error).trim_end_matches('.').to_owned())
            }
            None => unreadable(),
        }
    }
}

/// The pause after one that was too short. GitHub says how long it has to be; without that it is 5 s longer, as RFC 8628 has it.
fn slower(pause: Duration, seconds: Option<u64>) -> Duration {
    let longer = pause + limits::LINK_SLOWER;
    seconds
        .map_or(longer, self::pause)
        .min(limits::LINK_TIME_MAX)
}

fn pause(seconds: u64) -> Duration {
    Duration::from_secs(seconds).clamp(limits::LINK_PAUSE_MIN, limits::LINK_TIME_MAX)
}

fn read<T: DeserializeOwned>(answer: &Answer) -> Result<T, Unknown> {
    serde_json::from_slice(&answer.body).map_err(|_| unreadable())
}

/// What an answer says that is not what was asked for: an error of the flow, or a status.
fn refused(answer: &Answer) -> Option<Unknown> {
    let told = read::<Told>(answer).ok();
    if let Some(told) = told.filter(|told| told.error.is_some()) {
        return Some(told.meaning());
    }
    match answer.status.as_u16() {
        429 | 500.. => Some(Unknown::Unreached(format!("it failed ({})", answer.status))),
        400.. => Some(Unknown::App(answer.refusal().message().to_owned())),
        _ => None,
    }
}

fn unreached(failed: Failed) -> Unknown {
    Unknown::Unreached(match failed {
        Failed::Unreached(reason) | Failed::Lost(reason) => reason,
        Failed::Refused(refusal) => refusal.message().to_owned(),
    })
}

fn unreadable() -> Unknown {
    Unknown::Unreached("its answer is not as documented".to_owned())
}

fn late() -> Unknown {
    Unknown::Unreached("it did not answer in time".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_looks_as_seldom_as_github_wants() {
        let seconds = Duration::from_secs;
        assert_eq!(pause(5), seconds(5));
        assert_eq!(pause(0), limits::LINK_PAUSE_MIN);
        assert_eq!(pause(u64::MAX), limits::LINK_TIME_MAX);
        assert_eq!(slower(seconds(5), Some(12)), seconds(12));
        assert_eq!(slower(seconds(5), None), seconds(10));
        assert_eq!(slower(limits::LINK_TIME_MAX, None), limits::LINK_TIME_MAX);
    }

    #[test]
    fn what_github_says_has_a_meaning() {
        let meaning = |error: &str, description: Option<&str>| {
            let told = Told {
                access_token: None,
                error: Some(error.to_owned()),
                error_description: description.map(str::to_owned),
                interval: None,
            };
            told.meaning()
        };
        assert_eq!(meaning("access_denied", Some("No.")), Unknown::Declined);
        assert_eq!(meaning("expired_token", None), Unknown::Expired);
        assert_eq!(meaning("token_expired", None), Unknown::Expired);
        let off = Unknown::App("Device Flow is disabled".to_owned());
        let said = Some("Device Flow is disabled.");
        assert_eq!(meaning("device_flow_disabled", said), off);
        let other = Unknown::App("incorrect_device_code".to_owned());
        assert_eq!(meaning("incorrect_device_code", None), other);
    }
}
