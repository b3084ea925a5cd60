//! Grants to remember things: `kv = [{ max_bytes = 1048576 }]`.

use serde::{Deserialize, Serialize};

use super::Capability;
use super::denial::Denial;
use crate::limits;

/// Room for keys and values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KvGrant {
    /// Keys and values together. Of several grants, the largest counts.
    #[serde(default = "max_bytes_default")]
    pub max_bytes: u64,
}

fn max_bytes_default() -> u64 {
    limits::KV_BYTES_MAX_DEFAULT
}

pub(super) fn allows(grants: &[KvGrant]) -> Result<(), Denial> {
    if !grants.is_empty() {
        return Ok(());
    }
    let entry = "{ max_bytes = 1048576 }".to_owned();
    Err(Denial::missing(
        Capability::Kv,
        grants,
        "remember anything".to_owned(),
        entry,
    ))
}
