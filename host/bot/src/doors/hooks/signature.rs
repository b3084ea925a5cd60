//! HMAC-SHA256 over the bytes of a body, as GitHub and CircleCI sign; Slack signs some more with it.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::secret::Secret;

/// Whether any of the secrets gives this signature, which is in hexadecimal, of all these parts together. Every secret is
/// tried, and each in the same time whatever is wrong.
pub fn fits(secrets: &[Secret], signed: &[&[u8]], signature: &str) -> bool {
    let mut bytes = [0; 32];
    if hex::decode_to_slice(signature, &mut bytes).is_err() {
        return false;
    }
    let keys = secrets.iter().map(|secret| secret.expose().as_bytes());
    is_of_any(keys, signed, &bytes)
}

/// Whether any of the keys gives this code of all these parts together. Every key is tried, too.
pub fn is_of_any<'k>(keys: impl Iterator<Item = &'k [u8]>, signed: &[&[u8]], code: &[u8]) -> bool {
    let fits = keys.map(|key| {
        let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
        signed.iter().for_each(|part| mac.update(part));
        mac.verify_slice(code).is_ok()
    });
    fits.fold(false, |any, one| any | one)
}

/// Whether two texts are the same, in a time that does not tell where they begin to differ: their codes are compared.
pub fn is_same(secret: &[u8], given: &[u8]) -> bool {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes keys of any length");
    mac.update(secret);
    let code = mac.finalize().into_bytes();
    is_of_any(std::iter::once(secret), &[given], &code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(secrets: &[&str], body: &str, signature: &str, expected: bool) {
        let secrets: Vec<Secret> = secrets
            .iter()
            .map(|text| Secret::new((*text).to_owned()))
            .collect();
        assert_eq!(fits(&secrets, &[body.as_bytes()], signature), expected);
    }

    /// <https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries>
    #[test]
    fn what_github_documents() {
        let signature = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        let secret = "It's a Secret to Everybody";
        check(&[secret], "Hello, World!", signature, true);
        check(&[secret], "Hello, World", signature, false);
        check(&[secret], "Hello, World!", &signature.to_uppercase(), true);
        check(&["old", secret], "Hello, World!", signature, true);
        check(&[secret, "new"], "Hello, World!", signature, true);
        check(&["old", "new"], "Hello, World!", signature, false);
        check(&[], "Hello, World!", signature, false);
    }

    /// <https://circleci.com/docs/outbound-webhooks/#validate-webhooks>
    #[test]
    fn what_circleci_documents() {
        for (body, secret, signature) in [
            (
                "hello world",
                "secret",
                "734cc62f32841568f45715aeb9f4d7891324e6d948e4c6c60c0621cdac48623a",
            ),
            (
                "lalala",
                "another-secret",
                "daa220016c8f29a8b214fbfc3671aeec2145cfb1e6790184ffb38b6d0425fa00",
            ),
            (
                "an-important-request-payload",
                "hunter123",
                "9be2242094a9a8c00c64306f382a7f9d691de910b4a266f67bd314ef18ac49fa",
            ),
            (
                "foo",
                "secret",
                "773ba44693c7553d6ee20f61ea5d2757a9a4f4a44d2841ae4e95b52e4cd62db4",
            ),
        ] {
            check(&[secret], body, signature, true);
            check(&[secret], &format!("{body} "), signature, false);
        }
    }

    #[test]
    fn what_is_no_signature() {
        let short = "734cc62f32841568f45715aeb9f4d7891324e6d948e4c6c60c0621cdac4862";
        for signature in [
            "",
            "734c",
            "not-a-valid-signature",
            short,
            &format!("{short}3a00"),
            &format!("{short}3g"),
        ] {
            check(&["secret"], "hello world", signature, false);
        }
    }
}
