//! The report of a run that failed, for who wrote the plugin: it is in the log, and kept with the run.
//!
//! It tells of calls by name and outcome alone: their values may be secrets.

use serde::{Deserialize, Serialize};

use crate::journal::Difference;

/// What an author needs to find a failure.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Report {
    /// One line for the chat: what kind of failure it was.
    pub summary: String,
    /// The guest's backtrace, with names; with files and lines where the plugin was built with debug information.
    pub trace: String,
    /// The event that the run began with, by where it came from and its key.
    pub event: String,
    /// The last lines that it logged, oldest first.
    pub log: Vec<String>,
    /// The last calls to the host, oldest first.
    pub calls: Vec<Made>,
    /// How many calls there were.
    pub calls_made: u32,
    /// What it used of its limits, in words: `computing 0.2 s of 10 s`.
    pub used: Vec<String>,
    /// Where it left its path, if that is the failure. Its values are not kept.
    #[serde(skip)]
    pub difference: Option<Difference>,
}

/// A call to the host.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Made {
    /// Its name, such as `kv.set`.
    pub name: String,
    /// `ok`, the code of its error, or why the run did not get past it.
    pub outcome: String,
}

impl Report {
    /// All of it but the summary, line by line.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        block(&mut lines, "trace:", self.trace.lines());
        let calls = self
            .calls
            .iter()
            .map(|call| format!("{} -> {}", call.name, call.outcome));
        let last = match (self.calls.len(), self.calls_made) {
            (0, _) => "calls to the host: none".to_owned(),
            (shown, made) if shown < made as usize => {
                format!("calls to the host, the last {shown} of {made}:")
            }
            (_, _) => "calls to the host:".to_owned(),
        };
        block(&mut lines, &last, calls);
        block(
            &mut lines,
            match self.log.len() {
                0 => "its log: nothing",
                _ => "last lines of its log:",
            },
            self.log.iter(),
        );
        if !self.used.is_empty() {
            lines.push(format!("used: {}", self.used.join(", ")));
        }
        if !self.event.is_empty() {
            lines.push(format!("event: {}", self.event));
        }
        lines
    }
}

fn block(lines: &mut Vec<String>, title: &str, rest: impl Iterator<Item = impl AsRef<str>>) {
    let before = lines.len();
    lines.extend(rest.map(|line| format!("  {}", line.as_ref())));
    if lines.len() > before || !title.starts_with("trace") {
        lines.insert(before, title.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_read_from_what_happened_to_what_was_used() {
        let report = Report {
            summary: "it crashed".to_owned(),
            trace: "wasm trap\n0: hello!main".to_owned(),
            event: "console 7".to_owned(),
            log: vec!["about to".to_owned()],
            calls: vec![Made {
                name: "kv.get".to_owned(),
                outcome: "denied".to_owned(),
            }],
            calls_made: 12,
            used: vec!["12 of 500 calls".to_owned()],
            difference: None,
        };
        assert_eq!(
            report.lines().join("\n"),
            "trace:\n  wasm trap\n  0: hello!main\ncalls to the host, the last 1 of 12:\n  kv.get -> denied\n\
             last lines of its log:\n  about to\nused: 12 of 500 calls\nevent: console 7"
        );
        assert_eq!(
            Report::default().lines(),
            ["calls to the host: none", "its log: nothing"]
        );
    }
}
