//! What a decision comes to for a run: what is recorded, and what somebody is asked.

use serde::{Deserialize, Serialize};

use crate::ids::UserId;

/// What the policy says of a command, as it is recorded with the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Judgement {
    /// It may be done.
    Allowed {
        /// What says so.
        by: String,
    },
    /// It may not.
    Denied {
        /// What says so.
        by: String,
        /// For the person: the rule, the reason, and who can.
        told: String,
    },
    /// Somebody has to be asked first.
    Asks(Demand),
}

/// Who has to say yes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Demand {
    /// Which rule wants it.
    pub by: String,
    /// How many others have to approve; 0: the person confirms.
    pub approvals: u32,
    /// The roles of those who can approve.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// The people and groups who can.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub approvers: Vec<UserId>,
    /// Who approved already, and still can.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub counted: Vec<UserId>,
    /// How long the question stands, in milliseconds.
    pub within_ms: u64,
    /// What the operator says about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}
