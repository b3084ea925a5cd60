//! Schedules and the times that they come to.

use super::*;

/// The first times after one, in UTC.
fn times(when: &str, after: &str, count: usize) -> Vec<String> {
    let when: When = when.parse().unwrap_or_else(|error| panic!("{error}"));
    let after: Timestamp = after.parse().unwrap();
    let mut last = UnixMillis(after.as_millisecond() as u64);
    let mut times = Vec::new();
    while times.len() < count
        && let Some(next) = when.next(last)
    {
        assert!(next > last, "{when} stands still at {last:?}");
        last = next;
        let time = Timestamp::from_millisecond(next.0 as i64).unwrap();
        times.push(time.to_string().replace(":00Z", "Z"));
    }
    times
}

#[track_caller]
fn check(when: &str, after: &str, expected: &[&str]) {
    assert_eq!(times(when, after, expected.len()), expected, "{when}");
}

#[test]
fn fields_mean_what_they_do_in_cron() {
    let after = "2026-01-01T10:07:30Z"; // A Thursday.
    check(
        "* * * * *",
        after,
        &["2026-01-01T10:08Z", "2026-01-01T10:09Z"],
    );
    check(
        "*/15 * * * *",
        after,
        &["2026-01-01T10:15Z", "2026-01-01T10:30Z"],
    );
    check("7 10 * * *", after, &["2026-01-02T10:07Z"]);
    check(
        "0 9-17/4 * * *",
        after,
        &[
            "2026-01-01T13:00Z",
            "2026-01-01T17:00Z",
            "2026-01-02T09:00Z",
        ],
    );
    check(
        "0,30 12 1 * *",
        after,
        &[
            "2026-01-01T12:00Z",
            "2026-01-01T12:30Z",
            "2026-02-01T12:00Z",
        ],
    );
    check(
        "0 9 * * mon-fri",
        after,
        &["2026-01-02T09:00Z", "2026-01-05T09:00Z"],
    );
    check(
        "0 9 * * SAT,sun",
        after,
        &[
            "2026-01-03T09:00Z",
            "2026-01-04T09:00Z",
            "2026-01-10T09:00Z",
        ],
    );
    check(
        "0 9 * * fri-sun",
        after,
        &[
            "2026-01-02T09:00Z",
            "2026-01-03T09:00Z",
            "2026-01-04T09:00Z",
            "2026-01-09T09:00Z",
        ],
    );
    check("0 9 * * 0", after, &["2026-01-04T09:00Z"]);
    check("0 9 * * 7", after, &["2026-01-04T09:00Z"]);
    check(
        "0 0 1 jan,Jul *",
        after,
        &["2026-07-01T00:00Z", "2027-01-01T00:00Z"],
    );
    // Either day will do, unless one begins with a star.
    check(
        "0 0 13 * fri",
        after,
        &[
            "2026-01-02T00:00Z",
            "2026-01-09T00:00Z",
            "2026-01-13T00:00Z",
        ],
    );
    check(
        "0 0 */2 * fri",
        after,
        &["2026-01-09T00:00Z", "2026-01-23T00:00Z"],
    );
    check(
        "0 0 29 feb *",
        after,
        &["2028-02-29T00:00Z", "2032-02-29T00:00Z"],
    );
    check("0 0 29 2 *", "2096-03-01T00:00:00Z", &["2104-02-29T00:00Z"]);
    check("* 0 29 2 *", "2096-03-01T00:00:00Z", &["2104-02-29T00:00Z"]);
}

#[test]
fn periods_begin_in_1970() {
    check(
        "every 5m",
        "2026-01-01T10:07:30Z",
        &["2026-01-01T10:10Z", "2026-01-01T10:15Z"],
    );
    check(
        "every 30s",
        "2026-01-01T10:07:30Z",
        &["2026-01-01T10:08Z", "2026-01-01T10:08:30Z"],
    );
    check("every 1d", "2026-01-01T10:07:30Z", &["2026-01-02T00:00Z"]);
    let soon: When = "every 10s".parse().unwrap();
    assert_eq!(soon.next(UnixMillis(u64::MAX)), None);
}

#[test]
fn zones_have_their_own_clocks() {
    check(
        "0 9 * * mon-fri Europe/Berlin",
        "2026-03-26T12:00:00Z",
        &["2026-03-27T08:00Z", "2026-03-30T07:00Z"],
    );
    check(
        "0 9 * * * America/New_York",
        "2026-01-01T00:00:00Z",
        &["2026-01-01T14:00Z"],
    );
    check(
        "30 0 * * * Asia/Kolkata",
        "2026-01-01T00:00:00Z",
        &["2026-01-01T19:00Z"],
    );
}

/// In Berlin, 2:00 to 3:00 is skipped on 29 March 2026, and shown twice on 25 October.
#[test]
fn clocks_that_are_put_forward_and_back_are_as_in_vixie_cron() {
    let (spring, autumn) = ("2026-03-28T12:00:00Z", "2026-10-24T12:00:00Z");
    // Meant for a time of the day: once, when it is skipped, and then as ever.
    check(
        "30 2 * * * Europe/Berlin",
        spring,
        &["2026-03-29T01:00Z", "2026-03-30T00:30Z"],
    );
    check(
        "0,30 2 * * * Europe/Berlin",
        spring,
        &["2026-03-29T01:00Z", "2026-03-30T00:00Z"],
    );
    check(
        "0 3 * * * Europe/Berlin",
        spring,
        &["2026-03-29T01:00Z", "2026-03-30T01:00Z"],
    );
    check(
        "30 2 * * * Europe/Berlin",
        autumn,
        &["2026-10-25T00:30Z", "2026-10-26T01:30Z"],
    );
    check(
        "30 2 * * * Europe/Berlin",
        "2026-10-25T00:45:00Z",
        &["2026-10-26T01:30Z"],
    );
    // By what clocks show.
    check(
        "30 * * * * Europe/Berlin",
        "2026-03-29T00:00:00Z",
        &["2026-03-29T00:30Z", "2026-03-29T01:30Z"],
    );
    check(
        "*/30 2 * * * Europe/Berlin",
        spring,
        &["2026-03-30T00:00Z", "2026-03-30T00:30Z"],
    );
    check(
        "30 * * * * Europe/Berlin",
        "2026-10-25T00:00:00Z",
        &[
            "2026-10-25T00:30Z",
            "2026-10-25T01:30Z",
            "2026-10-25T02:30Z",
        ],
    );
    check(
        "*/30 2 * * * Europe/Berlin",
        autumn,
        &[
            "2026-10-25T00:00Z",
            "2026-10-25T00:30Z",
            "2026-10-25T01:00Z",
            "2026-10-25T01:30Z",
            "2026-10-26T01:00Z",
        ],
    );
    check(
        "every 1h",
        "2026-03-29T00:30:00Z",
        &["2026-03-29T01:00Z", "2026-03-29T02:00Z"],
    );
    // A zone that left out a day.
    check(
        "0 9 * * * Pacific/Apia",
        "2011-12-29T18:00:00Z",
        &[
            "2011-12-29T19:00Z",
            "2011-12-30T10:00Z",
            "2011-12-30T19:00Z",
        ],
    );
}

#[test]
fn what_is_no_schedule_is_told_with_what_to_write() {
    let errors: Vec<String> = [
        "",
        "daily",
        "* * * *",
        "* * * * * *",
        "60 * * * *",
        "* 24 * * *",
        "* * 0 * *",
        "* * * 13 *",
        "* * * * 8",
        "5-1 * * * *",
        "5/2 * * * *",
        "*/0 * * * *",
        "*/99 * * * *",
        ", * * * *",
        "+1 * * * *",
        "* * L * *",
        "* * * * mon#1",
        "0 0 30 2 *",
        "0 0 31 4,6 *",
        "0 9 * * * Europe/Berlim",
        "every",
        "every day",
        "every 5",
        "every 9s",
        "every 400d",
        "every 5m UTC",
    ]
    .map(|text| format!("{text}: {}", text.parse::<When>().unwrap_err()))
    .to_vec();
    insta::assert_snapshot!(errors.join("\n"), @r#"
    : a schedule has five fields (minute, hour, day, month, day of the week) and perhaps a time zone, such as `0 9 * * mon-fri Europe/Berlin`, or is `every 5m`
    daily: a schedule has five fields (minute, hour, day, month, day of the week) and perhaps a time zone, such as `0 9 * * mon-fri Europe/Berlin`, or is `every 5m`
    * * * *: a schedule has five fields (minute, hour, day, month, day of the week) and perhaps a time zone, such as `0 9 * * mon-fri Europe/Berlin`, or is `every 5m`
    * * * * * *: there is no time zone `*`: write one such as `UTC`, `Europe/Berlin` or `America/New_York`
    60 * * * *: `60` is no minute: write `*`, a number from 0 to 59, a range such as `0-59`, one of these two with a step such as `*/2`, or several of them with commas
    * 24 * * *: `24` is no hour: write `*`, a number from 0 to 23, a range such as `0-23`, one of these two with a step such as `*/2`, or several of them with commas
    * * 0 * *: `0` is no day of the month: write `*`, a number from 1 to 31, a range such as `1-31`, one of these two with a step such as `*/2`, or several of them with commas
    * * * 13 *: `13` is no month: write `*`, a number from 1 to 12 (or `jan` to `dec`), a range such as `1-12`, one of these two with a step such as `*/2`, or several of them with commas
    * * * * 8: `8` is no day of the week: write `*`, a number from 0 to 7 (or `sun` to `sat`), a range such as `0-7`, one of these two with a step such as `*/2`, or several of them with commas
    5-1 * * * *: `5-1` is no minute: write `*`, a number from 0 to 59, a range such as `0-59`, one of these two with a step such as `*/2`, or several of them with commas
    5/2 * * * *: `5/2` is no minute: write `*`, a number from 0 to 59, a range such as `0-59`, one of these two with a step such as `*/2`, or several of them with commas
    */0 * * * *: `*/0` is no minute: write `*`, a number from 0 to 59, a range such as `0-59`, one of these two with a step such as `*/2`, or several of them with commas
    */99 * * * *: `*/99` is no minute: write `*`, a number from 0 to 59, a range such as `0-59`, one of these two with a step such as `*/2`, or several of them with commas
    , * * * *: `` is no minute: write `*`, a number from 0 to 59, a range such as `0-59`, one of these two with a step such as `*/2`, or several of them with commas
    +1 * * * *: `+1` is no minute: write `*`, a number from 0 to 59, a range such as `0-59`, one of these two with a step such as `*/2`, or several of them with commas
    * * L * *: `L` is no day of the month: write `*`, a number from 1 to 31, a range such as `1-31`, one of these two with a step such as `*/2`, or several of them with commas
    * * * * mon#1: `mon#1` is no day of the week: write `*`, a number from 0 to 7 (or `sun` to `sat`), a range such as `0-7`, one of these two with a step such as `*/2`, or several of them with commas
    0 0 30 2 *: there is no such day in the calendar: look at the day of the month
    0 0 31 4,6 *: there is no such day in the calendar: look at the day of the month
    0 9 * * * Europe/Berlim: there is no time zone `Europe/Berlim`: write one such as `UTC`, `Europe/Berlin` or `America/New_York`
    every: a schedule has five fields (minute, hour, day, month, day of the week) and perhaps a time zone, such as `0 9 * * mon-fri Europe/Berlin`, or is `every 5m`
    every day: `day` is no length of time: write one such as `30s`, `5m` or `1h`
    every 5: `5` is no length of time: write one such as `30s`, `5m` or `1h`
    every 9s: `every 9s` is not between 10 s and 366 days
    every 400d: `every 400d` is not between 10 s and 366 days
    every 5m UTC: `every` is the same everywhere: leave `UTC` out
    "#);
    let long = format!("{} * * * *", "1,".repeat(200) + "1");
    assert!(long.parse::<When>().is_err());
}

#[test]
fn how_often_is_told_by_the_shortest_time_between() {
    const MINUTE: u64 = 60_000;
    const DAY: u64 = 24 * 60 * MINUTE;
    for (when, gap) in [
        ("every 30s", 30_000),
        ("* * * * *", MINUTE),
        ("*/5 * * * *", 5 * MINUTE),
        ("0,50 * * * *", 10 * MINUTE),
        ("0 9,17 * * *", 8 * 60 * MINUTE),
        ("0 9 * * * Europe/Berlin", DAY),
        ("0 0,23 * * *", 60 * MINUTE),
        ("0 0,23 * * mon", 23 * 60 * MINUTE),
        ("0 9 * * mon", 7 * DAY),
        ("0 9 * * mon,tue", DAY),
        ("0 9 1 * *", 28 * DAY),
        ("* 0 1 1 *", MINUTE),
        ("0 0 29 2 *", 4 * 365 * DAY + DAY),
    ] {
        assert_eq!(when.parse::<When>().unwrap().gap_ms(), gap, "{when}");
    }
}

#[test]
fn what_is_kept_is_what_is_allowed_and_not_off() {
    let when = |text: &str| text.parse::<When>().unwrap();
    let declared = ["every 5m", "every 1h", "0 9 * * *"]
        .map(|text| (text.replace(' ', "-"), when(text)))
        .to_vec();
    let grants = |text: &str| -> Vec<ScheduleGrant> {
        vec![ScheduleGrant {
            at_most_every: text.parse().unwrap(),
        }]
    };
    let kept = |grants: &[ScheduleGrant], changed: Option<&str>| -> Vec<String> {
        let made_of = |id: &str| match changed {
            Some(changed) if id == "every-1h" => Some(changed.parse::<Override>().unwrap()),
            _ => None,
        };
        let kept = kept(&declared, made_of, grants);
        kept.iter()
            .map(|kept| format!("{} {}", kept.id, kept.when))
            .collect()
    };
    assert_eq!(kept(&[], None), [] as [&str; 0]);
    assert_eq!(
        kept(&grants("1h"), None),
        ["every-1h every 1h", "0-9-*-*-* 0 9 * * *"]
    );
    assert_eq!(kept(&grants("1h"), Some("off")), ["0-9-*-*-* 0 9 * * *"]);
    assert_eq!(
        kept(&grants("1h"), Some("every 2h")),
        ["every-1h every 2h", "0-9-*-*-* 0 9 * * *"]
    );
    assert_eq!(
        kept(&grants("1h"), Some("every 30m")),
        ["0-9-*-*-* 0 9 * * *"]
    );
    assert_eq!(kept(&grants("10s"), None).len(), 3);
}
