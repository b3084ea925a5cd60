//! Times of the week, in a time zone.

use jiff::Timestamp;
use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;

use crate::ids::UnixMillis;

/// Some hours of some days.
#[derive(Debug, Clone, PartialEq)]
pub struct Window {
    days: Vec<Weekday>,
    from: Time,
    /// Not itself. Before `from`: the window goes on until the next day.
    to: Time,
    zone: TimeZone,
}

/// Why something is no window, for the operator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct WindowError(String);

const DAYS: [(&str, Weekday); 7] = [
    ("mon", Weekday::Monday),
    ("tue", Weekday::Tuesday),
    ("wed", Weekday::Wednesday),
    ("thu", Weekday::Thursday),
    ("fri", Weekday::Friday),
    ("sat", Weekday::Saturday),
    ("sun", Weekday::Sunday),
];

impl Window {
    /// `days` are such as `mon` or `mon-fri`, none for all; `from` and `to` such as `09:00`, both or neither; `zone` is a
    /// name of the IANA database.
    pub fn new(
        days: &[&str],
        from: Option<&str>,
        to: Option<&str>,
        zone: &str,
    ) -> Result<Window, WindowError> {
        let zone = TimeZone::get(zone).map_err(|_| {
            WindowError(format!(
                "there is no time zone `{zone}`: write one such as `Europe/Berlin` or `UTC`"
            ))
        })?;
        let mut chosen = Vec::new();
        for span in days {
            chosen.extend(self::days(span)?);
        }
        if days.is_empty() {
            chosen = DAYS.iter().map(|(_, day)| *day).collect();
        }
        let (from, to) = match (from, to) {
            (None, None) => (Time::midnight(), Time::midnight()),
            (Some(from), Some(to)) => (time(from)?, time(to)?),
            (Some(_), None) | (None, Some(_)) => {
                return Err(WindowError(
                    "`from` and `to` belong together: write both, or neither for the whole day"
                        .into(),
                ));
            }
        };
        Ok(Window {
            days: chosen,
            from,
            to,
            zone,
        })
    }

    /// Whether a time is in it.
    pub fn holds(&self, at: UnixMillis) -> bool {
        self.here(at).is_some_and(|here| self.holds_here(here))
    }

    /// What the clocks of its zone show. None: no clock shows that.
    pub(super) fn here(&self, at: UnixMillis) -> Option<(Weekday, Time)> {
        let at = Timestamp::from_millisecond(at.0.cast_signed()).ok()?;
        let here = at.to_zoned(self.zone.clone());
        Some((here.weekday(), here.time()))
    }

    /// By which one its zone goes.
    pub(super) fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// Whether what the clocks of its zone show is in it.
    pub(super) fn holds_here(&self, (day, time): (Weekday, Time)) -> bool {
        if self.from < self.to {
            return self.days.contains(&day) && self.from <= time && time < self.to;
        }
        // It began yesterday, or begins today.
        (self.days.contains(&day) && self.from <= time)
            || (self.days.contains(&day.previous()) && time < self.to)
    }
}

fn days(span: &str) -> Result<Vec<Weekday>, WindowError> {
    let position = |name: &str| {
        let found = DAYS
            .iter()
            .position(|(day, _)| day.eq_ignore_ascii_case(name.trim()));
        found.ok_or_else(|| {
            WindowError(format!("`{span}` is no day: write `mon`, `tue`, `wed`, `thu`, `fri`, `sat`, `sun`, or a span such as `mon-fri`"))
        })
    };
    let (first, last) = match span.split_once('-') {
        Some((first, last)) => (position(first)?, position(last)?),
        None => (position(span)?, position(span)?),
    };
    let count = (last + 7 - first) % 7 + 1;
    Ok((0..count).map(|day| DAYS[(first + day) % 7].1).collect())
}

fn time(text: &str) -> Result<Time, WindowError> {
    let wrong = || {
        WindowError(format!(
            "`{text}` is no time of day: write one such as `09:00`"
        ))
    };
    let (hour, minute) = text.split_once(':').ok_or_else(wrong)?;
    let number = |part: &str| part.parse::<i8>().ok().filter(|_| part.len() == 2);
    let (hour, minute) = (
        number(hour).ok_or_else(wrong)?,
        number(minute).ok_or_else(wrong)?,
    );
    // The end of the day is the beginning of the next.
    let hour = if (hour, minute) == (24, 0) { 0 } else { hour };
    Time::new(hour, minute, 0, 0).map_err(|_| wrong())
}
