//! What the bot itself adds to a request, and hides in what comes back: the plugin must not learn it from a server that
//! shows requests to who sends them.

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use witbot_core::error::{Code, Error};
use witbot_core::http::Response;

use crate::secret::Secret;

/// What stands in an answer where the secret stood.
const COVER: &[u8] = b"***";

/// A header with a secret in it.
#[derive(Debug)]
pub struct Added {
    /// Its name, in small letters.
    pub name: String,
    /// All of its value.
    pub value: Secret,
    /// The secret in it.
    pub secret: Secret,
}

/// Puts them to the plugin's own. They take the place of what it may have set meanwhile.
pub fn add(headers: &mut HeaderMap, added: &[Added]) -> Result<(), Error> {
    for header in added {
        // Names and texts are checked when the settings are read, and secrets with them.
        let wrong = || {
            let name = &header.name;
            Error::new(
                Code::Unavailable,
                format!("The header `{name}` of the bot cannot be sent."),
            )
        };
        let name: HeaderName = header.name.parse().map_err(|_| wrong())?;
        let mut value = HeaderValue::from_str(header.value.expose()).map_err(|_| wrong())?;
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    Ok(())
}

/// Takes the secrets out of an answer.
pub fn hide(response: &mut Response, added: &[Added]) {
    for header in added {
        let secret = header.secret.expose();
        for (name, value) in &mut response.headers {
            for text in [name, value] {
                if text.contains(secret) {
                    *text = text.replace(secret, "***");
                }
            }
        }
        if let Some(covered) = covered(&response.body.0, secret.as_bytes()) {
            response.body.0 = covered;
        }
    }
}

/// The bytes without the secret; none if it is not in them.
fn covered(bytes: &[u8], secret: &[u8]) -> Option<Vec<u8>> {
    let mut at = find(bytes, secret)?;
    let mut covered = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    loop {
        covered.extend_from_slice(&rest[..at]);
        covered.extend_from_slice(COVER);
        rest = &rest[at + secret.len()..];
        match find(rest, secret) {
            Some(next) => at = next,
            None => break,
        }
    }
    covered.extend_from_slice(rest);
    Some(covered)
}

/// Secrets are random, so that nearly every comparison ends at its first byte.
fn find(bytes: &[u8], secret: &[u8]) -> Option<usize> {
    bytes
        .windows(secret.len())
        .position(|window| window == secret)
}

#[cfg(test)]
mod tests {
    use witbot_core::journal::Blob;

    use super::*;

    fn added() -> Added {
        Added {
            name: "authorization".to_owned(),
            value: Secret::new("Bearer hunter22".to_owned()),
            secret: Secret::new("hunter22".to_owned()),
        }
    }

    #[test]
    fn the_secret_is_hidden_wherever_it_is() {
        let mut response = Response {
            status: 200,
            headers: vec![
                ("x-you-sent".into(), "Bearer hunter22".into()),
                ("x-other".into(), "hunter2".into()),
            ],
            body: Blob(b"\xffhunter22, hunter2hunter22".to_vec()),
            elapsed_ms: 1,
            certificate_expires: None,
        };
        hide(&mut response, &[added()]);
        assert_eq!(
            response.headers,
            [
                ("x-you-sent".to_owned(), "Bearer ***".to_owned()),
                ("x-other".to_owned(), "hunter2".to_owned())
            ]
        );
        assert_eq!(response.body.0, b"\xff***, hunter2***");
    }

    #[test]
    fn the_header_takes_the_place_of_others_and_is_not_printed() {
        let mut headers = HeaderMap::new();
        headers.append("authorization", HeaderValue::from_static("mine"));
        headers.append("authorization", HeaderValue::from_static("mine, too"));
        add(&mut headers, &[added()]).unwrap();
        let sent: Vec<&HeaderValue> = headers.get_all("authorization").iter().collect();
        assert_eq!(sent, ["Bearer hunter22"]);
        assert!(!format!("{headers:?} {:?}", added()).contains("hunter"));
    }
}
