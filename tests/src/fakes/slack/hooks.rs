//! HTTP mode: what happens is brought to the app's request URLs.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use tokio::time::sleep;

use super::delivery::{Kind, Parcel};
use super::shared::Shared;
use super::state::State;
use crate::fakes::signature::hmac_hex;

/// Where the app's request URLs begin, and the secret that signs.
#[derive(Debug, Clone)]
pub(super) struct Target {
    pub(super) url: String,
    pub(super) secret: String,
}

/// One attempt at bringing something to a request URL.
#[derive(Debug, Clone)]
pub struct HttpDelivery {
    /// What was brought.
    pub kind: Kind,
    /// The event id or the trigger id.
    pub key: String,
    /// How often it was brought before.
    pub attempt: u32,
    /// What was answered; none when the answer was late or did not come.
    pub status: Option<u16>,
    /// The body of the answer.
    pub answer: String,
    /// How long it took.
    pub latency: Duration,
}

/// The two headers that sign a body at a time, in seconds since 1970.
pub fn signed(secret: &str, time: u64, body: &[u8]) -> [(&'static str, String); 2] {
    let mut signed = format!("v0:{time}:").into_bytes();
    signed.extend_from_slice(body);
    [
        ("x-slack-request-timestamp", time.to_string()),
        (
            "x-slack-signature",
            format!("v0={}", hmac_hex(secret, &signed)),
        ),
    ]
}

/// Brings something, and again if it is an event and that fails: to where the request URL leads by then.
pub(super) async fn carry(shared: Arc<Shared>, first: Target, parcel: Parcel) {
    let pauses = shared.lock().behaviour.http_pauses.clone();
    let mut reason = None;
    for attempt in 0.. {
        let target = shared.lock().target.clone();
        let target = target.unwrap_or_else(|| first.clone());
        let delivery = bring(&shared, &target, &parcel, attempt, reason).await;
        let pause = usize::try_from(attempt)
            .ok()
            .and_then(|attempt| pauses.get(attempt));
        let again = parcel.kind == Kind::Event && !delivery.1 && !delivery.0.accepted();
        reason = Some(match delivery.0.status {
            Some(_) => "http_error",
            None => "http_timeout",
        });
        let pause = pause.filter(|_| again).copied();
        shared.change(|state| state.brought(delivery.0, pause.is_none()));
        match pause {
            Some(pause) => sleep(pause).await,
            None => return,
        }
    }
}

/// One attempt, and whether the app asks for no other one.
async fn bring(
    shared: &Shared,
    target: &Target,
    parcel: &Parcel,
    attempt: u32,
    reason: Option<&str>,
) -> (HttpDelivery, bool) {
    let (path, kind, body) = match parcel.kind {
        Kind::Event => ("events", "application/json", parcel.payload.to_string()),
        Kind::Command => ("commands", FORM, command_form(&parcel.payload)),
        Kind::Interaction => ("interactions", FORM, form(&[("payload", &parcel.payload)])),
    };
    let url = format!("{}/hooks/slack/{path}", target.url);
    let mut request = shared.client.post(url).header("content-type", kind);
    for (name, value) in signed(&target.secret, now(), body.as_bytes()) {
        request = request.header(name, value);
    }
    if let Some(reason) = reason {
        request = request
            .header("x-slack-retry-num", attempt)
            .header("x-slack-retry-reason", reason);
    }
    let time_max = shared.lock().behaviour.http_time_max;
    let began = Instant::now();
    let (mut status, mut answer, mut enough) = (None, String::new(), false);
    if let Ok(response) = request.body(body).timeout(time_max).send().await {
        enough = response
            .headers()
            .get("x-slack-no-retry")
            .is_some_and(|value| value == "1");
        status = Some(response.status().as_u16());
        answer = response.text().await.unwrap_or_default();
    }
    let delivery = HttpDelivery {
        kind: parcel.kind,
        key: parcel.key.clone(),
        attempt,
        status,
        answer,
        latency: began.elapsed(),
    };
    (delivery, enough)
}

/// Asks a request URL for a challenge, as Slack does before it takes the URL, and says whether it came back.
pub(super) async fn verify(shared: &Shared, target: &Target) -> bool {
    let challenge = "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P";
    let asked =
        json!({ "token": "of-old-times", "challenge": challenge, "type": "url_verification" });
    let parcel = Parcel {
        kind: Kind::Event,
        key: "url_verification".to_owned(),
        payload: asked.to_string().into(),
    };
    let (delivery, _) = bring(shared, target, &parcel, 0, None).await;
    let answered: Value = serde_json::from_str(&delivery.answer).unwrap_or_default();
    delivery.accepted() && (delivery.answer == challenge || answered["challenge"] == challenge)
}

impl HttpDelivery {
    /// Whether it was taken with a 2xx.
    pub fn accepted(&self) -> bool {
        self.status
            .is_some_and(|status| (200..300).contains(&status))
    }
}

impl State {
    /// Keeps an attempt in the log. What a command is answered with is shown to whoever gave it.
    fn brought(&mut self, delivery: HttpDelivery, over: bool) {
        self.under_way -= usize::from(over);
        self.office.counts.sent += 1;
        self.office.counts.acked += u64::from(delivery.accepted());
        self.office.counts.redelivered += u64::from(delivery.attempt > 0);
        self.office.counts.lost += u64::from(over && !delivery.accepted());
        if delivery.kind == Kind::Command
            && delivery.accepted()
            && let Ok(answer @ Value::Object(_)) = serde_json::from_str(&delivery.answer)
        {
            self.respond(&delivery.key, &answer);
        }
        super::keep(&mut self.deliveries, delivery, self.behaviour.kept_max);
    }
}

const FORM: &str = "application/x-www-form-urlencoded";

fn now() -> u64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    since.as_secs()
}

fn command_form(payload: &str) -> String {
    let fields: serde_json::Map<String, Value> = serde_json::from_str(payload).unwrap_or_default();
    let pairs: Vec<(&str, &str)> = fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str().unwrap_or_default()))
        .collect();
    form(&pairs)
}

fn form(pairs: &[(&str, &str)]) -> String {
    let encoded = pairs
        .iter()
        .map(|(name, value)| format!("{}={}", escaped(name), escaped(value)));
    encoded.collect::<Vec<_>>().join("&")
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'*' => {
                escaped.push(char::from(byte));
            }
            b' ' => escaped.push('+'),
            other => escaped.push_str(&format!("%{other:02X}")),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::{form, signed};

    /// The example in Slack's documentation on verifying requests.
    #[test]
    fn documented_vector() {
        let body = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V\
                    &channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=\
                    &response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN\
                    &trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
        let [(_, time), (_, signature)] = signed(
            "8f742231b10e8888abcd99yyyzzz85a5",
            1_531_420_618,
            body.as_bytes(),
        );
        assert_eq!(time, "1531420618");
        assert_eq!(
            signature,
            "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
        );
    }

    #[test]
    fn forms() {
        let pairs = [("command", "/witbot"), ("text", "a b&c=d é")];
        assert_eq!(form(&pairs), "command=%2Fwitbot&text=a+b%26c%3Dd+%C3%A9");
    }
}
