//! Requests that plugins send to services on the web.

use serde::{Deserialize, Serialize};

use crate::ids::UnixMillis;
use crate::journal::Blob;

/// A request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// In capitals.
    pub method: String,
    /// Absolute, `http` or `https`.
    pub url: String,
    /// In the order in which they were given.
    pub headers: Vec<(String, String)>,
    /// Can be empty.
    pub body: Blob,
    /// For the whole of it.
    pub timeout_ms: u64,
}

/// An answer, whatever its status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Names in small letters.
    pub headers: Vec<(String, String)>,
    /// The whole body.
    pub body: Blob,
    /// How long it took until all of it was there.
    #[serde(default)]
    pub elapsed_ms: u64,
    /// Until when the certificate of the service is valid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate_expires: Option<UnixMillis>,
}

/// Headers that say where a message ends or how a connection is used. A plugin that could set them could smuggle a second
/// request into the first, or reach another host by the same address.
const OF_THE_CONNECTION: [&str; 13] = [
    "connection",
    "content-length",
    "expect",
    "host",
    "http2-settings",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Headers by which some servers take a request for another one than it is: of another method, or to another path. A grant
/// would be passed by. There are more; these are the ones that frameworks know.
const OF_ANOTHER_REQUEST: [&str; 5] = [
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
    "x-original-url",
    "x-rewrite-url",
];

/// Whether a header, in small letters, makes another request of the one that was allowed.
pub fn is_of_another_request(name: &str) -> bool {
    OF_ANOTHER_REQUEST.contains(&name)
}

/// Whether a header, in small letters, is one that only the bot sets.
pub fn is_of_the_connection(name: &str) -> bool {
    OF_THE_CONNECTION.contains(&name)
}

/// An address without the parts that can be secrets: user and password, query, and fragment. Addresses come from
/// plugins, so this takes whatever an address can be mistaken for.
pub fn without_secrets(url: &str) -> String {
    let plain: String = url.chars().filter(|c| !c.is_ascii_control()).collect();
    let shown = plain.split(['?', '#']).next().unwrap_or_default();
    let (scheme, rest) = shown
        .split_once(':')
        .map_or(("", shown), |(scheme, rest)| (scheme, rest));
    let rest = rest.trim_start_matches(['/', '\\', ' ']);
    // A backslash is a slash on the web; elsewhere it can be part of a password.
    let web = ["http", "https"];
    let is_web = web
        .iter()
        .any(|web| scheme.trim().eq_ignore_ascii_case(web));
    let ends = |c: char| c == '/' || is_web && c == '\\';
    let end = rest.find(ends).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let host = authority.rsplit('@').next().unwrap_or_default();
    format!("{scheme}://{host}{path}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_shown_without_secrets() {
        for (url, shown) in [
            ("https://example.com/a/b", "https://example.com/a/b"),
            (
                "https://example.com:8080/a?key=secret#secret",
                "https://example.com:8080/a",
            ),
            (
                "https://me:secret@example.com/a@b",
                "https://example.com/a@b",
            ),
            (
                "https:\\\\me:secret@example.com\\a",
                "https://example.com\\a",
            ),
            ("https:me:secret@example.com", "https://example.com"),
            ("ht\ntps:/\t/me:secret@example.com", "https://example.com"),
            ("https://secret@secret@example.com", "https://example.com"),
            (
                "HTTPS://example.com\\@status.com/a",
                "HTTPS://example.com\\@status.com/a",
            ),
            ("htps://me:sec\\ret@example.com/a", "htps://example.com/a"),
        ] {
            assert_eq!(without_secrets(url), shown, "{url:?}");
        }
    }
}
