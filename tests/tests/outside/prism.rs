//! Everything that the bot asks of GitHub is what GitHub's own description of its interface allows.

use std::collections::BTreeSet;
use std::sync::Arc;

use witbot_tests::bot::Bot;
use witbot_tests::fakes::DeploymentState::Success;
use witbot_tests::fakes::{
    CheckState, CommitState, Deployment, Github, Outcome, Request, RunEnd, WorkflowFile,
};
use witbot_tests::home::Home;
use witbot_tests::outside::description::Description;
use witbot_tests::outside::prism::Prism;
use witbot_tests::outside::witness::{Exchange, Witness};
use witbot_tests::services::{REPOSITORY, Services, private_key};

const CREATE: &str = "POST /repos/{owner}/{repo}/deployments";
const READ: &str = "GET /repos/{owner}/{repo}/deployments/{deployment_id}";
const LIST: &str = "GET /repos/{owner}/{repo}/deployments";

/// What has to be among the requests, or the test would show nothing.
const ASKED: [&str; 27] = [
    CREATE,
    READ,
    LIST,
    "GET /repos/{owner}/{repo}",
    "GET /repos/{owner}/{repo}/actions/runs",
    "GET /repos/{owner}/{repo}/actions/runs/{run_id}",
    "GET /repos/{owner}/{repo}/actions/runs/{run_id}/jobs",
    "GET /repos/{owner}/{repo}/actions/runs/{run_id}/pending_deployments",
    "GET /repos/{owner}/{repo}/actions/workflows/{workflow_id}/runs",
    "GET /repos/{owner}/{repo}/branches",
    "GET /repos/{owner}/{repo}/commits/{ref}",
    "GET /repos/{owner}/{repo}/commits/{ref}/check-runs",
    "GET /repos/{owner}/{repo}/commits/{ref}/status",
    "GET /repos/{owner}/{repo}/compare/{basehead}",
    "GET /repos/{owner}/{repo}/deployments/{deployment_id}/statuses",
    "GET /repos/{owner}/{repo}/hooks",
    "GET /repos/{owner}/{repo}/hooks/{hook_id}/deliveries",
    "GET /repos/{owner}/{repo}/installation",
    "POST /app/installations/{installation_id}/access_tokens",
    "POST /repos/{owner}/{repo}/actions/runs/{run_id}/cancel",
    "POST /repos/{owner}/{repo}/actions/runs/{run_id}/pending_deployments",
    "POST /repos/{owner}/{repo}/actions/runs/{run_id}/rerun",
    "POST /repos/{owner}/{repo}/actions/runs/{run_id}/rerun-failed-jobs",
    "POST /repos/{owner}/{repo}/actions/workflows/{workflow_id}/dispatches",
    "POST /repos/{owner}/{repo}/deployments/{deployment_id}/statuses",
    "POST /repos/{owner}/{repo}/hooks/{hook_id}/deliveries/{delivery_id}/attempts",
    "POST /repos/{owner}/{repo}/merges",
];

const APP: u64 = 12;

const GRANTS: &str = r#"
[plugins.asks.grants]
github = [{ repository = "acme/api", permissions = ["contents:write", "deployments:write", "contents:read"] }]
ci = [{ provider = "github-actions", project = "acme/api", actions = ["trigger", "read", "cancel", "rerun", "approve"] }]
"#;

#[tokio::test(flavor = "multi_thread")]
async fn all_that_is_asked_of_github_is_as_github_describes_it() {
    let services = Arc::new(Services::start().await);
    let witness = Witness::before(services.github.url()).await;
    let ((), prism) = tokio::join!(ask(&services, &witness), Prism::start(&witness));
    let judge = Judge {
        prism,
        description: Description::read(),
    };
    let exchanges = witness.exchanges();
    let mut asked = BTreeSet::new();
    let mut violations = Vec::new();
    for (number, exchange) in exchanges.iter().enumerate() {
        asked.extend(judge.operation(exchange));
        violations.extend(judge.violations(number, exchange).await);
    }
    assert!(violations.is_empty(), "{}", violations.join("\n"));
    for operation in ASKED {
        assert!(asked.contains(operation), "{operation}: {asked:#?}");
    }
    judge.is_strict(&exchanges).await;
    judge.prism.stop().await;
}

/// Both that know what GitHub's description says.
struct Judge {
    prism: Prism,
    description: Description,
}

impl Judge {
    /// What is asked for.
    fn operation(&self, exchange: &Exchange) -> Option<String> {
        let operation = self.description.operation(exchange)?;
        Some(format!("{} {}", exchange.method, operation.template))
    }

    async fn violations(&self, number: usize, exchange: &Exchange) -> Vec<String> {
        let mut found = self.prism.violations(number, exchange).await;
        match self.description.operation(exchange) {
            Some(operation) => found.extend(self.description.unknown(operation, exchange)),
            None => found.push("there is no such path".to_owned()),
        }
        let Exchange { method, uri, .. } = exchange;
        let body = String::from_utf8_lossy(&exchange.body);
        let found = found.iter();
        found
            .map(|found| format!("{method} {uri} {body}: {found}"))
            .collect()
    }

    /// Expects that what is wrong with a request or an answer is found.
    async fn is_strict(&self, exchanges: &[Exchange]) {
        let (number, creation) = self.first(exchanges, CREATE);
        for (body, said) in [
            (r#"{"environment": "staging"}"#, "ref"),
            (r#"{"ref": "main", "auto_merge": "no"}"#, "auto_merge"),
            (
                r#"{"ref": "main", "enviroment": "staging"}"#,
                "`enviroment` is unknown",
            ),
        ] {
            let mut bad = creation.clone();
            bad.body = body.into();
            self.finds(number, &bad, said).await;
        }
        for (uri, said) in [
            ("/repos/acme/api/deployment", "there is no such path"),
            (
                "/repos/acme/api/deployments?env=staging",
                "`env` is unknown",
            ),
        ] {
            let mut bad = creation.clone();
            bad.uri = uri.parse().expect("it is an address");
            self.finds(number, &bad, said).await;
        }
        let (number, one) = self.first(exchanges, READ);
        let (_, mut several) = self.first(exchanges, LIST);
        several.answer = one.answer;
        self.finds(number, &several, "Response body must be array")
            .await;
    }

    /// The first that asks for this, with its number.
    fn first(&self, exchanges: &[Exchange], operation: &str) -> (usize, Exchange) {
        let is_it = |exchange: &Exchange| self.operation(exchange).as_deref() == Some(operation);
        let number = exchanges.iter().position(is_it);
        let number = number.unwrap_or_else(|| panic!("nobody asked for {operation}"));
        (number, exchanges[number].clone())
    }

    async fn finds(&self, number: usize, exchange: &Exchange, said: &str) {
        let found = self.violations(number, exchange).await;
        assert!(
            found.iter().any(|found| found.contains(said)),
            "{said}: {found:#?}"
        );
    }
}

/// Has bots ask GitHub for all that they ever do.
async fn ask(services: &Arc<Services>, witness: &Witness) {
    let through = |settings: String| settings.replace(&services.github.url(), witness.url());
    let home = || {
        Home::new()
            .with_plugin("deploy")
            .with_plugin("pipeline")
            .with_settings(&through(services.settings()))
    };
    deploy(&mut Bot::start_for(home(), services).await, services).await;

    let settings = format!("{}{GRANTS}", through(services.addresses()));
    let asking = Home::new().with_guest("asks").with_settings(&settings);
    ask_as_a_plugin(
        &mut Bot::start_for(asking, services).await,
        &services.github,
    )
    .await;

    services.github.add_app(APP, &[REPOSITORY]);
    let app = home()
        .with_secret("GITHUB_WEBHOOK_SECRET", "known-to-nobody-else")
        .with_secret("GITHUB_APP_ID", &APP.to_string())
        .with_secret("GITHUB_APP_PRIVATE_KEY", &private_key());
    let mut bot = Bot::start(app).await;
    bot.say("deploys api").await;
    bot.expect_soon("#console witbot: ```").await;
    // One webhook was lost.
    let again = |request: &Request| request.path.ends_with("/attempts");
    until(&services.github, |github| {
        github.requests().iter().any(again)
    })
    .await;
}

async fn deploy(bot: &mut Bot, services: &Services) {
    let github = &services.github;
    github.set_status(REPOSITORY, "main", "build", CommitState::Success);
    github.set_check_run(REPOSITORY, "main", "lint", CheckState::Success);
    bot.say("deploy api/main to staging").await;
    let pipeline = services.pipeline().await;
    services.begin(&pipeline);
    github.webhooks_settled().await;
    github.lose_webhooks(1);
    services.circleci.finish(&pipeline.id, &Outcome::Success);
    let is_over = |deployment: &Deployment| deployment.states().last() == Some(&Success);
    until(github, |github| {
        github.deployments(REPOSITORY).iter().any(is_over)
    })
    .await;
}

/// What plugins can ask for and ours do not.
async fn ask_as_a_plugin(bot: &mut Bot, github: &Github) {
    const ANSWERED: &str = "#console witbot: All of it was answered.";
    github.push(REPOSITORY, "main", "One more");
    github.set_status(REPOSITORY, "main", "build", CommitState::Success);
    bot.ask("ask github", ANSWERED).await;

    let workflow = WorkflowFile::new("deploy.yml")
        .inputs(&["environment", "witbot"])
        .named_by("witbot")
        .job_in("deploy", &["Deploy"], "production");
    github.add_workflow(REPOSITORY, workflow);
    github.set_reviewers(REPOSITORY, "production", &["witbot"]);
    bot.say("ask actions").await;
    let id = run(github, 1).await;
    // It is queued, then it runs, and then somebody has to approve.
    let waits = (0..3).any(|_| github.advance_run(REPOSITORY, id).status == "waiting");
    assert!(waits, "{:?}", github.runs(REPOSITORY));
    until(github, |github| {
        github.runs(REPOSITORY)[0].status != "waiting"
    })
    .await;
    let failed = RunEnd::FailedAt("deploy".to_owned(), "Deploy".to_owned());
    github.finish_run(REPOSITORY, id, &failed);
    bot.expect(ANSWERED).await;

    github.make_actions_older(REPOSITORY);
    bot.say("ask older actions").await;
    let id = run(github, 2).await;
    github.finish_run(REPOSITORY, id, &RunEnd::Success);
    bot.expect(ANSWERED).await;
}

/// The last of so many runs, once there are.
async fn run(github: &Github, count: usize) -> u64 {
    until(github, |github| github.runs(REPOSITORY).len() == count).await;
    github.runs(REPOSITORY)[count - 1].id
}

async fn until(github: &Github, mut is_so: impl FnMut(&Github) -> bool) {
    github.until(|github| is_so(github).then_some(())).await;
}
