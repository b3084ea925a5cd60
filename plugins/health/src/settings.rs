//! What the operator wrote: which environments are watched, and by which checks.

mod check;
mod length;

pub use check::check;
pub use length::Length;

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use witbot_sdk::{Error, Result, config};

use crate::names;
use crate::place::Place;

/// All settings of the plugin.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Where it is told what fails, unless an environment says otherwise.
    channel: Option<String>,
    /// By application, then by environment.
    apps: BTreeMap<String, BTreeMap<String, Environment>>,
}

/// An environment that is watched.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Environment {
    channel: Option<String>,
    /// How often it is looked at.
    #[serde(default = "every_default")]
    pub every: Length,
    /// So many looks in a row that fail are an incident.
    #[serde(default = "in_a_row_default")]
    pub fail_after: u32,
    /// So many looks in a row that pass end one.
    #[serde(default = "in_a_row_default")]
    pub recover_after: u32,
    /// What a look consists of.
    pub checks: Vec<Check>,
}

/// One request, and what its answer has to be.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// How people know it.
    pub name: String,
    /// What is asked.
    pub url: String,
    /// How.
    #[serde(default)]
    pub method: Method,
    /// The statuses that pass; any from 200 to 299 when there are none.
    #[serde(default)]
    pub status: Vec<u16>,
    /// An answer that takes longer fails.
    pub latency: Option<Length>,
    /// How long an answer is waited for.
    #[serde(default = "timeout_default")]
    pub timeout: Length,
    /// What stands in the answer, by JSON pointer.
    #[serde(default)]
    pub json: BTreeMap<String, Value>,
    /// A text in the answer.
    pub contains: Option<String>,
    /// A certificate that is valid for fewer days is warned of; 0: none is.
    #[serde(default = "certificate_days_default")]
    pub certificate_days: u32,
}

/// How a check asks. Neither changes anything.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// For the whole answer.
    #[default]
    Get,
    /// For the answer without its body.
    Head,
}

impl Method {
    /// As HTTP spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Head => "HEAD",
        }
    }
}

fn every_default() -> Length {
    Length(Duration::from_secs(60))
}

fn in_a_row_default() -> u32 {
    2
}

fn timeout_default() -> Length {
    Length(Duration::from_secs(5))
}

fn certificate_days_default() -> u32 {
    14
}

impl Environment {
    /// The longest that one look can take.
    pub fn look_max(&self) -> Duration {
        self.checks.iter().map(|check| check.timeout.0).sum()
    }
}

impl Settings {
    /// The settings as they are now.
    ///
    /// # Errors
    /// `invalid`: they are not as this plugin needs.
    pub fn read() -> Result<Settings> {
        config::settings()
    }

    /// All that is watched, by name.
    pub fn places(&self) -> Vec<Place<'_>> {
        let all = self.apps.iter();
        all.flat_map(|(app, environments)| self.places_in(app, environments))
            .collect()
    }

    /// What is watched of an application: one environment, or all of them.
    ///
    /// # Errors
    /// `not-found`: there is no such application or environment. The message has the known ones, the nearest first.
    pub fn named(&self, app: &str, environment: Option<&str>) -> Result<Vec<Place<'_>>> {
        let found = self
            .apps
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(app));
        let (name, environments) = found.ok_or_else(|| {
            let known = names::nearest_first(app, self.apps.keys().map(String::as_str));
            Error::not_found(format!(
                "No application `{app}` is watched. Watched are: {known}."
            ))
        })?;
        let places: Vec<Place<'_>> = self.places_in(name, environments).collect();
        let Some(asked) = environment else {
            return Ok(places);
        };
        let place = places
            .iter()
            .find(|place| place.environment.eq_ignore_ascii_case(asked));
        place.map(|place| vec![*place]).ok_or_else(|| {
            let known = places.iter().map(|place| place.environment);
            let known = names::nearest_first(asked, known);
            Error::not_found(format!(
                "No environment `{asked}` of {name} is watched. Watched are: {known}."
            ))
        })
    }

    fn places_in<'a>(
        &'a self,
        app: &'a str,
        environments: &'a BTreeMap<String, Environment>,
    ) -> impl Iterator<Item = Place<'a>> {
        environments.iter().map(move |(environment, settings)| {
            let channel = settings.channel.as_ref().or(self.channel.as_ref());
            Place {
                app,
                environment,
                // An environment without a channel is refused when the settings are checked.
                channel: channel.map(String::as_str).unwrap_or_default(),
                settings,
            }
        })
    }
}

/// Settings with every kind of check.
#[cfg(test)]
pub fn example() -> Settings {
    config::parse(
        r#"{"channel": "ops", "apps": {
            "api": {
                "production": {"every": "30s", "channel": "api", "checks": [
                    {"name": "web", "url": "https://api.example/health", "status": [200, 204], "latency": "800ms",
                     "json": {"/status": "ok"}},
                    {"name": "docs", "url": "https://docs.example/", "contains": "Welcome"},
                    {"name": "files", "url": "https://files.example/", "method": "HEAD", "timeout": "10s"}
                ]},
                "staging": {"checks": [{"name": "web", "url": "http://staging.example/"}]}
            },
            "shop": {"production": {"fail_after": 1, "checks": [{"name": "web", "url": "https://shop.example/"}]}}
        }}"#,
    )
    .expect("the example fits the settings")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_has_a_default() {
        let settings = example();
        let place = settings.named("shop", Some("production")).unwrap()[0];
        let Environment {
            every,
            fail_after,
            recover_after,
            checks,
            ..
        } = place.settings;
        assert_eq!(
            (every.0, *fail_after, *recover_after),
            (Duration::from_secs(60), 1, 2)
        );
        let check = &checks[0];
        assert_eq!((check.method, check.certificate_days), (Method::Get, 14));
        assert_eq!(check.timeout.0, Duration::from_secs(5));
        assert!(check.status.is_empty() && check.latency.is_none());
        assert_eq!(place.channel, "ops");
    }

    #[test]
    fn places_are_found_whatever_the_case() {
        let settings = example();
        let keys = |app: &str, environment: Option<&str>| -> Vec<String> {
            let places = settings.named(app, environment).unwrap();
            places.iter().map(Place::key).collect()
        };
        assert_eq!(keys("API", None), ["api/production", "api/staging"]);
        assert_eq!(keys("api", Some("Staging")), ["api/staging"]);
        assert_eq!(settings.places().len(), 3);
        assert_eq!(settings.places()[0].channel, "api");
    }

    #[test]
    fn what_is_unknown_is_answered_with_what_is_known() {
        let settings = example();
        let message = |app, environment| settings.named(app, environment).unwrap_err().message;
        assert_eq!(
            message("shp", None),
            "No application `shp` is watched. Watched are: shop, api."
        );
        assert_eq!(
            message("api", Some("stag")),
            "No environment `stag` of api is watched. Watched are: staging, production."
        );
    }
}
