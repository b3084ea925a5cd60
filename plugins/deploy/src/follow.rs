//! Following a deployment until it is over, in one card that changes as the deployment moves.

use std::time::Duration;

use witbot_sdk::chat::{self, Message};
use witbot_sdk::github::{Deployment, DeploymentStatus, State};
use witbot_sdk::{Code, Result, flow, log};

use crate::minutes;
use crate::shown::{self, News, Shown};

/// A run may write 50 messages and edits. A deployment with more statuses than this has its last ones left out, except
/// for the one that ends it.
const EDITS_MAX: u32 = 40;

/// The message that says how the deployment stands.
pub struct Progress {
    message: Message,
    shown: Shown,
    edits: u32,
}

impl Progress {
    /// What is told is told in this message.
    pub fn new(message: Message, shown: Shown) -> Progress {
        Progress {
            message,
            shown,
            edits: 0,
        }
    }

    /// Tells what comes next. Not being able to is no reason to give up following.
    fn show(&mut self, state: chat::State, news: News) {
        self.edits += 1;
        if self.edits > EDITS_MAX {
            return;
        }
        if let Err(error) = self.message.edit(self.shown.card(state, news)) {
            log::warn!("the progress could not be shown: {error}");
        }
    }

    /// Tells what came of it.
    fn finish(&self, state: chat::State, news: News) -> Result {
        self.message.edit(self.shown.card(state, news))
    }

    /// Tells that nothing more will be heard of it. It may still go on, but this has no button: pressed much later, it would
    /// cancel whatever goes on by then.
    fn leave(&self, text: String) -> Result {
        let news = News {
            text,
            ..News::default()
        };
        self.finish(chat::State::Warning, news)
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
    let created = News {
        text: format!("Deployment {id} is created. Waiting for it to begin."),
        cancelable: true,
        ..News::default()
    };
    progress.show(chat::State::Waiting, created);
    loop {
        let status = match deployment.next_status(last.id, end.since(flow::now())) {
            Ok(status) => status,
            Err(error) if error.code == Code::Timeout => {
                return progress.leave(out_of_time(id, last.state.as_ref(), timeout));
            }
            Err(error) => {
                return progress.leave(lost(id, last.state.as_ref(), &error.message));
            }
        };
        let state = status.state();
        let looks = shown::state(&state, &status.description());
        let news = news(&state, &status);
        if state.is_final() {
            return progress.finish(looks, news);
        }
        progress.show(looks, news);
        last = Last {
            id: Some(status.id()),
            state: Some(state),
        };
    }
}

/// A status as it is told.
fn news(state: &State, status: &DeploymentStatus) -> News {
    let links = [("Log", status.log_url()), ("See", status.environment_url())];
    News {
        text: told(state, &status.description()),
        links: links
            .into_iter()
            .filter_map(|(label, url)| Some((label, url.filter(|url| is_address(url))?)))
            .collect(),
        cancelable: !state.is_final(),
    }
}

/// Whoever adds a status can write anything there. What is no address is left out, rather than the whole card.
fn is_address(url: &str) -> bool {
    (url.starts_with("https://") || url.starts_with("http://"))
        && url.chars().count() <= 2_000
        && !url.contains(|c: char| c.is_whitespace() || c.is_control())
}

/// What was heard last.
struct Last {
    id: Option<u64>,
    state: Option<State>,
}

/// A status in words.
fn told(state: &State, description: &str) -> String {
    let word = match state {
        State::Queued => "Queued.",
        State::Pending => "Waiting.",
        State::InProgress => "In progress.",
        State::Success => "Success.",
        State::Failure => "Failed.",
        State::Error if shown::is_canceled(description) => return description.to_owned(),
        State::Error => "Gave up.",
        State::Inactive => "Another deployment took its place.",
        other => other.as_str(),
    };
    match description {
        "" => word.to_owned(),
        description => format!("{word} {description}"),
    }
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
        for (state, description, expected) in [
            (State::Queued, "", "Queued."),
            (State::InProgress, "Run 12", "In progress. Run 12"),
            (
                State::Error,
                "CI could not run it",
                "Gave up. CI could not run it",
            ),
            (State::Error, "Canceled by ada.", "Canceled by ada."),
            (State::Other("paused".to_owned()), "Lunch", "paused Lunch"),
        ] {
            assert_eq!(told(&state, description), expected);
        }
    }

    #[test]
    fn only_addresses_are_links() {
        assert!(is_address("https://ci.example/12") && is_address("http://10.0.0.1:8080/"));
        for other in [
            "",
            "ci.example/12",
            "javascript:alert(1)",
            "https://ci.example/a b",
        ] {
            assert!(!is_address(other), "{other}");
        }
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
