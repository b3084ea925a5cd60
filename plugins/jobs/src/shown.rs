//! What people see.

use witbot_sdk::chat::{Card, State, Text};
use witbot_sdk::duration;
use witbot_sdk::flow::Timestamp;

use crate::job::{Failure, Job};

/// What is listed in one card.
const SHOWN_MAX: usize = 15;
/// What a menu can have.
const MENU_MAX: usize = 25;
/// What is shown of a title.
const TITLE_CHARS_MAX: usize = 60;
/// Text on a button or in a menu.
const LABEL_CHARS_MAX: usize = 70;

/// Jobs, one in a line, with a menu of those that can be looked at.
pub fn list(title: &str, jobs: &[Job], troubles: &[String], now: Timestamp) -> Card {
    let mut text = Text::new();
    for (number, job) in jobs.iter().take(SHOWN_MAX).enumerate() {
        let end = if number == 0 { "" } else { "\n" };
        text = text.plain(end);
        text = match &job.url {
            Some(url) => text.link(cut(&job.full_name(), LABEL_CHARS_MAX), url),
            None => text.plain(job.full_name()),
        };
        text = text.plain(format!(" {}", line(job, now)));
    }
    let more = jobs.len().saturating_sub(SHOWN_MAX);
    if more > 0 {
        text = text.plain(format!("\n… and {more} more"));
    }
    if jobs.is_empty() {
        text = text.plain("Nothing.");
    }
    for trouble in troubles {
        text = text.plain(format!("\n{trouble}"));
    }
    let state = match (troubles.is_empty(), jobs.iter().any(|job| job.running)) {
        (false, _) => State::Warning,
        (true, true) => State::Running,
        (true, false) => State::Success,
    };
    let card = Card::new(title).state(state).text(text);
    let looked_at: Vec<(String, String)> = jobs.iter().take(MENU_MAX).map(choice).collect();
    match looked_at.is_empty() {
        true => card,
        false => card.menu("Look at …", looked_at),
    }
}

fn choice(job: &Job) -> (String, String) {
    let label = format!("{} {}", job.full_name(), job.title);
    (
        cut(label.trim(), LABEL_CHARS_MAX),
        format!("job {}", job.full_name()),
    )
}

/// How it stands, what it does, whose it is and since when.
fn line(job: &Job, now: Timestamp) -> String {
    let mut words = vec![format!("[{}]", job.state)];
    if !job.title.is_empty() {
        words.push(cut(&job.title, TITLE_CHARS_MAX));
    }
    words.extend(
        job.reference
            .as_ref()
            .map(|reference| format!("on {reference}")),
    );
    words.extend(job.owner.as_ref().map(|owner| format!("by {owner}")));
    let age = job.created.map(|created| now.since(created));
    words.extend(age.map(|age| format!("{} ago", duration::shown(age))));
    words.join(" ")
}

/// One job, with what can be done with it.
pub fn job(job: &Job, failures: &[Failure], can: (bool, bool), now: Timestamp) -> Card {
    let name = job.full_name();
    let state = match job.state.as_str() {
        _ if job.running => State::Running,
        "failed" | "errored" => State::Failure,
        "canceled" => State::Canceled,
        _ => State::Success,
    };
    let title = if job.title.is_empty() {
        name.clone()
    } else {
        format!("{name}: {}", cut(&job.title, TITLE_CHARS_MAX))
    };
    let mut card = Card::new(title)
        .state(state)
        .field("State", job.state.as_str());
    if let Some(owner) = &job.owner {
        card = card.field("By", owner.as_str());
    }
    if let Some(reference) = &job.reference {
        card = card.field("On", reference.as_str());
    }
    if let Some(created) = job.created {
        let age = duration::shown(now.since(created));
        card = card.field("Began", format!("{created} UTC, {age} ago"));
    }
    if !failures.is_empty() {
        let mut text = Text::new();
        for failure in failures.iter().take(SHOWN_MAX) {
            text = text
                .plain("Failed: ")
                .link(cut(&failure.what, LABEL_CHARS_MAX), &failure.url)
                .plain("\n");
        }
        card = card.text(text);
    }
    if let Some(url) = &job.url {
        card = card.link("Page", url);
    }
    let (can_cancel, can_retry) = can;
    match job.running {
        true if can_cancel => card.button("Cancel", format!("cancel job {name}")),
        false if can_retry => card.button("Retry", format!("retry job {name}")),
        _ => card,
    }
}

fn cut(text: &str, most: usize) -> String {
    let line: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    match line.char_indices().nth(most - 1) {
        Some((end, _)) if line.chars().count() > most => format!("{}…", &line[..end]),
        _ => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_what_is_known() {
        let mut job = Job {
            source: "api".into(),
            id: "x".into(),
            number: Some(12),
            title: "Mend it".into(),
            state: "running".into(),
            running: true,
            owner: Some("ada".into()),
            reference: Some("main".into()),
            url: None,
            created: Some(Timestamp::from_millis(0)),
        };
        let now = Timestamp::from_millis(90_000);
        assert_eq!(
            line(&job, now),
            "[running] Mend it on main by ada 1m30s ago"
        );
        assert_eq!(job.full_name(), "api #12");
        (job.title, job.owner, job.reference, job.created, job.number) =
            (String::new(), None, None, None, None);
        assert_eq!(line(&job, now), "[running]");
        assert_eq!(job.full_name(), "api x");
        assert_eq!(cut("a\nlong title", 6), "a lon…");
        assert_eq!(cut("short", 5), "short");
    }
}
