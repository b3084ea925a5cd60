//! What people see.

use std::time::Duration;

use witbot_sdk::chat::{Card, State, Style};
use witbot_sdk::duration;

use crate::backend::Standing;
use crate::kept::Canary;
use crate::settings::Place;
use crate::split::Split;

/// A canary as it goes on.
pub struct Walk<'a> {
    /// Where.
    pub place: Place<'a>,
    /// What.
    pub version: &'a str,
    /// For whom.
    pub by: &'a str,
    /// The step that it is at, from 0. None: it has not begun.
    pub step: Option<usize>,
}

impl Walk<'_> {
    /// While it goes on: what it does, how the traffic is split, and what can be wanted.
    pub fn running(&self, told: &str, split: &Split) -> Card {
        self.card(State::Running, told, split)
            .button("Pause", self.place.command("pause"))
            .styled_button("Promote", self.place.command("promote"), Style::Primary)
            .styled_button("Abort", self.place.command("abort"), Style::Danger)
    }

    /// While it waits for somebody.
    pub fn waiting(&self, told: &str, split: &Split) -> Card {
        self.card(State::Warning, told, split)
            .button("Resume", self.place.command("resume"))
            .styled_button("Promote", self.place.command("promote"), Style::Primary)
            .styled_button("Abort", self.place.command("abort"), Style::Danger)
    }

    /// When it is over.
    pub fn over(&self, state: State, told: &str, split: &Split) -> Card {
        self.card(state, told, split)
    }

    fn card(&self, state: State, told: &str, split: &Split) -> Card {
        let title = format!("{} to {}", self.version, self.place.title());
        Card::new(title)
            .state(state)
            .text(told)
            .field("Traffic", split.to_string())
            .field("Steps", steps(&self.place.written.steps, self.step))
            .field("For", self.by)
    }
}

/// `✓ 10% · ▸ 25% · 50% · 100%`
fn steps(all: &[u32], at: Option<usize>) -> String {
    let shown = all.iter().enumerate().map(|(number, share)| match at {
        Some(at) if number < at => format!("✓ {share}%"),
        Some(at) if number == at => format!("▸ {share}%"),
        _ => format!("{share}%"),
    });
    shown.collect::<Vec<_>>().join(" · ")
}

/// What is waited for at a step.
pub fn until(share: u32, pause: Duration) -> String {
    format!(
        "It has {share}%. The next step is in {}.",
        duration::shown(pause)
    )
}

/// How the traffic of a place is split.
pub fn place(place: Place<'_>, standing: &Standing, canary: Option<&Canary>) -> Card {
    let state = if canary.is_some() {
        State::Running
    } else {
        State::Success
    };
    let mut card = Card::new(format!("Traffic of {}", place.title()))
        .state(state)
        .text(standing.split.to_string());
    if let Some(note) = &standing.note {
        card = card.footer(note.as_str());
    }
    match canary {
        None => card,
        Some(canary) => card
            .field("Canary", format!("{}, for {}", canary.version, canary.by))
            .button("Pause", place.command("pause"))
            .styled_button("Abort", place.command("abort"), Style::Danger),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_show_how_far_it_is() {
        assert_eq!(steps(&[10, 50, 100], None), "10% · 50% · 100%");
        assert_eq!(steps(&[10, 50, 100], Some(1)), "✓ 10% · ▸ 50% · 100%");
        assert_eq!(steps(&[10, 50, 100], Some(3)), "✓ 10% · ✓ 50% · ✓ 100%");
    }
}
