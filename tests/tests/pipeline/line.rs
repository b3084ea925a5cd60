//! One deployment of an application to an environment at a time.

use witbot_tests::fakes::{DeploymentState, Outcome};
use witbot_tests::services::REPOSITORY;

use crate::world::{CIRCLECI, PROJECT, bot, deploy, deployment, services, told, within};

use DeploymentState::{Error, Queued, Success};

#[tokio::test(flavor = "multi_thread")]
async fn deployments_wait_for_each_other_and_one_can_leave() {
    let services = services().await;
    let mut bot = bot(&services, CIRCLECI).await;
    let first = deploy(&services, "staging");
    let pipeline = services.pipeline().await;
    let second = deploy(&services, "staging");
    told(&services, second, Queued, "Second in line").await;
    let third = deploy(&services, "staging");
    told(&services, third, Queued, "Third in line").await;
    assert_eq!(services.circleci.pipelines(PROJECT).len(), 1);

    // Another environment waits for nobody.
    let elsewhere = deploy(&services, "production");
    let pipelines = || -> Vec<String> {
        let all = services.circleci.pipelines(PROJECT);
        all.into_iter().map(|pipeline| pipeline.id).collect()
    };
    let all = within("the pipeline of production", pipelines, |all| {
        all.len() == 2
    })
    .await;
    services.circleci.finish(&all[1], &Outcome::Success);
    told(&services, elsewhere, Success, "deploy: success").await;

    // The second is given up while it waits: it is passed over.
    services
        .github
        .set_deployment_status("ada", (REPOSITORY, second), Error, "Canceled by ada.");
    services.github.webhooks_settled().await;
    services.circleci.finish(&pipeline.id, &Outcome::Success);
    told(&services, first, Success, "deploy: success").await;
    let all = within("the pipeline of the third", pipelines, |all| all.len() == 3).await;
    services.circleci.finish(&all[2], &Outcome::Success);
    told(&services, third, Success, "deploy: success").await;
    bot.stop().await;
    assert_eq!(
        deployment(&services.github, second).states().last(),
        Some(&Error)
    );
    assert_eq!(services.circleci.pipelines(PROJECT).len(), 3);
}
