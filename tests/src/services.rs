//! GitHub and CircleCI as the whole-bot tests find them: one repository, one project, and a bot that is to use them.

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::fakes::{CIRCLECI_TOKEN, Circleci, GITHUB_TOKEN, Github, ParameterType, Pipeline};
use crate::home::Home;

/// The repository that everything is about.
pub const REPOSITORY: &str = "acme/api";
/// The project that belongs to it.
pub const PROJECT: &str = "gh/acme/api";

const GITHUB_SECRET: &str = "known-to-github-and-the-bot";
const CIRCLECI_SECRET: &str = "known-to-circleci-and-the-bot";

/// The parameters that the project declares.
const PARAMETERS: [(&str, ParameterType); 4] = [
    ("environment", ParameterType::String),
    ("sha", ParameterType::String),
    ("deployment_id", ParameterType::Integer),
    ("witbot", ParameterType::String),
];

/// The two services.
#[derive(Debug)]
pub struct Services {
    /// Has `acme/api` with the branches `main` and `fix-login`.
    pub github: Github,
    /// Has `gh/acme/api`, whose pipelines stand still until they are moved.
    pub circleci: Circleci,
}

impl Services {
    /// Starts both.
    pub async fn start() -> Services {
        let github = Github::start().await.expect("there is a free port");
        let circleci = Circleci::start().await.expect("there is a free port");
        github.add_repository(REPOSITORY, &["main", "fix-login"]);
        circleci.add_project(PROJECT, &PARAMETERS);
        for branch in ["main", "fix-login"] {
            circleci.set_branch(PROJECT, branch, &github.sha(REPOSITORY, branch));
        }
        Services { github, circleci }
    }

    /// The settings of a bot that deploys `api` by way of both.
    pub fn settings(&self) -> String {
        format!("{}{PLUGINS}", self.addresses())
    }

    /// The settings of a bot that finds both, and grants nothing.
    pub fn addresses(&self) -> String {
        format!(
            "[github]\napi_url = \"{}\"\n[ci.circleci]\napi_url = \"{}\"\n",
            self.github.url(),
            self.circleci.url()
        )
    }

    /// The home with the secrets that both ask for.
    pub(crate) fn known_to(&self, home: Home) -> Home {
        home.with_secret("GITHUB_TOKEN", GITHUB_TOKEN)
            .with_secret("GITHUB_WEBHOOK_SECRET", GITHUB_SECRET)
            .with_secret("CIRCLECI_TOKEN", CIRCLECI_TOKEN)
            .with_secret("CIRCLECI_WEBHOOK_SECRET", CIRCLECI_SECRET)
    }

    /// Sends webhooks to a bot from now on, signed as it expects.
    pub fn send_webhooks_to(&self, bot: &str) {
        self.github
            .send_webhooks_to(&format!("{bot}/hooks/github"), GITHUB_SECRET);
        self.circleci
            .send_webhooks_to(&format!("{bot}/hooks/circleci"), CIRCLECI_SECRET);
    }

    /// The pipeline of a deployment, once there is one.
    pub async fn pipeline(&self) -> Pipeline {
        self.circleci
            .until(|circleci| circleci.pipelines(PROJECT).pop())
            .await
    }

    /// Moves a pipeline on until its first job is over, which is the first that anybody is told of.
    pub fn begin(&self, pipeline: &Pipeline) {
        self.circleci.advance(&pipeline.id);
        self.circleci.advance(&pipeline.id);
    }
}

/// The key of an app: the stand-in takes any.
pub fn private_key() -> String {
    let key = KeyPair::generate(KeySize::Rsa2048).expect("there is chance enough");
    let der: Pkcs8V1Der<'_> = key.as_der().expect("a key that was made can be written");
    let text = STANDARD.encode(der.as_ref());
    format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n")
}

const PLUGINS: &str = r#"
[plugins.deploy.settings.apps.api]
repository = "acme/api"
environments = ["staging", "production"]

[plugins.deploy.grants]
github = [{ repository = "acme/api", permissions = ["contents:read", "deployments:read", "deployments:write"], environments = ["staging", "production"] }]
kv = [{ max_bytes = 1048576 }]
chat = [{ channel = "deploys" }]

[plugins.pipeline.settings.repositories."acme/api".staging]
project = "gh/acme/api"
correlate_by = "witbot"
environment_url = "https://staging.acme.example"

[plugins.pipeline.settings.repositories."acme/api".staging.parameters]
environment = "{environment}"
sha = "{sha}"
deployment_id = "{deployment_id}"

[plugins.pipeline.grants]
github = [{ repository = "acme/api", permissions = ["deployments:read", "deployments:write"], environments = ["staging"] }]
ci = [{ provider = "circleci", project = "gh/acme/api", actions = ["trigger", "read", "cancel"] }]
kv = [{ max_bytes = 1048576 }]
"#;
