//! An answer of GitHub as it came: status, headers, body.

use http::{HeaderMap, StatusCode};
use hyper_util::client::legacy;
use serde::de::DeserializeOwned;
use serde_json::Value;
use witbot_core::error::{Code, Error};

use super::refusal::Refusal;

/// An answer, whatever it says.
#[derive(Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body, read to the end.
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as what it should be. `thing` names it for people.
    pub fn read<T: DeserializeOwned>(&self, thing: &str) -> Result<T, Error> {
        serde_json::from_slice(&self.body).map_err(|error| {
            tracing::warn!(%error, status = %self.status, "GitHub's answer about {thing} is not as documented");
            Error::new(Code::Unavailable, format!("GitHub's answer about {thing} could not be read."))
        })
    }

    /// Whether a list goes on after this page. GitHub says so in `Link`; an answer without it is the last, if it is not full.
    pub fn goes_on(&self, items: usize, items_max: usize) -> bool {
        match self
            .headers
            .get(http::header::LINK)
            .and_then(|link| link.to_str().ok())
        {
            Some(link) => link.contains("rel=\"next\""),
            None => items >= items_max,
        }
    }

    /// Where a list goes on that is not paged by numbers.
    pub fn cursor(&self) -> Option<String> {
        let links = self.headers.get(http::header::LINK)?.to_str().ok()?;
        let next = links
            .split(',')
            .find(|link| link.contains("rel=\"next\""))?;
        let (_, cursor) = next.split_once("cursor=")?;
        let end = cursor.find(['&', '>']).unwrap_or(cursor.len());
        (end > 0).then(|| cursor[..end].to_owned())
    }

    /// The answer, if it is a success.
    pub fn successful(self) -> Result<Answer, Failed> {
        if self.status.is_success() {
            Ok(self)
        } else {
            Err(Failed::Refused(Box::new(self.refusal())))
        }
    }

    /// What it says when it is a refusal.
    pub fn refusal(&self) -> Refusal {
        let body = serde_json::from_slice(&self.body).unwrap_or(Value::Null);
        Refusal::new(
            self.status,
            self.headers.clone(),
            body["message"].as_str(),
            &body["errors"],
        )
    }
}

/// Why a request did not succeed.
pub enum Failed {
    /// It was not sent: GitHub was not reached.
    Unreached(String),
    /// GitHub refused it, or refused the app a token to send it with.
    Refused(Box<Refusal>),
    /// It was sent, perhaps, and the connection ended before the answer did.
    Lost(String),
}

impl Failed {
    /// What octocrab's error means for the request.
    pub fn of(error: octocrab::Error) -> Failed {
        match &error {
            // It looks at answers itself only when it fetches the token of an installation.
            octocrab::Error::GitHub { source, .. } => Failed::Refused(Box::new(Refusal::new(
                source.status_code,
                source.headers.clone().unwrap_or_default(),
                Some(&source.message),
                &Value::from(source.errors.clone().unwrap_or_default()),
            ))),
            octocrab::Error::Service { source, .. } => {
                match source.downcast_ref::<legacy::Error>() {
                    Some(error) if error.is_connect() => Failed::Unreached(chain(error)),
                    Some(_) | None => Failed::Lost(chain(source.as_ref())),
                }
            }
            octocrab::Error::Http { .. }
            | octocrab::Error::Uri { .. }
            | octocrab::Error::UriParse { .. }
            | octocrab::Error::Serde { .. }
            | octocrab::Error::JWT { .. } => Failed::Unreached(chain(&error)),
            other => Failed::Lost(chain(other)),
        }
    }
}

/// An error with its causes, for the log.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
