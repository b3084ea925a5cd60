//! An alert as a card shows it.

use std::collections::BTreeMap;

use witbot_sdk::chat::{Card, State, Style, Text};

use crate::alert::{Alert, Deed, Pause, severity};
use crate::report::Instance;
use crate::source::Source;
use crate::words;

/// A title has 150 characters, with the number and how many fire.
const NAME_CHARS_MAX: usize = 100;
const TEXT_CHARS_MAX: usize = 600;
/// Instances, and labels, that are shown: with the longest of each, the value of a field has 1,000 characters at the most.
const SHOWN_MAX: usize = 8;
const SHOWN_CHARS_MAX: usize = 100;
const LINKS_MAX: usize = 6;
/// Labels that a card shows elsewhere.
const SHOWN_ELSEWHERE: [&str; 2] = ["alertname", "severity"];

/// The card. Buttons for silences are on it only where there can be some.
pub fn of(alert: &Alert, silences: bool, now: u64) -> Card {
    let mut card = Card::new(title(alert)).state(state(alert, now));
    let text = words::line(text(alert), TEXT_CHARS_MAX);
    if !text.is_empty() {
        card = card.text(text);
    }
    card = with_details(card, alert);
    card = with_deeds(card, alert, now);
    for link in alert.links.iter().take(LINKS_MAX) {
        card = card.link(&link.label, &link.url);
    }
    match alert.resolved {
        Some(_) => card,
        None => with_buttons(
            card,
            alert,
            silences && alert.source == Source::Alertmanager,
        ),
    }
}

/// The card that an alert had before it was told once more.
pub fn told_again(alert: &Alert) -> Card {
    Card::new(title(alert))
        .state(State::Canceled)
        .text("Its snooze is over and it still fires, so it is told again below.")
}

/// `#12 DiskFull`.
pub fn name(alert: &Alert) -> String {
    format!(
        "#{} {}",
        alert.number,
        words::line(&alert.name, NAME_CHARS_MAX)
    )
}

/// `#12 DiskFull: 3 firing`.
pub fn title(alert: &Alert) -> String {
    let count = match alert.firing_count() {
        0 | 1 => String::new(),
        count => format!(": {} firing", words::number(count)),
    };
    format!("{}{count}", name(alert))
}

fn state(alert: &Alert, now: u64) -> State {
    let quiet = |pause: &Option<Pause>| pause.as_ref().is_some_and(|pause| pause.until > now);
    if alert.resolved.is_some() {
        State::Success
    } else if quiet(&alert.snoozed) || quiet(&alert.silenced) {
        State::Waiting
    } else if alert.acknowledged.is_some() {
        State::Running
    } else if alert.source.is_ci() {
        State::Failure
    } else {
        severity::state(alert.severity())
    }
}

/// What is said of all of it, or else of the first that fires.
fn text(alert: &Alert) -> &str {
    let first = alert.firing().next().or(alert.instances.first());
    match (alert.text.as_str(), first) {
        ("", Some(first)) => &first.text,
        (text, _) => text,
    }
}

fn with_details(mut card: Card, alert: &Alert) -> Card {
    let severity = severity::short(alert.severity());
    if !severity.is_empty() {
        card = card.field("Severity", severity);
    }
    card = match alert.resolved {
        None => card.field("Since", words::time(alert.since)),
        Some(resolved) => {
            let lasted = words::between(alert.since, resolved);
            card.field(
                "Resolved",
                format!("{}, after {lasted}", words::time(resolved)),
            )
        }
    };
    let common = alert.common_labels();
    if let Some(labels) = labels(&common) {
        card = card.field("Labels", labels);
    }
    if alert.resolved.is_none() && alert.firing_count() > 1 {
        card = card.field("Firing", instances(alert, &common));
    }
    let over = alert.instances.iter().filter(|one| !one.firing).count();
    if alert.resolved.is_none() && over > 0 {
        card = card.field("Resolved", words::number(over));
    }
    card
}

fn labels(common: &BTreeMap<&str, &str>) -> Option<Text> {
    let shown = common
        .iter()
        .filter(|(name, _)| !SHOWN_ELSEWHERE.contains(name));
    let shown: Vec<String> = shown.map(|(name, value)| pair(name, value)).collect();
    if shown.is_empty() {
        return None;
    }
    let (mut text, left) = (Text::new(), shown.len().saturating_sub(SHOWN_MAX));
    for (index, pair) in shown.iter().take(SHOWN_MAX).enumerate() {
        text = text.plain(if index == 0 { "" } else { " " }).code(pair);
    }
    Some(if left > 0 {
        text.plain(format!(" and {left} more"))
    } else {
        text
    })
}

/// A line for each of the first, with what it does not share with others.
fn instances(alert: &Alert, common: &BTreeMap<&str, &str>) -> Text {
    let (mut text, mut shown) = (Text::new(), 0);
    for instance in alert.firing().take(SHOWN_MAX) {
        let line_break = if shown == 0 { "" } else { "\n" };
        text = text.plain(line_break).code(own_labels(instance, common));
        shown += 1;
    }
    match alert.firing_count() - shown {
        0 => text,
        left => text.plain(format!("\nand {} more", words::number(left))),
    }
}

fn own_labels(instance: &Instance, common: &BTreeMap<&str, &str>) -> String {
    let own = instance.labels.iter();
    let own = own.filter(|(name, _)| !common.contains_key(name.as_str()));
    let own: Vec<String> = own.map(|(name, value)| format!("{name}={value}")).collect();
    match words::line(&own.join(" "), SHOWN_CHARS_MAX) {
        own if own.is_empty() => words::line(&instance.id, SHOWN_CHARS_MAX),
        own => own,
    }
}

/// A label as people write it.
pub fn pair(name: &str, value: &str) -> String {
    words::line(&format!("{name}={value}"), SHOWN_CHARS_MAX)
}

fn with_deeds(mut card: Card, alert: &Alert, now: u64) -> Card {
    if let Some(Deed { by, .. }) = &alert.acknowledged {
        card = card.field("Acknowledged", Text::new().plain("by ").user(by));
    }
    if let Some(assigned) = &alert.assigned {
        let text = Text::new().plain("to ").user(&assigned.to);
        card = card.field("Assigned", text.plain(" by ").user(&assigned.by.by));
    }
    for (name, pause) in [("Snoozed", &alert.snoozed), ("Silenced", &alert.silenced)] {
        let pause = pause
            .as_ref()
            .filter(|pause| pause.until > now && alert.resolved.is_none());
        if let Some(Pause { until, by }) = pause {
            let text = format!("until {} by ", words::time(*until));
            card = card.field(name, Text::new().plain(text).user(&by.by));
        }
    }
    card
}

fn with_buttons(mut card: Card, alert: &Alert, silences: bool) -> Card {
    let number = alert.number;
    if alert.acknowledged.is_none() {
        let command = format!("alerts ack {number}");
        card = card.styled_button("Acknowledge", command, Style::Primary);
    }
    card = card.button("Snooze 1h", format!("alerts snooze {number} for 1h"));
    if silences {
        card = card.button("Silence 2h", format!("alerts silence {number} for 2h"));
    }
    card
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::Assignment;
    use crate::alert::example::{ada, alert};

    const NOW: u64 = 2_000;

    #[test]
    fn one_instance_needs_no_list() {
        let mut alert = alert(&[&[
            ("alertname", "DiskFull"),
            ("severity", "critical"),
            ("instance", "a"),
        ]]);
        alert.text = "Disk of a is full.".to_owned();
        let expected = Card::new("#12 DiskFull")
            .state(State::Failure)
            .text("Disk of a is full.")
            .field("Severity", "critical")
            .field("Since", "1970-01-01 00:00 UTC")
            .field("Labels", Text::new().plain("").code("instance=a"))
            .styled_button("Acknowledge", "alerts ack 12", Style::Primary)
            .button("Snooze 1h", "alerts snooze 12 for 1h")
            .button("Silence 2h", "alerts silence 12 for 2h");
        assert_eq!(of(&alert, true, NOW), expected);
    }

    #[test]
    fn many_instances_are_counted() {
        let labels: Vec<String> = (0..12).map(|number| format!("host-{number}")).collect();
        let labels: Vec<[(&str, &str); 1]> = labels
            .iter()
            .map(|name| [("instance", name.as_str())])
            .collect();
        let labels: Vec<&[(&str, &str)]> = labels.iter().map(|one| one.as_slice()).collect();
        let mut alert = alert(&labels);
        alert.omitted = 1_000;
        assert_eq!(title(&alert), "#12 DiskFull: 1,012 firing");
        let text = instances(&alert, &BTreeMap::new());
        let mut expected = Text::new().plain("").code("instance=host-0");
        for number in 1..8 {
            expected = expected.plain("\n").code(format!("instance=host-{number}"));
        }
        assert_eq!(text, expected.plain("\nand 1,004 more"));
    }

    #[test]
    fn who_did_what_is_shown() {
        let mut alert = alert(&[&[]]);
        alert.acknowledged = Some(ada());
        alert.assigned = Some(Assignment {
            to: "U0BOB".to_owned(),
            by: ada(),
        });
        assert_eq!(state(&alert, NOW), State::Running);
        alert.snoozed = Some(Pause {
            until: NOW + 1,
            by: ada(),
        });
        assert_eq!(state(&alert, NOW), State::Waiting);
        let card = of(&alert, false, NOW);
        let expected = Card::new("#12 DiskFull")
            .state(State::Waiting)
            .field("Since", "1970-01-01 00:00 UTC")
            .field("Acknowledged", Text::new().plain("by ").user("U0ADA"))
            .field(
                "Assigned",
                Text::new()
                    .plain("to ")
                    .user("U0BOB")
                    .plain(" by ")
                    .user("U0ADA"),
            )
            .field(
                "Snoozed",
                Text::new()
                    .plain("until 1970-01-01 00:00 UTC by ")
                    .user("U0ADA"),
            )
            .button("Snooze 1h", "alerts snooze 12 for 1h");
        assert_eq!(card, expected);
    }

    #[test]
    fn what_is_over_has_no_buttons() {
        let mut alert = alert(&[&[]]);
        alert.instances[0].firing = false;
        alert.resolved = Some(62_000);
        let expected = Card::new("#12 DiskFull")
            .state(State::Success)
            .field("Resolved", "1970-01-01 00:01 UTC, after 1m 1s");
        assert_eq!(of(&alert, true, NOW), expected);
    }

    #[test]
    fn words_of_others_stay_on_their_line() {
        let alert = alert(&[&[("a", "<!channel>\n```@here")]]);
        let labels = labels(&alert.common_labels());
        assert_eq!(
            labels,
            Some(Text::new().plain("").code("a=<!channel> '''@here"))
        );
    }

    #[test]
    fn the_longest_fields_fit() {
        let long = "x".repeat(300);
        let labels: Vec<(String, String)> = (0..20)
            .map(|number| (format!("label{number}"), long.clone()))
            .collect();
        let labels: Vec<(&str, &str)> = labels
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let alert = alert(&[&labels, &[]]);
        let text = format!("{:?}", instances(&alert, &BTreeMap::new()));
        assert!(text.chars().count() < 1_000);
    }
}
