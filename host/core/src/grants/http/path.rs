//! What the path of a granted request begins with.

use serde::{Deserialize, Serialize};
use url::Url;

/// `/api/` covers everything below it; `/api` covers itself too, but not `/apix`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PathPrefix(String);

/// A text is not the beginning of a path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not the beginning of a path: begin with `/`, and leave out `?`, `#` and dots as in `/../`"
)]
pub struct InvalidPathPrefix(String);

impl Default for PathPrefix {
    fn default() -> PathPrefix {
        PathPrefix("/".to_owned())
    }
}

impl TryFrom<String> for PathPrefix {
    type Error = InvalidPathPrefix;
    fn try_from(text: String) -> Result<PathPrefix, InvalidPathPrefix> {
        let url = Url::parse(&format!("http://host{text}"));
        match url {
            Ok(url)
                if text.starts_with('/')
                    && !text.contains(['?', '#', '\\'])
                    && !is_devious(&text) =>
            {
                // As the paths of requests are written, with everything encoded that has to be.
                Ok(PathPrefix(url.path().to_owned()))
            }
            Ok(_) | Err(_) => Err(InvalidPathPrefix(text)),
        }
    }
}

impl From<PathPrefix> for String {
    fn from(prefix: PathPrefix) -> String {
        prefix.0
    }
}

impl PathPrefix {
    /// Whether a path, from a parsed address, is below it.
    pub(super) fn covers(&self, path: &str) -> bool {
        let prefix = self.0.as_str();
        if prefix == "/" {
            return true;
        }
        let Some(rest) = path.strip_prefix(prefix) else {
            return false;
        };
        let at_boundary = prefix.ends_with('/') || rest.is_empty() || rest.starts_with('/');
        at_boundary && !is_devious(path)
    }
}

/// Whether a server might find a way upwards in a path that has none by the rules. Parsing an address resolves `..` and
/// `%2e%2e`; but there are servers that decode a slash or a second time before they resolve, that take `\` for `/`, or
/// that do not see what stands after a `;`.
pub(super) fn is_devious(path: &str) -> bool {
    let mut bytes = path.as_bytes().to_vec();
    // Nobody encodes this often for a good reason.
    for _ in 0..4 {
        if has_dots(&bytes) {
            return true;
        }
        let decoded = decode(&bytes);
        if decoded == bytes {
            return false;
        }
        bytes = decoded;
    }
    true
}

fn has_dots(path: &[u8]) -> bool {
    path.split(|byte| matches!(byte, b'/' | b'\\'))
        .any(|segment| {
            let end = segment
                .iter()
                .position(|byte| matches!(byte, b';' | 0))
                .unwrap_or(segment.len());
            matches!(&segment[..end], b"." | b"..")
        })
}

fn decode(path: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(path.len());
    let mut rest = path;
    while let [first, tail @ ..] = rest {
        let digits = tail
            .get(..2)
            .and_then(|digits| std::str::from_utf8(digits).ok());
        let digits = digits.filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) if *first == b'%' => {
                decoded.push(byte);
                rest = &tail[2..];
            }
            Some(_) | None => {
                decoded.push(*first);
                rest = tail;
            }
        }
    }
    decoded
}
