//! Grants to be called by the clock: `schedules = [{ at_most_every = "5m" }]`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Capability;
use super::denial::Denial;
use crate::command::kind::milliseconds;
use crate::limits;
use crate::schedule::When;

/// How often a handler may be called. For each schedule of the plugin by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScheduleGrant {
    /// The shortest time between two calls.
    pub at_most_every: Period,
}

/// A length of time as people write it: `30s`, `5m`, `1d`. Not shorter than [`limits::SCHEDULE_EVERY_MIN`], as no schedule is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Period {
    milliseconds: u64,
}

/// Why a text is no period.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("write a length of time from {least} s on, such as `30s`, `5m` or `1d`", least = limits::SCHEDULE_EVERY_MIN.as_secs())]
pub struct NoPeriod;

impl Period {
    /// In whole seconds.
    fn rounded_down(milliseconds: u64) -> Period {
        let milliseconds = milliseconds / 1_000 * 1_000;
        Period { milliseconds }
    }
}

const UNITS: [(u64, &str); 4] = [
    (86_400_000, "d"),
    (3_600_000, "h"),
    (60_000, "m"),
    (1_000, "s"),
];

impl FromStr for Period {
    type Err = NoPeriod;
    fn from_str(text: &str) -> Result<Period, NoPeriod> {
        let least = limits::SCHEDULE_EVERY_MIN.as_millis();
        let milliseconds = milliseconds(text).filter(|length| u128::from(*length) >= least);
        Ok(Period {
            milliseconds: milliseconds.ok_or(NoPeriod)?,
        })
    }
}

impl TryFrom<String> for Period {
    type Error = NoPeriod;
    fn try_from(text: String) -> Result<Period, NoPeriod> {
        text.parse()
    }
}

impl From<Period> for String {
    fn from(period: Period) -> String {
        period.to_string()
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = self.milliseconds;
        let unit = UNITS.iter().find(|(unit, _)| ms.is_multiple_of(*unit));
        match unit {
            Some((unit, letter)) => write!(f, "{}{letter}", ms / unit),
            None => write!(f, "{ms}ms"),
        }
    }
}

/// Whether a handler may be called so often.
pub fn allows(grants: &[ScheduleGrant], when: &When) -> Result<(), Denial> {
    let gap = when.gap_ms();
    if grants
        .iter()
        .any(|grant| grant.at_most_every.milliseconds <= gap)
    {
        return Ok(());
    }
    let period = Period::rounded_down(gap);
    Err(Denial::missing(
        Capability::Schedules,
        grants,
        format!("be called as often as `{when}`, which is every {period}"),
        entry(period),
    ))
}

/// The grant that would allow all of these. None: there is nothing to be allowed.
pub fn enough<'a>(whens: impl IntoIterator<Item = &'a When>) -> Option<String> {
    let least = whens.into_iter().map(When::gap_ms).min()?;
    Some(entry(Period::rounded_down(least)))
}

fn entry(period: Period) -> String {
    format!("{{ at_most_every = \"{period}\" }}")
}
