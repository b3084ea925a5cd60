//! GitHub tells the bot what happens by webhooks. They can be lost, and many bots cannot be reached at all.

use std::sync::Arc;

use serde_json::json;
use witbot_tests::bot::Bot;
use witbot_tests::card::{self, LOG, SEE};
use witbot_tests::fakes::{CIRCLECI_TOKEN, DeploymentState, GITHUB_TOKEN, Github, Outcome};
use witbot_tests::home::Home;
use witbot_tests::services::{PROJECT, REPOSITORY, Services};

fn home(services: &Services) -> Home {
    Home::new()
        .with_plugin("deploy")
        .with_plugin("pipeline")
        .with_settings(&services.settings())
}

/// As somebody does who has nothing to do with the bot.
async fn deploy_elsewhere(services: &Services) {
    let client = reqwest::Client::builder()
        .no_proxy()
        .user_agent("somebody")
        .build()
        .expect("it needs nothing of the system");
    let url = format!("{}/repos/{REPOSITORY}/deployments", services.github.url());
    let body = json!({ "ref": "main", "environment": "staging", "required_contexts": [] });
    let sent = client.post(url).bearer_auth(GITHUB_TOKEN).json(&body);
    let answer = sent.send().await.expect("the stand-in answers");
    assert_eq!(answer.status(), 201, "{:?}", answer.text().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_goes_on_when_the_webhook_of_it_is_lost() {
    let services = Arc::new(Services::start().await);
    let mut bot = Bot::start_for(home(&services), &services).await;
    services.github.lose_webhooks(1);
    bot.say("deploy api/main to staging").await;
    let pipeline = services.pipeline().await;
    bot.expect_log("INFO no webhook came of it: taken from GitHub itself")
        .await;
    services.circleci.finish(&pipeline.id, &Outcome::Success);
    card::expect_soon(&bot, "console", "success", "Success. …", &[LOG, SEE]).await;

    // GitHub's own, when somebody has it sent again after all, is the same event.
    let lost = services.github.deliveries().remove(0);
    assert_eq!(
        (lost.event.as_str(), lost.status),
        ("deployment", Some(502))
    );
    assert!(services.github.redeliver(&lost.guid));
    services.github.webhooks_settled().await;
    let again = services.github.deliveries().pop().unwrap();
    assert_eq!((again.guid, again.status), (lost.guid, Some(200)));
    bot.stop().await;
    assert_eq!(services.circleci.pipelines(PROJECT).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_that_no_webhook_can_reach_deploys_at_once() {
    let services = Arc::new(Services::start().await);
    let home = home(&services)
        .with_secret("GITHUB_TOKEN", GITHUB_TOKEN)
        .with_secret("CIRCLECI_TOKEN", CIRCLECI_TOKEN);
    let mut bot = Bot::start(home).await;
    bot.say("deploy api/main to staging").await;
    let pipeline = services.pipeline().await;
    services.circleci.finish(&pipeline.id, &Outcome::Success);
    card::expect_soon(&bot, "console", "success", "Success. …", &[LOG, SEE]).await;
    bot.stop().await;
    assert!(services.github.deliveries().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_while_the_bot_was_down_is_sent_again() {
    let services = Arc::new(Services::start().await);
    let mut bot = Bot::start_for(home(&services), &services).await;
    bot.stop().await;
    deploy_elsewhere(&services).await;
    services.github.webhooks_settled().await;
    let lost = services.github.deliveries().remove(0);
    assert_eq!(
        (lost.event.as_str(), lost.accepted()),
        ("deployment", false)
    );

    bot.restart().await;
    bot.expect_log("INFO webhooks that did not arrive are sent again")
        .await;
    let pipeline = services.pipeline().await;
    services.circleci.finish(&pipeline.id, &Outcome::Success);
    let over = |github: &Github| {
        let deployment = github.deployments(REPOSITORY).pop()?;
        (deployment.states().last() == Some(&DeploymentState::Success)).then_some(())
    };
    services.github.until(over).await;
    bot.stop().await;
    assert_eq!(services.circleci.pipelines(PROJECT).len(), 1);
}
