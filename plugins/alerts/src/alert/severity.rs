//! How bad it is, in the words of those who write alerts.

use witbot_sdk::chat::State;

use crate::report::Instance;
use crate::words;

/// Labels that say it.
const LABELS: [&str; 3] = ["severity", "priority", "level"];
const CHARS_MAX: usize = 20;

/// What a label says, the worst first. What nobody knows is taken for a warning.
const RANKS: [&[&str]; 4] = [
    &[
        "critical",
        "page",
        "emergency",
        "fatal",
        "disaster",
        "p1",
        "sev1",
    ],
    &["error", "high", "major", "p2", "sev2"],
    &[],
    &["info", "low", "minor", "none", "debug", "p4", "p5"],
];
const UNKNOWN: usize = 2;

/// What an instance says.
pub fn of(instance: &Instance) -> Option<&str> {
    let label = LABELS.iter().find_map(|name| instance.labels.get(*name));
    label.map(String::as_str)
}

/// What the worst of some instances says.
pub fn worst<'a>(instances: impl Iterator<Item = &'a Instance>) -> Option<&'a str> {
    instances
        .filter_map(of)
        .min_by_key(|severity| rank(severity))
}

/// The same as it can be part of a key and of a line.
pub fn short(severity: &str) -> String {
    words::line(severity, CHARS_MAX).replace('/', " ")
}

/// How a card shows it.
pub fn state(severity: &str) -> State {
    match rank(severity) {
        0 | 1 => State::Failure,
        _ => State::Warning,
    }
}

/// The place in a list that begins with the worst.
pub fn rank(severity: &str) -> usize {
    let severity = severity.to_lowercase();
    let found = RANKS
        .iter()
        .position(|words| words.contains(&severity.as_str()));
    found.unwrap_or(UNKNOWN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report;

    #[test]
    fn the_worst_counts() {
        let worst_of = |severities: &[&str]| {
            let labels: Vec<Vec<(&str, &str)>> = severities
                .iter()
                .map(|one| vec![("severity", *one)])
                .collect();
            let labels: Vec<&[(&str, &str)]> = labels.iter().map(Vec::as_slice).collect();
            worst(report::example(&labels).instances.iter()).map(str::to_owned)
        };
        assert_eq!(
            worst_of(&["warning", "critical", "info"]).as_deref(),
            Some("critical")
        );
        assert_eq!(worst_of(&["info", "whatever"]).as_deref(), Some("whatever"));
        assert_eq!(worst_of(&[]), None);
    }

    #[test]
    fn states_follow_it() {
        assert_eq!(state("Critical"), State::Failure);
        assert_eq!(state("warning"), State::Warning);
        assert_eq!(state(""), State::Warning);
        assert_eq!(short("a/b\nc"), "a b c");
    }
}
