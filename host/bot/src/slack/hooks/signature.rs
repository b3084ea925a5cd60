//! How Slack signs: HMAC-SHA256 over a version, the time and the body.
//! <https://docs.slack.dev/authentication/verifying-requests-from-slack>

use axum::http::HeaderMap;
use witbot_core::ids::UnixMillis;
use witbot_core::limits;

use crate::doors::hooks::signature;
use crate::secret::Secret;

/// A signature, and when it was made.
#[derive(Debug, Clone, Copy)]
pub struct Signed<'a> {
    /// As it was sent, because that is what is signed.
    time: &'a str,
    seconds: u64,
    signature: &'a str,
}

impl<'a> Signed<'a> {
    /// What the headers say; nothing if there is no signature of a kind that is known.
    pub fn read(headers: &'a HeaderMap) -> Option<Signed<'a>> {
        let text = |name| headers.get(name)?.to_str().ok();
        let time: &str = text("x-slack-request-timestamp")?;
        let plain = time.bytes().all(|byte| byte.is_ascii_digit());
        Some(Signed {
            time,
            seconds: time.parse().ok().filter(|_| plain)?,
            signature: text("x-slack-signature")?.strip_prefix("v0=")?,
        })
    }

    /// Whether one of the secrets has signed this body, and the time with it.
    pub fn fits(&self, secrets: &[Secret], body: &[u8]) -> bool {
        let signed = [b"v0:", self.time.as_bytes(), b":", body];
        signature::fits(secrets, &signed, self.signature)
    }

    /// Whether it is no older than it can be, nor much newer. What is older could be something that was overheard.
    pub fn is_of_now(&self, now: UnixMillis) -> bool {
        (now.0 / 1000).abs_diff(self.seconds) <= limits::SLACK_SIGNED_WITHIN.as_secs()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of Slack's documentation; `openssl dgst -sha256 -hmac` says the same.
    const SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";
    const TIME: &str = "1531420618";
    const BODY: &str = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V\
        &channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=\
        &response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN\
        &trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
    const SIGNATURE: &str = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503";

    fn is_signed(secrets: &[&str], time: &str, body: &[u8], signature: &str) -> bool {
        let secret = |text: &&str| Secret::new((*text).to_owned());
        let secrets: Vec<Secret> = secrets.iter().map(secret).collect();
        let headers = HeaderMap::from_iter([
            (
                "x-slack-request-timestamp".parse().unwrap(),
                time.parse().unwrap(),
            ),
            (
                "x-slack-signature".parse().unwrap(),
                signature.parse().unwrap(),
            ),
        ]);
        Signed::read(&headers).is_some_and(|signed| signed.fits(&secrets, body))
    }

    #[test]
    fn what_slack_documents() {
        let body = BODY.as_bytes();
        assert!(is_signed(&[SECRET], TIME, body, SIGNATURE));
        assert!(is_signed(&["old", SECRET], TIME, body, SIGNATURE));
        assert!(is_signed(&[SECRET, "new"], TIME, body, SIGNATURE));
        assert!(!is_signed(&["old", "new"], TIME, body, SIGNATURE));
        assert!(!is_signed(&[], TIME, body, SIGNATURE));
    }

    #[test]
    fn every_part_is_signed() {
        let body = BODY.as_bytes();
        let digits = SIGNATURE.strip_prefix("v0=").unwrap();
        for (time, body, signature) in [
            ("1531420619", body, SIGNATURE),
            (TIME, &body[1..], SIGNATURE),
            (TIME, b"", SIGNATURE),
            (TIME, body, digits),
            (TIME, body, &format!("v1={digits}")),
            (TIME, body, &format!("V0={digits}")),
            (TIME, body, &format!("v0={}", &digits[2..])),
            (TIME, body, &format!("v0={digits}00")),
            (TIME, body, "v0="),
            (TIME, body, ""),
            ("", body, SIGNATURE),
            ("+1531420618", body, SIGNATURE),
            ("01531420618", body, SIGNATURE),
            ("1531420618.0", body, SIGNATURE),
            ("99999999999999999999", body, SIGNATURE),
        ] {
            assert!(
                !is_signed(&[SECRET], time, body, signature),
                "{time} {signature}"
            );
        }
    }

    #[test]
    fn five_minutes() {
        let signed = Signed {
            time: "1000",
            seconds: 1_000,
            signature: "",
        };
        for (seconds, expected) in [
            (699, false),
            (700, true),
            (1_000, true),
            (1_300, true),
            (1_301, false),
            (0, false),
        ] {
            assert_eq!(
                signed.is_of_now(UnixMillis(seconds * 1_000)),
                expected,
                "{seconds}"
            );
        }
        assert!(
            !Signed {
                seconds: u64::MAX,
                ..signed
            }
            .is_of_now(UnixMillis(0))
        );
    }
}
