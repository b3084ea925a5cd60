//! Takes in what a source reports.

use std::collections::BTreeSet;
use std::time::Duration;

use witbot_sdk::{Code, Error, Result, flow, log};

use crate::alert::change::{self, Change};
use crate::report::Report;
use crate::settings::Settings;
use crate::{store, tell};

/// How often a report is taken in again because somebody else has changed the same alert.
const ATTEMPTS_MAX: u32 = 40;
/// After so many attempts in a row, all who want to change it wait for a moment, each for another one.
const ATTEMPTS_IN_A_ROW: u32 = 5;
const PAUSE_MS_MAX: u64 = 4_000;

/// For so long it is waited for what came before, where something is over that nobody knows of.
const PATIENCE: Duration = Duration::from_secs(10);

/// How far a report was taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Taken {
    /// All of it.
    Wholly,
    /// Somebody else was faster.
    Missed,
    /// It is about something that nobody knows of.
    Unknown,
}

/// Keeps what is reported, and tells what is new.
pub fn receive(report: &Report, settings: &Settings) -> Result {
    let mut waited = false;
    for attempt in 1..=ATTEMPTS_MAX {
        match take(report, settings)? {
            Taken::Wholly => return Ok(()),
            Taken::Unknown if waited => return Ok(()),
            Taken::Unknown => {
                flow::sleep(PATIENCE)?;
                waited = true;
            }
            Taken::Missed if attempt % ATTEMPTS_IN_A_ROW == 0 => {
                flow::sleep(Duration::from_millis(1 + flow::random() % PAUSE_MS_MAX))?;
            }
            Taken::Missed => {}
        }
    }
    Err(Error::new(
        Code::Conflict,
        format!("`{}` changes too often to be kept", report.name),
    ))
}

fn take(report: &Report, settings: &Settings) -> Result<Taken> {
    let (number, known) = store::current(&store::key(report.source, &report.key))?;
    let alert = known.as_ref().map(|kept| &kept.alert);
    let known_ids = alert.into_iter().flat_map(|alert| &alert.instances);
    let known_ids: BTreeSet<&str> = known_ids.map(|instance| instance.id.as_str()).collect();
    let report = wanted(report, &known_ids, settings);
    let channel = settings.channel_of(&report);
    let change = change::of(alert, &report, channel, flow::now().as_millis());
    match (change, &known) {
        (Change::Unknown, _) => return Ok(Taken::Unknown),
        (Change::Begun(begun), _) => match store::add(begun, number)? {
            Some(begun) => tell::begun(&begun, settings)?,
            None => return Ok(Taken::Missed),
        },
        (Change::Heard(at), Some(known)) => {
            if !store::replace_heard(known, at)? {
                return Ok(Taken::Missed);
            }
        }
        (Change::Changed(mut changed), Some(known)) => {
            if !store::replace(known, &mut changed)? {
                return Ok(Taken::Missed);
            }
            tell::changed(changed, settings)?;
        }
        (Change::Nothing | Change::Heard(_) | Change::Changed(_), _) => {
            log::debug!("nothing new of `{}`", report.name);
        }
    }
    Ok(Taken::Wholly)
}

/// Without those that nobody wants to hear of. What was told already is told to its end.
fn wanted(report: &Report, known: &BTreeSet<&str>, settings: &Settings) -> Report {
    let mut report = report.clone();
    let source = report.source;
    report
        .instances
        .retain(|one| !settings.drops(source, one) || known.contains(one.id.as_str()));
    report
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{report, settings};

    #[test]
    fn what_is_dropped_is_not_kept_unless_it_is_already() {
        let settings = settings::example(
            r#"{"channel": "ops", "routes": [{"match": {"severity": "info"}, "drop": true}]}"#,
        );
        let report = report::example(&[&[("severity", "info")], &[("severity", "critical")]]);
        assert_eq!(
            wanted(&report, &BTreeSet::new(), &settings).instances.len(),
            1
        );
        assert_eq!(
            wanted(&report, &BTreeSet::from(["f0"]), &settings)
                .instances
                .len(),
            2
        );
    }
}
