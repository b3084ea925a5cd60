//! Applications, each with a repository, a project and one deployment at a time: so each deployment is known by its place.

use std::fmt::Write as _;
use std::time::Duration;

use witbot_tests::fakes::ParameterType;
use witbot_tests::services::Services;

/// The names of the applications.
pub const LANES: [&str; 3] = ["one", "two", "three"];

/// How long each step of a pipeline takes: a few of them pass in the life of a bot.
const PACE: Duration = Duration::from_millis(150);

/// The repository of an application.
pub fn repository(lane: &str) -> String {
    format!("acme/{lane}")
}

/// The project of an application.
pub fn project(lane: &str) -> String {
    format!("gh/acme/{lane}")
}

/// GitHub and CircleCI with all of them, whose pipelines move by themselves.
pub async fn services() -> Services {
    let services = Services::start().await;
    for lane in LANES {
        let (repository, project) = (repository(lane), project(lane));
        services.github.add_repository(&repository, &["main"]);
        let parameters = [
            ("deployment_id", ParameterType::Integer),
            ("witbot", ParameterType::String),
        ];
        services.circleci.add_project(&project, &parameters);
        let commit = services.github.sha(&repository, "main");
        services.circleci.set_branch(&project, "main", &commit);
        // Else two pipelines of one minute could not be told apart, and the bot would say so.
        services.circleci.tell_parameters(&project);
    }
    services.circleci.set_pace(PACE);
    services
}

/// The settings of a bot that deploys all of them, and counts.
pub fn settings() -> String {
    let mut settings = String::new();
    for lane in LANES {
        let (repository, project) = (repository(lane), project(lane));
        let written = write!(
            settings,
            r#"
[plugins.deploy.settings.apps.{lane}]
repository = "{repository}"
environments = ["staging"]

[plugins.pipeline.settings.repositories."{repository}".staging]
project = "{project}"
correlate_by = "witbot"
parameters = {{ deployment_id = "{{deployment_id}}" }}
"#
        );
        written.expect("a text can be written to");
    }
    settings + GRANTS
}

const GRANTS: &str = r#"
[plugins.deploy.grants]
github = [{ repository = "acme/*", permissions = ["contents:read", "deployments:read", "deployments:write"], environments = ["staging"] }]
kv = [{ max_bytes = 1048576 }]

[plugins.pipeline.grants]
github = [{ repository = "acme/*", permissions = ["deployments:read", "deployments:write"], environments = ["staging"] }]
ci = [{ provider = "circleci", project = "gh/acme/*", actions = ["trigger", "read", "cancel"] }]
kv = [{ max_bytes = 1048576 }]

[plugins.remembers.grants]
kv = [{ max_bytes = 1024 }]
"#;
