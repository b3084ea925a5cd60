//! Whether what was deployed is healthy. This plugin does not know: it asks in a topic, and whoever checks that environment
//! answers, such as the plugin `health`.

use std::time::Duration;

use serde::Serialize;
use witbot_sdk::{Code, Result, flow, log, topics};

/// Where it is asked.
const WANTED: &str = "health-wanted";
/// The kind of event that answers.
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
    /// Nobody says.
    Unknown(String),
}

#[derive(Serialize)]
struct Wanted<'a> {
    id: &'a str,
    within_ms: u64,
}

/// Asks, and waits for the answer.
///
/// # Errors
/// `canceled`.
pub fn check(app: &str, environment: &str, run: &str, within: Duration) -> Result<Health> {
    // A run checks once.
    let id = format!("{run}-health");
    let wanted = Wanted {
        id: &id,
        within_ms: u64::try_from(within.as_millis()).unwrap_or(u64::MAX),
    };
    if let Err(error) = topics::publish(WANTED, &format!("{app}/{environment}"), &wanted) {
        log::warn!("health could not be asked for: {error}");
        return Ok(Health::Unknown(error.message));
    }
    match flow::await_event(VERDICT, &id, within + SPARE) {
        Ok(verdict) => Ok(read(|pointer| verdict.field(pointer))),
        Err(error) if error.code == Code::Canceled => Err(error),
        Err(error) if error.code == Code::Timeout => {
            Ok(Health::Unknown("nobody checks it".to_owned()))
        }
        Err(error) => Ok(Health::Unknown(error.message)),
    }
}

fn read(field: impl Fn(&str) -> Option<String>) -> Health {
    let summary = field("/summary").unwrap_or_default();
    let is = |pointer: &str| field(pointer).as_deref() == Some("true");
    match (is("/known"), is("/healthy")) {
        (true, true) => Health::Healthy,
        (true, false) => Health::Failing(summary),
        (false, _) if summary.is_empty() => Health::Unknown("nobody checks it".to_owned()),
        (false, _) => Health::Unknown(summary),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_is_read() {
        let verdict = |known: &str, healthy: &str, summary: &str| {
            read(|pointer| {
                let value = match pointer {
                    "/known" => known,
                    "/healthy" => healthy,
                    "/summary" => summary,
                    _ => return None,
                };
                Some(value.to_owned())
            })
        };
        assert_eq!(verdict("true", "true", "3 checks pass"), Health::Healthy);
        assert_eq!(
            verdict("true", "false", "web: 502"),
            Health::Failing("web: 502".to_owned())
        );
        assert_eq!(
            verdict("false", "true", ""),
            Health::Unknown("nobody checks it".to_owned())
        );
        assert_eq!(
            read(|_| None),
            Health::Unknown("nobody checks it".to_owned())
        );
    }
}
