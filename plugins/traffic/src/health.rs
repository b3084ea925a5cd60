//! Whether an environment is healthy. This plugin does not know: it asks in a topic, and whoever checks that environment answers, such
//! as the plugin `health`.

use std::time::Duration;

use serde_json::json;
use witbot_sdk::{Result, topics};

use crate::settings::Place;

const WANTED: &str = "health-wanted";
/// What ids of questions of this plugin begin with.
const OWN: &str = "traffic-";
/// Beyond what a checker was given: for its last check.
pub const SPARE: Duration = Duration::from_secs(60);

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

/// The id of a question of a run: `number` is different for each.
pub fn question(run: &str, number: u32) -> String {
    format!("{OWN}{run}-{number}")
}

/// The run whose question it is. None: another plugin's.
pub fn asked_by(id: &str) -> Option<&str> {
    let (run, _number) = id.strip_prefix(OWN)?.rsplit_once('-')?;
    Some(run)
}

/// Asks. The answer comes to the run as all that it is told.
///
/// # Errors
/// `denied`: the topic is not granted.
pub fn ask(place: Place<'_>, id: &str, within: Duration) -> Result {
    let within_ms = u64::try_from(within.as_millis()).unwrap_or(u64::MAX);
    let wanted = json!({ "id": id, "within_ms": within_ms });
    topics::publish(WANTED, &place.subject(), &wanted)
}

/// Reads an answer.
pub fn read(field: impl Fn(&str) -> Option<String>) -> Health {
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
    fn a_question_says_whose_it_is() {
        assert_eq!(asked_by(&question("a-b", 3)), Some("a-b"));
        assert_eq!(asked_by("deploy-7"), None);
    }

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
