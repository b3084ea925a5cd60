//! The bot is killed in the middle of its work, and goes on after the next start as if nothing had been.

use std::sync::Arc;

use witbot_core::event::{Body, Event, Message, Place, Source, User};
use witbot_core::ids::UnixMillis;
use witbot_store::Store;
use witbot_tests::bot::Bot;
use witbot_tests::card;
use witbot_tests::fakes::{DeploymentState, Outcome};
use witbot_tests::home::Home;
use witbot_tests::services::{PROJECT, REPOSITORY, Services};

use DeploymentState::{InProgress, Queued, Success};

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_that_waits_for_ci_goes_on_to_its_end() {
    let services = Arc::new(Services::start().await);
    let home = Home::new()
        .with_plugin("deploy")
        .with_plugin("pipeline")
        .with_settings(&services.settings());
    let mut bot = Bot::start_for(home, &services).await;
    bot.say("deploy api/main to staging").await;
    let pipeline = services.pipeline().await;
    services.begin(&pipeline);
    let running = [card::LOG, card::CANCEL];
    card::expect_soon(&bot, "console", "running", "In progress. …", &running).await;
    bot.kill9().await;

    // It goes on without the bot, and nobody hears of its end.
    services.circleci.finish(&pipeline.id, &Outcome::Success);
    services.circleci.webhooks_settled().await;
    bot.restart().await;
    let done = [card::LOG, card::SEE];
    card::expect_soon(&bot, "console", "success", "Success. …", &done).await;

    let deployments = services.github.deployments(REPOSITORY);
    assert_eq!(deployments.len(), 1, "{deployments:#?}");
    assert_eq!(deployments[0].states(), [Queued, InProgress, Success]);
    assert_eq!(services.circleci.pipelines(PROJECT).len(), 1);
    let posts = services.github.requests();
    let created = posts.iter().filter(|request| {
        request.method == "POST" && request.path == "/repos/acme/api/deployments"
    });
    assert_eq!(created.count(), 1);
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_kept_is_there_after_a_kill() {
    let home = Home::new()
        .with_guest("remembers")
        .with_settings("[plugins.remembers.grants]\nkv = [{ max_bytes = 1024 }]");
    let mut bot = Bot::start(home).await;
    bot.ask("count", "#console witbot: Count: 1.").await;
    bot.ask("count", "#console witbot: Count: 2.").await;
    // It was said, so it is stored: nothing else is waited for.
    bot.kill9_and_restart().await;
    bot.say("recall").await;
    // What was said but perhaps not yet crossed off is said again.
    bot.expect_soon("#console witbot: I remember 2.").await;

    let runs = bot.home().witbot(&["runs"]).await.ok();
    assert_eq!(
        runs.matches("done     remembers count").count(),
        2,
        "{runs}"
    );
    let verified = bot.home().witbot(&["audit", "verify"]).await.ok();
    assert!(
        verified.contains("records are as they were written"),
        "{verified}"
    );
    let audit = bot.home().witbot(&["audit", "show"]).await.ok();
    assert_eq!(audit.matches(r#""text":"count""#).count(), 2, "{audit}");
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_sleeps_wakes_up_after_a_restart() {
    let mut bot = Bot::start(Home::new().with_guest("waits")).await;
    bot.ask("wait time 1500", "#console witbot: Good night.")
        .await;
    bot.kill9_and_restart().await;
    bot.expect_soon("#console witbot: Good morning.").await;
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_can_be_answered_after_a_restart() {
    let mut bot = Bot::start(Home::new().with_guest("waits")).await;
    bot.ask(
        "@ada #ops: wait answer",
        "#ops witbot: Tea or coffee? [Tea / Coffee]",
    )
    .await;
    bot.stop().await;
    bot.restart().await;
    // Only the one who was asked can answer, and only where it was asked.
    bot.ask(
        "@bob #ops: tea",
        "#ops witbot: I do not know that command. …",
    )
    .await;
    bot.ask(
        "@ada #home: tea",
        "#home witbot: I do not know that command. …",
    )
    .await;
    bot.ask("@ada #ops: coffee", "#ops witbot (edited): Tea or coffee?")
        .await;
    bot.expect("    Coffee, said @ada.").await;
    bot.expect("#ops witbot: ada chose Coffee.").await;
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_came_while_the_bot_was_down_ends_the_wait_for_it() {
    let services = Arc::new(Services::start().await);
    let grants = r#"
[plugins.waits.grants]
github = [{ repository = "acme/api", permissions = ["deployments:read"] }]
"#;
    let home = Home::new()
        .with_guest("waits")
        .with_plugin("deploy")
        .with_settings(&format!("{}{grants}", services.settings()));
    let mut bot = Bot::start_for(home, &services).await;
    bot.ask(
        "wait event github.deployment acme/api",
        "#console witbot: Waiting for github.deployment of acme/api.",
    )
    .await;
    services.github.hold_webhooks();
    bot.say("deploy api/main to production").await;
    bot.expect_soon("      Deployment … is created. …").await;
    bot.kill9_and_restart().await;
    services.github.release_webhooks();
    bot.expect_soon("#console witbot: It came: production.")
        .await;
    bot.stop().await;
}

/// More than fits into the queue of the loop, so that a loop that waited for room in it would wait for ever.
const LEFT_OVER: usize = 1_500;

#[tokio::test(flavor = "multi_thread")]
async fn all_that_was_left_over_is_answered_after_a_start_however_much_it_is() {
    let home = Home::new();
    let store = Store::open(&home.data()).expect("nobody else has it");
    for number in 0..LEFT_OVER {
        let ada = User::named("ada".parse().expect("an id"), "ada");
        let place = Place {
            channel: "ops".parse().expect("a channel"),
            thread: None,
        };
        let text = format!("question {number}");
        let body = Body::Message(Message::to_bot(ada, place, text));
        let event = Event {
            source: Source::Console,
            key: number.to_string(),
            received: UnixMillis(1_000),
            body,
        };
        store.accept(&event, false).await.expect("it is stored");
    }
    store.close().await;

    let mut bot = Bot::start(home).await;
    for _ in 0..LEFT_OVER {
        bot.expect("#ops witbot: I do not know that command. …")
            .await;
    }
    bot.stop().await;
}
