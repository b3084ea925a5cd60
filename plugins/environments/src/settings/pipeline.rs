//! A pipeline of a CI service, which creates environments or destroys them.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use witbot_sdk::Result;
use witbot_sdk::ci::RunRequest;
use witbot_sdk::config::Wrong;

use crate::template::{self, Given, Values};

/// No wait of a plugin is longer than 30 days, and people wait for this.
const MINUTES_MAX: u32 = 24 * 60;
const GITHUB_ACTIONS: &str = "github-actions";

/// What is run, and with what.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pipeline {
    /// `circleci` or `github-actions`.
    #[serde(default = "provider_default")]
    pub provider: String,
    /// As the service names it: `gh/acme/api` at CircleCI, `acme/api` at GitHub.
    pub project: String,
    /// How long a run can take.
    #[serde(default = "timeout_minutes_default")]
    pub timeout_minutes: u32,
    branch: Option<String>,
    definition: Option<String>,
    #[serde(default)]
    parameters: BTreeMap<String, Given>,
    correlate_by: Option<String>,
}

fn provider_default() -> String {
    "circleci".to_owned()
}

fn timeout_minutes_default() -> u32 {
    30
}

impl Pipeline {
    /// The run to be started. With no branch in the settings, it is of `branch`, or else of the project's default branch.
    pub fn request(&self, values: &Values, branch: Option<&str>) -> Result<RunRequest> {
        let mut request = RunRequest::new();
        match (&self.branch, branch) {
            (Some(branch), _) => request = request.branch(template::fill(branch, values)?),
            (None, Some(branch)) => request = request.branch(branch),
            (None, None) => {}
        }
        if let Some(definition) = &self.definition {
            request = request.definition(definition);
        }
        for (name, given) in &self.parameters {
            request = request.parameter(name, template::parameter(given, values)?);
        }
        if let Some(name) = &self.correlate_by {
            request = request.correlate_by(name);
        }
        Ok(request)
    }

    /// How long a run can take.
    pub fn timeout(&self) -> Duration {
        Duration::from_secs(60 * u64::from(self.timeout_minutes))
    }

    pub(super) fn wrong(&self, keys: &[&str]) -> Vec<Wrong> {
        let mut wrong = Vec::new();
        let at = |setting: &str, reason: String| Wrong::at(&[keys, &[setting]].concat(), reason);
        if self.provider != "circleci" && self.provider != GITHUB_ACTIONS {
            let text = format!(
                "there is no CI provider `{}`: write `circleci` or `{GITHUB_ACTIONS}`",
                self.provider
            );
            wrong.push(at("provider", text));
        }
        if self.provider == GITHUB_ACTIONS && self.definition.is_none() {
            let text = "GitHub Actions needs the file of the workflow, such as `environment.yml`";
            wrong.push(at("definition", text.to_owned()));
        }
        if !(1..=MINUTES_MAX).contains(&self.timeout_minutes) {
            let text = format!("write 1 to {MINUTES_MAX} minutes");
            wrong.push(at("timeout_minutes", text));
        }
        let branch = self.branch.as_deref().and_then(template::wrong);
        wrong.extend(branch.map(|reason| at("branch", reason)));
        wrong.extend(self.wrong_parameters(keys));
        wrong
    }

    fn wrong_parameters<'a>(&'a self, keys: &'a [&'a str]) -> impl Iterator<Item = Wrong> + 'a {
        self.parameters.iter().filter_map(move |(name, given)| {
            let Given::Text(text) = given else {
                return None;
            };
            let keys = [keys, &["parameters", name.as_str()]].concat();
            Some(Wrong::at(&keys, template::wrong(text)?))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::example;
    use super::*;

    #[test]
    fn the_request_has_the_values_in_it() {
        let settings = example();
        let (_, api) = settings.chosen(Some("api")).unwrap();
        let values = template::example();
        let create = RunRequest::new()
            .branch("feature/login")
            .parameter("name", "api-feature-login")
            .parameter("sha", "1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d")
            .correlate_by("witbot_call");
        assert_eq!(
            api.create.request(&values, Some("feature/login")).unwrap(),
            create
        );
        let destroy = RunRequest::new()
            .parameter("name", "api-feature-login")
            .parameter("remove", true);
        assert_eq!(api.destroy.request(&values, None).unwrap(), destroy);
        assert_eq!(api.create.timeout(), Duration::from_secs(1_800));
    }

    #[test]
    fn the_branch_of_the_settings_comes_first() {
        let settings = example();
        let (_, web) = settings.chosen(Some("web")).unwrap();
        let request = web.destroy.request(&template::example(), Some("x"));
        let expected = RunRequest::new().branch("next").definition("destroy.yml");
        assert_eq!(request.unwrap(), expected);
    }
}
