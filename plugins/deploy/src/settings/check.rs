//! What is wrong with settings, all of it at once, told before anybody deploys.

use std::ops::RangeInclusive;

use witbot_sdk::config::Wrong;

use super::app::App;
use super::environment::Environment;
use super::{Settings, freeze::Freeze};

/// What is not healthy within an hour is not going to be.
const HEALTH_MINUTES: RangeInclusive<u32> = 1..=60;

/// Every mistake, with its place.
pub fn check(settings: &Settings) -> Vec<Wrong> {
    let mut wrong = Vec::new();
    for (key, minutes) in [
        ("timeout_minutes", settings.timeout_minutes),
        ("silent_minutes", settings.silent_minutes),
    ] {
        // A run waits 30 days at most.
        if !(1..=43_200).contains(&minutes) {
            wrong.push(Wrong::at(&[key], "write 1 to 43200 minutes"));
        }
    }
    for (name, app) in &settings.apps {
        let place = Place(vec!["apps", name]);
        look_at_name(&place, name, "an application", &mut wrong);
        look_at_app(&place, app, &mut wrong);
    }
    for (alias, name) in &settings.aliases {
        let mut apps = settings.apps.values();
        if !apps.any(|app| app.environments.contains_key(name)) {
            let reason = format!("no application has an environment `{name}`");
            wrong.push(Wrong::at(&["aliases", alias], reason));
        }
    }
    for (person, login) in &settings.people {
        if login.is_empty() || login.contains(|c: char| !(c.is_ascii_alphanumeric() || c == '-')) {
            let reason = format!("`{login}` is nobody at GitHub: write the name without `@`");
            wrong.push(Wrong::at(&["people", person], reason));
        }
    }
    wrong
}

/// Where in the settings something stands.
#[derive(Clone)]
struct Place<'a>(Vec<&'a str>);

impl<'a> Place<'a> {
    fn at(&self, key: &'a str) -> Place<'a> {
        let mut keys = self.0.clone();
        keys.push(key);
        Place(keys)
    }

    fn wrong(&self, reason: impl Into<String>) -> Wrong {
        Wrong::at(&self.0, reason)
    }
}

fn look_at_app(place: &Place<'_>, app: &App, wrong: &mut Vec<Wrong>) {
    if !is_repository(&app.repository) {
        let reason = format!(
            "`{}` is no repository: write it as `owner/name`",
            app.repository
        );
        wrong.push(place.at("repository").wrong(reason));
    }
    let environments = place.at("environments");
    if app.environments.is_empty() {
        wrong.push(environments.wrong("name one environment at least"));
    }
    let default = app.default_environment.as_ref();
    if let Some(name) = default.filter(|name| !app.environments.contains_key(*name)) {
        let reason = format!("`{name}` is not among the `environments`");
        wrong.push(place.at("default_environment").wrong(reason));
    }
    look_at_freezes(place, &app.freezes, wrong);
    for (name, environment) in &app.environments {
        let place = environments.at(name);
        look_at_name(&place, name, "an environment", wrong);
        look_at_environment(&place, app, name, environment, wrong);
    }
}

/// What people can type: spaces and slashes end a name in a command.
fn look_at_name(place: &Place<'_>, name: &str, what: &str, wrong: &mut Vec<Wrong>) {
    if name.is_empty() || name.contains(|c: char| c.is_whitespace() || c.is_control() || c == '/') {
        let reason = format!("`{name}` cannot name {what}: use no spaces and no `/`");
        wrong.push(place.wrong(reason));
    }
}

fn look_at_environment(
    place: &Place<'_>,
    app: &App,
    name: &str,
    environment: &Environment,
    wrong: &mut Vec<Wrong>,
) {
    if let Some(after) = &environment.after {
        let mut reason = None;
        if !app.environments.contains_key(after) {
            reason = Some(format!("`{after}` is not among the `environments`"));
        } else if goes_round(app, name) {
            reason = Some("these environments wait for each other".to_owned());
        }
        wrong.extend(reason.map(|reason| place.at("after").wrong(reason)));
    }
    if let Some(url) = environment.url.as_ref().filter(|url| !is_address(url)) {
        let reason = format!("`{url}` is no address: it begins with `https://`");
        wrong.push(place.at("url").wrong(reason));
    }
    let minutes = environment.health_minutes;
    if minutes.is_some_and(|minutes| !HEALTH_MINUTES.contains(&minutes)) {
        let reason = "write 1 to 60 minutes, or leave it out";
        wrong.push(place.at("health_minutes").wrong(reason));
    }
    look_at_freezes(place, &environment.freezes, wrong);
}

/// Whether an environment comes after itself.
fn goes_round(app: &App, name: &str) -> bool {
    let mut at = name;
    for _ in 0..app.environments.len() {
        let before = app
            .environments
            .get(at)
            .and_then(|one| one.after.as_deref());
        match before {
            None => return false,
            Some(before) if before == name => return true,
            Some(before) => at = before,
        }
    }
    false
}

fn look_at_freezes(place: &Place<'_>, freezes: &[Freeze], wrong: &mut Vec<Wrong>) {
    for (index, freeze) in freezes.iter().enumerate() {
        let index = index.to_string();
        for (key, reason) in freeze.mistakes() {
            let place = Place(place.0.clone()).at("freezes");
            let keys: Vec<&str> = place
                .0
                .iter()
                .copied()
                .chain([index.as_str(), key])
                .collect();
            wrong.push(Wrong::at(&keys, reason));
        }
    }
}

fn is_repository(text: &str) -> bool {
    let part = |part: &str| {
        !part.is_empty()
            && part
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
    };
    text.split_once('/')
        .is_some_and(|(owner, name)| part(owner) && part(name))
}

fn is_address(text: &str) -> bool {
    text.starts_with("https://") || text.starts_with("http://")
}

#[cfg(test)]
mod tests {
    use super::super::example;
    use super::*;

    fn wrong(json: &str) -> Vec<(String, String)> {
        let settings: Settings = witbot_sdk::config::parse(json).unwrap();
        let wrong = check(&settings).into_iter();
        wrong.map(|wrong| (wrong.pointer, wrong.reason)).collect()
    }

    #[test]
    fn the_example_has_no_mistakes() {
        assert_eq!(check(&example()), []);
    }

    #[test]
    fn every_mistake_is_told_with_its_place() {
        let found = wrong(
            r#"{
                "timeout_minutes": 0,
                "people": { "U1": "@ada" },
                "aliases": { "prod": "production" },
                "apps": {
                    "a b": { "repository": "api", "environments": [] },
                    "web": {
                        "repository": "acme/web",
                        "default_environment": "live",
                        "freezes": [{}, { "zone": "Mars", "from": "noon" }],
                        "environments": {
                            "one": { "after": "two", "url": "shop.example" },
                            "two": { "after": "one" },
                            "three": { "after": "four" }
                        }
                    }
                }
            }"#,
        );
        let expected = [
            ("/timeout_minutes", "write 1 to 43200 minutes"),
            (
                "/apps/a b",
                "`a b` cannot name an application: use no spaces and no `/`",
            ),
            (
                "/apps/a b/repository",
                "`api` is no repository: write it as `owner/name`",
            ),
            ("/apps/a b/environments", "name one environment at least"),
            (
                "/apps/web/default_environment",
                "`live` is not among the `environments`",
            ),
            (
                "/apps/web/freezes/1/from",
                "`noon` is no time of the day: write it as `16:00`",
            ),
            (
                "/apps/web/freezes/1/zone",
                "`Mars` is no time zone: write it as `Europe/Berlin` or `UTC`",
            ),
            (
                "/apps/web/environments/one/after",
                "these environments wait for each other",
            ),
            (
                "/apps/web/environments/one/url",
                "`shop.example` is no address: it begins with `https://`",
            ),
            (
                "/apps/web/environments/three/after",
                "`four` is not among the `environments`",
            ),
            (
                "/apps/web/environments/two/after",
                "these environments wait for each other",
            ),
            (
                "/aliases/prod",
                "no application has an environment `production`",
            ),
            (
                "/people/U1",
                "`@ada` is nobody at GitHub: write the name without `@`",
            ),
        ];
        let expected = expected.map(|(pointer, reason)| (pointer.to_owned(), reason.to_owned()));
        assert_eq!(found, expected);
    }
}
