//! After a deployment it is asked in a topic whether what was deployed is healthy. Who answers is any plugin that was granted it.

use std::sync::Arc;

use witbot_tests::bot::Bot;
use witbot_tests::card::{self, LOG, SEE};
use witbot_tests::fakes::Outcome;
use witbot_tests::home::Home;
use witbot_tests::services::{PROJECT, REPOSITORY, Services};

/// With grants for topics beside those of the settings of all deployments.
const TELLS: &str = r#"
[plugins.tells.grants]
chat = [{ channel = "ops" }]
topics = [{ name = "health-wanted" }, { name = "health-verdict", publish = true }, { name = "news" }]
"#;
const ENVIRONMENTS: &str = r#"environments = ["staging", "production"]

[plugins.deploy.grants]"#;
const WITH_HEALTH: &str = r#"
[plugins.deploy.settings.apps.api.environments.staging]
health_minutes = 1

[plugins.deploy.settings.apps.api.environments.production]
health_minutes = 1

[plugins.deploy.grants]
topics = [{ name = "health-wanted", publish = true }, { name = "health-verdict" }]"#;

/// What the pipeline may do.
const STAGING_ALONE: &str = r#"environments = ["staging"] }]"#;
const BOTH: &str = r#"environments = ["staging", "production"] }]"#;
/// Where the pipeline deploys as well.
const PRODUCTION: &str = r#"
[plugins.pipeline.settings.repositories."acme/api".production]
project = "gh/acme/api"
correlate_by = "witbot"
parameters = { environment = "{environment}", sha = "{sha}", deployment_id = "{deployment_id}" }
"#;

async fn bot() -> (Bot, Arc<Services>) {
    let services = Arc::new(Services::start().await);
    let settings = services.settings();
    assert!(settings.contains(ENVIRONMENTS), "{settings}");
    let settings = settings.replace(ENVIRONMENTS, WITH_HEALTH) + TELLS + PRODUCTION;
    let settings = settings.replace(STAGING_ALONE, BOTH);
    let home = Home::new()
        .with_plugin("deploy")
        .with_plugin("pipeline")
        .with_guest("tells")
        .with_settings(&settings);
    (Bot::start_for(home, &services).await, services)
}

/// Deploys, and has it go well.
async fn deploy(bot: &mut Bot, services: &Services, line: &str) {
    let before = services.circleci.pipelines(PROJECT).len();
    bot.say(line).await;
    let new =
        |pipelines: Vec<_>| (pipelines.len() > before).then(|| pipelines.into_iter().next_back());
    let pipeline = services
        .circleci
        .until(|circleci| new(circleci.pipelines(PROJECT)).flatten())
        .await;
    services.circleci.finish(&pipeline.id, &Outcome::Success);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_healthy_is_said_to_be() {
    let (mut bot, services) = bot().await;
    deploy(&mut bot, &services, "deploy api/main to staging").await;
    card::expect_soon(
        &bot,
        "console",
        "success",
        "Success. … It is healthy.",
        &[LOG, SEE],
    )
    .await;
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_healthy_can_be_rolled_back() {
    let (mut bot, services) = bot().await;
    deploy(&mut bot, &services, "deploy api/main to production").await;
    let failing = "      Success. … It is not healthy: 1 of 1 checks fail: web: answered 502.";
    bot.expect_soon(failing).await;
    services.github.push(REPOSITORY, "main", "Break it");
    deploy(&mut bot, &services, "deploy api/main to production").await;
    bot.expect_soon(failing).await;
    bot.expect_soon("      [Roll back] `rollback api in production to …`")
        .await;
    bot.stop_unread().await;
}
