//! What the operator wrote: which pipeline deploys what.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use witbot_sdk::Result;
use witbot_sdk::ci::RunRequest;
use witbot_sdk::config::Wrong;

use crate::template::{self, Given, Values};

/// Shorter texts are names of branches, even if they look like a commit.
const ABBREVIATED_SHA_MIN: usize = 7;
/// No wait of a plugin is longer than 30 days.
const MINUTES_MAX: u32 = 30 * 24 * 60;
const GITHUB_ACTIONS: &str = "github-actions";

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
    /// `circleci` or `github-actions`.
    #[serde(default = "provider_default")]
    pub provider: String,
    /// As the service names it: `gh/acme/api` at CircleCI, `acme/api` at GitHub.
    pub project: String,
    /// How long a run is followed.
    #[serde(default = "timeout_minutes_default")]
    pub timeout_minutes: u32,
    /// Whether a run that takes longer is stopped.
    #[serde(default = "yes")]
    pub cancel_on_timeout: bool,
    /// After how long it is told that nothing moves.
    #[serde(default = "silent_minutes_default")]
    pub silent_minutes: u32,
    /// Whether a success in production marks the deployment before it as inactive.
    #[serde(default = "yes")]
    pub retire_previous: bool,
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

fn silent_minutes_default() -> u32 {
    10
}

fn yes() -> bool {
    true
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

    /// What is wrong with them although they can be read.
    pub fn wrong(&self) -> Vec<Wrong> {
        let all = self.repositories.iter().flat_map(|(name, environments)| {
            environments
                .iter()
                .map(move |(environment, pipeline)| (name, environment, pipeline))
        });
        let wrong = all.flat_map(|(name, environment, pipeline)| {
            pipeline.wrong().into_iter().map(move |(setting, reason)| {
                Wrong::at(&["repositories", name, environment, setting], reason)
            })
        });
        wrong.collect()
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

    /// Whether the pipeline gets the commit that is to be deployed.
    pub fn passes_commit(&self) -> bool {
        let has_commit =
            |given: &Given| matches!(given, Given::Text(text) if text.contains("{sha}"));
        self.parameters.values().any(has_commit)
    }

    /// Settings of this pipeline, each with what is wrong with it.
    fn wrong(&self) -> Vec<(&'static str, String)> {
        let mut wrong = Vec::new();
        let known = self.provider == "circleci" || self.provider == GITHUB_ACTIONS;
        if !known {
            let text = format!(
                "there is no CI provider `{}`: write `circleci` or `{GITHUB_ACTIONS}`",
                self.provider
            );
            wrong.push(("provider", text));
        }
        if self.provider == GITHUB_ACTIONS && self.definition.is_none() {
            let text =
                "GitHub Actions needs `definition`: the file of the workflow, such as `deploy.yml`";
            wrong.push(("provider", text.to_owned()));
        }
        if self.branch.is_some() && self.tag.is_some() {
            wrong.push((
                "tag",
                "a run is of a branch or of a tag: leave one of them out".to_owned(),
            ));
        }
        for (setting, minutes) in [
            ("timeout_minutes", self.timeout_minutes),
            ("silent_minutes", self.silent_minutes),
        ] {
            if !(1..=MINUTES_MAX).contains(&minutes) {
                wrong.push((setting, format!("write 1 to {MINUTES_MAX} minutes")));
            }
        }
        wrong.extend(self.unfilled());
        wrong
    }

    /// Texts with places that nothing can be put in.
    fn unfilled(&self) -> Vec<(&'static str, String)> {
        let own = [
            ("branch", &self.branch),
            ("tag", &self.tag),
            ("environment_url", &self.environment_url),
        ];
        let own = own
            .into_iter()
            .filter_map(|(setting, text)| Some((setting, text.as_deref()?)));
        let given = self.parameters.values().filter_map(|given| match given {
            Given::Text(text) => Some(("parameters", text.as_str())),
            Given::Boolean(_) | Given::Integer(_) => None,
        });
        let all = own.chain(given);
        let wrong =
            all.filter_map(|(setting, text)| Some((setting, template::check(text).err()?.message)));
        wrong.collect()
    }

    /// How long nothing has to move before it is told.
    pub fn silence(&self) -> Duration {
        Duration::from_secs(60 * u64::from(self.silent_minutes))
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
pub fn example() -> Settings {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn request(environment: &str, values: &Values) -> RunRequest {
        example()
            .pipeline("acme/api", environment, "deploy")
            .unwrap()
            .request(values)
            .unwrap()
    }

    #[test]
    fn only_deployments_that_are_known_are_carried_out() {
        let settings = example();
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
        let settings = example();
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

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        assert!(example().wrong().is_empty());
        let settings: Settings = witbot_sdk::config::parse(
            r#"{"repositories": {"acme/api": {
                "a": {"project": "p", "provider": "jenkins", "branch": "x", "tag": "{commit}"},
                "b": {"project": "p", "provider": "github-actions", "timeout_minutes": 0, "parameters": {"v": "{x}"}}
            }}}"#,
        )
        .unwrap();
        let wrong = settings.wrong();
        let places: Vec<&str> = wrong.iter().map(|wrong| wrong.pointer.as_str()).collect();
        assert_eq!(
            places,
            [
                "/repositories/acme~1api/a/provider",
                "/repositories/acme~1api/a/tag",
                "/repositories/acme~1api/a/tag",
                "/repositories/acme~1api/b/provider",
                "/repositories/acme~1api/b/timeout_minutes",
                "/repositories/acme~1api/b/parameters",
            ]
        );
        assert!(wrong[0].reason.contains("no CI provider `jenkins`"));
    }
}
