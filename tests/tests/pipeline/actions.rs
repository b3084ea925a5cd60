//! By GitHub Actions.

use std::time::Duration;

use witbot_tests::fakes::{DeploymentState, Fault, RunEnd, Trouble, WorkflowRun};
use witbot_tests::services::{REPOSITORY, Services};

use crate::world::{ACTIONS, asked, bot, deploy, deployment, services, told};

use DeploymentState::{Error, Failure, InProgress, Pending, Queued, Success};

/// The run of a deployment, once there is one.
async fn run(services: &Services) -> WorkflowRun {
    services
        .github
        .until(|github| github.runs(REPOSITORY).pop())
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workflow_runs_and_its_states_are_told() {
    let services = services().await;
    let mut bot = bot(&services, ACTIONS).await;
    let id = deploy(&services, "staging");
    let run = run(&services).await;
    let sha = services.github.sha(REPOSITORY, "main");
    assert_eq!(
        (run.reference.as_str(), run.inputs.get("sha")),
        ("main", Some(&sha))
    );
    assert!(
        run.inputs
            .get("witbot")
            .is_some_and(|call| run.title.contains(call))
    );
    services.github.advance_run(REPOSITORY, run.id);
    told(&services, id, InProgress, "build: running, deploy: queued").await;
    services
        .github
        .finish_run(REPOSITORY, run.id, &RunEnd::Success);
    told(&services, id, Success, "").await;
    bot.stop().await;
    let told = deployment(&services.github, id);
    assert_eq!(told.states(), [Queued, InProgress, Success]);
    let page = format!("https://github.com/acme/api/actions/runs/{}", run.id);
    assert_eq!(told.statuses[2].log_url, page);
    assert_eq!(asked(&services.github, "POST", "/dispatches"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_names_job_and_step_and_shows_the_log() {
    let services = services().await;
    let mut bot = bot(&services, ACTIONS).await;
    let id = deploy(&services, "staging");
    let run = run(&services).await;
    let end = RunEnd::FailedAt("build".to_owned(), "Compile".to_owned());
    let failed = services.github.finish_run(REPOSITORY, run.id, &end);
    told(&services, id, Failure, "Failed: build, step Compile").await;
    let last = deployment(&services.github, id)
        .statuses
        .pop()
        .expect("there are some");
    let page = format!(
        "https://github.com/acme/api/actions/runs/{}/job/{}",
        run.id, failed.jobs[0].id
    );
    assert_eq!(last.log_url, page);
    bot.expect("#ops witbot: [failure] api to staging").await;
    bot.expect("    It failed in CI: build, step Compile.")
        .await;
    bot.expect(&format!("    Log: {page}")).await;
    bot.expect(&format!(
        "    [Re-run failed] `rerun deployment {id} in acme/api`"
    ))
    .await;
    bot.expect(&format!("    deployment {id} in acme/api"))
        .await;
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reviewer_lets_it_into_its_environment() {
    let services = services().await;
    services
        .github
        .set_reviewers(REPOSITORY, "production", &["witbot"]);
    let mut bot = bot(&services, ACTIONS).await;
    let id = deploy(&services, "production");
    let run = run(&services).await;
    services.github.advance_run(REPOSITORY, run.id);
    services.github.advance_run(REPOSITORY, run.id);
    told(&services, id, Pending, "Waits for an approval: production").await;
    bot.expect_soon("    [Approve production] `approve …`")
        .await;
    bot.expect("    deployment …").await;
    let yes = format!("approve production of deployment {id} in acme/api");
    let done = format!("#console witbot: Approved production of deployment {id}, for you.");
    bot.say(&yes).await;
    bot.expect_soon(&done).await;
    services
        .github
        .finish_run(REPOSITORY, run.id, &RunEnd::Success);
    told(&services, id, Success, "").await;
    bot.expect_soon("#ops witbot (edited): [success] api to production")
        .await;
    bot.expect("    It went well.").await;
    bot.expect("    Log: …").await;
    bot.expect("    deployment …").await;
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_of_an_older_server_is_found_by_its_name() {
    let services = services().await;
    services.github.make_actions_older(REPOSITORY);
    let mut bot = bot(&services, ACTIONS).await;
    services
        .github
        .dispatch(REPOSITORY, "deploy.yml", "main", "bob");
    let id = deploy(&services, "staging");
    let run = services
        .github
        .until(|github| {
            github
                .runs(REPOSITORY)
                .into_iter()
                .find(|run| run.actor == "witbot")
        })
        .await;
    services
        .github
        .finish_run(REPOSITORY, run.id, &RunEnd::Success);
    told(&services, id, Success, "").await;
    bot.stop().await;
    assert_eq!(services.github.runs(REPOSITORY).len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_lost_makes_no_second_run() {
    let services = services().await;
    let mut bot = bot(&services, ACTIONS).await;
    let path = "/repos/*/dispatches";
    services
        .github
        .inject(Fault::on("POST", path, Trouble::Cut).after_effect());
    let id = deploy(&services, "staging");
    let run = run(&services).await;
    services
        .github
        .finish_run(REPOSITORY, run.id, &RunEnd::Success);
    told(&services, id, Success, "").await;
    bot.stop().await;
    assert_eq!(services.github.runs(REPOSITORY).len(), 1);
    assert_eq!(asked(&services.github, "POST", "/dispatches"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_that_is_killed_while_it_starts_a_run_finds_it_again() {
    let services = services().await;
    let mut bot = bot(&services, ACTIONS).await;
    let late = Trouble::Slow(Duration::from_secs(20));
    services
        .github
        .inject(Fault::on("POST", "/repos/*/dispatches", late).after_effect());
    let id = deploy(&services, "staging");
    let run = run(&services).await;
    bot.kill9_and_restart().await;
    services
        .github
        .finish_run(REPOSITORY, run.id, &RunEnd::Success);
    told(&services, id, Success, "").await;
    bot.stop().await;
    assert_eq!(services.github.runs(REPOSITORY).len(), 1);
    assert_eq!(asked(&services.github, "POST", "/dispatches"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_was_promised_and_never_made_is_told() {
    let services = services().await;
    services.github.lose_runs(REPOSITORY, 1);
    let mut bot = bot(&services, ACTIONS).await;
    let id = deploy(&services, "staging");
    told(&services, id, Error, "CI has no such run any more").await;
    bot.stop().await;
    assert_eq!(asked(&services.github, "POST", "/dispatches"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_stopped_at_github_is_canceled() {
    let services = services().await;
    let mut bot = bot(&services, ACTIONS).await;
    let id = deploy(&services, "staging");
    let run = run(&services).await;
    services
        .github
        .finish_run(REPOSITORY, run.id, &RunEnd::Canceled);
    told(&services, id, Error, "Canceled in CI").await;
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_that_is_given_up_stops_its_run() {
    let services = services().await;
    let mut bot = bot(&services, ACTIONS).await;
    let id = deploy(&services, "staging");
    let run = run(&services).await;
    services.github.advance_run(REPOSITORY, run.id);
    told(&services, id, InProgress, "build: running, deploy: queued").await;
    services
        .github
        .set_deployment_status("ada", (REPOSITORY, id), Error, "Canceled by ada.");
    services
        .github
        .until(|github| (asked(github, "POST", "/cancel") == 1).then_some(()))
        .await;
    services.github.advance_run(REPOSITORY, run.id);
    told(&services, id, Error, "Canceled in CI").await;
    bot.stop().await;
}
