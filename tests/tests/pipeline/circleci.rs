//! By CircleCI.

use witbot_tests::fakes::{DeploymentState, JobKind, Outcome};
use witbot_tests::services::REPOSITORY;

use crate::world::{CIRCLECI, PROJECT, bot, deploy, deployment, plain, services, told, within};

use DeploymentState::{Error, Failure, InProgress, Inactive, Pending, Queued, Success};

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_is_told_shown_and_given() {
    let services = services().await;
    let jobs = [
        ("build", JobKind::Build),
        ("ship it", JobKind::Approval),
        ("ship", JobKind::Build),
    ];
    services
        .circleci
        .set_workflows(PROJECT, &[("deploy", &jobs)]);
    let mut bot = bot(&services, CIRCLECI).await;
    let id = deploy(&services, "staging");
    let pipeline = services.pipeline().await;
    for _ in 0..3 {
        services.circleci.advance(&pipeline.id);
    }
    told(&services, id, Pending, "Waits for an approval: ship it").await;
    bot.expect("#ops witbot: [waiting] api to staging").await;
    bot.expect("    It waits for an approval in CI.").await;
    bot.expect("    Log: https://app.circleci.com/…").await;
    bot.expect(&format!(
        "    [Approve ship it] `approve … of deployment {id} in acme/api`"
    ))
    .await;
    bot.expect(&format!("    deployment {id} in acme/api"))
        .await;

    let other = format!("approve qa of deployment {id} in acme/api");
    let known = "#console witbot: It does not wait for `qa`. It waits for: ship it.";
    bot.ask(&other, known).await;
    let yes = format!("approve \"ship it\" of deployment {id} in acme/api");
    let done = format!("#console witbot: Approved ship it of deployment {id}, for you.");
    bot.say(&yes).await;
    // The card may change first.
    bot.expect_soon(&done).await;
    services.circleci.finish(&pipeline.id, &Outcome::Success);
    told(&services, id, Success, "deploy: success").await;
    // The button is gone from the card.
    bot.expect_soon("#ops witbot (edited): [success] api to staging")
        .await;
    bot.expect("    It went well.").await;
    bot.expect("    Log: https://app.circleci.com/…").await;
    bot.expect(&format!("    deployment {id} in acme/api"))
        .await;
    let over = format!("#console witbot: CI runs nothing for deployment {id} of acme/api.");
    bot.ask(&yes, &over).await;
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_that_is_told_twice_is_carried_out_once() {
    let services = services().await;
    let mut bot = bot(&services, CIRCLECI).await;
    let id = deploy(&services, "staging");
    services.github.tell_again(REPOSITORY, id);
    let pipeline = services.pipeline().await;
    services.begin(&pipeline);
    told(&services, id, InProgress, "deploy: running").await;
    services.circleci.finish(&pipeline.id, &Outcome::Success);
    told(&services, id, Success, "deploy: success").await;
    // Nor is it when it is told again at last.
    services.github.tell_again(REPOSITORY, id);
    services.github.webhooks_settled().await;
    bot.stop().await;
    assert_eq!(
        deployment(&services.github, id).states(),
        [Queued, InProgress, Success]
    );
    assert_eq!(services.circleci.pipelines(PROJECT).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_run_goes_on_and_the_second_webhook_does_not_take_its_place() {
    let services = services().await;
    let mut bot = bot(&services, CIRCLECI).await;
    let id = deploy(&services, "staging");
    let pipeline = services.pipeline().await;
    bot.kill9().await;
    services.github.tell_again(REPOSITORY, id);
    services.github.webhooks_settled().await;
    bot.restart().await;
    services.github.tell_again(REPOSITORY, id);
    services.begin(&pipeline);
    services.circleci.finish(&pipeline.id, &Outcome::Success);
    told(&services, id, Success, "deploy: success").await;
    services.github.webhooks_settled().await;
    bot.stop().await;
    assert_eq!(services.circleci.pipelines(PROJECT).len(), 1);
    let states = deployment(&services.github, id).states();
    assert_eq!(
        states.iter().filter(|state| **state == Success).count(),
        1,
        "{states:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn another_commit_is_not_deployed() {
    let services = services().await;
    services
        .circleci
        .set_branch(PROJECT, "main", "ffffffffffffffffffffffffffffffffffffffff");
    let without = "project = \"gh/acme/api\"\ncorrelate_by = \"witbot\"";
    let mut bot = bot(&services, without).await;
    let id = deploy(&services, "staging");
    let sha = services.github.sha(REPOSITORY, "main");
    let wrong = format!(
        "CI ran fffffff and not {}: give it `{{sha}}` as a parameter",
        &sha[..7]
    );
    let pipeline = services.pipeline().await;
    services.begin(&pipeline);
    told(&services, id, Error, &wrong).await;
    // What runs is stopped.
    services
        .circleci
        .until(|circleci| {
            let requests = circleci.requests();
            requests
                .iter()
                .any(|request| request.path.ends_with("/cancel"))
                .then_some(())
        })
        .await;
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_configuration_of_another_commit_is_a_note() {
    let services = services().await;
    services
        .circleci
        .set_branch(PROJECT, "main", "ffffffffffffffffffffffffffffffffffffffff");
    let mut bot = bot(&services, CIRCLECI).await;
    let id = deploy(&services, "staging");
    let pipeline = services.pipeline().await;
    services.circleci.finish(&pipeline.id, &Outcome::Success);
    told(
        &services,
        id,
        Success,
        "with the configuration of fffffff; deploy: success",
    )
    .await;
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_success_in_production_takes_the_place_of_the_one_before() {
    let services = services().await;
    let mut bot = bot(&services, CIRCLECI).await;
    let mut ids = Vec::new();
    for number in 1..=2 {
        let id = services
            .github
            .deploy_as("ada", REPOSITORY, plain("production"));
        let begun = || services.circleci.pipelines(PROJECT);
        let pipelines = within("a pipeline", begun, |all| all.len() == number).await;
        services
            .circleci
            .finish(&pipelines[number - 1].id, &Outcome::Success);
        told(&services, id, Success, "deploy: success").await;
        ids.push(id);
    }
    told(
        &services,
        ids[0],
        Inactive,
        &format!("Deployment {} took its place", ids[1]),
    )
    .await;
    bot.stop().await;
    assert_eq!(
        deployment(&services.github, ids[1]).states().last(),
        Some(&Success)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_that_is_deleted_leaves_its_run_alone() {
    let services = services().await;
    let mut bot = bot(&services, CIRCLECI).await;
    let id = deploy(&services, "staging");
    let pipeline = services.pipeline().await;
    told(&services, id, Queued, "").await;
    services.github.remove_deployment(REPOSITORY, id);
    services.circleci.finish(&pipeline.id, &Outcome::Success);
    bot.expect_log("WARN [pipeline] deployment … is not there any more")
        .await;
    bot.stop().await;
    assert!(
        services
            .circleci
            .requests()
            .iter()
            .all(|request| !request.path.ends_with("/cancel"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_without_an_end_is_stopped_and_told() {
    let services = services().await;
    let mut bot = bot(
        &services,
        &format!("{CIRCLECI}\ntimeout_minutes = 1\nsilent_minutes = 1"),
    )
    .await;
    let id = deploy(&services, "staging");
    let pipeline = services.pipeline().await;
    services.begin(&pipeline);
    told(
        &services,
        id,
        Error,
        "No result from CI after a minute; the run was stopped",
    )
    .await;
    let stopped = || {
        services
            .circleci
            .requests()
            .iter()
            .any(|request| request.path.ends_with("/cancel"))
    };
    assert!(stopped());
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_is_told_once_and_ends_when_something_moves() {
    let services = services().await;
    let mut bot = bot(&services, &format!("{CIRCLECI}\nsilent_minutes = 1")).await;
    let id = deploy(&services, "staging");
    let pipeline = services.pipeline().await;
    services.begin(&pipeline);
    told(
        &services,
        id,
        InProgress,
        "Nothing has moved in CI for a minute",
    )
    .await;
    services
        .circleci
        .finish(&pipeline.id, &Outcome::FailedAt("deploy".to_owned()));
    let words = told(&services, id, Failure, "Failed: deploy").await;
    let silences = words
        .iter()
        .filter(|word| word.contains("Nothing has moved"))
        .count();
    assert_eq!(silences, 1, "{words:?}");
    bot.expect("#ops witbot: [failure] api to staging").await;
    bot.expect("    It failed in CI: deploy.").await;
    bot.expect("    Log: https://app.circleci.com/…").await;
    bot.expect("    [Re-run failed] `rerun deployment … in acme/api`")
        .await;
    bot.expect(&format!("    deployment {id} in acme/api"))
        .await;
    bot.stop().await;
}
