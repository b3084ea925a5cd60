//! Headers that the host adds to the requests that a grant covers:
//! `headers = { Authorization = "Bearer ${PAGER_TOKEN}" }`.
//!
//! Each holds one secret, by the name of the environment variable that has it. The secret itself is read by the floor
//! above: a grant is shown, written to the log and compared, and so has only the name.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::http::is_of_the_connection;
use crate::limits;

/// Headers by their names, which are in small letters.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    try_from = "BTreeMap<String, Template>",
    into = "BTreeMap<String, Template>"
)]
pub struct AddedHeaders(BTreeMap<String, Template>);

impl AddedHeaders {
    /// Each with its value.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Template)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Whether none is added.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The value of a header: a text with one `${NAME}` in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Template {
    before: String,
    variable: String,
    after: String,
}

impl Template {
    /// The environment variable that has the secret, or with `_FILE` behind it the path of the file that has.
    pub fn variable(&self) -> &str {
        &self.variable
    }

    /// The value with the secret in its place.
    pub fn filled(&self, secret: &str) -> String {
        let Template { before, after, .. } = self;
        // In one piece, so that no shorter copy of the secret is left behind by a text that grows.
        let mut value = String::with_capacity(before.len() + secret.len() + after.len());
        value.extend([before.as_str(), secret, after.as_str()]);
        value
    }
}

/// Why a header cannot be added. What was written is not repeated: it may be the secret itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidHeader {
    /// Something else stands where the variable should be named.
    #[error(
        "a header that the bot adds holds one secret, by the name of the environment variable that has it, as in `Bearer ${{PAGER_TOKEN}}`; a secret itself is never written here"
    )]
    Value,
    /// What is before or after it cannot be part of a header.
    #[error(
        "a header has only letters, digits, signs and spaces of ASCII before and after `${{…}}`"
    )]
    Text,
    /// Not a name, or one that the bot needs itself.
    #[error("`{0}` is not the name of a header that can be added")]
    Name(String),
    /// The same one twice, in other letters.
    #[error("the header `{0}` is added twice")]
    Twice(String),
    /// More than anybody needs.
    #[error("a grant adds at most {max} headers", max = limits::HTTP_HEADERS_ADDED_MAX)]
    TooMany,
}

impl TryFrom<BTreeMap<String, Template>> for AddedHeaders {
    type Error = InvalidHeader;
    fn try_from(written: BTreeMap<String, Template>) -> Result<AddedHeaders, InvalidHeader> {
        if written.len() > limits::HTTP_HEADERS_ADDED_MAX {
            return Err(InvalidHeader::TooMany);
        }
        let mut headers = BTreeMap::new();
        for (name, value) in written {
            let lower = name.to_ascii_lowercase();
            if !is_name(&lower) || is_of_the_connection(&lower) || OF_THE_ANSWER.contains(&&*lower)
            {
                return Err(InvalidHeader::Name(name));
            }
            if headers.insert(lower, value).is_some() {
                return Err(InvalidHeader::Twice(name));
            }
        }
        Ok(AddedHeaders(headers))
    }
}

impl From<AddedHeaders> for BTreeMap<String, Template> {
    fn from(headers: AddedHeaders) -> BTreeMap<String, Template> {
        headers.0
    }
}

impl TryFrom<String> for Template {
    type Error = InvalidHeader;
    fn try_from(text: String) -> Result<Template, InvalidHeader> {
        let (before, rest) = text.split_once("${").ok_or(InvalidHeader::Value)?;
        let (variable, after) = rest.split_once('}').ok_or(InvalidHeader::Value)?;
        if !is_variable(variable) || after.contains("${") {
            return Err(InvalidHeader::Value);
        }
        let is_plain = |text: &str| text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        if !is_plain(before) || !is_plain(after) || text.len() > limits::HTTP_HEADER_ADDED_BYTES_MAX
        {
            return Err(InvalidHeader::Text);
        }
        Ok(Template {
            before: before.to_owned(),
            variable: variable.to_owned(),
            after: after.to_owned(),
        })
    }
}

impl From<Template> for String {
    fn from(template: Template) -> String {
        template.to_string()
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Template {
            before,
            variable,
            after,
        } = self;
        write!(f, "{before}${{{variable}}}{after}")
    }
}

/// Headers that say in which form the answer is to come. On a request with a secret they are the bot's: it looks for the
/// secret in the answer, and could not see it in one that is packed or cut in two.
pub(super) const OF_THE_ANSWER: [&str; 2] = ["accept-encoding", "range"];

/// A token of RFC 9110, section 5.6.2, in small letters.
fn is_name(name: &str) -> bool {
    let letter =
        |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "!#$%&'*+-.^_`|~".contains(c);
    !name.is_empty() && name.len() <= limits::HTTP_HEADER_NAME_BYTES_MAX && name.chars().all(letter)
}

fn is_variable(name: &str) -> bool {
    name.len() <= limits::VARIABLE_NAME_BYTES_MAX
        && name.starts_with(|c: char| c.is_ascii_uppercase())
        && name
            .chars()
            .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(text: &str) -> Result<Template, InvalidHeader> {
        Template::try_from(text.to_owned())
    }

    #[test]
    fn a_value_names_one_variable() {
        let bearer = template("Bearer ${PAGER_TOKEN}").unwrap();
        assert_eq!(bearer.variable(), "PAGER_TOKEN");
        assert_eq!(bearer.filled("abc"), "Bearer abc");
        assert_eq!(bearer.to_string(), "Bearer ${PAGER_TOKEN}");
        assert_eq!(template("a ${B} c").unwrap().filled("$x"), "a $x c");
        for bad in [
            "Bearer abc",
            "",
            "$PAGER_TOKEN",
            "${}",
            "${pager}",
            "${1A}",
            "${A",
            "${A B}",
            "${A}${B}",
            "${${A}}",
        ] {
            assert_eq!(template(bad), Err(InvalidHeader::Value), "{bad}");
        }
        for bad in ["a\r\nb: ${A}", "é ${A}", "${A}\0"] {
            assert_eq!(template(bad), Err(InvalidHeader::Text), "{bad:?}");
        }
    }

    #[test]
    fn a_refusal_does_not_repeat_what_was_written() {
        for bad in ["hunter2", "${hunter2}", "é ${A} hunter2"] {
            let refusal = template(bad).unwrap_err().to_string();
            assert!(!refusal.contains("hunter2"), "{refusal}");
        }
    }

    #[test]
    fn names_of_headers() {
        let headers = |names: &[&str]| {
            let value = template("${A}").unwrap();
            let written = names.iter().map(|name| ((*name).to_owned(), value.clone()));
            AddedHeaders::try_from(written.collect::<BTreeMap<_, _>>())
        };
        let names = |headers: AddedHeaders| -> Vec<String> {
            headers.iter().map(|(name, _)| name.to_owned()).collect()
        };
        assert_eq!(
            names(headers(&["Authorization", "X-Api-Key"]).unwrap()),
            ["authorization", "x-api-key"]
        );
        for bad in [
            "",
            "x y",
            "x:",
            "é",
            "Host",
            "Content-Length",
            "Proxy-Authorization",
            "Range",
        ] {
            assert_eq!(
                headers(&[bad]),
                Err(InvalidHeader::Name(bad.to_owned())),
                "{bad}"
            );
        }
        assert_eq!(
            headers(&["X-Key", "x-key"]),
            Err(InvalidHeader::Twice("x-key".to_owned()))
        );
        let many: Vec<String> = (0..=limits::HTTP_HEADERS_ADDED_MAX)
            .map(|number| format!("x-{number}"))
            .collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(headers(&many), Err(InvalidHeader::TooMany));
    }
}
