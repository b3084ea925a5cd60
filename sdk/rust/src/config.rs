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
    let deserializer = &mut serde_json::Deserializer::from_str(document);
    serde_path_to_error::deserialize(deserializer).map_err(|error| {
        let place = match error.path().to_string().as_str() {
            "." => "the settings are".to_owned(),
            path => format!("the setting `{path}` is"),
        };
        // Where in the document it stands means nothing to people: they have not written that document.
        let reason = error.inner().to_string();
        let reason = reason
            .rsplit_once(" at line ")
            .map_or(reason.as_str(), |(reason, _)| reason);
        Error::invalid(format!("{place} not as this plugin needs: {reason}"))
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Settings {
        #[expect(dead_code, reason = "only its reading is looked at")]
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
}
