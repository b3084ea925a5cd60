//! Following a deployment until it is over, in one message that changes as the deployment moves.

use std::time::Duration;

use witbot_sdk::chat::Message;
use witbot_sdk::github::{Deployment, State};
use witbot_sdk::{Code, Result, flow, log};

use crate::minutes;

/// A run may write 50 messages and edits. A deployment with more statuses than this has its last ones left out, except
/// for the one that ends it.
const EDITS_MAX: u32 = 40;

/// The message that says how the deployment stands.
pub struct Progress {
    message: Message,
    edits: u32,
}

impl Progress {
    /// What is told is told in this message.
    pub fn new(message: Message) -> Progress {
        Progress { message, edits: 0 }
    }

    /// Tells what comes next. Not being able to is no reason to give up following.
    fn show(&mut self, text: &str) {
        self.edits += 1;
        if self.edits > EDITS_MAX {
            return;
        }
        if let Err(error) = self.message.edit(text) {
            log::warn!("the progress could not be shown: {error}");
        }
    }

    /// Tells what came of it.
    pub fn finish(&self, text: &str) -> Result {
        self.message.edit(text)
    }
}

/// Waits until a deployment is over, or the time is.
pub fn to_the_end(deployment: &Deployment, progress: &mut Progress, timeout: Duration) -> Result {
    let id = deployment.id();
    let end = flow::now() + timeout;
    let mut last = Last {
        id: None,
        state: None,
    };
    progress.show(&format!(
        "Deployment {id} is created. Waiting for it to begin."
    ));
    loop {
        let status = match deployment.next_status(last.id, end.since(flow::now())) {
            Ok(status) => status,
            Err(error) if error.code == Code::Timeout => {
                return progress.finish(&out_of_time(id, last.state.as_ref(), timeout));
            }
            Err(error) => return progress.finish(&lost(id, last.state.as_ref(), &error.message)),
        };
        let state = status.state();
        let text = told(
            &state,
            &status.description(),
            status.log_url().as_deref(),
            status.environment_url().as_deref(),
        );
        if state.is_final() {
            return progress.finish(&text);
        }
        progress.show(&text);
        last = Last {
            id: Some(status.id()),
            state: Some(state),
        };
    }
}

/// What was heard last.
struct Last {
    id: Option<u64>,
    state: Option<State>,
}

/// A status in words.
fn told(
    state: &State,
    description: &str,
    log_url: Option<&str>,
    environment_url: Option<&str>,
) -> String {
    let word = match state {
        State::Queued => "Queued.",
        State::Pending => "Waiting.",
        State::InProgress => "In progress.",
        State::Success => "Success.",
        State::Failure => "Failed.",
        State::Error => "Gave up.",
        State::Inactive => "Another deployment took its place.",
        other => other.as_str(),
    };
    let mut text = word.to_owned();
    if !description.is_empty() {
        text.push_str(&format!(" {description}"));
    }
    let links = [("Log", log_url), ("See", environment_url)];
    for (name, url) in links
        .into_iter()
        .filter_map(|(name, url)| url.filter(|url| !url.is_empty()).map(|url| (name, url)))
    {
        text.push_str(&format!("\n{name}: {url}"));
    }
    text
}

fn out_of_time(id: u64, last: Option<&State>, timeout: Duration) -> String {
    match last {
        None => format!(
            "Nobody has begun deployment {id} within {}. Is something listening to this repository's deployments?",
            minutes(timeout)
        ),
        Some(state) => format!(
            "Deployment {id} was not over after {}, and I no longer follow it. The last that I heard was `{state}`.",
            minutes(timeout)
        ),
    }
}

fn lost(id: u64, last: Option<&State>, reason: &str) -> String {
    let heard = last.map_or(String::new(), |state| {
        format!(" The last that I heard was `{state}`.")
    });
    format!("I can no longer follow deployment {id}, which may still go on: {reason}{heard}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3_600);

    #[test]
    fn statuses_are_told_in_words() {
        assert_eq!(told(&State::Queued, "", None, None), "Queued.");
        assert_eq!(
            told(
                &State::InProgress,
                "Run 12",
                Some("https://ci.example/12"),
                Some("")
            ),
            "In progress. Run 12\nLog: https://ci.example/12"
        );
        assert_eq!(
            told(
                &State::Success,
                "",
                Some("https://ci.example/12"),
                Some("https://staging.example")
            ),
            "Success.\nLog: https://ci.example/12\nSee: https://staging.example"
        );
        assert_eq!(
            told(&State::Other("paused".to_owned()), "Lunch", None, None),
            "paused Lunch"
        );
    }

    #[test]
    fn silence_is_told_in_words() {
        assert_eq!(
            out_of_time(7, None, HOUR),
            "Nobody has begun deployment 7 within 60 minutes. Is something listening to this repository's deployments?"
        );
        assert_eq!(
            out_of_time(7, Some(&State::InProgress), HOUR),
            "Deployment 7 was not over after 60 minutes, and I no longer follow it. The last that I heard was `in_progress`."
        );
        assert_eq!(
            lost(7, None, "GitHub cannot be reached"),
            "I can no longer follow deployment 7, which may still go on: GitHub cannot be reached"
        );
    }
}
