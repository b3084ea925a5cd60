//! What the operator wrote: which pipeline deploys what.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use witbot_sdk::Result;
use witbot_sdk::ci::RunRequest;

use crate::template::{self, Given, Values};

/// Shorter texts are names of branches, even if they look like a commit.
const ABBREVIATED_SHA_MIN: usize = 7;

/// All settings of the plugin.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// By `owner/name`, then by environment.
    repositories: BTreeMap<String, BTreeMap<String, Pipeline>>,
}

/// The pipeline that deploys one repository to one environment.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pipeline {
    /// `circleci`.
    #[serde(default = "provider_default")]
    pub provider: String,
    /// As the service names it: `gh/acme/api`.
    pub project: String,
    /// How long a run is followed.
    #[serde(default = "timeout_minutes_default")]
    pub timeout_minutes: u32,
    branch: Option<String>,
    tag: Option<String>,
    definition: Option<String>,
    #[serde(default)]
    parameters: BTreeMap<String, Given>,
    correlate_by: Option<String>,
    environment_url: Option<String>,
}

fn provider_default() -> String {
    "circleci".to_owned()
}

fn timeout_minutes_default() -> u32 {
    60
}

impl Settings {
    /// The pipeline for a deployment. None when the deployment is somebody else's.
    pub fn pipeline(&self, repository: &str, environment: &str, task: &str) -> Option<&Pipeline> {
        if task != "deploy" {
            return None;
        }
        // GitHub's names of repositories are the same in any case of letters.
        let (_, environments) = self
            .repositories
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(repository))?;
        environments.get(environment)
    }
}

impl Pipeline {
    /// The run to be started for a deployment.
    pub fn request(&self, values: &Values) -> Result<RunRequest> {
        let mut request = RunRequest::new();
        match (&self.branch, &self.tag) {
            (Some(branch), _) => request = request.branch(template::fill(branch, values)?),
            (None, Some(tag)) => request = request.tag(template::fill(tag, values)?),
            (None, None) if is_branch(values) => request = request.branch(&values.reference),
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

    /// Where what was deployed can be seen.
    pub fn environment_url(&self, values: &Values) -> Result<Option<String>> {
        self.environment_url
            .as_deref()
            .map(|url| template::fill(url, values))
            .transpose()
    }

    /// How long a run is followed.
    pub fn timeout(&self) -> Duration {
        Duration::from_secs(60 * u64::from(self.timeout_minutes))
    }
}

/// Whether the reference can be a branch. CI services do not take a commit for one: what is asked for by its commit is
/// run on the default branch, with the commit as a parameter.
fn is_branch(values: &Values) -> bool {
    let reference = values.reference.as_str();
    let is_commit = reference.len() >= ABBREVIATED_SHA_MIN && values.sha.starts_with(reference);
    !is_commit && reference != "HEAD"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings {
        witbot_sdk::config::parse(
            r#"{"repositories": {"acme/api": {
                "staging": { "project": "gh/acme/api" },
                "production": {
                    "provider": "circleci",
                    "project": "gh/acme/api",
                    "branch": "release",
                    "definition": "0b1c",
                    "parameters": { "sha": "{sha}", "deployment": "{deployment_id}", "verbose": true },
                    "correlate_by": "witbot_call",
                    "environment_url": "https://{environment}.example",
                    "timeout_minutes": 30
                },
                "tagged": { "project": "gh/acme/api", "tag": "{ref}" }
            }}}"#,
        )
        .expect("the example fits the settings")
    }

    fn request(environment: &str, values: &Values) -> RunRequest {
        settings()
            .pipeline("acme/api", environment, "deploy")
            .unwrap()
            .request(values)
            .unwrap()
    }

    #[test]
    fn only_deployments_that_are_known_are_carried_out() {
        let settings = settings();
        assert!(settings.pipeline("Acme/API", "staging", "deploy").is_some());
        assert!(
            settings
                .pipeline("acme/api", "staging", "migrate")
                .is_none()
        );
        assert!(settings.pipeline("acme/api", "review", "deploy").is_none());
        assert!(settings.pipeline("acme/web", "staging", "deploy").is_none());
    }

    #[test]
    fn the_settings_make_a_request() {
        let values = template::example();
        let expected = RunRequest::new()
            .branch("release")
            .definition("0b1c")
            .parameter("deployment", 5_000_000_001)
            .parameter("sha", "1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d")
            .parameter("verbose", true)
            .correlate_by("witbot_call");
        assert_eq!(request("production", &values), expected);
        let settings = settings();
        let pipeline = settings
            .pipeline("acme/api", "production", "deploy")
            .unwrap();
        assert_eq!(
            pipeline.environment_url(&values),
            Ok(Some("https://staging.example".to_owned()))
        );
        assert_eq!(pipeline.timeout(), Duration::from_secs(1_800));
    }

    #[test]
    fn branches_come_from_the_deployment_unless_it_names_a_commit() {
        let values = |reference: &str| Values {
            reference: reference.to_owned(),
            ..template::example()
        };
        assert_eq!(
            request("staging", &values("fix/login")),
            RunRequest::new().branch("fix/login")
        );
        assert_eq!(request("staging", &values("1a2b3c4d")), RunRequest::new());
        assert_eq!(request("staging", &values("HEAD")), RunRequest::new());
        assert_eq!(
            request("tagged", &values("v1.2")),
            RunRequest::new().tag("v1.2")
        );
    }

    #[test]
    fn a_wrong_parameter_is_named() {
        let error = witbot_sdk::config::parse::<Settings>(
            r#"{"repositories": {"acme/api": {"staging": {"project": "p", "parameters": {"at": 1.5}}}}}"#,
        );
        assert_eq!(
            error.unwrap_err().message,
            "the setting `repositories.acme/api.staging.parameters.at` is not as this plugin needs: \
             expected a text, a whole number, or true or false"
        );
    }
}
