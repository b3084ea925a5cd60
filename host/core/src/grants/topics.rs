//! Grants for topics: `topics = [{ name = "deployed" }]` to be told, and with `publish = true` to tell others as well.

use serde::{Deserialize, Serialize};

use super::Capability;
use super::denial::{Denial, toml_text};
use crate::ids::TopicName;

/// A topic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TopicGrant {
    /// Which.
    pub name: TopicName,
    /// Whether the plugin may publish in it, and not only hear of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub publish: bool,
}

pub(super) fn allows_publishing(grants: &[TopicGrant], name: &TopicName) -> Result<(), Denial> {
    let of_it = |grant: &TopicGrant| grant.publish && grant.name == *name;
    if grants.iter().any(of_it) {
        return Ok(());
    }
    let what = format!("publish in the topic `{name}`");
    let entry = format!("{{ name = {}, publish = true }}", toml_text(name.as_str()));
    Err(Denial::missing(Capability::Topics, grants, what, entry))
}

/// Whether a plugin is told of what is published in a topic.
pub(super) fn allows(grants: &[TopicGrant], name: &str) -> Result<(), Denial> {
    if grants.iter().any(|grant| grant.name.as_str() == name) {
        return Ok(());
    }
    if let Err(error) = name.parse::<TopicName>() {
        return Err(Denial::never(format!("{error}")));
    }
    let what = format!("hear of the topic `{name}`");
    let entry = format!("{{ name = {} }}", toml_text(name));
    Err(Denial::missing(Capability::Topics, grants, what, entry))
}
