//! Whether a webhook comes from whom it has to come from, as the operator has declared it. On the bytes that were sent, and
//! in the same time whatever is wrong.

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use witbot_core::grants::webhooks::Verification;
use witbot_core::ids::UnixMillis;
use witbot_core::inbound::is_id;
use witbot_core::limits;

use crate::doors::hooks::signature;
use crate::secret::Secret;
use crate::settings::secrets::webhooks::{Lock, key};

/// A proof, with the id of the webhook if the sender gave it one.
#[derive(Debug, PartialEq, Eq)]
pub struct Proved<'a> {
    /// The same when it is sent again.
    pub id: Option<&'a str>,
}

/// What is wrong with a webhook that proves nothing. For the log alone.
#[derive(Debug, PartialEq, Eq)]
pub struct Unproved(pub &'static str);

const UNSIGNED: Unproved = Unproved("its signature is missing or wrong");
const UNKNOWN: Unproved = Unproved("its secret is missing or wrong");
const OLD: Unproved = Unproved(
    "it was signed too long ago, or by a clock that is ahead: it may be one that was overheard",
);

/// Looks at the proof.
pub fn look<'a>(
    lock: &Lock,
    headers: &'a HeaderMap,
    body: &[u8],
    now: UnixMillis,
) -> Result<Proved<'a>, Unproved> {
    let secrets = lock.secrets.as_slice();
    let proved = match &lock.verify {
        Verification::Standard { .. } => return standard(secrets, headers, body, now),
        Verification::HmacSha256 { header, .. } => {
            let given = text(headers, header.as_str()).unwrap_or_default();
            let proved = mac(given).is_some_and(|mac| {
                let keys = secrets.iter().map(|secret| secret.expose().as_bytes());
                signature::is_of_any(keys, &[body], &mac)
            });
            proved.then_some(()).ok_or(UNSIGNED)
        }
        Verification::Token { header, .. } => {
            let given = match header {
                Some(header) => text(headers, header.as_str()),
                None => authorization(headers, "bearer"),
            };
            is_any(secrets, given.unwrap_or_default().as_bytes())
        }
        Verification::Basic { .. } => {
            let given = authorization(headers, "basic").unwrap_or_default();
            is_any(secrets, &STANDARD.decode(given).unwrap_or_default())
        }
        Verification::None => Ok(()),
    };
    proved.map(|()| Proved {
        id: text(headers, "idempotency-key"),
    })
}

/// <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>
fn standard<'a>(
    secrets: &[Secret],
    headers: &'a HeaderMap,
    body: &[u8],
    now: UnixMillis,
) -> Result<Proved<'a>, Unproved> {
    let id = text(headers, "webhook-id").filter(|id| is_id(id));
    let time = text(headers, "webhook-timestamp").filter(|time| is_number(time));
    let signatures = text(headers, "webhook-signature");
    let (Some(id), Some(time), Some(signatures)) = (id, time, signatures) else {
        return Err(UNSIGNED);
    };
    let keys: Vec<Vec<u8>> = secrets.iter().filter_map(key).collect();
    let signed = [id.as_bytes(), b".", time.as_bytes(), b".", body];
    let signed_by_any = |signature: &str| {
        let mac = STANDARD.decode(signature).unwrap_or_default();
        signature::is_of_any(keys.iter().map(Vec::as_slice), &signed, &mac)
    };
    // Other versions may stand beside it, and several signatures while one secret replaces another.
    let proved = signatures
        .split(' ')
        .filter_map(|signature| signature.strip_prefix("v1,"))
        .take(SIGNATURES_MAX)
        .any(signed_by_any);
    if !proved {
        return Err(UNSIGNED);
    }
    let seconds: u64 = time.parse().map_err(|_| OLD)?;
    if (now.0 / 1_000).abs_diff(seconds) > limits::INBOUND_SIGNED_WITHIN.as_secs() {
        return Err(OLD);
    }
    Ok(Proved { id: Some(id) })
}

/// Two while one secret replaces another; each costs a pass over the body.
const SIGNATURES_MAX: usize = 4;

fn is_any(secrets: &[Secret], given: &[u8]) -> Result<(), Unproved> {
    let same = secrets
        .iter()
        .map(|secret| signature::is_same(secret.expose().as_bytes(), given));
    let any = same.fold(false, |any, one| any | one);
    any.then_some(()).ok_or(UNKNOWN)
}

/// In hexadecimal or base64, with or without the name of the method.
fn mac(text: &str) -> Option<Vec<u8>> {
    let text = text.trim();
    let text = text.strip_prefix("sha256=").unwrap_or(text);
    hex::decode(text)
        .ok()
        .filter(|mac| mac.len() == 32)
        .or_else(|| STANDARD.decode(text).ok())
}

/// What is behind the name of a scheme, which has no case.
fn authorization<'a>(headers: &'a HeaderMap, scheme: &str) -> Option<&'a str> {
    let (given, credentials) = text(headers, AUTHORIZATION.as_str())?.split_once(' ')?;
    given
        .eq_ignore_ascii_case(scheme)
        .then_some(credentials.trim())
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMillis = UnixMillis(1_614_265_330_000);

    fn lock(grant: &str, secrets: &[&str]) -> Lock {
        let grant = format!("name = \"alerts\"\n{grant}");
        let grant: witbot_core::grants::webhooks::WebhookGrant = toml::from_str(&grant).unwrap();
        Lock {
            verify: grant.verify,
            secrets: secrets
                .iter()
                .map(|text| Secret::new((*text).to_owned()))
                .collect(),
        }
    }

    #[track_caller]
    fn check(
        lock: &Lock,
        headers: &[(&'static str, &str)],
        body: &str,
        now: UnixMillis,
        expected: Result<Option<&str>, Unproved>,
    ) {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().unwrap());
        }
        let proved = look(lock, &map, body.as_bytes(), now).map(|proved| proved.id);
        assert_eq!(proved, expected, "{headers:?}");
    }

    /// The example of the reference libraries.
    #[test]
    fn standard_webhooks() {
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let lock = lock("verify = 'standard'\nsecret = 'A'", &["whsec_AAAA", secret]);
        let (id, body) = ("msg_p5jXN8AQM9LWM0D4loKWxJek", r#"{"test": 2432232314}"#);
        let signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        let sent = |id, time, signature| {
            [
                ("webhook-id", id),
                ("webhook-timestamp", time),
                ("webhook-signature", signature),
            ]
        };
        let time = "1614265330";
        let whole = sent(id, time, signature);
        check(&lock, &whole, body, NOW, Ok(Some(id)));
        let several = format!("v1a,xx v1,AAAA {signature}");
        check(&lock, &sent(id, time, &several), body, NOW, Ok(Some(id)));
        check(&lock, &whole, "{}", NOW, Err(UNSIGNED));
        check(
            &lock,
            &sent("msg_other", time, signature),
            body,
            NOW,
            Err(UNSIGNED),
        );
        check(
            &lock,
            &sent(id, "1614265331", signature),
            body,
            NOW,
            Err(UNSIGNED),
        );
        check(
            &lock,
            &sent(id, time, &signature[3..]),
            body,
            NOW,
            Err(UNSIGNED),
        );
        check(&lock, &sent(id, "-1", signature), body, NOW, Err(UNSIGNED));
        for missing in 0..3 {
            let mut rest = whole.to_vec();
            rest.remove(missing);
            check(&lock, &rest, body, NOW, Err(UNSIGNED));
        }
        for (offset, expected) in [
            (-300_000, Ok(Some(id))),
            (300_000, Ok(Some(id))),
            (-301_000, Err(OLD)),
            (301_000, Err(OLD)),
        ] {
            let now = UnixMillis(NOW.0.saturating_add_signed(offset));
            check(&lock, &whole, body, now, expected);
        }
    }

    #[test]
    fn signatures_of_the_body() {
        let lock = lock(
            "verify = 'hmac-sha256'\nsecret = 'A'\nheader = 'X-Signature-256'",
            &["old", "It's a Secret to Everybody"],
        );
        let hex = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        let base64 = STANDARD.encode(hex::decode(hex).unwrap());
        let body = "Hello, World!";
        for given in [
            hex.to_owned(),
            hex.to_uppercase(),
            format!("sha256={hex}"),
            base64.clone(),
            format!("sha256={base64}"),
        ] {
            check(&lock, &[("x-signature-256", &given)], body, NOW, Ok(None));
            check(
                &lock,
                &[("x-signature-256", &given)],
                "Hello",
                NOW,
                Err(UNSIGNED),
            );
            check(&lock, &[("x-signature", &given)], body, NOW, Err(UNSIGNED));
        }
        for given in ["", "sha256=", &hex[..62], "757107"] {
            check(
                &lock,
                &[("x-signature-256", given)],
                body,
                NOW,
                Err(UNSIGNED),
            );
        }
        let with_id = [("x-signature-256", hex), ("idempotency-key", "m1")];
        check(&lock, &with_id, body, NOW, Ok(Some("m1")));
    }

    #[test]
    fn tokens_and_passwords() {
        let bearer = lock("verify = 'token'\nsecret = 'A'", &["old", "t0ken"]);
        check(
            &bearer,
            &[("authorization", "Bearer t0ken")],
            "",
            NOW,
            Ok(None),
        );
        check(
            &bearer,
            &[("authorization", "bearer old")],
            "",
            NOW,
            Ok(None),
        );
        for wrong in [
            "t0ken",
            "Bearer",
            "Bearer ",
            "Bearer t0kem",
            "Bearer t0ken1",
            "Basic t0ken",
        ] {
            check(&bearer, &[("authorization", wrong)], "", NOW, Err(UNKNOWN));
        }
        check(&bearer, &[], "", NOW, Err(UNKNOWN));
        let header = lock(
            "verify = 'token'\nsecret = 'A'\nheader = 'X-Token'",
            &["t0ken"],
        );
        check(&header, &[("x-token", "t0ken")], "", NOW, Ok(None));
        check(
            &header,
            &[("authorization", "Bearer t0ken")],
            "",
            NOW,
            Err(UNKNOWN),
        );
        let basic = lock("verify = 'basic'\nsecret = 'A'", &["ada:pass:word"]);
        let given = format!("Basic {}", STANDARD.encode("ada:pass:word"));
        check(&basic, &[("authorization", &given)], "", NOW, Ok(None));
        let wrong = format!("Basic {}", STANDARD.encode("ada:pass"));
        check(&basic, &[("authorization", &wrong)], "", NOW, Err(UNKNOWN));
        check(
            &basic,
            &[("authorization", "Basic ?")],
            "",
            NOW,
            Err(UNKNOWN),
        );
        check(&lock("verify = 'none'", &[]), &[], "", NOW, Ok(None));
    }

    /// Settings cannot be so, and if they were, nobody would come in.
    #[test]
    fn without_a_secret_nobody_comes_in() {
        let without = |grant| lock(grant, &[]);
        check(
            &without("verify = 'token'\nsecret = 'A'"),
            &[("authorization", "Bearer ")],
            "",
            NOW,
            Err(UNKNOWN),
        );
        check(
            &without("verify = 'basic'\nsecret = 'A'"),
            &[("authorization", "Basic ")],
            "",
            NOW,
            Err(UNKNOWN),
        );
    }
}
