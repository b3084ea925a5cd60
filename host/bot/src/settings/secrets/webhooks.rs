//! What the senders of inbound webhooks prove themselves with: the secrets that grants name, from the environment.

use std::collections::BTreeMap;
use std::ffi::OsString;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use witbot_core::grants::webhooks::{Verification, WebhookGrant};
use witbot_core::ids::{PluginName, WebhookName};

use super::Reader;
use crate::secret::Secret;
use crate::settings::problem::{Problem, Problems, SettingsError};
use crate::settings::{FILE, PluginSettings, Settings};

/// How the sender of one webhook proves itself, with what is needed for it.
#[derive(Debug, Clone)]
pub struct Lock {
    /// How.
    pub verify: Verification,
    /// Any of these will do: there are two while one replaces the other. None, where nothing is verified.
    pub secrets: Vec<Secret>,
}

/// The webhooks that some plugin was granted.
#[derive(Debug, Clone, Default)]
pub struct Locks(BTreeMap<WebhookName, Lock>);

impl Locks {
    /// Those of the grants, with what `variable` has for them, or all that is wrong with that.
    pub fn read(
        settings: &Settings,
        variable: impl Fn(&str) -> Option<OsString>,
    ) -> Result<(Locks, Vec<String>), SettingsError> {
        let mut reader = Reader {
            variable,
            problems: Problems::default(),
            warnings: Vec::new(),
        };
        let mut locks = Locks::default();
        for (plugin, part) in &settings.plugins {
            for (index, grant) in part.grants.webhooks.iter().enumerate() {
                let place = Place {
                    plugin,
                    part,
                    index,
                };
                locks.add(place, grant, &mut reader);
            }
        }
        match reader.problems.is_empty() {
            true => Ok((locks, reader.warnings)),
            false => Err(reader.problems.in_environment()),
        }
    }

    /// The lock of a webhook. None: nobody was granted it.
    pub fn get(&self, name: &str) -> Option<(&WebhookName, &Lock)> {
        let name: WebhookName = name.parse().ok()?;
        self.0.get_key_value(&name)
    }

    fn add<F: Fn(&str) -> Option<OsString>>(
        &mut self,
        place: Place<'_>,
        grant: &WebhookGrant,
        reader: &mut Reader<F>,
    ) {
        let WebhookGrant { name, verify } = grant;
        if let Some(known) = self.0.get(name) {
            if known.verify != *verify {
                let message = format!(
                    "{place}: the webhook `{name}` is verified in another way than elsewhere in the file"
                );
                reader.problems.add(Problem::plain(message).help(
                    "write the same `verify`, `secret` and `header` wherever it is granted, or give it two names",
                ));
            }
            return;
        }
        let mut secrets = Vec::new();
        if let Some(variable) = verify.secret() {
            let variable = variable.as_str();
            if !reader.is_given(variable) {
                let message = format!(
                    "{place}: the webhook `{name}` is verified with `{variable}`, which is not set"
                );
                reader.problems.add(Problem::plain(message).help(format!(
                    "set `{variable}` to the secret, or `{variable}_FILE` to the path of a file that has it"
                )));
            }
            secrets = reader.several(variable);
        }
        if matches!(verify, Verification::Standard { .. })
            && secrets.iter().any(|secret| key(secret).is_none())
        {
            let message = format!(
                "{place}: the secret of the webhook `{name}` is none of Standard Webhooks, which are `whsec_` and base64"
            );
            reader
                .problems
                .add(Problem::plain(message).help("copy it again from the sender, and only it"));
        }
        let verify = verify.clone();
        self.0.insert(name.clone(), Lock { verify, secrets });
    }
}

/// The key in a secret of Standard Webhooks. None: it is no such secret.
pub fn key(secret: &Secret) -> Option<Vec<u8>> {
    let text = secret.expose();
    let key = STANDARD.decode(text.strip_prefix("whsec_").unwrap_or(text));
    key.ok().filter(|key| !key.is_empty())
}

/// Where a grant stands.
#[derive(Clone, Copy)]
struct Place<'a> {
    plugin: &'a PluginName,
    part: &'a PluginSettings,
    index: usize,
}

impl std::fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let line = self.part.webhook_lines.line(&format!("/{}", self.index));
        match line {
            Some(line) => write!(f, "{FILE}:{line}, plugin `{}`", self.plugin),
            None => write!(f, "plugin `{}`", self.plugin),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn read(grants: &str, variables: &[(&str, &str)]) -> Result<Locks, String> {
        let settings = Settings::parse(grants, Path::new(FILE)).unwrap();
        let variable = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| OsString::from(value))
        };
        let read = Locks::read(&settings, variable).map(|(locks, _)| locks);
        // It is broken into lines that fit a terminal.
        read.map_err(|error| {
            let told = format!("{:?}", miette::Report::new(error)).replace('│', " ");
            told.split_whitespace().collect::<Vec<_>>().join(" ")
        })
    }

    const ALERTS: &str = "\n[plugins.alerts.grants]\nwebhooks = [\n  { name = \"open\", verify = \"none\" },\n  { name = \"alerts\", verify = \"token\", secret = \"ALERTS\" },\n]\n";

    #[test]
    fn secrets_are_those_of_the_environment() {
        let locks = read(ALERTS, &[("ALERTS", "new-secret old-secret")]).unwrap();
        let (name, lock) = locks.get("alerts").unwrap();
        assert_eq!((name.as_str(), lock.secrets.len()), ("alerts", 2));
        assert!(locks.get("open").unwrap().1.secrets.is_empty());
        assert!(locks.get("other").is_none() && locks.get("../x").is_none());
    }

    #[test]
    fn what_is_missing_is_told_with_its_line() {
        let told = read(ALERTS, &[]).unwrap_err();
        assert!(
            told.contains("witbot.toml:5, plugin `alerts`: the webhook `alerts` is verified with"),
            "{told}"
        );
        assert!(told.contains("`ALERTS_FILE`"), "{told}");
        assert!(
            read(ALERTS, &[("ALERTS", " ")])
                .unwrap_err()
                .contains("empty")
        );
    }

    #[test]
    fn one_name_has_one_lock() {
        let other = |grant: &str| {
            format!("{ALERTS}[plugins.other.grants]\nwebhooks = [{{ name = \"alerts\", {grant} }}]")
        };
        let same = other(r#"verify = "token", secret = "ALERTS""#);
        assert!(read(&same, &[("ALERTS", "a-secret")]).is_ok());
        let open = other(r#"verify = "none""#);
        let told = read(&open, &[("ALERTS", "a-secret")]).unwrap_err();
        assert!(told.contains("in another way than elsewhere"), "{told}");
    }

    #[test]
    fn standard_secrets_are_base64() {
        let grants = "[plugins.a.grants]\nwebhooks = [{ name = \"a\", verify = \"standard\", secret = \"A\" }]";
        assert!(read(grants, &[("A", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]).is_ok());
        let told = read(grants, &[("A", "whsec_!!")]).unwrap_err();
        assert!(
            told.contains("Standard Webhooks") && !told.contains("whsec_!!"),
            "{told}"
        );
    }
}
