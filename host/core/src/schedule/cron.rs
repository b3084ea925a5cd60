//! Lines of cron, as Vixie cron reads them (`man 5 crontab`): minute, hour, day of the month, month, day of the week.
//!
//! When clocks are put forward or back, it is as there, too (`man 8 cron`). A line with a `*` at the beginning of its minute
//! or hour goes by what clocks show: what they skip does not happen, and what they show twice happens twice. Any other line
//! is meant for certain times of the day: what clocks skip happens once, at the moment in which they skip it, and what they
//! show twice happens the first time.

use std::ops::RangeInclusive;

use jiff::civil::{Date, DateTime};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp, ToSpan as _};

use super::NoSchedule;

/// The 29th of February can be eight years away, when a year such as 2100 is in between.
const YEARS_MAX: i32 = 9;
const DAY_MINUTES: u64 = 24 * 60;
const MINUTE_MS: u64 = 60_000;

const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// A line. Each number is a set: bit 9 of `hours` is the hour that begins at nine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cron {
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    /// From Sunday.
    weekdays: u64,
    /// Whether the day has to be right by both, as one begins with `*`. Otherwise one of them will do.
    both_days: bool,
    /// Whether it goes by what clocks show.
    wild: bool,
}

/// What a field may have in it.
struct Field {
    name: &'static str,
    values: RangeInclusive<u32>,
    names: &'static [&'static str],
    /// What the first name stands for.
    first: u32,
}

const FIELDS: [Field; 5] = [
    Field {
        name: "minute",
        values: 0..=59,
        names: &[],
        first: 0,
    },
    Field {
        name: "hour",
        values: 0..=23,
        names: &[],
        first: 0,
    },
    Field {
        name: "day of the month",
        values: 1..=31,
        names: &[],
        first: 0,
    },
    Field {
        name: "month",
        values: 1..=12,
        names: &MONTHS,
        first: 1,
    },
    Field {
        name: "day of the week",
        // Sunday is 0 and 7.
        values: 0..=7,
        names: &WEEKDAYS,
        first: 0,
    },
];

impl Cron {
    /// Reads five fields.
    pub(super) fn parse(texts: &[&str]) -> Result<Cron, NoSchedule> {
        let mut sets = [0; 5];
        for ((set, field), text) in sets.iter_mut().zip(&FIELDS).zip(texts) {
            *set = field.parse(text)?;
        }
        let [minutes, hours, days, months, weekdays] = sets;
        let starred = |field: usize| texts.get(field).is_some_and(|text| text.starts_with('*'));
        let cron = Cron {
            minutes,
            hours,
            days,
            months,
            weekdays: weekdays | weekdays >> 7 & 1,
            both_days: starred(2) || starred(4),
            wild: starred(0) || starred(1),
        };
        match cron.day_gap() {
            Some(_) => Ok(cron),
            None => Err(NoSchedule(
                "there is no such day in the calendar: look at the day of the month".to_owned(),
            )),
        }
    }

    /// The first time after another, in a zone.
    pub(super) fn next(&self, after: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        match self.wild {
            true => self.next_shown(after, zone),
            false => self.next_meant(after, zone),
        }
    }

    /// By what clocks show: from each time at which they are changed to the next, they go evenly.
    fn next_shown(&self, after: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let end = after.checked_add(SignedDuration::from_hours(24 * 366 * i64::from(YEARS_MAX)));
        let end = end.unwrap_or(Timestamp::MAX);
        let mut from = after
            .checked_add(SignedDuration::from_nanos(1))
            .ok()
            .filter(|from| *from < end)?;
        loop {
            let change = zone.following(from).next().map(|change| change.timestamp());
            let until = change.unwrap_or(end).min(end);
            let offset = zone.to_offset(from);
            let found = self.find(offset.to_datetime(from), offset.to_datetime(until));
            if let Some(found) = found {
                return offset.to_timestamp(found).ok();
            }
            if until >= end {
                return None;
            }
            from = until;
        }
    }

    /// By the times of the day that are meant.
    fn next_meant(&self, after: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let mut from = to_minute(zone.to_datetime(after));
        let end = from.checked_add(YEARS_MAX.years()).ok()?;
        loop {
            let found = self.find(from, end)?;
            let at = meant(found, zone)?;
            if at > after {
                return Some(at);
            }
            from = found.checked_add(1.minute()).ok()?;
        }
    }

    /// The first minute from one time to before another, on one clock.
    fn find(&self, from: DateTime, before: DateTime) -> Option<DateTime> {
        let mut first = to_minute(from);
        if first < from {
            first = first.checked_add(1.minute()).ok()?;
        }
        let mut date = first.date();
        let mut minute =
            u32::from(first.hour().unsigned_abs()) * 60 + u32::from(first.minute().unsigned_abs());
        while date <= before.date() {
            if self.has_day(date)
                && let Some(minute) = self.minutes_of_day().find(|time| *time >= minute)
            {
                let (hour, minute) = ((minute / 60) as i8, (minute % 60) as i8);
                let found = date.at(hour, minute, 0, 0);
                return (found < before).then_some(found);
            }
            minute = 0;
            date = date.tomorrow().ok()?;
        }
        None
    }

    fn has_day(&self, date: Date) -> bool {
        let day = has(self.days, date.day());
        let weekday = has(self.weekdays, date.weekday().to_sunday_zero_offset());
        let days = match self.both_days {
            true => day && weekday,
            false => day || weekday,
        };
        days && has(self.months, date.month())
    }

    /// The times of a day, in minutes since its begin.
    fn minutes_of_day(&self) -> impl Iterator<Item = u32> + '_ {
        let hours = (0..24).filter(|hour| self.hours >> hour & 1 == 1);
        hours.flat_map(|hour| {
            let minutes = (0..60).filter(|minute| self.minutes >> minute & 1 == 1);
            minutes.map(move |minute| hour * 60 + minute)
        })
    }

    /// The fewest days from one of its days to the next. None: it has no days.
    fn day_gap(&self) -> Option<u64> {
        let mut date = Date::constant(2096, 1, 1);
        let end = Date::constant(2096 + 2 * YEARS_MAX as i16, 1, 1);
        let (mut gap, mut last) = (None::<u64>, None::<u64>);
        for number in 0.. {
            if date >= end {
                break;
            }
            if self.has_day(date) {
                let days = last.map(|last| number - last);
                gap = gap.into_iter().chain(days).min();
                last = Some(number);
                if gap == Some(1) {
                    break;
                }
            }
            date = date.tomorrow().ok()?;
        }
        gap
    }

    /// The shortest time between two of its times.
    pub(super) fn gap_ms(&self) -> u64 {
        let (mut first, mut last, mut gap) = (None, None::<u64>, None::<u64>);
        for minute in self.minutes_of_day().map(u64::from) {
            first.get_or_insert(minute);
            let since = last.map(|last| minute - last);
            gap = gap.into_iter().chain(since).min();
            last = Some(minute);
        }
        let within = last.unwrap_or(0) - first.unwrap_or(0);
        let overnight = self.day_gap().unwrap_or(1) * DAY_MINUTES - within;
        gap.map_or(overnight, |gap| gap.min(overnight)) * MINUTE_MS
    }
}

impl Field {
    fn parse(&self, text: &str) -> Result<u64, NoSchedule> {
        text.split(',').try_fold(0, |set, part| {
            self.part(part)
                .map(|part| set | part)
                .ok_or_else(|| self.wrong(part))
        })
    }

    /// `*`, `*/5`, `9`, `9-17`, `9-17/2`.
    fn part(&self, part: &str) -> Option<u64> {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, Some(number(step)?)),
            None => (part, None),
        };
        let (from, to) = match range.split_once('-') {
            Some((from, to)) => {
                let (from, to) = (self.value(from)?, self.value(to)?);
                // The Sunday that a week ends with.
                let sunday = to == 0 && from > 0 && *self.values.end() == 7;
                (from, if sunday { 7 } else { to })
            }
            None if range == "*" => (*self.values.start(), *self.values.end()),
            // Who writes a step behind a single value means something that nobody can know.
            None if step.is_some() => return None,
            None => (self.value(range)?, self.value(range)?),
        };
        let step = step.unwrap_or(1);
        // `*/100` would be `0`, which is hardly meant.
        if from > to || step == 0 || step > *self.values.end() {
            return None;
        }
        let step = usize::try_from(step).ok()?;
        Some(
            (from..=to)
                .step_by(step)
                .fold(0, |set, value| set | 1 << value),
        )
    }

    fn value(&self, text: &str) -> Option<u32> {
        let named = (self.first..)
            .zip(self.names)
            .find(|(_, name)| name.eq_ignore_ascii_case(text));
        match named {
            Some((value, _)) => Some(value),
            None => number(text).filter(|value| self.values.contains(value)),
        }
    }

    fn wrong(&self, part: &str) -> NoSchedule {
        let (name, from, to) = (self.name, self.values.start(), self.values.end());
        let names = match (self.names.first(), self.names.last()) {
            (Some(first), Some(last)) => format!(" (or `{first}` to `{last}`)"),
            _ => String::new(),
        };
        let part: String = part.chars().filter(|c| !c.is_control()).collect();
        NoSchedule(format!(
            "`{part}` is no {name}: write `*`, a number from {from} to {to}{names}, a range such as `{from}-{to}`, one of \
             these two with a step such as `*/2`, or several of them with commas"
        ))
    }
}

/// Whether a set has a value.
fn has(set: u64, value: i8) -> bool {
    set >> value & 1 == 1
}

fn number(text: &str) -> Option<u32> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

fn to_minute(time: DateTime) -> DateTime {
    time.date().at(time.hour(), time.minute(), 0, 0)
}

/// When a time of the day is, which a clock may skip or show twice.
fn meant(time: DateTime, zone: &TimeZone) -> Option<Timestamp> {
    match zone.to_ambiguous_timestamp(time).offset() {
        AmbiguousOffset::Unambiguous { offset } => offset.to_timestamp(time).ok(),
        AmbiguousOffset::Fold { before, .. } => before.to_timestamp(time).ok(),
        AmbiguousOffset::Gap { before, .. } => {
            let unchanged = before.to_timestamp(time).ok()?;
            let later = unchanged.checked_add(SignedDuration::from_nanos(1)).ok()?;
            Some(zone.preceding(later).next()?.timestamp())
        }
    }
}
