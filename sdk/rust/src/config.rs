//! What the operator wrote under `[plugins.NAME] settings`. Needs no grant. Never holds a secret: those are added by
//! witbot where they are needed.
//!
//! ```no_run
//! use serde::Deserialize;
//! use witbot_sdk::{Result, config};
//!
//! #[derive(Deserialize)]
//! struct Settings {
//!     greeting: String,
//! }
//!
//! fn greeting() -> Result<String> {
//!     let settings: Settings = config::settings()?;
//!     Ok(settings.greeting)
//! }
//! ```

use serde::de::DeserializeOwned;
use serde_path_to_error::Segment;

use crate::bindings::witbot::config::config;
use crate::error::{Error, Result};

/// All settings, as a type of the plugin's own.
///
/// # Errors
/// `invalid`: the settings are not of that type. The message says which one is not, and why.
pub fn settings<T: DeserializeOwned>() -> Result<T> {
    parse(&config::document())
}

/// One value, by JSON pointer (RFC 6901), such as `/apps/api/repository`. Strings come as they are, anything else as
/// JSON. None when there is nothing there.
pub fn get(pointer: &str) -> Option<String> {
    config::get(pointer)
}

/// Settings that are given as a JSON document: what [`settings`] does, for tests of a plugin's own settings.
///
/// # Errors
/// `invalid`: the settings are not of that type. The message says which one is not, and why.
pub fn parse<T: DeserializeOwned>(document: &str) -> Result<T> {
    read(document).map_err(|error| {
        let place = match error.path().to_string().as_str() {
            "." => "the settings are".to_owned(),
            path => format!("the setting `{path}` is"),
        };
        let reason = reason(&error);
        Error::invalid(format!("{place} not as this plugin needs: {reason}"))
    })
}

/// A setting that is wrong, and why, for [`Plugin::checks_settings`](crate::Plugin::checks_settings).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// Which, by JSON pointer (RFC 6901) from the plugin's settings, such as `/apps/api/repository`; empty for all of them.
    pub pointer: String,
    /// Why, and what to write instead, in a sentence.
    pub reason: String,
}

impl Wrong {
    /// The setting to which these keys lead is wrong.
    ///
    /// ```
    /// use witbot_sdk::config::Wrong;
    ///
    /// let wrong = Wrong::at(&["apps", "api", "repository"], "a repository is written as `owner/name`");
    /// assert_eq!(wrong.pointer, "/apps/api/repository");
    /// ```
    pub fn at(keys: &[&str], reason: impl Into<String>) -> Wrong {
        let pointer = keys.iter().map(|key| format!("/{}", escaped(key)));
        Wrong {
            pointer: pointer.collect(),
            reason: reason.into(),
        }
    }
}

/// Reads the settings as a type, has them looked at, and tells witbot what is wrong.
pub(crate) fn check<T: DeserializeOwned>(look: impl Fn(&T) -> Vec<Wrong>) {
    for Wrong { pointer, reason } in wrong(&config::document(), look) {
        config::reject(&pointer, &reason);
    }
}

fn wrong<T: DeserializeOwned>(document: &str, look: impl Fn(&T) -> Vec<Wrong>) -> Vec<Wrong> {
    match read(document) {
        Ok(settings) => look(&settings),
        Err(error) => {
            let keys = error.path().iter().filter_map(|segment| match segment {
                Segment::Seq { index } => Some(format!("/{index}")),
                Segment::Map { key } => Some(format!("/{}", escaped(key))),
                Segment::Enum { variant } => Some(format!("/{}", escaped(variant))),
                Segment::Unknown => None,
            });
            vec![Wrong {
                pointer: keys.collect(),
                reason: reason(&error),
            }]
        }
    }
}

/// A key as RFC 6901 writes it in a pointer.
fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

type Misread = serde_path_to_error::Error<serde_json::Error>;

fn read<T: DeserializeOwned>(document: &str) -> std::result::Result<T, Misread> {
    serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_str(document))
}

/// Where in the document it stands means nothing to people: they have not written that document.
fn reason(error: &Misread) -> String {
    let reason = error.inner().to_string();
    match reason.rsplit_once(" at line ") {
        Some((reason, _)) => reason.to_owned(),
        None => reason,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Settings {
        apps: BTreeMap<String, App>,
    }

    #[derive(Debug, Deserialize)]
    struct App {
        #[expect(dead_code, reason = "only its reading is looked at")]
        environments: Vec<String>,
    }

    fn message(document: &str) -> String {
        parse::<Settings>(document).unwrap_err().message
    }

    #[test]
    fn the_wrong_setting_is_named() {
        assert_eq!(
            message("{}"),
            "the settings are not as this plugin needs: missing field `apps`"
        );
        assert_eq!(
            message(r#"{"apps": {"api": {"environments": "staging"}}}"#),
            "the setting `apps.api.environments` is not as this plugin needs: \
             invalid type: string \"staging\", expected a sequence"
        );
        assert_eq!(
            message(r#"{"apps": {"api": {}}}"#),
            "the setting `apps.api` is not as this plugin needs: missing field `environments`"
        );
        assert_eq!(
            message(r#"{"apps": {}, "app": {}}"#),
            "the setting `app` is not as this plugin needs: unknown field `app`, expected `apps`"
        );
    }

    #[test]
    fn what_is_wrong_has_its_place() {
        let look = |settings: &Settings| {
            let names = settings.apps.keys();
            names
                .map(|name| Wrong::at(&["apps", name], "never"))
                .collect()
        };
        let place = |document: &str| {
            let wrong = wrong(document, look);
            wrong
                .into_iter()
                .map(|wrong| wrong.pointer)
                .collect::<Vec<_>>()
        };
        assert_eq!(place(r#"{"apps": {"a/b": 1}}"#), ["/apps/a~1b"]);
        assert_eq!(
            place(r#"{"apps": {"a": {"environments": ["x", 1]}}}"#),
            ["/apps/a/environments/1"]
        );
        assert_eq!(place("{}"), [""]);
        assert_eq!(
            place(r#"{"apps": {"a~b": {"environments": []}}}"#),
            ["/apps/a~0b"]
        );
        assert!(place(r#"{"apps": {}}"#).is_empty());
    }
}
