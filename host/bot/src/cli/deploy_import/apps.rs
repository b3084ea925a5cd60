//! The file `apps.json` of hubot-deploy: which applications there are, each by the name that people say.
//!
//! What it may hold is in the documentation of hubot-deploy, `docs/config_files.md`. A key that is not known there is for
//! the provider, Heaven's word for what carries a deployment out.

use std::collections::BTreeMap;

use anyhow::Context as _;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use witbot_core::ids::Repository;

/// What is deployed to when nothing else is said.
pub const PRODUCTION: &str = "production";

/// An application.
#[derive(Debug)]
pub struct App {
    /// Where its code is.
    pub repository: Repository,
    /// Where it can be deployed, `production` unless said.
    pub environments: Vec<String>,
    /// What has to be green. None: all that there is.
    pub required_contexts: Option<Vec<String>>,
    /// Whether GitHub merges the default branch in when a branch is behind it.
    pub auto_merge: bool,
    /// The rooms in which it may be deployed. None: all.
    pub rooms: Option<Vec<String>>,
    /// Where GitHub's interface is, if not at github.com.
    pub github_api: Option<String>,
    /// Whether it has a token of its own, which nobody needs to see.
    pub has_token: bool,
    /// What carries a deployment out.
    pub provider: Option<String>,
    /// Where the environments can be seen.
    pub urls: BTreeMap<String, String>,
    /// The names of all other keys. Their values may be secret.
    pub others: Vec<String>,
}

/// Those that can be used, by name.
pub type Apps = [(String, App)];

/// All applications, in the order of their names, or what is wrong with one.
pub fn read(text: &str) -> anyhow::Result<Vec<(String, Result<App, String>)>> {
    let apps: Value = serde_json::from_str(text).context("it is not JSON")?;
    let Value::Object(apps) = apps else {
        anyhow::bail!("it is not an object with an entry for each application");
    };
    let read = |(name, entry): (String, Value)| {
        let app = is_name(&name).and_then(|()| App::read(entry));
        (name, app)
    };
    Ok(apps.into_iter().map(read).collect())
}

impl App {
    /// Whether there is such an environment.
    pub fn has(&self, environment: &str) -> bool {
        self.environments.iter().any(|known| known == environment)
    }

    fn read(entry: Value) -> Result<App, String> {
        let Value::Object(mut entry) = entry else {
            return Err("it is not an object".to_owned());
        };
        let repository: Option<String> = take(&mut entry, "repository")?;
        let repository = repository.ok_or("it has no `repository`")?;
        let repository = repository
            .parse::<Repository>()
            .map_err(|error| error.to_string())?;
        let environments: Option<Vec<String>> = take(&mut entry, "environments")?;
        let environments = environments
            .filter(|environments| !environments.is_empty())
            .unwrap_or_else(|| vec![PRODUCTION.to_owned()]);
        environments.iter().try_for_each(|name| is_name(name))?;
        let mut app = App {
            repository,
            environments,
            required_contexts: take(&mut entry, "required_contexts")?,
            auto_merge: take(&mut entry, "auto_merge")?.unwrap_or(true),
            rooms: take(&mut entry, "allowed_rooms")?,
            github_api: take(&mut entry, "github_api")?.filter(|url: &String| !is_public(url)),
            has_token: entry
                .remove("github_token")
                .is_some_and(|token| !token.is_null()),
            provider: take(&mut entry, "provider")?,
            urls: BTreeMap::new(),
            others: Vec::new(),
        };
        for environment in &app.environments {
            let key = format!("{environment}_url");
            if let Some(url) = entry
                .get(&key)
                .and_then(Value::as_str)
                .filter(|url| is_page(url))
            {
                app.urls.insert(environment.clone(), url.to_owned());
                entry.remove(&key);
            }
        }
        app.others = entry.into_iter().map(|(name, _)| name).collect();
        Ok(app)
    }
}

/// Takes a field out. What is null is not there.
fn take<T: DeserializeOwned>(
    entry: &mut Map<String, Value>,
    name: &str,
) -> Result<Option<T>, String> {
    let value = entry.remove(name).unwrap_or_default();
    serde_json::from_value(value).map_err(|error| format!("`{name}`: {error}"))
}

/// Whether it is github.com, which is meant without it.
fn is_public(url: &str) -> bool {
    url.trim_end_matches('/') == "https://api.github.com"
}

/// Whether people can say it in a command.
fn is_name(name: &str) -> Result<(), String> {
    let unsayable = |c: char| c.is_whitespace() || c.is_control() || c == '/';
    match name.is_empty() || name.contains(unsayable) {
        true => Err(format!(
            "nobody can say the name `{name}`: use no spaces and no `/`"
        )),
        false => Ok(()),
    }
}

fn is_page(url: &str) -> bool {
    reqwest::Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(entry: &str) -> Result<App, String> {
        let mut all = read(&format!(r#"{{"api": {entry}}}"#)).unwrap();
        all.remove(0).1
    }

    #[test]
    fn what_is_left_out_is_as_hubot_deploy_has_it() {
        let app =
            one(r#"{"provider": "shell", "repository": "acme/api", "required_contexts": null}"#);
        let app = app.unwrap();
        assert_eq!(app.environments, ["production"]);
        assert!(app.auto_merge && !app.has_token);
        assert_eq!(
            (app.required_contexts, app.rooms, app.github_api),
            (None, None, None)
        );
    }

    #[test]
    fn pages_are_taken_and_what_else_there_is_is_named() {
        let app = one(
            r#"{"repository": "acme/api", "environments": ["staging", "production"], "github_token": "ghp_1",
                "staging_url": "https://staging.example", "production_url": "by hand", "roles": ["web"]}"#,
        );
        let app = app.unwrap();
        assert_eq!(
            app.urls.into_iter().collect::<Vec<_>>(),
            [("staging".to_owned(), "https://staging.example".to_owned())]
        );
        assert_eq!(app.others, ["production_url", "roles"]);
        assert!(app.has_token);
    }

    #[test]
    fn what_cannot_be_used_is_said_with_its_name() {
        for (entry, reason) in [
            ("1", "it is not an object"),
            ("{}", "it has no `repository`"),
            (r#"{"repository": "api"}"#, "`api` is not a repository"),
            (
                r#"{"repository": "acme/api", "environments": "production"}"#,
                "`environments`: invalid type",
            ),
            (
                r#"{"repository": "acme/api", "environments": ["a b"]}"#,
                "nobody can say the name `a b`",
            ),
            (
                r#"{"repository": "acme/api", "auto_merge": "yes"}"#,
                "`auto_merge`: invalid type",
            ),
        ] {
            let error = one(entry).unwrap_err();
            assert!(error.starts_with(reason), "{error}");
        }
        assert!(
            read(r#"{"a b": {"repository": "acme/api"}}"#).unwrap()[0]
                .1
                .is_err()
        );
    }
}
