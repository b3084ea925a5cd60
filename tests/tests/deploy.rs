//! The story that witbot is for: somebody types a command, GitHub and CI do the work, and the channel is told.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use witbot_core::conversation::pattern::matches;
use witbot_store::Store;
use witbot_tests::bot::Bot;
use witbot_tests::card::{self, AGAIN, CANCEL, LOG, SEE};
use witbot_tests::fakes::{
    Deployment, DeploymentState, Fault, Github, Outcome, Pipeline, Request, Trouble,
};
use witbot_tests::home::Home;
use witbot_tests::services::{PROJECT, REPOSITORY, Services};

use DeploymentState::{Error, Failure, InProgress, Queued, Success};

async fn bot() -> (Bot, Arc<Services>) {
    let services = Arc::new(Services::start().await);
    let home = Home::new()
        .with_plugin("deploy")
        .with_plugin("pipeline")
        .with_settings(&services.settings());
    (Bot::start_for(home, &services).await, services)
}

/// The only deployment that there is.
fn deployment(services: &Services) -> Deployment {
    let deployments = services.github.deployments(REPOSITORY);
    let [deployment] = deployments.as_slice() else {
        panic!("one deployment was expected: {deployments:#?}")
    };
    deployment.clone()
}

/// The only pipeline that there is.
fn pipeline(services: &Services) -> Pipeline {
    let pipelines = services.circleci.pipelines(PROJECT);
    let [pipeline] = pipelines.as_slice() else {
        panic!("one pipeline was expected: {pipelines:#?}")
    };
    pipeline.clone()
}

/// Types the command, and waits until the pipeline is at work and the thread says so.
async fn begin(bot: &mut Bot, services: &Services) -> Pipeline {
    bot.say("deploy api/main to staging").await;
    let pipeline = services.pipeline().await;
    card::expect_soon(bot, "console", "waiting", "Queued.…", &[CANCEL]).await;
    services.begin(&pipeline);
    let running = [LOG, CANCEL];
    card::expect_soon(bot, "console", "running", "In progress. …", &running).await;
    pipeline
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_is_queued_runs_and_succeeds() {
    let (mut bot, services) = bot().await;
    let sha = services.github.sha(REPOSITORY, "main");

    bot.say("@ada #ops: deploy api/main to staging").await;
    let version = &sha[..7];
    bot.expect(&format!(
        "#ops witbot: Deploying api main ({version}) to staging for ada"
    ))
    .await;
    bot.expect("  #ops witbot: [waiting] api to staging").await;
    // What is quick is put together: nobody sees the checks then.
    bot.expect("      …").await;
    bot.expect(&format!("      Version: main ({version})"))
        .await;
    bot.expect("      For: @ada").await;
    bot.expect("      Commit: …").await;
    bot.expect("      checks…").await;
    let started = services.pipeline().await;
    card::expect_soon(&bot, "ops", "waiting", "Queued.…", &[CANCEL]).await;
    services.begin(&started);
    card::expect_soon(&bot, "ops", "running", "In progress. …", &[LOG, CANCEL]).await;
    services.circleci.finish(&started.id, &Outcome::Success);
    card::expect_soon(&bot, "ops", "success", "Success. …", &[LOG, SEE]).await;

    let deployment = deployment(&services);
    assert_eq!(deployment.states(), [Queued, InProgress, Success]);
    assert_eq!(
        (deployment.reference.as_str(), &deployment.sha),
        ("main", &sha)
    );
    assert_eq!(deployment.environment, "staging");
    assert_eq!(deployment.payload["app"], "api");
    assert_eq!(deployment.payload["requested_by"]["name"], "ada");
    let last = &deployment.statuses[2];
    assert_eq!(last.environment_url, "https://staging.acme.example");
    assert!(
        last.log_url.starts_with("https://app.circleci.com/"),
        "{last:?}"
    );

    let pipeline = pipeline(&services);
    let mut parameters = pipeline.parameters;
    let correlation = parameters.remove("witbot").unwrap_or_default();
    assert!(correlation.as_str().is_some_and(|id| !id.is_empty()));
    let sent = json!({ "environment": "staging", "sha": sha, "deployment_id": deployment.id });
    assert_eq!(serde_json::Value::Object(parameters), sent);
    assert_eq!(pipeline.branch.as_deref(), Some("main"));
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pipeline_that_fails_fails_the_deployment() {
    let (mut bot, services) = bot().await;
    let pipeline = begin(&mut bot, &services).await;
    let outcome = Outcome::FailedAt("deploy".to_owned());
    services.circleci.finish(&pipeline.id, &outcome);
    let text = "Failed. Failed: deploy";
    card::expect_soon(&bot, "console", "failure", text, &[LOG, AGAIN]).await;
    assert_eq!(
        deployment(&services).states(),
        [Queued, InProgress, Failure]
    );
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pipeline_that_is_cancelled_is_no_success() {
    let (mut bot, services) = bot().await;
    let pipeline = begin(&mut bot, &services).await;
    services.circleci.finish(&pipeline.id, &Outcome::Canceled);
    card::expect_soon(&bot, "console", "canceled", "Canceled in CI", &[LOG, AGAIN]).await;
    assert_eq!(deployment(&services).states(), [Queued, InProgress, Error]);
    bot.stop().await;
}

/// Cancels the deployment, and expects that this is answered and shown. The one run answers, the other changes its card,
/// and nobody knows which is first.
async fn cancel(bot: &mut Bot, links: &[&str]) {
    bot.say("@ada #console: cancel deploy api in staging").await;
    let mut card = vec![
        "  #console witbot (edited): [canceled] api to staging".to_owned(),
        "      Canceled by ada.".to_owned(),
        "      Version: main (…)".to_owned(),
        "      For: @you".to_owned(),
        "      Commit: …".to_owned(),
    ];
    card.extend(links.iter().map(|link| format!("      {link}")));
    card.push(format!("      {AGAIN}"));
    card.push("      checks …".to_owned());
    let mut lines = Vec::new();
    for _ in 0..=card.len() {
        lines.push(bot.expect("…").await);
    }
    let answer = "#console witbot: Canceled the deployment of api main (…) to staging.";
    let answers = lines.extract_if(.., |line| matches(answer, line)).count();
    assert_eq!(answers, 1, "{lines:#?}");
    for (line, expected) in lines.iter().zip(&card) {
        assert!(matches(expected, line), "{lines:#?}");
    }
}

/// Waits until the deployment has so many statuses, and gives the descriptions of the last two.
async fn told(services: &Services, count: usize) -> [String; 2] {
    let look = |github: &Github| {
        let statuses = github.deployments(REPOSITORY).pop()?.statuses;
        (statuses.len() == count).then_some(statuses)
    };
    let statuses = services.github.until(look).await;
    let [.., before, last] = statuses.as_slice() else {
        panic!("two statuses were expected: {statuses:#?}")
    };
    [before.description.clone(), last.description.clone()]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_that_is_canceled_stops_its_pipeline_and_is_told_once() {
    let (mut bot, services) = bot().await;
    let pipeline = begin(&mut bot, &services).await;
    cancel(&mut bot, &[LOG]).await;

    // The pipeline ends some time after it was asked to, and that is told to GitHub.
    services.circleci.until(|_| stops(&services)).await;
    services.circleci.advance(&pipeline.id);
    assert_eq!(
        told(&services, 4).await,
        ["Canceled by ada.", "Canceled in CI"]
    );

    // Its own word comes back to it, and does not make it do anything more.
    services.github.webhooks_settled().await;
    let nothing = "#console witbot: Nothing of api is being deployed to staging.";
    bot.ask("cancel deploy api in staging", nothing).await;
    bot.stop().await;
    let deployment = deployment(&services);
    assert_eq!(deployment.states(), [Queued, InProgress, Error, Error]);
    let logs = deployment.statuses.iter().map(|status| &status.log_url);
    assert!(
        logs.skip(1)
            .all(|log| log.starts_with("https://app.circleci.com/"))
    );
    assert_eq!(stops(&services), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pipeline_that_is_just_being_started_is_stopped_as_well() {
    let (mut bot, services) = bot().await;
    let slow = Trouble::Slow(Duration::from_secs(3));
    let circleci = &services.circleci;
    circleci.inject(Fault::on("POST", "*/pipeline*", slow));
    bot.say("deploy api/main to staging").await;
    card::expect_soon(&bot, "console", "waiting", "Queued.…", &[CANCEL]).await;
    let asked = |request: &Request| request.method == "POST";
    circleci
        .until(|circleci| circleci.requests().iter().any(asked).then_some(()))
        .await;
    cancel(&mut bot, &[]).await;

    // It is there now. There is something to stop as soon as it has begun.
    let pipeline = services.pipeline().await;
    circleci.advance(&pipeline.id);
    circleci.until(|_| stops(&services)).await;
    circleci.advance(&pipeline.id);
    assert_eq!(
        told(&services, 3).await,
        ["Canceled by ada.", "Canceled in CI"]
    );
    assert!(circleci.pipeline(&pipeline.id).is_over());
    bot.stop().await;
}

/// How often the pipeline was to be stopped, if it was.
fn stops(services: &Services) -> Option<usize> {
    let requests = services.circleci.requests();
    let stops = requests.iter().filter(|r| r.path.ends_with("/cancel"));
    Some(stops.count()).filter(|count| *count > 0)
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_names_are_answered_with_the_known_ones() {
    let (mut bot, services) = bot().await;
    bot.ask(
        "deploy apo to staging",
        "#console witbot: I do not know the application `apo`. Known: api.",
    )
    .await;
    bot.ask(
        "deploy api to stagging",
        "#console witbot: api has no environment `stagging`. Known: staging, production.",
    )
    .await;
    bot.ask(
        "deploy api/no-such-branch to staging",
        "#console witbot: acme/api has no `no-such-branch`. Branches: …",
    )
    .await;
    bot.ask(
        "where can I deploy api",
        "#console witbot: api (acme/api) can be deployed to: staging, production.",
    )
    .await;
    bot.stop().await;
    assert!(services.github.deployments(REPOSITORY).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_comes_twice_starts_one_pipeline() {
    let (mut bot, services) = bot().await;
    services.github.duplicate_webhooks(1);
    let pipeline = begin(&mut bot, &services).await;
    services.circleci.duplicate_webhooks(usize::MAX);
    services.circleci.finish(&pipeline.id, &Outcome::Success);
    card::expect_soon(&bot, "console", "success", "Success. …", &[LOG, SEE]).await;
    services.github.webhooks_settled().await;

    let mut deliveries = services.github.deliveries();
    deliveries.retain(|delivery| delivery.event == "deployment");
    let answers: Vec<_> = deliveries.iter().map(|delivery| delivery.status).collect();
    assert_eq!(answers, [Some(202), Some(200)]);
    assert_eq!(
        deployment(&services).states(),
        [Queued, InProgress, Success]
    );
    self::pipeline(&services);
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_webhooks_are_made_up_for_by_looking() {
    let (mut bot, services) = bot().await;
    let pipeline = begin(&mut bot, &services).await;
    services.github.lose_webhooks(usize::MAX);
    services.circleci.lose_webhooks(usize::MAX);
    services.circleci.finish(&pipeline.id, &Outcome::Success);
    card::expect_soon(&bot, "console", "success", "Success. …", &[LOG, SEE]).await;
    assert_eq!(
        deployment(&services).states(),
        [Queued, InProgress, Success]
    );
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_with_a_wrong_signature_is_refused_and_not_stored() {
    let (mut bot, services) = bot().await;
    let door = format!("{}/hooks/github", bot.url());
    services.github.send_webhooks_to(&door, "a wrong secret");
    bot.say("deploy api/main to staging").await;
    let created = "Deployment … is created. Waiting for it to begin.";
    card::expect_soon(&bot, "console", "waiting", created, &[CANCEL]).await;
    services.github.webhooks_settled().await;
    let deliveries = services.github.deliveries();
    let [refused] = deliveries.as_slice() else {
        panic!("one webhook was expected: {deliveries:#?}")
    };
    assert_eq!(refused.status, Some(401));
    let warning = bot.expect_log("WARN a webhook was refused").await;
    let reason = "reason=\"its signature is missing or wrong\"";
    assert!(warning.details.contains(reason), "{warning:?}");
    assert!(stored(&bot).await.is_none());
    assert!(services.circleci.pipelines(PROJECT).is_empty());

    // GitHub sends it again when its secret is put right.
    services.send_webhooks_to(bot.url());
    assert!(services.github.redeliver(&refused.guid));
    services.pipeline().await;
    assert!(stored(&bot).await.is_some());
    card::expect_soon(&bot, "console", "waiting", "Queued.…", &[CANCEL]).await;
    bot.stop().await;
}

/// The first deployment that the bot was told of.
async fn stored(bot: &Bot) -> Option<i64> {
    let store = Store::open_to_read(&bot.home().data()).expect("the bot keeps it there");
    let found = store
        .first_event_after("github.deployment", REPOSITORY, 0)
        .await
        .expect("anybody can read beside the bot");
    store.close().await;
    found.map(|(row, _)| row)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_that_is_revoked_ends_a_wait_that_was_parked_under_it() {
    let (mut bot, services) = bot().await;
    bot.say("deploy api/main to staging").await;
    let started = services.pipeline().await;
    card::expect_soon(&bot, "console", "waiting", "Queued.…", &[CANCEL]).await;

    // Only deploy loses its grants; pipeline goes on, and what it tells GitHub is news for deploy.
    let settings = services.settings();
    let (before, rest) = split_grants(&settings);
    bot.home().write_settings(&format!("{before}{rest}"));
    bot.expect_log("WARN [deploy] the plugin is held: …").await;
    services.begin(&started);
    let lost = "I can no longer follow deployment …`deploy` may not …";
    // Without its button, which would cancel whatever goes on by the time that somebody presses it.
    card::expect_soon(&bot, "console", "warning", lost, &[]).await;
    services.circleci.finish(&started.id, &Outcome::Success);
    bot.stop().await;
}

/// The settings without the grants of deploy: what stands before them and what stands after them.
fn split_grants(settings: &str) -> (&str, &str) {
    let (before, grants) = settings
        .split_once("[plugins.deploy.grants]")
        .expect("deploy has grants");
    let rest = grants.find("\n[").expect("something comes after them");
    (before, &grants[rest..])
}
