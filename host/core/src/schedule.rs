//! When something happens again and again: `every 5m`, or a line of cron with a time zone, such as
//! `0 9 * * mon-fri Europe/Berlin`. When that is next is computed here; who looks at the clock lives higher up.

mod cron;

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::command::kind::milliseconds;
use crate::grants::schedules::{self, ScheduleGrant};
use crate::ids::UnixMillis;
use crate::limits;
use cron::Cron;

/// When something happens again and again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct When {
    text: String,
    rule: Rule,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Rule {
    /// At the multiples of so many milliseconds since 1970, which are the same after a restart.
    Every(u64),
    Cron {
        cron: Cron,
        zone: TimeZone,
    },
}

/// Why a text is no schedule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NoSchedule(String);

/// What the operator makes of a schedule that a plugin declares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Override {
    /// It never happens.
    Off,
    /// It happens then instead.
    At(When),
}

/// A schedule that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The plugin's own name of the handler.
    pub id: String,
    /// When it is called.
    pub when: When,
}

impl When {
    /// As it was written, in one form: words with single spaces.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The first time after another. None: there is none that a clock could show.
    pub fn next(&self, after: UnixMillis) -> Option<UnixMillis> {
        match &self.rule {
            Rule::Every(period_ms) => {
                let passed = after.0 / period_ms;
                let next = passed.checked_add(1)?.checked_mul(*period_ms)?;
                Some(UnixMillis(next))
            }
            Rule::Cron { cron, zone } => {
                let after = Timestamp::from_millisecond(i64::try_from(after.0).ok()?).ok()?;
                let next = cron.next(after, zone)?;
                let next = u64::try_from(next.as_millisecond()).ok()?;
                Some(UnixMillis(next))
            }
        }
    }

    /// The shortest time between two of its times, in milliseconds, by clocks that are never put forward or back.
    pub fn gap_ms(&self) -> u64 {
        match &self.rule {
            Rule::Every(period_ms) => *period_ms,
            Rule::Cron { cron, .. } => cron.gap_ms(),
        }
    }
}

impl FromStr for When {
    type Err = NoSchedule;

    fn from_str(text: &str) -> Result<When, NoSchedule> {
        let most = limits::SCHEDULE_CHARS_MAX;
        if text.chars().count() > most {
            return Err(NoSchedule(format!(
                "a schedule has at most {most} characters"
            )));
        }
        let words: Vec<&str> = text.split_whitespace().collect();
        let rule = match words.as_slice() {
            ["every", period] => Rule::Every(period_ms(period)?),
            ["every", _, zone] => {
                return Err(NoSchedule(format!(
                    "`every` is the same everywhere: leave `{zone}` out"
                )));
            }
            [fields @ .., last] if fields.len() == 5 => Rule::Cron {
                cron: Cron::parse(fields)?,
                zone: zone(last)?,
            },
            fields if fields.len() == 5 => Rule::Cron {
                cron: Cron::parse(fields)?,
                zone: TimeZone::UTC,
            },
            _ => {
                return Err(NoSchedule(
                    "a schedule has five fields (minute, hour, day, month, day of the week) and perhaps a time zone, such as \
                     `0 9 * * mon-fri Europe/Berlin`, or is `every 5m`"
                        .to_owned(),
                ));
            }
        };
        let text = words.join(" ");
        Ok(When { text, rule })
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Override {
    type Err = NoSchedule;

    fn from_str(text: &str) -> Result<Override, NoSchedule> {
        match text.trim() {
            "off" => Ok(Override::Off),
            text => text.parse().map(Override::At),
        }
    }
}

/// What of the schedules that a plugin declares is kept, in the order in which they are declared. `made_of` is what the
/// operator makes of one, by its id. What the grants do not allow is not kept.
pub fn kept(
    declared: &[(String, When)],
    made_of: impl Fn(&str) -> Option<Override>,
    grants: &[ScheduleGrant],
) -> Vec<Kept> {
    let kept = declared.iter().filter_map(|(id, when)| {
        let when = match made_of(id) {
            None => when.clone(),
            Some(Override::At(when)) => when,
            Some(Override::Off) => return None,
        };
        let id = id.clone();
        schedules::allows(grants, &when)
            .is_ok()
            .then_some(Kept { id, when })
    });
    kept.collect()
}

fn period_ms(text: &str) -> Result<u64, NoSchedule> {
    let least = limits::SCHEDULE_EVERY_MIN.as_millis() as u64;
    let most = limits::SCHEDULE_EVERY_MAX.as_millis() as u64;
    match milliseconds(text) {
        Some(period) if (least..=most).contains(&period) => Ok(period),
        Some(_) => Err(NoSchedule(format!(
            "`every {text}` is not between {} s and {} days",
            least / 1_000,
            most / 86_400_000
        ))),
        None => Err(NoSchedule(format!(
            "`{text}` is no length of time: write one such as `30s`, `5m` or `1h`"
        ))),
    }
}

fn zone(name: &str) -> Result<TimeZone, NoSchedule> {
    TimeZone::get(name).map_err(|_| {
        NoSchedule(format!(
            "there is no time zone `{name}`: write one such as `UTC`, `Europe/Berlin` or `America/New_York`"
        ))
    })
}

#[cfg(test)]
mod tests;
