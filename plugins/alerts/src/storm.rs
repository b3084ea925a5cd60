//! More alerts than a channel can bear: one message tells how many, and which.

use std::collections::BTreeMap;

use witbot_sdk::chat::{self, Card, Message, State, Text};
use witbot_sdk::{Result, log};

use crate::alert::Alert;
use crate::alert::severity;
use crate::pace::{self, Pace, Storm};
use crate::store::index::{self, Untold};
use crate::words;

/// After so many the message is brought up to date at once; otherwise the clock does it.
const STEPS: [u64; 8] = [10, 30, 100, 300, 1_000, 3_000, 10_000, 30_000];
/// How often a storm is tried to be written down. Each time somebody else has written in the channel.
const TRIES_MAX: usize = 15;
const NAMES_MAX: usize = 10;
const NAME_CHARS_MAX: usize = 60;
const SEVERITIES_MAX: usize = 6;

/// How a storm is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// More may come.
    Growing,
    /// No more came.
    Over,
}

/// Tells of an alert that is too much: the first begins a storm, and some of those after it bring its message up to date.
pub fn came(alert: &Alert, pace: &Pace, now: u64) -> Result {
    match &pace.storm {
        None => begin(&alert.channel, alert.number, now),
        Some(storm) if STEPS.contains(&alert.number.saturating_sub(storm.first)) => {
            let untold = index::untold(&alert.channel, pace.told)?;
            edit(storm, &untold, Told::Growing);
            Ok(())
        }
        Some(_) => Ok(()),
    }
}

/// Begins a storm, unless somebody else has.
pub fn begin(channel: &str, first: u64, now: u64) -> Result {
    let storm = Storm {
        first,
        began: now,
        message: None,
        last: first,
        count: 0,
    };
    let begun = change(channel, |pace| {
        let is_first = pace.storm.is_none();
        if is_first {
            pace.storm = Some(storm.clone());
        }
        is_first
    })?;
    match begun {
        Some(pace) => post(channel, &pace),
        None => Ok(()),
    }
}

/// Posts the message of a storm that has none.
pub fn post(channel: &str, pace: &Pace) -> Result {
    let untold = index::untold(channel, pace.told)?;
    let message = match chat::post(channel, card(&untold, Told::Growing)) {
        Ok(message) => message.id(),
        Err(error) => {
            log::error!(
                "{} alerts are not told in #{channel}: {error}",
                untold.len()
            );
            return Ok(());
        }
    };
    change(channel, |pace| match &mut pace.storm {
        Some(storm) => {
            storm.message = Some(message.clone());
            true
        }
        None => false,
    })?;
    Ok(())
}

/// Brings the message of a storm up to date.
pub fn edit(storm: &Storm, untold: &[Untold], told: Told) {
    let Some(message) = &storm.message else {
        return;
    };
    let edited = Message::find(message).and_then(|message| message.edit(card(untold, told)));
    if let Err(error) = edited {
        log::warn!("the message of many alerts stays as it is: {error}");
    }
}

/// Changes how a channel stands, and returns that if it was to be changed.
pub fn change(channel: &str, mut change: impl FnMut(&mut Pace) -> bool) -> Result<Option<Pace>> {
    for _ in 0..TRIES_MAX {
        let before = pace::of(channel)?;
        let mut after = before.clone();
        if !change(&mut after) {
            return Ok(None);
        }
        if pace::replace(channel, &before, &after)? {
            return Ok(Some(after));
        }
    }
    log::info!("too much is going on in #{channel}; the clock does the rest");
    Ok(None)
}

fn card(untold: &[Untold], told: Told) -> Card {
    let state = match worst(untold) {
        None => State::Success,
        Some(_) if told == Told::Over => State::Warning,
        Some(severity) => severity::state(severity),
    };
    let card = Card::new(title(untold.len(), told)).state(state);
    if untold.is_empty() {
        return card.text("They are resolved.");
    }
    let card = card.text(
        "There are too many for a card each. `alerts` lists them, and `alerts show` with a number shows one.",
    );
    let is_known = untold.iter().any(|one| !one.severity.is_empty());
    let card = if is_known {
        card.field("Severity", severities(untold))
    } else {
        card
    };
    card.field("Which", names(untold))
}

fn title(count: usize, told: Told) -> String {
    match (count, told) {
        (0, _) => "More alerts came".to_owned(),
        (1, _) => "1 more alert is firing".to_owned(),
        (count, _) => format!("{} more alerts are firing", words::number(count)),
    }
}

fn worst(untold: &[Untold]) -> Option<&str> {
    let severities = untold.iter().map(|one| one.severity.as_str());
    severities.min_by_key(|severity| severity::rank(severity))
}

/// How many of each, the worst first.
fn severities(untold: &[Untold]) -> String {
    let mut counts = counted(untold.iter().map(|one| one.severity.as_str()));
    counts.sort_by_key(|(severity, _)| severity::rank(severity));
    let counts = counts.into_iter().take(SEVERITIES_MAX);
    let shown = counts.map(|(severity, count)| {
        let severity = if severity.is_empty() {
            "none"
        } else {
            severity
        };
        format!("{} {severity}", words::number(count))
    });
    shown.collect::<Vec<_>>().join(", ")
}

/// How many of each name, the most frequent first.
fn names(untold: &[Untold]) -> Text {
    let counts = counted(untold.iter().map(|one| one.name.as_str()));
    let left = counts.len().saturating_sub(NAMES_MAX);
    let mut text = Text::new();
    for (index, (name, count)) in counts.iter().take(NAMES_MAX).enumerate() {
        let line_break = if index == 0 { "" } else { "\n" };
        text = text
            .plain(format!("{line_break}{} × ", words::number(*count)))
            .code(words::line(name, NAME_CHARS_MAX));
    }
    match left {
        0 => text,
        1 => text.plain("\nand 1 other"),
        left => text.plain(format!("\nand {} others", words::number(left))),
    }
}

fn counted<'a>(words: impl Iterator<Item = &'a str>) -> Vec<(&'a str, usize)> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for word in words {
        *counts.entry(word).or_default() += 1;
    }
    let mut counts: Vec<(&str, usize)> = counts.into_iter().collect();
    counts.sort_by_key(|(word, count)| (std::cmp::Reverse(*count), *word));
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn untold(count: u64) -> Vec<Untold> {
        let one = |number: u64| Untold {
            number,
            severity: if number.is_multiple_of(4) {
                "critical"
            } else {
                "warning"
            }
            .to_owned(),
            name: format!("Alert{}", number % 12),
        };
        (0..count).map(one).collect()
    }

    #[test]
    fn a_storm_says_how_many_and_which() {
        let card = card(&untold(1_200), Told::Growing);
        let mut names = Text::new();
        // In the order of their names, as all are as many.
        for name in ["0", "1", "10", "11", "2", "3", "4", "5", "6", "7"] {
            let line_break = if name == "0" { "" } else { "\n" };
            names = names
                .plain(format!("{line_break}100 × "))
                .code(format!("Alert{name}"));
        }
        let expected = Card::new("1,200 more alerts are firing")
            .state(State::Failure)
            .text("There are too many for a card each. `alerts` lists them, and `alerts show` with a number shows one.")
            .field("Severity", "300 critical, 900 warning")
            .field("Which", names.plain("\nand 2 others"));
        assert_eq!(card, expected);
    }

    #[test]
    fn it_ends() {
        let state = |untold: &[Untold]| card(untold, Told::Over);
        let none = Card::new("More alerts came")
            .state(State::Success)
            .text("They are resolved.");
        assert_eq!(state(&[]), none);
        assert_eq!(title(1, Told::Over), "1 more alert is firing");
    }
}
