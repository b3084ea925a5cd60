//! What the operator wrote: where traffic is split, and how.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use witbot_sdk::config::Wrong;
use witbot_sdk::{Error, Result, config, duration};

use crate::found::nearest_first;
use crate::split::ALL;

/// Where a version stands in the name of a service.
pub const VERSION: &str = "{version}";
/// Where the weights stand in a body.
pub const WEIGHTS: &str = "{weights}";
/// Each step takes two requests, of which a run has twenty; the way back takes some, too.
const STEPS_MAX: usize = 6;
/// What begins a command is no name of an application.
const WORDS: [&str; 5] = ["canary", "pause", "resume", "promote", "abort"];
/// No wait of a run is longer.
const PAUSE_MAX: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// All settings of the plugin.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// By application, then by environment.
    pub apps: BTreeMap<String, BTreeMap<String, Written>>,
}

/// Where traffic is split.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Written {
    /// Who splits it.
    pub backend: Kind,
    /// The address of the Kubernetes API.
    pub server: Option<String>,
    /// The namespace there.
    pub namespace: Option<String>,
    /// The name of the HTTPRoute or Rollout.
    pub name: Option<String>,
    /// Which rule of the HTTPRoute, counted from 0.
    #[serde(default)]
    pub rule: usize,
    /// The name of a version's Service, with `{version}` in it.
    pub service: Option<String>,
    /// Versions whose Services are called otherwise.
    #[serde(default)]
    pub versions: BTreeMap<String, String>,
    /// How any other service is asked.
    pub get: Option<Get>,
    /// How it is told.
    pub set: Option<Set>,
    /// The shares that a canary goes by, in percent.
    #[serde(default = "steps_default")]
    pub steps: Vec<u32>,
    /// How long each of them lasts.
    #[serde(default = "pause_default", with = "duration")]
    pub pause: Duration,
    /// For how many minutes at most it is looked, after each step, whether the environment is healthy. None: it is not.
    pub health_minutes: Option<u32>,
}

/// Who splits traffic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Kubernetes' Gateway API, by an HTTPRoute.
    Gateway,
    /// Argo Rollouts.
    Rollouts,
    /// Any service that takes weights by HTTP.
    Http,
}

/// How a service is asked.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Get {
    /// Where.
    pub url: String,
    /// Where the weights are in the answer, by JSON pointer: an object with a number for each version.
    #[serde(default)]
    pub weights: String,
}

/// How a service is told.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Set {
    /// `PUT` unless set.
    #[serde(default = "method_default")]
    pub method: String,
    /// Where.
    pub url: String,
    /// What is sent, with `"{weights}"` where the weights belong.
    #[serde(default = "body_default")]
    pub body: Value,
}

fn steps_default() -> Vec<u32> {
    vec![10, 25, 50, 100]
}

fn pause_default() -> Duration {
    Duration::from_secs(10 * 60)
}

fn method_default() -> String {
    "PUT".to_owned()
}

fn body_default() -> Value {
    Value::String(WEIGHTS.to_owned())
}

/// An environment of an application, as it is named.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The application.
    pub app: &'a str,
    /// The environment.
    pub environment: &'a str,
    /// How its traffic is split.
    pub written: &'a Written,
}

impl Place<'_> {
    /// As topics and keys call it.
    pub fn subject(&self) -> String {
        format!("{}/{}", self.app, self.environment)
    }

    /// As people call it.
    pub fn title(&self) -> String {
        format!("{} in {}", self.app, self.environment)
    }

    /// A command about it: `traffic pause api in production`.
    pub fn command(&self, what: &str) -> String {
        format!("traffic {what} {} in {}", self.app, self.environment)
    }
}

impl Settings {
    /// The settings as they are now.
    pub fn read() -> Result<Settings> {
        config::settings()
    }

    /// All places, in order of their names.
    pub fn all(&self) -> impl Iterator<Item = Place<'_>> {
        self.apps.iter().flat_map(|(app, environments)| {
            environments
                .iter()
                .map(move |(environment, written)| Place {
                    app,
                    environment,
                    written,
                })
        })
    }

    /// What people mean by the names of an application and perhaps an environment, in any case of letters.
    ///
    /// # Errors
    /// `not-found`: there is no such application or environment. The message has those that there are.
    pub fn find(&self, app: &str, environment: Option<&str>) -> Result<Vec<Place<'_>>> {
        let found: Vec<Place<'_>> = self
            .all()
            .filter(|one| one.app.eq_ignore_ascii_case(app))
            .collect();
        if found.is_empty() {
            let known = nearest_first(app, self.apps.keys().map(String::as_str));
            let text = format!("I know no traffic of an application `{app}`. Known: {known}.");
            return Err(Error::not_found(text));
        }
        let Some(wanted) = environment else {
            return Ok(found);
        };
        let one = found
            .iter()
            .find(|one| one.environment.eq_ignore_ascii_case(wanted));
        one.map(|one| vec![*one]).ok_or_else(|| {
            let known = nearest_first(wanted, found.iter().map(|one| one.environment));
            Error::not_found(format!(
                "{app} has no traffic in `{wanted}` that I know of. Known: {known}."
            ))
        })
    }

    /// The one that is meant.
    ///
    /// # Errors
    /// As [`find`](Settings::find), and `invalid`: there are several.
    pub fn one(&self, app: &str, environment: Option<&str>) -> Result<Place<'_>> {
        match self.find(app, environment)?.as_slice() {
            [one] => Ok(*one),
            several => {
                let names: Vec<&str> = several.iter().map(|one| one.environment).collect();
                let text = format!("Say where: {app} is in {}.", names.join(", "));
                Err(Error::invalid(text))
            }
        }
    }

    /// What is wrong with them although they can be read.
    pub fn wrong(&self) -> Vec<Wrong> {
        let mut wrong = Vec::new();
        for place in self.all() {
            let keys = ["apps", place.app, place.environment];
            if WORDS.contains(&place.app) {
                wrong.push(Wrong::at(
                    &["apps", place.app],
                    "commands begin with this word: name it otherwise",
                ));
            }
            if place.app.contains('/') || place.environment.contains('/') {
                wrong.push(Wrong::at(&keys, "a name cannot have a `/` in it"));
            }
            for (key, reason) in place.written.wrong() {
                wrong.push(Wrong::at(&[keys[0], keys[1], keys[2], key], reason));
            }
        }
        wrong
    }
}

impl Written {
    fn wrong(&self) -> Vec<(&'static str, String)> {
        let mut wrong: Vec<(&'static str, String)> = Vec::new();
        let kubernetes = [
            ("server", &self.server),
            ("namespace", &self.namespace),
            ("name", &self.name),
        ];
        if self.backend == Kind::Http {
            if self.get.is_none() {
                wrong.push((
                    "get",
                    "say how the weights are read: `get = { url = \"https://…\" }`".to_owned(),
                ));
            }
            if self.set.is_none() {
                wrong.push((
                    "set",
                    "say how the weights are set: `set = { url = \"https://…\" }`".to_owned(),
                ));
            }
        } else {
            for (key, value) in kubernetes {
                if value.is_none() {
                    wrong.push((key, format!("{} needs this", self.backend.as_str())));
                }
            }
            let plain = |text: &str| {
                text.chars()
                    .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.'))
            };
            for (key, value) in &kubernetes[1..] {
                if value.as_deref().is_some_and(|value| !plain(value)) {
                    wrong.push((
                        key,
                        "names of Kubernetes have letters, digits, `-` and `.`".to_owned(),
                    ));
                }
            }
        }
        let urls = [
            ("server", self.server.as_ref()),
            ("get", self.get.as_ref().map(|get| &get.url)),
            ("set", self.set.as_ref().map(|set| &set.url)),
        ];
        for (key, url) in urls {
            if url.is_some_and(|url| !url.starts_with("https://") && !url.starts_with("http://")) {
                wrong.push((key, "an address begins with `https://`".to_owned()));
            }
        }
        if self.backend == Kind::Gateway
            && !self
                .service
                .as_ref()
                .is_some_and(|name| name.contains(VERSION))
        {
            wrong.push((
                "service",
                "write the name of a version's Service, such as `api-{version}`".to_owned(),
            ));
        }
        let grows = self.steps.windows(2).all(|pair| pair[0] < pair[1]);
        let is_whole =
            self.steps.last() == Some(&ALL) && self.steps.first().is_some_and(|first| *first > 0);
        if !grows || !is_whole || self.steps.len() > STEPS_MAX {
            let reason = format!(
                "write up to {STEPS_MAX} shares that grow and end with 100, such as `[10, 50, 100]`"
            );
            wrong.push(("steps", reason));
        }
        if self.pause > PAUSE_MAX {
            wrong.push((
                "pause",
                format!("write {} at most", duration::shown(PAUSE_MAX)),
            ));
        }
        if self
            .health_minutes
            .is_some_and(|minutes| !(1..=60).contains(&minutes))
        {
            wrong.push((
                "health_minutes",
                "write 1 to 60 minutes, or leave it out".to_owned(),
            ));
        }
        wrong
    }

    /// For how long it is looked whether the environment is healthy.
    pub fn health(&self) -> Option<Duration> {
        Some(Duration::from_secs(60 * u64::from(self.health_minutes?)))
    }
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Kind::Gateway => "gateway",
            Kind::Rollouts => "rollouts",
            Kind::Http => "http",
        }
    }
}

#[cfg(test)]
pub fn example() -> Settings {
    config::parse(
        r#"{"apps": {
            "api": {
                "production": { "backend": "gateway", "server": "https://k8s.acme.example", "namespace": "prod", "name": "api",
                                "service": "api-{version}", "versions": { "v40": "api-old" }, "health_minutes": 2 },
                "staging": { "backend": "http", "get": { "url": "https://lb.acme.example/w", "weights": "/weights" },
                             "set": { "url": "https://lb.acme.example/w", "body": { "weights": "{weights}" } } }
            },
            "web": { "production": { "backend": "rollouts", "server": "https://k8s.acme.example", "namespace": "prod", "name": "web" } }
        }}"#,
    )
    .expect("the example fits the settings")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_place_is_meant_or_it_is_asked_which() {
        let settings = example();
        assert!(settings.wrong().is_empty(), "{:?}", settings.wrong());
        assert_eq!(
            settings.one("API", Some("Production")).unwrap().subject(),
            "api/production"
        );
        assert_eq!(
            settings.one("web", None).unwrap().title(),
            "web in production"
        );
        let told = |app: &str, environment: Option<&str>| {
            settings.one(app, environment).unwrap_err().message
        };
        assert_eq!(
            told("api", None),
            "Say where: api is in production, staging."
        );
        assert_eq!(
            told("wbe", None),
            "I know no traffic of an application `wbe`. Known: web, api."
        );
        assert_eq!(
            told("api", Some("prod")),
            "api has no traffic in `prod` that I know of. Known: production, staging."
        );
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let settings: Settings = config::parse(
            r#"{"apps": {
                "pause": { "a": { "backend": "http" } },
                "b": { "c": { "backend": "gateway", "server": "k8s", "namespace": "../x", "service": "api", "steps": [50, 10], "health_minutes": 0 } }
            }}"#,
        )
        .unwrap();
        let wrong: Vec<String> = settings
            .wrong()
            .into_iter()
            .map(|wrong| wrong.pointer)
            .collect();
        assert_eq!(
            wrong,
            [
                "/apps/b/c/name",
                "/apps/b/c/namespace",
                "/apps/b/c/server",
                "/apps/b/c/service",
                "/apps/b/c/steps",
                "/apps/b/c/health_minutes",
                "/apps/pause",
                "/apps/pause/a/get",
                "/apps/pause/a/set",
            ]
        );
    }
}
