//! What a bot printed and logged so far, and waiting for more of it.

use std::fmt::Write as _;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::watch;
use tokio::time::timeout;

/// What is awaited for longer than this will not come: everything is on this machine, and a poll comes every 5 s.
pub const AWAITED_MAX: Duration = Duration::from_secs(60);

/// What a bot printed and logged, over all of its restarts.
#[derive(Debug)]
pub struct Transcript {
    state: Mutex<State>,
    changes: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct State {
    printed: Vec<String>,
    /// How many of the printed lines were expected.
    read: usize,
    log: Vec<Record>,
    /// Everything, in the order in which it came.
    everything: String,
}

/// A line of the log.
#[derive(Debug, Clone)]
pub struct Record {
    /// `ERROR`, `WARN` and so on; `PLAIN` for what the log did not write.
    pub level: String,
    /// The message, which can have several lines.
    pub message: String,
    /// The name of the plugin that it is about; empty for none.
    pub plugin: String,
    /// All further fields, as ` name=value` each.
    pub details: String,
}

impl Record {
    fn read(line: &str) -> Record {
        let value: Value = serde_json::from_str(line).unwrap_or(Value::Null);
        let text = |pointer: &str| {
            value
                .pointer(pointer)
                .and_then(Value::as_str)
                .map(str::to_owned)
        };
        let fields = value.pointer("/fields").and_then(Value::as_object);
        let further = fields
            .into_iter()
            .flatten()
            .filter(|(name, _)| !["message", "plugin"].contains(&name.as_str()));
        Record {
            level: text("/level").unwrap_or_else(|| "PLAIN".to_owned()),
            message: text("/fields/message").unwrap_or_else(|| line.to_owned()),
            plugin: text("/fields/plugin").unwrap_or_default(),
            details: further
                .map(|(name, value)| format!(" {name}={value}"))
                .collect(),
        }
    }

    /// As tests expect it: `ERROR [deploy] the run failed: …`.
    pub fn shown(&self) -> String {
        let plugin = match self.plugin.as_str() {
            "" => String::new(),
            plugin => format!(" [{plugin}]"),
        };
        format!("{}{plugin} {}", self.level, self.message)
    }
}

impl Transcript {
    pub(crate) fn new() -> Transcript {
        Transcript {
            state: Mutex::default(),
            changes: watch::Sender::new(0),
        }
    }

    pub(crate) fn printed(&self, lines: Vec<String>) {
        let mut state = self.state();
        for line in lines {
            let _ = writeln!(state.everything, "{line}");
            // Nobody expects an empty line, which only parts one paragraph from the next.
            if !line.trim().is_empty() {
                state.printed.push(line);
            }
        }
        drop(state);
        self.changed();
    }

    /// The printed lines so far.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.state().printed.clone()
    }

    pub(crate) fn logged(&self, line: &str) {
        let record = Record::read(line);
        let mut state = self.state();
        let _ = writeln!(state.everything, "    {}{}", record.shown(), record.details);
        state.log.push(record);
        drop(state);
        self.changed();
    }

    /// Puts in what the test itself did, for whoever reads about its failure.
    pub(crate) fn note(&self, line: &str) {
        let _ = writeln!(self.state().everything, "> {line}");
    }

    /// The next printed line that nobody expected yet.
    pub(crate) fn next(&self) -> Option<String> {
        let mut state = self.state();
        let line = state.printed.get(state.read)?.clone();
        state.read += 1;
        Some(line)
    }

    /// The log so far.
    pub fn log(&self) -> Vec<Record> {
        self.state().log.clone()
    }

    /// Everything that was said, printed and logged, in order.
    pub fn everything(&self) -> String {
        self.state().everything.clone()
    }

    /// Looks after every change until there is something to see.
    ///
    /// # Panics
    ///
    /// When it does not come within [`AWAITED_MAX`], with all that came instead.
    pub(crate) async fn until<T>(&self, what: &str, look: impl FnMut() -> Option<T>) -> T {
        self.within(AWAITED_MAX, what, look).await
    }

    async fn within<T>(&self, limit: Duration, what: &str, look: impl FnMut() -> Option<T>) -> T {
        let seen = self.seen_within(limit, look).await;
        seen.unwrap_or_else(|| self.fail(&format!("{what} did not come within {limit:?}")))
    }

    /// Looks after every change until there is something to see, or the time is over.
    pub(crate) async fn seen_within<T>(
        &self,
        limit: Duration,
        mut look: impl FnMut() -> Option<T>,
    ) -> Option<T> {
        let mut changes = self.changes.subscribe();
        let looking = async {
            loop {
                changes.mark_unchanged();
                if let Some(seen) = look() {
                    return Some(seen);
                }
                // The sender is ours, and we are here.
                if changes.changed().await.is_err() {
                    return None;
                }
            }
        };
        timeout(limit, looking).await.ok().flatten()
    }

    /// Fails the test, with everything that happened.
    ///
    /// # Panics
    ///
    /// Always.
    pub(crate) fn fail(&self, why: &str) -> ! {
        panic!("{why}. What happened:\n{}", self.everything())
    }

    pub(crate) fn changed(&self) {
        self.changes.send_modify(|changes| *changes += 1);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_log_are_read() {
        let line = r#"{"level":"WARN","fields":{"message":"it is held","plugin":"x","run":7}}"#;
        let record = Record::read(line);
        assert_eq!(record.shown(), "WARN [x] it is held");
        assert_eq!(record.details, " run=7");
        assert_eq!(Record::read("no JSON").shown(), "PLAIN no JSON");
    }

    #[tokio::test]
    #[should_panic(expected = "the reply did not come within 1ms. What happened:\n> hello\nHi.\n")]
    async fn what_does_not_come_fails_with_what_came() {
        let transcript = Transcript::new();
        transcript.note("hello");
        transcript.printed(vec!["Hi.".to_owned()]);
        let limit = Duration::from_millis(1);
        transcript.within(limit, "the reply", || None::<()>).await;
    }
}
