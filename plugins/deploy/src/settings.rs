//! What the operator wrote: which applications there are, and how each may be deployed.

mod app;
mod check;
mod environment;
mod example;
mod freeze;

pub use app::{App, Application};
pub use check::check;
pub use environment::Behind;
pub use freeze::Freeze;

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use witbot_sdk::{Error, Result, config};

use crate::names;

#[cfg(test)]
pub use example::example;

/// All settings of the plugin.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// By the names under which people know them.
    pub apps: BTreeMap<String, App>,
    /// How long a deployment is followed before it is given up, in minutes.
    #[serde(default = "timeout_minutes_default")]
    pub timeout_minutes: u32,
    /// After how long without news people are told that nothing moves, in minutes.
    #[serde(default = "silent_minutes_default")]
    pub silent_minutes: u32,
    /// Other names for environments, such as `prod` for `production`, in all applications that have them.
    #[serde(default)]
    pub aliases: BTreeMap<String, String>,
    /// Whether what was deployed is published in the topic `deployed`.
    #[serde(default)]
    pub publish: bool,
    /// Who somebody in the chat, by id, is at GitHub.
    #[serde(default)]
    pub people: BTreeMap<String, String>,
}

fn timeout_minutes_default() -> u32 {
    60
}

fn silent_minutes_default() -> u32 {
    10
}

impl Settings {
    /// The settings as they are now.
    ///
    /// # Errors
    /// `invalid`: they are not as this plugin needs.
    pub fn read() -> Result<Settings> {
        config::settings()
    }

    /// An application, as the settings spell it.
    ///
    /// # Errors
    /// `not-found`: there is none of that name. The message has the known ones, the nearest first.
    pub fn app(&self, asked: &str) -> Result<Application<'_>> {
        let names = self.apps.keys().map(String::as_str);
        self.apps
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(asked))
            .map(|(name, app)| Application::new(name, app, &self.aliases))
            .ok_or_else(|| {
                let list = names::nearest_first(asked, names);
                Error::not_found(format!(
                    "I do not know the application `{asked}`. Known: {list}."
                ))
            })
    }

    /// The applications that live in a repository, which is named in any case of letters.
    pub fn apps_of(&self, repository: &str) -> Vec<Application<'_>> {
        let all = self.apps.iter();
        all.filter(|(_, app)| app.repository.eq_ignore_ascii_case(repository))
            .map(|(name, app)| Application::new(name, app, &self.aliases))
            .collect()
    }

    /// How long a deployment is followed.
    pub fn timeout(&self) -> Duration {
        minutes(self.timeout_minutes)
    }

    /// After how long without news people are told.
    pub fn silence(&self) -> Duration {
        minutes(self.silent_minutes)
    }
}

fn minutes(count: u32) -> Duration {
    Duration::from_secs(60 * u64::from(count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_has_a_default() {
        let settings = example();
        assert_eq!(settings.timeout(), Duration::from_secs(3_600));
        assert_eq!(settings.silence(), Duration::from_secs(600));
    }

    #[test]
    fn applications_are_found_whatever_the_case() {
        assert_eq!(example().app("API").unwrap().name, "api");
        let names = |repository: &str| {
            let settings = example();
            let apps = settings.apps_of(repository);
            apps.iter()
                .map(|app| app.name.to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(names("ACME/shop"), ["shop"]);
        assert!(names("acme/other").is_empty());
    }

    #[test]
    fn an_unknown_application_is_answered_with_the_known_ones() {
        let error = example().app("wen").unwrap_err();
        assert_eq!(
            error.message,
            "I do not know the application `wen`. Known: web, api, old, docs, shop."
        );
    }
}
