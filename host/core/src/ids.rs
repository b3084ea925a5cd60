//! Identifiers that cannot be wrong once they are built.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// Why a text is not an identifier, for the person who wrote it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a {what}: {rule}")]
pub struct InvalidId {
    text: String,
    what: &'static str,
    rule: &'static str,
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $what:literal, $rule:literal, $valid:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The text of it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                let valid: fn(&str) -> bool = $valid;
                if valid(text) {
                    Ok($name(text.to_owned()))
                } else {
                    Err(InvalidId { text: text.chars().take(100).collect(), what: $what, rule: $rule })
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;
            fn try_from(text: String) -> Result<Self, InvalidId> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_id! {
    /// The name of a plugin: the stem of its file, and its key in the settings.
    PluginName, "plugin name", "use lower-case letters, digits and hyphens, at most 40, beginning with a letter",
    |text| text.len() <= 40
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

text_id! {
    /// The name of an inbound webhook: the last part of its address.
    WebhookName, "name of a webhook", "use lower-case letters, digits and hyphens, at most 40, beginning with a letter",
    |text| text.parse::<PluginName>().is_ok()
}

text_id! {
    /// The name of a topic, in which plugins tell each other what happened.
    TopicName, "name of a topic", "use lower-case letters, digits and hyphens, at most 40, beginning with a letter",
    |text| text.parse::<PluginName>().is_ok()
}

text_id! {
    /// The name of a kv space that plugins share.
    Namespace, "namespace", "use lower-case letters, digits and hyphens, at most 40, beginning with a letter",
    |text| text.parse::<PluginName>().is_ok()
}

text_id! {
    /// A GitHub repository as `owner/name`.
    Repository, "repository", "write it as `owner/name`",
    |text| {
        let part = |part: &str| {
            !part.is_empty()
                && part.len() <= 100
                && part != "."
                && part != ".."
                && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
        };
        matches!(text.split_once('/'), Some((owner, name)) if part(owner) && part(name))
    }
}

impl Repository {
    /// Owner and name.
    pub fn parts(&self) -> (&str, &str) {
        self.0.split_once('/').unwrap_or((&self.0, ""))
    }
}

text_id! {
    /// A person, as the chat service identifies them; never their display name.
    UserId, "user id", "use 1 to 100 characters without spaces",
    |text| !text.is_empty() && text.len() <= 100 && !text.contains(|c: char| c.is_whitespace() || c.is_control())
}

text_id! {
    /// A channel, by the id or name that the chat service accepts.
    ChannelId, "channel", "use 1 to 100 characters without spaces and without `#`",
    |text| !text.is_empty()
        && text.len() <= 100
        && !text.contains(|c: char| c.is_whitespace() || c.is_control() || c == '#')
}

/// SHA-256 of a plugin's bytes: which version it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of some bytes.
    pub fn of(bytes: &[u8]) -> Digest {
        Digest(Sha256::digest(bytes).into())
    }

    /// The first 12 hexadecimal digits, for lists.
    pub fn short(&self) -> String {
        hex::encode(&self.0[..6])
    }

    /// The raw bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({})", self.short())
    }
}

impl TryFrom<String> for Digest {
    type Error = InvalidId;
    fn try_from(text: String) -> Result<Digest, InvalidId> {
        let mut bytes = [0; 32];
        match hex::decode_to_slice(&text, &mut bytes) {
            Ok(()) => Ok(Digest(bytes)),
            Err(_) => Err(InvalidId {
                text,
                what: "digest",
                rule: "write 64 hexadecimal digits",
            }),
        }
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> String {
        digest.to_string()
    }
}

text_id! {
    /// One handler answering one event.
    InvocationId, "run id", "use the id as `witbot runs` shows it",
    |text| text.len() == 20 && text.chars().all(|c| c.is_ascii_hexdigit() && !c.is_ascii_uppercase())
}

impl InvocationId {
    /// The same event and handler always give the same id, so that routing an event again starts nothing twice.
    pub fn derive(source: &str, key: &str, plugin: &PluginName, handler: &str) -> InvocationId {
        let mut hash = Sha256::new();
        for part in [source, key, plugin.as_str(), handler] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part.as_bytes());
        }
        InvocationId(hex::encode(&hash.finalize()[..10]))
    }

    /// What people are told to look for: short, and enough to find the run by.
    pub fn short(&self) -> &str {
        &self.0[..8]
    }
}

/// One call of one invocation: what an effect is marked with at the services, and what a message of ours is called.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CallId(String);

impl CallId {
    /// The call `number` of an invocation.
    pub fn new(invocation: &InvocationId, number: u32) -> CallId {
        CallId(format!("{invocation}-{number}"))
    }

    /// The text of it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl CallId {
    /// The invocation whose call it is.
    pub fn invocation(&self) -> InvocationId {
        InvocationId(self.0.split('-').next().unwrap_or_default().to_owned())
    }
}

impl FromStr for CallId {
    type Err = InvalidId;
    fn from_str(text: &str) -> Result<CallId, InvalidId> {
        let parts = text.split_once('-').and_then(|(invocation, number)| {
            Some((invocation.parse().ok()?, number.parse().ok()?))
        });
        match parts {
            Some((invocation, number)) => Ok(CallId::new(&invocation, number)),
            None => Err(InvalidId {
                text: text.chars().take(100).collect(),
                what: "message id",
                rule: "use the id of a run, a hyphen, and the number of a call",
            }),
        }
    }
}

impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A point in time, in milliseconds since 1970, UTC. `core` never reads a clock: the floors above pass it in.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct UnixMillis(pub u64);

impl UnixMillis {
    /// This time later.
    pub fn plus_ms(self, milliseconds: u64) -> UnixMillis {
        UnixMillis(self.0.saturating_add(milliseconds))
    }

    /// This time earlier, 1970 at the earliest.
    pub fn minus_ms(self, milliseconds: u64) -> UnixMillis {
        UnixMillis(self.0.saturating_sub(milliseconds))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_well_formed_ids_are_built() {
        assert!("deploy".parse::<PluginName>().is_ok());
        for bad in ["", "Deploy", "1st", "a_b", "../x", &"a".repeat(41)] {
            assert!(bad.parse::<PluginName>().is_err(), "{bad}");
        }
        assert!("acme/api.rs".parse::<Repository>().is_ok());
        for bad in [
            "acme",
            "acme/",
            "/api",
            "acme/api/x",
            "acme/..",
            "ac me/api",
            "acme/api?x",
        ] {
            assert!(bad.parse::<Repository>().is_err(), "{bad}");
        }
        assert!("#deploys".parse::<ChannelId>().is_err());
    }

    #[test]
    fn an_invocation_id_depends_on_each_of_its_parts() {
        let plugin: PluginName = "deploy".parse().unwrap();
        let id = InvocationId::derive("slack", "Ev1", &plugin, "deploy");
        assert_eq!(id, InvocationId::derive("slack", "Ev1", &plugin, "deploy"));
        assert_ne!(id, InvocationId::derive("slack", "Ev", &plugin, "1deploy"));
        assert_eq!(id.as_str().parse(), Ok(id.clone()));
    }
}
