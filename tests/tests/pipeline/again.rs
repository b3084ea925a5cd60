//! Running once more what failed.

use witbot_tests::bot::Bot;
use witbot_tests::fakes::{DeploymentState, Outcome, RunEnd};
use witbot_tests::services::REPOSITORY;

use crate::world::{ACTIONS, CIRCLECI, PROJECT, bot, deploy, deployment, services, told};

use DeploymentState::{Failure, InProgress, Queued, Success};

#[tokio::test(flavor = "multi_thread")]
async fn what_failed_at_circleci_runs_again_and_succeeds() {
    let services = services().await;
    let mut bot = bot(&services, CIRCLECI).await;
    let id = deploy(&services, "staging");
    let pipeline = services.pipeline().await;
    services
        .circleci
        .finish(&pipeline.id, &Outcome::FailedAt("deploy".to_owned()));
    told(&services, id, Failure, "Failed: deploy").await;
    bot.expect_soon("    [Re-run failed] `rerun …`").await;
    bot.say(&format!("rerun deployment {id} in acme/api")).await;
    bot.expect_soon(&format!(
        "#console witbot: Running once more what failed of deployment {id} to staging, for you."
    ))
    .await;
    told(&services, id, Queued, "Runs once more what failed").await;
    services.circleci.finish(&pipeline.id, &Outcome::Success);
    told(&services, id, Success, "deploy: success").await;
    went_well(&bot, id).await;
    bot.stop().await;
    assert_eq!(services.circleci.pipelines(PROJECT).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_failed_at_github_runs_again_under_the_same_id() {
    let services = services().await;
    let mut bot = bot(&services, ACTIONS).await;
    let id = deploy(&services, "staging");
    let run = services
        .github
        .until(|github| github.runs(REPOSITORY).pop())
        .await;
    let again = format!("rerun deployment {id} in acme/api");
    let early = format!("#console witbot: Deployment {id} is still being carried out.");
    bot.ask(&again, &early).await;
    let end = RunEnd::FailedAt("deploy".to_owned(), "Ship".to_owned());
    services.github.finish_run(REPOSITORY, run.id, &end);
    told(&services, id, Failure, "Failed: deploy, step Ship").await;
    bot.expect_soon("    [Re-run failed] `rerun …`").await;
    bot.say(&again).await;
    bot.expect_soon("#console witbot: Running once more …")
        .await;
    told(&services, id, Queued, "Runs once more what failed").await;
    services.github.advance_run(REPOSITORY, run.id);
    told(&services, id, InProgress, "build: success, deploy: running").await;
    services
        .github
        .finish_run(REPOSITORY, run.id, &RunEnd::Success);
    told(&services, id, Success, "").await;
    went_well(&bot, id).await;
    let runs = services.github.runs(REPOSITORY);
    assert_eq!((runs.len(), runs[0].attempt), (1, 2));

    // What succeeded is not run again, and what was replaced neither.
    bot.ask(&again, "#console witbot: Nothing of it has failed.")
        .await;
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_later_deployment_replaced_is_not_run_again() {
    let services = services().await;
    let mut bot = bot(&services, ACTIONS).await;
    let id = deploy(&services, "staging");
    let run = services
        .github
        .until(|github| github.runs(REPOSITORY).pop())
        .await;
    let end = RunEnd::FailedAt("build".to_owned(), "Compile".to_owned());
    services.github.finish_run(REPOSITORY, run.id, &end);
    told(&services, id, Failure, "Failed: build, step Compile").await;
    bot.expect_soon("    deployment …").await;
    let later = deploy(&services, "staging");
    told(&services, later, Queued, "").await;
    let refused = format!("#console witbot: There is a later deployment to staging, {later}: …");
    bot.ask(&format!("rerun deployment {id} in acme/api"), &refused)
        .await;
    assert_eq!(
        deployment(&services.github, id).states().last(),
        Some(&Failure)
    );
    let unknown = "#console witbot: I know of no run in CI for deployment 7 of acme/api.";
    bot.ask("rerun deployment 7 in acme/api", unknown).await;
    bot.stop().await;
}

/// The answer to the command has become a card that says so.
async fn went_well(bot: &Bot, id: u64) {
    bot.expect_soon("#console witbot (edited): [success] api to staging")
        .await;
    bot.expect("    It went well.").await;
    bot.expect("    Log: …").await;
    bot.expect(&format!("    deployment {id} in acme/api"))
        .await;
}
