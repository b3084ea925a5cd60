//! What the operator wrote: which applications can have environments, and how those are made.

mod app;
mod pipeline;

use std::collections::BTreeMap;

use serde::Deserialize;
use witbot_sdk::config::Wrong;
use witbot_sdk::{Error, Result, config};

use crate::words;

pub use app::App;
pub use pipeline::Pipeline;

/// All settings of the plugin.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// By name.
    apps: BTreeMap<String, App>,
}

impl Settings {
    /// As they are now.
    pub fn read() -> Result<Settings> {
        config::settings()
    }

    /// The application of that name, or the only one.
    ///
    /// # Errors
    /// `not-found`, with those that there are.
    pub fn chosen(&self, asked: Option<&str>) -> Result<(&str, &App)> {
        let mut all = self.apps.iter();
        let chosen = match (asked, all.next(), all.next()) {
            (None, Some(only), None) => Some(only),
            (None, _, _) => None,
            (Some(asked), _, _) => self
                .apps
                .iter()
                .find(|(name, _)| name.eq_ignore_ascii_case(asked)),
        };
        chosen
            .map(|(name, app)| (name.as_str(), app))
            .ok_or_else(|| self.not_chosen(asked))
    }

    /// The application of an environment that was made earlier.
    ///
    /// # Errors
    /// `not-found`: it was taken out of the settings since.
    pub fn of(&self, app: &str) -> Result<&App> {
        self.apps.get(app).ok_or_else(|| {
            Error::not_found(format!(
                "`{app}` is not in my settings any more, so I do not know how its environments are destroyed. \
                 Have my operator put `apps.{app}` back until they are."
            ))
        })
    }

    /// The applications of a repository. GitHub's names are the same in any case of letters.
    pub fn with_repository(&self, repository: &str) -> impl Iterator<Item = (&str, &App)> {
        let all = self.apps.iter().map(|(name, app)| (name.as_str(), app));
        all.filter(move |(_, app)| app.repository.eq_ignore_ascii_case(repository))
    }

    fn not_chosen(&self, asked: Option<&str>) -> Error {
        let all: Vec<&str> = self.apps.keys().map(String::as_str).collect();
        let list = all.join(", ");
        Error::not_found(match asked {
            None => {
                format!(
                    "Of which application? Write `of` and one of these behind the branch: {list}."
                )
            }
            Some(asked) => match words::near(asked, all.iter().copied()) {
                Some(near) => {
                    format!("There is no application `{asked}`. Did you mean {near}?")
                }
                None => format!("There is no application `{asked}`. There are: {list}."),
            },
        })
    }

    /// What is wrong with them although they can be read.
    pub fn wrong(&self) -> Vec<Wrong> {
        if self.apps.is_empty() {
            return vec![Wrong::at(&["apps"], "write at least one application")];
        }
        let wrong = self.apps.iter().flat_map(|(name, app)| app.wrong(name));
        wrong.collect()
    }
}

#[cfg(test)]
pub fn example() -> Settings {
    config::parse(
        r#"{"apps": {
            "api": {
                "repository": "acme/api",
                "create": {"project": "gh/acme/api", "parameters": {"name": "{name}", "sha": "{sha}"}, "correlate_by": "witbot_call"},
                "destroy": {"project": "gh/acme/api", "parameters": {"name": "{name}", "remove": true}},
                "url": "https://{name}.preview.example"
            },
            "web": {
                "repository": "Acme/Web",
                "create": {"provider": "github-actions", "project": "acme/web", "definition": "create.yml"},
                "destroy": {"provider": "github-actions", "project": "acme/web", "definition": "destroy.yml", "branch": "next"},
                "name": "w-{branch}", "default_duration": "1d", "max_duration": "2d", "warn_before": "30m", "quota": 1
            }
        }}"#,
    )
    .unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn applications_are_found_or_told() {
        let settings = example();
        let error = |asked| settings.chosen(asked).unwrap_err().message;
        assert_eq!(settings.chosen(Some("API")).unwrap().0, "api");
        assert_eq!(
            error(None),
            "Of which application? Write `of` and one of these behind the branch: api, web."
        );
        assert_eq!(
            error(Some("apj")),
            "There is no application `apj`. Did you mean `api`?"
        );
        assert_eq!(
            error(Some("billing")),
            "There is no application `billing`. There are: api, web."
        );
        assert_eq!(settings.with_repository("acme/web").count(), 1);
    }

    #[test]
    fn the_example_is_right() {
        assert!(example().wrong().is_empty(), "{:?}", example().wrong());
        let empty: Settings = config::parse(r#"{"apps": {}}"#).unwrap();
        assert_eq!(empty.wrong()[0].pointer, "/apps");
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let settings: Settings = config::parse(
            r#"{"apps": {"a": {
                "repository": "api",
                "create": {"provider": "jenkins", "project": "p", "timeout_minutes": 0},
                "destroy": {"provider": "github-actions", "project": "p", "parameters": {"v": "{x}"}},
                "name": "{name}-x", "url": "ftp://{name}", "default_duration": "4d", "max_duration": "3d", "quota": 0
            }}}"#,
        )
        .unwrap();
        let wrong = settings.wrong();
        let places: Vec<&str> = wrong.iter().map(|wrong| wrong.pointer.as_str()).collect();
        assert_eq!(
            places,
            [
                "/apps/a/repository",
                "/apps/a/name",
                "/apps/a/url",
                "/apps/a/default_duration",
                "/apps/a/quota",
                "/apps/a/create/provider",
                "/apps/a/create/timeout_minutes",
                "/apps/a/destroy/definition",
                "/apps/a/destroy/parameters/v",
            ]
        );
    }
}
