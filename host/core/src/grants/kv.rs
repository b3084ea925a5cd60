//! Grants to remember things: `kv = [{ max_bytes = 1048576 }]` in a space of the plugin's own, and
//! `kv = [{ namespace = "team", write = true }]` in one that plugins share by its name.

use serde::{Deserialize, Serialize};

use super::Capability;
use super::denial::{Denial, toml_text};
use crate::ids::Namespace;
use crate::limits;

/// Room for keys and values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written")]
pub struct KvGrant {
    /// The space that is shared under this name. None: the plugin's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<Namespace>,
    /// Whether keys of the shared space may be changed, too. Those of the plugin's own always may.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub write: bool,
    /// Keys and values together. Of several grants of one space, the largest counts; those of a shared space may be of
    /// different plugins.
    pub max_bytes: u64,
}

/// As it stands in the settings.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    namespace: Option<Namespace>,
    write: Option<bool>,
    #[serde(default = "max_bytes_default")]
    max_bytes: u64,
}

/// A grant says something that it cannot mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "`write` is for a shared space, and this grant names no `namespace`; its own space a plugin can always write"
)]
struct WriteWithoutNamespace;

impl TryFrom<Written> for KvGrant {
    type Error = WriteWithoutNamespace;
    fn try_from(written: Written) -> Result<KvGrant, WriteWithoutNamespace> {
        if written.namespace.is_none() && written.write.is_some() {
            return Err(WriteWithoutNamespace);
        }
        Ok(KvGrant {
            namespace: written.namespace,
            write: written.write.unwrap_or(false),
            max_bytes: written.max_bytes,
        })
    }
}

fn max_bytes_default() -> u64 {
    limits::KV_BYTES_MAX_DEFAULT
}

/// What is done with a space.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    Read,
    Write,
}

impl KvGrant {
    fn allows(&self, namespace: Option<&Namespace>, access: Access) -> bool {
        self.namespace.as_ref() == namespace
            && (namespace.is_none() || self.write || access == Access::Read)
    }
}

pub(super) fn allows(
    grants: &[KvGrant],
    namespace: Option<&Namespace>,
    access: Access,
) -> Result<(), Denial> {
    if grants.iter().any(|grant| grant.allows(namespace, access)) {
        return Ok(());
    }
    let (what, entry) = match (namespace, access) {
        (None, _) => (
            "remember anything".to_owned(),
            "max_bytes = 1048576".to_owned(),
        ),
        (Some(name), Access::Read) => (
            format!("read the shared space `{name}`"),
            format!("namespace = {}", toml_text(name.as_str())),
        ),
        (Some(name), Access::Write) => (
            format!("write the shared space `{name}`"),
            format!("namespace = {}, write = true", toml_text(name.as_str())),
        ),
    };
    let entry = format!("{{ {entry} }}");
    Err(Denial::missing(Capability::Kv, grants, what, entry))
}

/// How much a space may hold, as far as these grants say.
pub(super) fn bytes_max(grants: &[KvGrant], namespace: Option<&Namespace>) -> u64 {
    let of_it = grants
        .iter()
        .filter(|grant| grant.namespace.as_ref() == namespace);
    of_it.map(|grant| grant.max_bytes).max().unwrap_or(0)
}
