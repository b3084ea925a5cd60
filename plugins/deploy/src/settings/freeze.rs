//! A time in which nothing is deployed.

use jiff::Timestamp;
use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use serde::Deserialize;

/// A freeze: every week on some days, between two dates, or both. Hours can narrow it down.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Freeze {
    /// On which days: `mon` to `sun`. All, unless named.
    #[serde(default)]
    pub days: Vec<Day>,
    /// From which time of the day, such as `16:00`: from its beginning, unless set.
    pub from: Option<String>,
    /// Until which time of the day. Earlier than `from`: on the next day. To its end, unless set.
    pub to: Option<String>,
    /// From which date, such as `2026-12-21`.
    pub since: Option<String>,
    /// To which date, which is part of it.
    pub until: Option<String>,
    /// Where the days and hours are meant, such as `Europe/Berlin`.
    #[serde(default = "utc")]
    pub zone: String,
    /// Why, for people.
    pub reason: Option<String>,
}

fn utc() -> String {
    "UTC".to_owned()
}

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Day {
    /// Monday.
    Mon,
    /// Tuesday.
    Tue,
    /// Wednesday.
    Wed,
    /// Thursday.
    Thu,
    /// Friday.
    Fri,
    /// Saturday.
    Sat,
    /// Sunday.
    Sun,
}

impl Day {
    fn is(self, weekday: Weekday) -> bool {
        let own = match self {
            Day::Mon => Weekday::Monday,
            Day::Tue => Weekday::Tuesday,
            Day::Wed => Weekday::Wednesday,
            Day::Thu => Weekday::Thursday,
            Day::Fri => Weekday::Friday,
            Day::Sat => Weekday::Saturday,
            Day::Sun => Weekday::Sunday,
        };
        own == weekday
    }
}

impl Freeze {
    /// What is wrong with it: the key, and why.
    pub fn mistakes(&self) -> Vec<(&'static str, String)> {
        let mut wrong = Vec::new();
        for (key, value) in [("from", &self.from), ("to", &self.to)] {
            if let Some(value) = value.as_ref().filter(|value| time(value).is_none()) {
                wrong.push((
                    key,
                    format!("`{value}` is no time of the day: write it as `16:00`"),
                ));
            }
        }
        for (key, value) in [("since", &self.since), ("until", &self.until)] {
            if let Some(value) = value.as_ref().filter(|value| date(value).is_none()) {
                wrong.push((
                    key,
                    format!("`{value}` is no date: write it as `2026-12-21`"),
                ));
            }
        }
        if TimeZone::get(&self.zone).is_err() {
            let reason = format!(
                "`{}` is no time zone: write it as `Europe/Berlin` or `UTC`",
                self.zone
            );
            wrong.push(("zone", reason));
        }
        wrong
    }

    /// Whether it holds at a time, in milliseconds since 1970. What cannot be understood holds always: it was meant to
    /// keep something from being deployed.
    pub fn holds_at(&self, milliseconds: u64) -> bool {
        self.looked_up(milliseconds).unwrap_or(true)
    }

    fn looked_up(&self, milliseconds: u64) -> Option<bool> {
        let zone = TimeZone::get(&self.zone).ok()?;
        let timestamp = Timestamp::from_millisecond(i64::try_from(milliseconds).ok()?).ok()?;
        let now = zone.to_datetime(timestamp);
        let from = optional(&self.from, time)?.unwrap_or(Time::midnight());
        let to = optional(&self.to, time)?;
        let since = optional(&self.since, date)?;
        let until = optional(&self.until, date)?;
        let on = |day: Date| {
            (self.days.is_empty() || self.days.iter().any(|own| own.is(day.weekday())))
                && since.is_none_or(|since| since <= day)
                && until.is_none_or(|until| day <= until)
        };
        let (today, clock) = (now.date(), now.time());
        Some(match to {
            None => on(today) && from <= clock,
            Some(to) if from < to => on(today) && from <= clock && clock < to,
            // It goes on past midnight, and belongs to the day on which it began.
            Some(to) => {
                let yesterday = today.yesterday().ok()?;
                (on(today) && from <= clock) || (on(yesterday) && clock < to)
            }
        })
    }

    /// When it holds, in words.
    pub fn when(&self) -> String {
        let mut words = Vec::new();
        if !self.days.is_empty() {
            let days: Vec<String> = self.days.iter().map(|day| format!("{day:?}")).collect();
            words.push(format!("on {}", days.join(", ")));
        }
        if let Some(from) = &self.from {
            words.push(format!("from {from}"));
        }
        if let Some(to) = &self.to {
            words.push(format!("to {to}"));
        }
        match (&self.since, &self.until) {
            (Some(since), Some(until)) => words.push(format!("from {since} until {until}")),
            (Some(since), None) => words.push(format!("since {since}")),
            (None, Some(until)) => words.push(format!("until {until}")),
            (None, None) => {}
        }
        words.push(format!("({})", self.zone));
        words.join(" ")
    }
}

/// What is not there is none, and what cannot be understood is nothing at all.
fn optional<T>(text: &Option<String>, read: fn(&str) -> Option<T>) -> Option<Option<T>> {
    match text {
        None => Some(None),
        Some(text) => read(text).map(Some),
    }
}

fn time(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':')?;
    Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
}

fn date(text: &str) -> Option<Date> {
    let mut parts = text.splitn(3, '-');
    let year = parts.next()?.parse().ok()?;
    let month = parts.next()?.parse().ok()?;
    Date::new(year, month, parts.next()?.parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn freeze(json: &str) -> Freeze {
        serde_json::from_str(json).unwrap()
    }

    fn at(time: &str) -> u64 {
        let time: Timestamp = time.parse().unwrap();
        u64::try_from(time.as_millisecond()).unwrap()
    }

    #[test]
    fn a_freeze_holds_on_its_days_and_at_its_hours() {
        // 2026-11-27 is a Friday. Berlin is an hour ahead of UTC in winter.
        let friday = r#"{ "days": ["fri"], "from": "16:00", "zone": "Europe/Berlin" }"#;
        let night = r#"{ "days": ["fri"], "from": "22:00", "to": "06:00" }"#;
        let dates = r#"{ "since": "2026-12-21", "until": "2027-01-02" }"#;
        let lunch = r#"{ "from": "12:00", "to": "13:00" }"#;
        let table = [
            (friday, "2026-11-27T14:59:59Z", false),
            (friday, "2026-11-27T15:00:00Z", true),
            (friday, "2026-11-27T22:59:59Z", true),
            (friday, "2026-11-27T23:00:00Z", false),
            // In summer it is two hours ahead.
            (friday, "2026-07-03T14:00:00Z", true),
            (night, "2026-11-27T21:59:00Z", false),
            (night, "2026-11-27T22:00:00Z", true),
            (night, "2026-11-28T05:59:00Z", true),
            (night, "2026-11-28T06:00:00Z", false),
            (night, "2026-11-27T05:00:00Z", false),
            (dates, "2026-12-20T23:59:59Z", false),
            (dates, "2026-12-21T00:00:00Z", true),
            (dates, "2027-01-02T23:59:59Z", true),
            (dates, "2027-01-03T00:00:00Z", false),
            (lunch, "2026-11-27T12:30:00Z", true),
            (lunch, "2026-11-27T13:00:00Z", false),
            ("{}", "2026-11-27T13:00:00Z", true),
        ];
        for (json, time, expected) in table {
            assert_eq!(freeze(json).holds_at(at(time)), expected, "{json} {time}");
        }
    }

    #[test]
    fn mistakes_are_named_and_hold_always() {
        let wrong = freeze(r#"{ "from": "4pm", "until": "Monday", "zone": "Mars/Base" }"#);
        let keys: Vec<&str> = wrong.mistakes().iter().map(|(key, _)| *key).collect();
        assert_eq!(keys, ["from", "until", "zone"]);
        assert!(wrong.holds_at(0));
        assert!(
            freeze(r#"{ "to": "24:00" }"#).mistakes()[0]
                .1
                .contains("24:00")
        );
        assert!(freeze(r#"{ "days": ["sat"] }"#).mistakes().is_empty());
    }

    #[test]
    fn a_freeze_is_told_in_words() {
        let friday =
            freeze(r#"{ "days": ["fri", "sat"], "from": "16:00", "zone": "Europe/Berlin" }"#);
        assert_eq!(friday.when(), "on Fri, Sat from 16:00 (Europe/Berlin)");
        let dates = freeze(r#"{ "since": "2026-12-21", "until": "2027-01-02" }"#);
        assert_eq!(dates.when(), "from 2026-12-21 until 2027-01-02 (UTC)");
    }
}
