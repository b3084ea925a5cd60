//! The story that witbot is for, told in Slack: a deployment is one card in a thread, which changes as it moves and has a
//! button to cancel it.

use std::sync::Arc;

use serde_json::Value;
use witbot_core::conversation::pattern::matches;
use witbot_tests::bot::Bot;
use witbot_tests::fakes::slack::Message;
use witbot_tests::fakes::{Deployment, DeploymentState, Outcome};
use witbot_tests::home::Home;
use witbot_tests::services::{REPOSITORY, Services};
use witbot_tests::slack::{FAST, Mode, Workspace};

use DeploymentState::{Error, InProgress, Queued, Success};

const LOG: &str = "<https://app.circleci.com/…|Log>";

/// All that there is in the story.
struct Stage {
    workspace: Arc<Workspace>,
    services: Arc<Services>,
    bot: Bot,
}

/// The parts of a card that tell how it stands.
#[derive(Debug)]
struct Shown {
    title: String,
    text: String,
    links: String,
    buttons: Vec<String>,
}

impl Stage {
    async fn new(mode: Mode) -> Stage {
        let workspace = Arc::new(Workspace::start().await);
        let services = Arc::new(Services::start().await);
        let home = Home::new().with_plugin("deploy").with_plugin("pipeline");
        let settings = format!("{FAST}{}", services.settings());
        let home = workspace.home(home, mode, &settings).await;
        let bot = Bot::start_in_for(home, &workspace, mode, &services).await;
        Stage {
            workspace,
            services,
            bot,
        }
    }

    /// Waits until a card has this title, and a text like this.
    async fn becomes(&self, card: &Message, title: &str, text: &str) -> Shown {
        let right = |card: &Message| {
            shown(card).is_some_and(|card| card.title == title && matches(text, &card.text))
        };
        let card = self.workspace.becomes(&card.ts, right).await;
        shown(&card).expect("it is a card")
    }

    fn deployment(&self) -> Deployment {
        let deployments = self.services.github.deployments(REPOSITORY);
        let [deployment] = deployments.as_slice() else {
            panic!("one deployment was expected: {deployments:#?}")
        };
        deployment.clone()
    }

    /// How often the pipeline was to be stopped.
    fn stops(&self) -> usize {
        let requests = self.services.circleci.requests();
        requests
            .iter()
            .filter(|request| request.path.ends_with("/cancel"))
            .count()
    }
}

/// What is on a card; nothing if a message is none.
fn shown(card: &Message) -> Option<Shown> {
    let blocks = card.now().attachments[0]["blocks"].as_array()?;
    let text = |value: &Value| value["text"].as_str().map(str::to_owned);
    let sections: Vec<String> = blocks
        .iter()
        .filter_map(|block| text(&block["text"]))
        .collect();
    let actions = blocks.iter().filter(|block| block["type"] == "actions");
    let elements = actions.flat_map(|block| block["elements"].as_array().cloned());
    let buttons = elements
        .flatten()
        .filter_map(|button| text(&button["text"]));
    Some(Shown {
        title: card.text().to_owned(),
        text: sections.first()?.clone(),
        links: sections.get(1).cloned().unwrap_or_default(),
        buttons: buttons.collect(),
    })
}

/// The signs of the states that a card went through.
fn signs(card: &Message) -> Vec<&str> {
    let texts = card.texts().into_iter();
    let mut signs: Vec<&str> = texts
        .filter_map(|text| text.split_whitespace().next())
        .collect();
    signs.dedup();
    signs
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_is_one_card_in_a_thread() {
    for mode in Mode::BOTH {
        let mut stage = Stage::new(mode).await;
        let workspace = stage.workspace.clone();
        let headline = workspace.ask("deploy api/main to staging").await;
        let expected = "Deploying api main (…) to staging for anna";
        assert!(matches(expected, headline.text()), "{headline:#?}");
        assert_eq!(headline.thread_ts, None, "{mode} mode");
        let card = workspace.answer(1).await;
        assert_eq!(card.thread_ts.as_ref(), Some(&headline.ts), "{mode} mode");

        let pipeline = stage.services.pipeline().await;
        let queued = stage
            .becomes(&card, "⏳ *api to staging*", "Queued.…")
            .await;
        assert_eq!(queued.buttons, ["Cancel"], "{queued:#?}");
        stage.services.begin(&pipeline);
        let running = stage
            .becomes(&card, "🔄 *api to staging*", "In progress. …")
            .await;
        assert_eq!(running.buttons, ["Cancel"], "{running:#?}");
        assert!(matches(LOG, &running.links), "{running:#?}");
        stage
            .services
            .circleci
            .finish(&pipeline.id, &Outcome::Success);
        let done = stage
            .becomes(&card, "✅ *api to staging*", "Success. …")
            .await;
        assert!(done.buttons.is_empty(), "{done:#?}");
        let see = "<https://app.circleci.com/…|Log>…<https://staging.acme.example|See>";
        assert!(matches(see, &done.links), "{done:#?}");

        let said = workspace.said_at_the_end(&mut stage.bot).await;
        assert_eq!(said.len(), 2, "{said:?}");
        let card = workspace.slack.message(&workspace.deploys, &card.ts);
        let card = card.expect("it is there");
        assert_eq!(signs(&card), ["⏳", "🔄", "✅"], "{mode} mode");
        assert_eq!(stage.deployment().states(), [Queued, InProgress, Success]);
        let fields = card.now().attachments[0]["blocks"][1]["fields"].to_string();
        assert!(
            fields.contains(&format!("<@{}>", workspace.anna)),
            "{fields}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_that_is_asked_for_in_a_thread_stays_there() {
    let mut stage = Stage::new(Mode::Socket).await;
    let workspace = stage.workspace.clone();
    let root = workspace.say("Let us try this.");
    let (slack, anna) = (&workspace.slack, &workspace.anna);
    let text = "<@U000WITBOT> deploy api/main to staging";
    slack.say(anna, &workspace.deploys, Some(&root), text);
    let card = workspace.answer(1).await;
    stage
        .becomes(&card, "⏳ *api to staging*", "Queued.…")
        .await;
    for post in slack.posts(&workspace.deploys) {
        assert_eq!(post.thread_ts.as_ref(), Some(&root), "{post:#?}");
    }
    stage.bot.kill9().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cancel_on_the_card_cancels_the_pipeline() {
    for mode in Mode::BOTH {
        let mut stage = Stage::new(mode).await;
        let workspace = stage.workspace.clone();
        let (slack, deploys) = (&workspace.slack, &workspace.deploys);
        let ben = slack.add_user("ben");
        slack.join(&ben, deploys);
        let headline = workspace.ask("deploy api/main to staging").await;
        let card = workspace.answer(1).await;
        let pipeline = stage.services.pipeline().await;
        stage.services.begin(&pipeline);
        stage
            .becomes(&card, "🔄 *api to staging*", "In progress. …")
            .await;

        slack.click(&ben, deploys, &card.ts, "Cancel");
        let answer = workspace.answer(2).await;
        let expected = "Canceled the deployment of api main (…) to staging.";
        assert!(matches(expected, answer.text()), "{answer:#?}");
        assert_eq!(answer.thread_ts.as_ref(), Some(&headline.ts), "{mode} mode");
        let canceled = stage
            .becomes(&card, "🚫 *api to staging*", "Canceled by ben.")
            .await;
        assert_eq!(canceled.buttons, ["Re-run"], "{canceled:#?}");
        let stopped = |_: &_| (stage.stops() > 0).then_some(());
        stage.services.circleci.until(stopped).await;
        stage.services.circleci.advance(&pipeline.id);

        // What the pipeline comes to is told to GitHub, and changes nothing here.
        let over = |github: &witbot_tests::fakes::Github| {
            let statuses = github.deployments(REPOSITORY).pop()?.statuses;
            (statuses.len() == 4).then_some(())
        };
        stage.services.github.until(over).await;
        stage.services.github.webhooks_settled().await;
        let said = workspace.said_at_the_end(&mut stage.bot).await;
        assert_eq!(said.len(), 3, "{said:?}");
        assert_eq!(said[1], "🚫 *api to staging*", "{mode} mode");
        assert_eq!(stage.stops(), 1);
        let expected = [Queued, InProgress, Error, Error];
        assert_eq!(stage.deployment().states(), expected);
        assert!(slack.ephemerals().is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_in_the_middle_changes_the_same_card() {
    for mode in Mode::BOTH {
        let mut stage = Stage::new(mode).await;
        let workspace = stage.workspace.clone();
        workspace.ask("deploy api/main to staging").await;
        let card = workspace.answer(1).await;
        let pipeline = stage.services.pipeline().await;
        stage
            .becomes(&card, "⏳ *api to staging*", "Queued.…")
            .await;
        workspace.slack.settled().await;
        stage.bot.kill9_and_restart().await;
        stage.services.begin(&pipeline);
        stage
            .becomes(&card, "🔄 *api to staging*", "In progress. …")
            .await;
        stage
            .services
            .circleci
            .finish(&pipeline.id, &Outcome::Success);
        stage
            .becomes(&card, "✅ *api to staging*", "Success. …")
            .await;
        let said = workspace.said_at_the_end(&mut stage.bot).await;
        assert_eq!(said.len(), 2, "{mode} mode: {said:?}");
        assert_eq!(stage.deployment().states(), [Queued, InProgress, Success]);
    }
}
