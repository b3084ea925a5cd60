//! A bot with `pipeline`, and what GitHub is told by it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use witbot_tests::bot::Bot;
use witbot_tests::fakes::{Deployment, DeploymentState, Github, WorkflowFile};
use witbot_tests::home::Home;
use witbot_tests::services::{REPOSITORY, Services};

pub use witbot_tests::services::PROJECT;

/// How long something may take that has a pause of the bot's own in it.
const TIME_MAX: Duration = Duration::from_secs(150);

/// A project of CircleCI that gets the commit as a parameter.
pub const CIRCLECI: &str = r#"project = "gh/acme/api"
correlate_by = "witbot"
parameters = { sha = "{sha}" }"#;

/// A workflow of GitHub Actions whose runs are called by the id of the call.
pub const ACTIONS: &str = r#"provider = "github-actions"
project = "acme/api"
definition = "deploy.yml"
correlate_by = "witbot"
parameters = { sha = "{sha}" }"#;

const GRANTS: &str = r##"
[plugins.pipeline.grants]
github = [{ repository = "acme/api", permissions = ["deployments:read", "deployments:write"], environments = ["staging", "production"] }]
ci = [
    { provider = "circleci", project = "gh/acme/api", actions = ["trigger", "read", "cancel", "rerun", "approve"] },
    { provider = "github-actions", project = "acme/api", actions = ["trigger", "read", "cancel", "rerun", "approve"] },
]
chat = [{ channel = "ops" }]
kv = [{ max_bytes = 1048576 }]
"##;

/// The services with a workflow `deploy.yml`, too.
pub async fn services() -> Arc<Services> {
    let services = Services::start().await;
    let file = WorkflowFile::new("deploy.yml")
        .inputs(&["sha"])
        .named_by("witbot")
        .job("build", &["Check out", "Compile"])
        .job_in("deploy", &["Ship"], "production");
    services.github.add_workflow(REPOSITORY, file);
    Arc::new(services)
}

/// A bot that deploys to staging and production by this pipeline.
pub async fn bot(services: &Arc<Services>, pipeline: &str) -> Bot {
    let places = ["staging", "production"].map(|environment| {
        format!("[plugins.pipeline.settings.repositories.\"acme/api\".{environment}]\n{pipeline}\n")
    });
    let settings = format!("{}{}{GRANTS}", services.addresses(), places.concat());
    let home = Home::new().with_plugin("pipeline").with_settings(&settings);
    Bot::start_for(home, services).await
}

/// Somebody deploys `main`, and wants to hear of it in `#ops`.
pub fn deploy(services: &Services, environment: &str) -> u64 {
    let fields = json!({ "ref": "main", "environment": environment, "payload": { "app": "api", "channel": "ops" } });
    services.github.deploy_as("ada", REPOSITORY, fields)
}

/// The deployment.
pub fn deployment(github: &Github, id: u64) -> Deployment {
    let all = github.deployments(REPOSITORY);
    let found = all.into_iter().find(|deployment| deployment.id == id);
    found.unwrap_or_else(|| panic!("there is no deployment {id}"))
}

/// Waits until a deployment has a status with this state and description, and gives all of its statuses in words.
pub async fn told(
    services: &Services,
    id: u64,
    state: DeploymentState,
    description: &str,
) -> Vec<String> {
    let words = || -> Vec<String> {
        let statuses = deployment(&services.github, id).statuses;
        let word = |(state, text): (&str, &str)| format!("{state} {text}").trim_end().to_owned();
        statuses
            .iter()
            .map(|status| word((status.state.as_str(), &status.description)))
            .collect()
    };
    let wanted = format!("{} {description}", state.as_str())
        .trim_end()
        .to_owned();
    within(
        &format!("deployment {id} to be `{wanted}`"),
        words,
        |words| words.contains(&wanted),
    )
    .await
}

/// Looks again and again until what it sees is right, and fails with what it saw.
pub async fn within<T: std::fmt::Debug>(
    what: &str,
    see: impl Fn() -> T,
    is_right: impl Fn(&T) -> bool,
) -> T {
    let end = Instant::now() + TIME_MAX;
    loop {
        let seen = see();
        if is_right(&seen) {
            return seen;
        }
        assert!(Instant::now() < end, "waited for {what}, and saw {seen:#?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// The requests of the bot that end like this.
pub fn asked(github: &Github, method: &str, end: &str) -> usize {
    let requests = github.requests();
    let is_it = |path: &str| path.ends_with(end);
    requests
        .iter()
        .filter(|request| request.method == method && is_it(&request.path))
        .count()
}

/// A payload that names nothing.
pub fn plain(environment: &str) -> Value {
    json!({ "ref": "main", "environment": environment })
}
