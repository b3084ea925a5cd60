//! The labels: which there are, and the words that they take.

use prometheus_client::encoding::EncodeLabelSet;
use witbot_core::error::Code;
use witbot_core::ids::PluginName;
use witbot_core::journal::Outcome;
use witbot_engine::Ending;

use super::asking::class;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct OfPlugin {
    pub plugin: String,
}

impl OfPlugin {
    pub fn new(plugin: &PluginName) -> OfPlugin {
        OfPlugin {
            plugin: plugin.to_string(),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Ended {
    pub plugin: String,
    pub ending: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Called {
    pub plugin: String,
    pub interface: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Denied {
    pub plugin: String,
    pub capability: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Arrived {
    pub source: &'static str,
    pub result: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Refused {
    pub source: &'static str,
    pub reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Asked {
    pub service: &'static str,
    pub status: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Acted {
    pub result: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Service {
    pub service: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Loaded {
    pub result: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct InState {
    pub state: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Version {
    pub plugin: String,
    pub version: String,
    pub digest: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Build {
    pub version: &'static str,
    pub architecture: &'static str,
}

/// How an execution ended. Who gives up because the run was canceled says so.
pub fn ending(ending: &Ending) -> &'static str {
    match ending {
        Ending::Done => "done",
        Ending::Refused(error) if error.code == Code::Canceled => "canceled",
        Ending::Refused(_) => "refused",
        Ending::Parked => "parked",
        Ending::Trapped(_) => "trapped",
        Ending::Lost(_) => "lost",
    }
}

/// The interface of a call, such as `chat` for `chat.post`: also the capability that it needs.
pub fn interface(call: &'static str) -> &'static str {
    call.split_once('.')
        .map_or(call, |(interface, _)| interface)
}

/// The status that a request to the web was answered with. None: it was not sent.
pub fn of_web(outcome: &Outcome) -> Option<&'static str> {
    match outcome {
        Outcome::Ok(answer) => {
            let status = answer["status"].as_u64().unwrap_or(0);
            Some(class(status.try_into().unwrap_or(0)))
        }
        Outcome::Error(error) => match error.code {
            Code::Denied | Code::Invalid => None,
            _ => Some("lost"),
        },
    }
}

/// Why a webhook was refused, by what its sender was answered.
pub fn refusal(status: u16) -> &'static str {
    match status {
        401 | 403 => "unsigned",
        404 => "unknown",
        408 => "slow",
        411 | 413 => "too_large",
        400 | 415 | 422 => "unreadable",
        429 | 503 => "not_ready",
        _ => "other",
    }
}
