//! Where the environments are kept: one value for each application.

use std::collections::BTreeSet;

use witbot_sdk::{Code, Error, Result, kv};

use crate::environment::Environment;
use crate::registry::Registry;
use crate::words;

const PREFIX: &str = "environments/";
/// More applications than this have nobody who works on them.
const APPS_MAX: u32 = 100;
/// How often a change begins again that others are in the way of.
const CHANGES_MAX: usize = 20;

/// The environments of an application.
pub fn load(app: &str) -> Result<Registry> {
    Ok(kv::get(&key(app))?.unwrap_or_default())
}

/// The applications that have or had environments.
pub fn apps() -> Result<Vec<String>> {
    let keys = kv::keys(PREFIX, None, APPS_MAX)?;
    let apps = keys.iter().filter_map(|key| key.strip_prefix(PREFIX));
    Ok(apps.map(str::to_owned).collect())
}

/// Changes the environments of an application. `change` is called again when others have changed them meanwhile.
///
/// # Errors
/// `conflict`: others change them all the time.
pub fn change<T>(app: &str, change: impl Fn(&mut Registry) -> T) -> Result<T> {
    let key = key(app);
    for _ in 0..CHANGES_MAX {
        let before = kv::get_bytes(&key)?;
        let mut registry: Registry = match &before {
            Some(bytes) => serde_json::from_slice(bytes)?,
            None => Registry::default(),
        };
        let result = change(&mut registry);
        let after = serde_json::to_vec(&registry)?;
        let is_same = before.as_ref() == Some(&after);
        if is_same || kv::replace_bytes(&key, before.as_deref(), &after)? {
            return Ok(result);
        }
    }
    Err(Error::new(
        Code::Conflict,
        format!("Too many are changing the environments of {app} at once. Try again in a minute."),
    ))
}

/// The names of environments that other applications have.
pub fn names_of_others(app: &str) -> Result<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    for other in apps()?.iter().filter(|other| *other != app) {
        names.extend(load(other)?.environments.into_keys());
    }
    Ok(names)
}

/// An environment that somebody named.
pub struct Found {
    pub app: String,
    pub name: String,
    pub environment: Environment,
}

/// The environment of a name.
///
/// # Errors
/// `not-found`, with what may have been meant.
pub fn find(asked: &str) -> Result<Found> {
    let name = asked.to_lowercase();
    let mut all = Vec::new();
    for app in apps()? {
        let mut registry = load(&app)?;
        if let Some(environment) = registry.environments.remove(&name) {
            return Ok(Found {
                app,
                name,
                environment,
            });
        }
        all.extend(registry.environments);
    }
    Err(not_found(asked, &all))
}

/// What is said of an environment that is not there.
fn not_found(asked: &str, all: &[(String, Environment)]) -> Error {
    let by_branch = all.iter().find(|(_, one)| one.branch == asked);
    let names = all.iter().map(|(name, _)| name.as_str());
    Error::not_found(match (by_branch, words::near(asked, names)) {
        (Some((name, _)), _) => {
            format!("`{asked}` is a branch: its environment is called `{name}`.")
        }
        (None, Some(near)) => {
            format!("There is no environment `{asked}`. Did you mean {near}?")
        }
        (None, None) => {
            format!("There is no environment `{asked}`. `env list` shows those that there are.")
        }
    })
}

fn key(app: &str) -> String {
    format!("{PREFIX}{app}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environment::{Phase, example};

    #[test]
    fn what_was_meant_is_told() {
        let all = [("api-feature-login".to_owned(), example(Phase::Ready))];
        let message = |asked| not_found(asked, &all).message;
        assert_eq!(
            message("api-feature-lgoin"),
            "There is no environment `api-feature-lgoin`. Did you mean `api-feature-login`?"
        );
        assert_eq!(
            message("feature/login"),
            "`feature/login` is a branch: its environment is called `api-feature-login`."
        );
        assert_eq!(
            message("x"),
            "There is no environment `x`. `env list` shows those that there are."
        );
    }
}
