//! What is wrong with settings, all of it at once, told before anything is watched.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::time::Duration;

use witbot_sdk::config::Wrong;

use super::{Check, Environment, Length, Method, Settings};
use crate::limits::{CHECKS_MAX, LOOK_MAX, NAME_CHARS_MAX, PLACES_MAX, REQUESTS_A_MINUTE_MAX};
use crate::words::precise;

/// The clock calls every 30 s, and what is looked at once a day is not watched.
const EVERY: RangeInclusive<Duration> = Duration::from_secs(30)..=Duration::from_secs(24 * 3_600);
/// A request takes 30 s at most.
const TIMEOUT: RangeInclusive<Duration> = Duration::from_millis(100)..=Duration::from_secs(30);
/// Who waits for more looks than these learns of nothing.
const IN_A_ROW: RangeInclusive<u32> = 1..=20;
/// Certificates are valid for about a year.
const CERTIFICATE_DAYS_MAX: u32 = 398;
/// Words that are commands about applications.
const VERBS: [&str; 2] = ["mute", "unmute"];

/// Every mistake, with its place.
pub fn check(settings: &Settings) -> Vec<Wrong> {
    let mut wrong = Vec::new();
    let at = Place(Vec::new()).at("apps");
    if settings.channel.as_deref().is_some_and(is_blank) {
        wrong.push(Wrong::at(&["channel"], "name a channel, such as `ops`"));
    }
    for (app, environments) in &settings.apps {
        let at = at.at(app);
        look_at_name(&at, app, "an application", &mut wrong);
        if VERBS.contains(&app.to_lowercase().as_str()) {
            wrong.push(at.wrong(format!("`health {app}` is a command: use another name")));
        }
        look_at_case(&at, environments.keys(), &mut wrong);
        for (name, environment) in environments {
            let at = at.at(name);
            look_at_name(&at, name, "an environment", &mut wrong);
            look_at_channel(&at, settings, environment, &mut wrong);
            look_at_environment(&at, environment, &mut wrong);
        }
    }
    look_at_case(&at, settings.apps.keys(), &mut wrong);
    wrong.extend(too_much(settings).map(|reason| at.wrong(reason)));
    wrong
}

/// Where in the settings something stands.
#[derive(Clone)]
struct Place(Vec<String>);

impl Place {
    fn at(&self, key: impl ToString) -> Place {
        let mut keys = self.0.clone();
        keys.push(key.to_string());
        Place(keys)
    }

    fn wrong(&self, reason: impl Into<String>) -> Wrong {
        let keys: Vec<&str> = self.0.iter().map(String::as_str).collect();
        Wrong::at(&keys, reason)
    }
}

fn is_blank(text: &str) -> bool {
    text.trim().is_empty()
}

/// What people can type: spaces, slashes and quotation marks end a name in a command.
fn look_at_name(at: &Place, name: &str, what: &str, wrong: &mut Vec<Wrong>) {
    let ends = |c: char| c.is_whitespace() || c.is_control() || "/\"“”`".contains(c);
    if name.is_empty() || name.chars().count() > NAME_CHARS_MAX || name.contains(ends) {
        wrong.push(at.wrong(format!(
            "`{name}` cannot name {what}: use 1 to {NAME_CHARS_MAX} characters, no spaces, slashes or quotation marks"
        )));
    }
}

/// People type names in any case of letters.
fn look_at_case<'a>(at: &Place, names: impl Iterator<Item = &'a String>, wrong: &mut Vec<Wrong>) {
    let mut known = BTreeSet::new();
    for name in names {
        if !known.insert(name.to_ascii_lowercase()) {
            let reason = format!("`{name}` is there twice, in other letters: rename one of them");
            wrong.push(at.at(name).wrong(reason));
        }
    }
}

fn look_at_channel(at: &Place, settings: &Settings, own: &Environment, wrong: &mut Vec<Wrong>) {
    let reason = match (&own.channel, &settings.channel) {
        (Some(channel), _) if is_blank(channel) => "name a channel, such as `ops`, or leave it out",
        (None, None) => "name a channel here, or one for all as the setting `channel`",
        _ => return,
    };
    wrong.push(at.at("channel").wrong(reason));
}

fn look_at_environment(at: &Place, environment: &Environment, wrong: &mut Vec<Wrong>) {
    look_at_length(&at.at("every"), environment.every, EVERY, wrong);
    for (key, looks) in [
        ("fail_after", environment.fail_after),
        ("recover_after", environment.recover_after),
    ] {
        if !IN_A_ROW.contains(&looks) {
            let (least, most) = IN_A_ROW.into_inner();
            wrong.push(at.at(key).wrong(format!("write {least} to {most} looks")));
        }
    }
    let at = at.at("checks");
    let count = environment.checks.len();
    if !(1..=CHECKS_MAX).contains(&count) {
        let reason = format!("there are {count} checks: write 1 to {CHECKS_MAX}");
        wrong.push(at.wrong(reason));
    }
    if environment.look_max() > LOOK_MAX {
        wrong.push(at.wrong(format!(
            "if no check is answered, a look takes {}: make the sum of all `timeout` at most {}",
            precise(environment.look_max()),
            precise(LOOK_MAX)
        )));
    }
    let mut names = BTreeSet::new();
    for (index, check) in environment.checks.iter().enumerate() {
        let at = at.at(index);
        look_at_check_name(&at.at("name"), &check.name, &mut names, wrong);
        look_at_check(&at, check, wrong);
    }
}

fn look_at_check_name<'a>(
    at: &Place,
    name: &'a str,
    names: &mut BTreeSet<&'a str>,
    wrong: &mut Vec<Wrong>,
) {
    let length = name.chars().count();
    if is_blank(name) || length > NAME_CHARS_MAX || name.contains(char::is_control) {
        let reason = format!("name the check in 1 to {NAME_CHARS_MAX} characters, on one line");
        wrong.push(at.wrong(reason));
    }
    if !names.insert(name) {
        wrong.push(at.wrong(format!(
            "two checks are called `{name}`: rename one of them"
        )));
    }
}

fn look_at_check(at: &Place, check: &Check, wrong: &mut Vec<Wrong>) {
    if let Err(reason) = address(&check.url) {
        wrong.push(at.at("url").wrong(reason));
    }
    look_at_length(&at.at("timeout"), check.timeout, TIMEOUT, wrong);
    if let Some(latency) = check.latency
        && !(Duration::from_millis(1)..=check.timeout.0).contains(&latency.0)
    {
        let reason = format!("write 1ms to the `timeout`, which is {}", check.timeout);
        wrong.push(at.at("latency").wrong(reason));
    }
    for (index, status) in check.status.iter().enumerate() {
        if !(100..600).contains(status) {
            let reason = format!("`{status}` is no status: they are from 100 to 599");
            wrong.push(at.at("status").at(index).wrong(reason));
        }
    }
    look_at_body(at, check, wrong);
    if check.certificate_days > CERTIFICATE_DAYS_MAX {
        let reason = format!("write 0 to {CERTIFICATE_DAYS_MAX} days");
        wrong.push(at.at("certificate_days").wrong(reason));
    }
}

fn look_at_body(at: &Place, check: &Check, wrong: &mut Vec<Wrong>) {
    for pointer in check.json.keys() {
        if !pointer.is_empty() && !pointer.starts_with('/') {
            let reason = format!("`{pointer}` is no JSON pointer: write `/{pointer}`");
            wrong.push(at.at("json").at(pointer).wrong(reason));
        }
    }
    if check.contains.as_deref() == Some("") {
        let reason = "any answer contains nothing: write a text, or leave it out";
        wrong.push(at.at("contains").wrong(reason));
    }
    let reads = [
        ("json", !check.json.is_empty()),
        ("contains", check.contains.is_some()),
    ];
    for (key, _) in reads.into_iter().filter(|(_, is_read)| *is_read) {
        if check.method == Method::Head {
            let reason = "an answer to `HEAD` has no body: ask with `GET`";
            wrong.push(at.at(key).wrong(reason));
        }
    }
}

/// Whether it is one that can be asked.
fn address(url: &str) -> Result<(), String> {
    let rest = ["http://", "https://"]
        .into_iter()
        .find_map(|scheme| url.strip_prefix(scheme))
        .ok_or_else(|| {
            format!(
                "`{url}` is no address: it begins with `https://` or `http://`, in small letters"
            )
        })?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let host = &rest[..end];
    if host.contains('@') {
        return Err("leave out the password: the grant can add it as a header".to_owned());
    }
    if host.is_empty() || url.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(format!(
            "`{url}` is no address such as `https://api.example.com/health`"
        ));
    }
    Ok(())
}

fn look_at_length(
    at: &Place,
    length: Length,
    allowed: RangeInclusive<Duration>,
    wrong: &mut Vec<Wrong>,
) {
    if !allowed.contains(&length.0) {
        let (least, most) = allowed.into_inner();
        let reason = format!("write {} to {}", written(least), written(most));
        wrong.push(at.wrong(reason));
    }
}

/// A length as it is typed.
fn written(length: Duration) -> String {
    match length.as_millis() {
        milliseconds if milliseconds % 3_600_000 == 0 => format!("{}h", milliseconds / 3_600_000),
        milliseconds if milliseconds % 1_000 == 0 => format!("{}s", milliseconds / 1_000),
        milliseconds => format!("{milliseconds}ms"),
    }
}

/// What cannot be done by one plugin in time, so that it would be looked at less often than it is written.
fn too_much(settings: &Settings) -> Option<String> {
    let environments = || settings.apps.values().flat_map(|app| app.values());
    let count = environments().count();
    if count > PLACES_MAX {
        return Some(format!(
            "{count} environments are too many: at most {PLACES_MAX} are watched"
        ));
    }
    let a_minute: f64 = environments()
        .map(|one| one.checks.len() as f64 * 60.0 / one.every.0.as_secs_f64().max(1.0))
        .sum();
    (a_minute > REQUESTS_A_MINUTE_MAX).then(|| {
        format!(
            "all checks together are {} requests a minute, and {REQUESTS_A_MINUTE_MAX} can be made: raise `every`",
            a_minute.ceil()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::super::example;
    use super::*;

    fn wrong(document: &str) -> Vec<(String, String)> {
        let settings: Settings = witbot_sdk::config::parse(document).unwrap();
        let wrong = check(&settings).into_iter();
        wrong.map(|wrong| (wrong.pointer, wrong.reason)).collect()
    }

    fn places(document: &str) -> Vec<String> {
        wrong(document)
            .into_iter()
            .map(|(place, _)| place)
            .collect()
    }

    /// Of an environment with one check, that has this besides.
    fn of_check(fields: &str) -> Vec<String> {
        places(&format!(
            r#"{{"channel": "ops", "apps": {{"api": {{"live": {{"checks": [{{"name": "web", {fields}}}]}}}}}}}}"#
        ))
    }

    #[test]
    fn the_example_is_right() {
        assert_eq!(check(&example()), []);
    }

    #[test]
    fn a_mistake_in_a_check_has_its_place() {
        let url = r#""url": "https://a.example/""#;
        for (fields, place) in [
            (r#""url": "a.example""#.to_owned(), "url"),
            (r#""url": "https://""#.to_owned(), "url"),
            (r#""url": "https://me:secret@a.example/""#.to_owned(), "url"),
            (r#""url": "https://a b.example/""#.to_owned(), "url"),
            (format!(r#"{url}, "timeout": "31s""#), "timeout"),
            (format!(r#"{url}, "latency": "6s""#), "latency"),
            (format!(r#"{url}, "latency": "0s""#), "latency"),
            (format!(r#"{url}, "status": [200, 42]"#), "status/1"),
            (format!(r#"{url}, "json": {{"status": 1}}"#), "json/status"),
            (format!(r#"{url}, "contains": """#), "contains"),
            (
                format!(r#"{url}, "method": "HEAD", "contains": "x""#),
                "contains",
            ),
            (
                format!(r#"{url}, "method": "HEAD", "json": {{"": 1}}"#),
                "json",
            ),
            (
                format!(r#"{url}, "certificate_days": 400"#),
                "certificate_days",
            ),
        ] {
            let expected = format!("/apps/api/live/checks/0/{place}");
            assert_eq!(of_check(&fields), [expected], "{fields}");
        }
    }

    #[test]
    fn a_mistake_in_an_environment_has_its_place() {
        let web = r#"{"name": "web", "url": "https://a.example/"}"#;
        let environment = |fields: &str, checks: &str| {
            places(&format!(
                r#"{{"apps": {{"api": {{"live": {{"channel": "ops", {fields} "checks": [{checks}]}}}}}}}}"#
            ))
        };
        assert_eq!(
            environment(r#""every": "10s","#, web),
            ["/apps/api/live/every"]
        );
        assert_eq!(
            environment(r#""fail_after": 0,"#, web),
            ["/apps/api/live/fail_after"]
        );
        assert_eq!(environment("", ""), ["/apps/api/live/checks"]);
        let twice = environment("", &format!("{web}, {web}"));
        assert_eq!(twice, ["/apps/api/live/checks/1/name"]);
        let many: Vec<String> = (0..21)
            .map(|n| web.replace("web", &format!("{n}")))
            .collect();
        assert!(environment("", &many.join(",")).contains(&"/apps/api/live/checks".to_owned()));
        let slow = web.replace("/\"}", "/\", \"timeout\": \"30s\"}");
        let slow: Vec<String> = (0..4)
            .map(|n| slow.replace("web", &format!("{n}")))
            .collect();
        assert_eq!(environment("", &slow.join(",")), ["/apps/api/live/checks"]);
    }

    #[test]
    fn names_can_be_typed_and_somebody_can_be_told() {
        let document = |app: &str, environment: &str, channel: &str| {
            format!(
                r#"{{{channel} "apps": {{"{app}": {{"{environment}": {{"checks": [{{"name": "web", "url": "https://a.example/"}}]}}}}}}}}"#
            )
        };
        let ops = r#""channel": "ops","#;
        assert_eq!(
            places(&document("api", "live", "")),
            ["/apps/api/live/channel"]
        );
        assert_eq!(places(&document("my api", "live", ops)), ["/apps/my api"]);
        assert_eq!(places(&document("mute", "live", ops)), ["/apps/mute"]);
        assert_eq!(places(&document("api", "a/b", ops)), ["/apps/api/a~1b"]);
        assert_eq!(
            places(&document("api", "live", r#""channel": " ","#)),
            ["/channel"]
        );
    }

    #[test]
    fn more_than_can_be_done_is_refused() {
        let checks: Vec<String> = (0..7)
            .map(|n| format!(r#"{{"name": "{n}", "url": "https://a.example/"}}"#))
            .collect();
        let environments: Vec<String> = (0..3)
            .map(|n| {
                format!(
                    r#""e{n}": {{"every": "30s", "checks": [{}]}}"#,
                    checks.join(",")
                )
            })
            .collect();
        let document = format!(
            r#"{{"channel": "ops", "apps": {{"api": {{{}}}}}}}"#,
            environments.join(",")
        );
        let (place, reason) = wrong(&document).remove(0);
        assert_eq!(place, "/apps");
        assert_eq!(
            reason,
            "all checks together are 42 requests a minute, and 40 can be made: raise `every`"
        );
    }
}
