//! What the operator wrote: which applications there are.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use witbot_sdk::{Error, Result};

use crate::names;

/// All settings of the plugin.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// By the names under which people know them.
    pub apps: BTreeMap<String, App>,
    /// How long a deployment is followed.
    #[serde(default = "timeout_minutes_default")]
    timeout_minutes: u32,
}

/// An application.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct App {
    /// `owner/name`.
    pub repository: String,
    /// Where it can be deployed.
    pub environments: Vec<String>,
    /// What is deployed when nobody says what.
    #[serde(default = "default_ref_default")]
    pub default_ref: String,
    /// Where it is deployed when nobody says where.
    pub default_environment: Option<String>,
}

fn timeout_minutes_default() -> u32 {
    60
}

fn default_ref_default() -> String {
    "main".to_owned()
}

impl Settings {
    /// An application, as the settings spell it.
    pub fn app(&self, asked: &str) -> Result<(&str, &App)> {
        let known = self.apps.iter().map(|(name, app)| (name.as_str(), app));
        known
            .clone()
            .find(|(name, _)| name.eq_ignore_ascii_case(asked))
            .ok_or_else(|| {
                let list = names::nearest_first(asked, known.map(|(name, _)| name));
                Error::not_found(format!(
                    "I do not know the application `{asked}`. Known: {list}."
                ))
            })
    }

    /// How long a deployment is followed.
    pub fn timeout(&self) -> Duration {
        Duration::from_secs(60 * u64::from(self.timeout_minutes))
    }
}

impl App {
    /// The environment that was asked for, as the settings spell it, or else the one for when nobody says where.
    pub fn environment(&self, app: &str, asked: Option<&str>) -> Result<&str> {
        let Some(asked) = asked else {
            return self.unasked_environment(app);
        };
        let known = self.environments.iter().map(String::as_str);
        known
            .clone()
            .find(|name| name.eq_ignore_ascii_case(asked))
            .ok_or_else(|| {
                let list = names::nearest_first(asked, known);
                Error::not_found(format!(
                    "{app} has no environment `{asked}`. Known: {list}."
                ))
            })
    }

    fn unasked_environment(&self, app: &str) -> Result<&str> {
        match (self.default_environment.as_deref(), self.environments.as_slice()) {
            (Some(default), _) => self.environments.iter().map(String::as_str).find(|name| *name == default).ok_or_else(
                || {
                    Error::invalid(format!(
                        "the setting `apps.{app}.default_environment` is `{default}`, which is not among its `environments`"
                    ))
                },
            ),
            (None, [only]) => Ok(only),
            (None, several) => {
                Err(Error::invalid(format!("Say where, for example `deploy {app} to {}`.", several.join("|"))))
            }
        }
    }
}

#[cfg(test)]
pub fn example() -> Settings {
    witbot_sdk::config::parse(
        r#"{"apps": {
            "api": {
                "repository": "acme/api",
                "environments": ["staging", "production"],
                "default_environment": "staging"
            },
            "web": { "repository": "acme/web", "environments": ["staging", "production"], "default_ref": "trunk" },
            "docs": { "repository": "acme/docs", "environments": ["pages"] },
            "old": { "repository": "acme/old", "environments": ["pages"], "default_environment": "staging" }
        }}"#,
    )
    .expect("the example fits the settings")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(app: &str, asked: Option<&str>) -> Result<String, String> {
        let settings = example();
        let (name, app) = settings.app(app).unwrap();
        app.environment(name, asked)
            .map(str::to_owned)
            .map_err(|error| error.message)
    }

    #[test]
    fn what_is_left_out_has_a_default() {
        let settings = example();
        assert_eq!(settings.timeout(), Duration::from_secs(3_600));
        assert_eq!(settings.apps["api"].default_ref, "main");
        assert_eq!(settings.apps["web"].default_ref, "trunk");
    }

    #[test]
    fn applications_are_found_whatever_the_case() {
        assert_eq!(example().app("API").unwrap().0, "api");
    }

    #[test]
    fn an_unknown_application_is_answered_with_the_known_ones() {
        let error = example().app("wen").unwrap_err();
        assert_eq!(
            error.message,
            "I do not know the application `wen`. Known: web, api, old, docs."
        );
    }

    #[test]
    fn environments_are_found_or_answered_with_the_known_ones() {
        assert_eq!(environment("api", None), Ok("staging".to_owned()));
        assert_eq!(environment("docs", None), Ok("pages".to_owned()));
        assert_eq!(
            environment("web", Some("Production")),
            Ok("production".to_owned())
        );
        assert_eq!(
            environment("api", Some("prod")),
            Err("api has no environment `prod`. Known: production, staging.".to_owned())
        );
        assert_eq!(
            environment("web", None),
            Err("Say where, for example `deploy web to staging|production`.".to_owned())
        );
        assert_eq!(
            environment("old", None),
            Err("the setting `apps.old.default_environment` is `staging`, which is not among its `environments`".to_owned())
        );
    }
}
