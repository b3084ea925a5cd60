//! What people say about alerts.

use std::time::Duration;

use witbot_sdk::chat::Text;
use witbot_sdk::{Error, Event, Result, config, flow};

use crate::alert::{Alert, Assignment, Deed, Pause, severity};
use crate::settings::Settings;
use crate::store::{self, index};
use crate::{card, tell, words};

/// Alerts that are listed: a screen of them.
const LISTED_MAX: usize = 15;
/// How long something can be quiet.
const PAUSE_MAX: Duration = Duration::from_secs(30 * 24 * 60 * 60);
const PAUSE_MIN: Duration = Duration::from_secs(60);

pub fn list(event: &Event) -> Result {
    let numbers = index::open()?;
    let mut lines = vec![heading(numbers.len())];
    for number in numbers.iter().take(LISTED_MAX) {
        if let Some(kept) = store::load(*number)? {
            lines.push(line(&kept.alert, flow::now().as_millis()));
        }
    }
    let left = numbers.len().saturating_sub(LISTED_MAX);
    if left > 0 {
        let left = words::number(left);
        lines.push(format!(
            "and {left} more; `alerts show` with a number shows one."
        ));
    }
    event.reply(Text::new().plain(lines.join("\n")))?;
    Ok(())
}

pub fn show(event: &Event) -> Result {
    let settings: Settings = config::settings()?;
    let alert = asked(event)?;
    event.reply(tell::shown(&alert, &settings))?;
    Ok(())
}

pub fn acknowledge(event: &Event) -> Result {
    let by = deed(event);
    let alert = change(event, |alert| match &alert.acknowledged {
        Some(Deed { name, .. }) => {
            let number = alert.number;
            Err(Error::invalid(format!(
                "#{number} was acknowledged already, by {name}."
            )))
        }
        None => {
            alert.acknowledged = Some(by.clone());
            Ok(())
        }
    })?;
    let text = format!("{} acknowledged {}.", by.name, card::name(&alert));
    event.reply(Text::new().plain(text))?;
    Ok(())
}

pub fn assign(event: &Event) -> Result {
    let (by, to) = (deed(event), event.required("person")?);
    let alert = change(event, |alert| {
        alert.assigned = Some(Assignment {
            to: to.clone(),
            by: by.clone(),
        });
        Ok(())
    })?;
    let text = Text::new().plain(format!("{} assigned {} to ", by.name, card::name(&alert)));
    event.reply(text.user(to).plain("."))?;
    Ok(())
}

pub fn snooze(event: &Event) -> Result {
    let (by, until) = (deed(event), until(event)?);
    let alert = change(event, |alert| {
        alert.snoozed = Some(Pause {
            until,
            by: by.clone(),
        });
        Ok(())
    })?;
    index::add_snoozed(until, alert.number)?;
    let text = format!(
        "{} snoozed {} until {}. If it still fires then, it is told again.",
        by.name,
        card::name(&alert),
        words::time(until)
    );
    event.reply(Text::new().plain(text))?;
    Ok(())
}

/// When a pause ends that somebody asked for.
pub fn until(event: &Event) -> Result<u64> {
    let duration = event.duration("duration")?.unwrap_or_default();
    if !(PAUSE_MIN..=PAUSE_MAX).contains(&duration) {
        return Err(Error::invalid(
            "Say how long: 1 minute to 30 days, such as `2h`.",
        ));
    }
    Ok((flow::now() + duration).as_millis())
}

/// Who says something.
pub fn deed(event: &Event) -> Deed {
    Deed {
        by: event.user().unwrap_or_default(),
        name: event.user_name(),
    }
}

/// The alert of the number that somebody said.
pub fn asked(event: &Event) -> Result<Alert> {
    let number = number(event)?;
    let kept = number.parse().ok().map(store::load).transpose()?.flatten();
    kept.map(|kept| kept.alert).ok_or_else(|| unknown(&number))
}

/// The same, if it is not over.
pub fn asked_open(event: &Event) -> Result<Alert> {
    let alert = asked(event)?;
    look_whether_open(&alert)?;
    Ok(alert)
}

/// Changes the alert of the number that somebody said, if it is not over, and shows that on its card.
pub fn change(event: &Event, change: impl Fn(&mut Alert) -> Result) -> Result<Alert> {
    let settings: Settings = config::settings()?;
    let number = number(event)?;
    let parsed = number.parse().map_err(|_| unknown(&number))?;
    let changed = store::update(parsed, |alert| {
        look_whether_open(alert)?;
        change(alert)
    })?;
    let alert = changed.ok_or_else(|| unknown(&number))?;
    tell::changed(alert.clone(), &settings)?;
    Ok(alert)
}

fn number(event: &Event) -> Result<String> {
    event.required("number")
}

fn unknown(number: &str) -> Error {
    Error::not_found(format!(
        "There is no alert #{number}. `alerts` lists those that are open; others are forgotten 7 days after their end."
    ))
}

fn look_whether_open(alert: &Alert) -> Result {
    match alert.resolved {
        None => Ok(()),
        Some(resolved) => Err(Error::invalid(format!(
            "#{} is resolved since {}: there is nothing to be done about it.",
            alert.number,
            words::time(resolved)
        ))),
    }
}

fn heading(count: usize) -> String {
    match count {
        0 => "No alert is open.".to_owned(),
        1 => "1 alert is open:".to_owned(),
        count => format!("{} alerts are open:", words::number(count)),
    }
}

/// An alert in one line.
fn line(alert: &Alert, now: u64) -> String {
    let mut parts = vec![card::title(alert)];
    let severity = severity::short(alert.severity());
    if !severity.is_empty() {
        parts.push(severity);
    }
    parts.push(format!("for {}", words::between(alert.since, now)));
    if let Some(Deed { name, .. }) = &alert.acknowledged {
        parts.push(format!("acknowledged by {name}"));
    }
    if alert.assigned.is_some() {
        parts.push("assigned".to_owned());
    }
    for (what, pause) in [("snoozed", &alert.snoozed), ("silenced", &alert.silenced)] {
        if let Some(pause) = pause.as_ref().filter(|pause| pause.until > now) {
            let left = words::between(now, pause.until);
            parts.push(format!("{what} for {left} by {}", pause.by.name));
        }
    }
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::example::{ada, alert};

    #[test]
    fn an_alert_is_one_line() {
        let mut alert = alert(&[&[("severity", "critical")], &[]]);
        assert_eq!(
            line(&alert, 7_201_000),
            "#12 DiskFull: 2 firing, critical, for 2h"
        );
        alert.acknowledged = Some(ada());
        alert.snoozed = Some(Pause {
            until: 3_601_000,
            by: ada(),
        });
        assert_eq!(
            line(&alert, 1_000),
            "#12 DiskFull: 2 firing, critical, for 0s, acknowledged by ada, snoozed for 1h by ada"
        );
    }

    #[test]
    fn what_is_over_cannot_be_changed() {
        let mut alert = alert(&[&[]]);
        assert!(look_whether_open(&alert).is_ok());
        alert.resolved = Some(60_000);
        assert_eq!(
            look_whether_open(&alert).unwrap_err().message,
            "#12 is resolved since 1970-01-01 00:01 UTC: there is nothing to be done about it."
        );
    }
}
