//! Requests to a bot in HTTP mode, as Slack sends them and as it does not.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::bot::Bot;
use crate::fakes::slack::{SIGNING_SECRET, signed};

/// Slack waits 3 s; a bot that is busy with a test is given more.
const TIME_MAX: Duration = Duration::from_secs(30);

/// A request that is signed.
#[derive(Debug, Clone)]
pub struct Signed {
    body: Vec<u8>,
    secret: String,
    age: Duration,
    attempt: u32,
}

impl Signed {
    /// With this body, signed now as Slack does it.
    pub fn new(body: impl Into<Vec<u8>>) -> Signed {
        Signed {
            body: body.into(),
            secret: SIGNING_SECRET.to_owned(),
            age: Duration::ZERO,
            attempt: 0,
        }
    }

    /// Signed with this secret.
    #[must_use]
    pub fn with(self, secret: &str) -> Signed {
        Signed {
            secret: secret.to_owned(),
            ..self
        }
    }

    /// Signed so long ago.
    #[must_use]
    pub fn ago(self, age: Duration) -> Signed {
        Signed { age, ..self }
    }

    /// Sent again, for the first, second or third time.
    #[must_use]
    pub fn again(self, attempt: u32) -> Signed {
        Signed { attempt, ..self }
    }

    /// Sends it to a route below `/hooks/slack`. The status of the answer comes back, and its text.
    ///
    /// # Panics
    ///
    /// When the bot does not answer.
    pub async fn send(self, bot: &Bot, route: &str) -> (u16, String) {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        let at = since.expect("it is later than 1970") - self.age;
        let url = format!("{}/hooks/slack/{route}", bot.url());
        let mut request = client().post(url);
        for (name, value) in signed(&self.secret, at.as_secs(), &self.body) {
            request = request.header(name, value);
        }
        if self.attempt > 0 {
            request = request
                .header("x-slack-retry-num", self.attempt)
                .header("x-slack-retry-reason", "http_timeout");
        }
        let answer = request.body(self.body).send().await;
        let answer = answer.expect("the bot answers");
        let status = answer.status().as_u16();
        (status, answer.text().await.expect("the answer has an end"))
    }
}

/// A form of these fields, in which every byte but letters and digits is escaped.
pub fn form(fields: &[(&str, &str)]) -> String {
    let escaped = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    let pair = |(name, value): &(&str, &str)| {
        let value: String = value.bytes().map(escaped).collect();
        format!("{name}={value}")
    };
    fields.iter().map(pair).collect::<Vec<_>>().join("&")
}

/// What asks the bot over HTTP.
///
/// # Panics
///
/// Never, as it needs nothing of the system.
pub fn client() -> reqwest::Client {
    let client = reqwest::Client::builder().no_proxy().timeout(TIME_MAX);
    client.build().expect("it needs nothing of the system")
}
