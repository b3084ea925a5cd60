//! Whether an environment is healthy. This plugin does not know: it asks in a topic, and whoever checks that environment answers, such
//! as the plugin `health`.

use std::time::Duration;

use serde_json::json;
use witbot_sdk::{Code, Result, flow, topics};

use crate::settings::Place;

const WANTED: &str = "health-wanted";
const VERDICT: &str = "topic.health-verdict";
/// Beyond what a checker was given: for its last check.
const SPARE: Duration = Duration::from_secs(60);

/// What a checker says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Health {
    /// All is well.
    Healthy,
    /// It is not, with what is wrong.
    Failing(String),
    /// Nobody says, with why.
    Unknown(String),
}

/// Asks, and waits for the answer. `id` is different for each question.
///
/// # Errors
/// `canceled`.
pub fn check(place: Place<'_>, id: &str, within: Duration) -> Result<Health> {
    let wanted =
        json!({ "id": id, "within_ms": u64::try_from(within.as_millis()).unwrap_or(u64::MAX) });
    let verdict = topics::publish(WANTED, &place.subject(), &wanted)
        .and_then(|()| flow::await_event(VERDICT, id, within + SPARE));
    match verdict {
        Ok(verdict) => Ok(read(|pointer| verdict.field(pointer))),
        Err(error) if error.code == Code::Canceled => Err(error),
        Err(error) if error.code == Code::Timeout => {
            Ok(Health::Unknown("nobody checks it".to_owned()))
        }
        Err(error) => Ok(Health::Unknown(error.message)),
    }
}

fn read(field: impl Fn(&str) -> Option<String>) -> Health {
    let summary = field("/summary").filter(|summary| !summary.is_empty());
    let is = |pointer: &str| field(pointer).as_deref() == Some("true");
    match (is("/known"), is("/healthy")) {
        (true, true) => Health::Healthy,
        (true, false) => Health::Failing(summary.unwrap_or_else(|| "it says not why".to_owned())),
        (false, _) => Health::Unknown(summary.unwrap_or_else(|| "nobody checks it".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_is_read() {
        let verdict = |known: &str, healthy: &str| {
            read(|pointer| match pointer {
                "/known" => Some(known.to_owned()),
                "/healthy" => Some(healthy.to_owned()),
                _ => None,
            })
        };
        assert_eq!(verdict("true", "true"), Health::Healthy);
        assert!(matches!(verdict("true", "false"), Health::Failing(_)));
        assert!(matches!(verdict("false", "true"), Health::Unknown(_)));
        assert!(matches!(read(|_| None), Health::Unknown(_)));
    }
}
