//! What people want of the bot, and how far it is.

use std::collections::BTreeSet;

use serde_json::Value;
use witbot_tests::fakes::DeploymentState;
use witbot_tests::fakes::slack::Message;

use crate::lanes::{project, repository};
use crate::stage::{Stage, shown};

/// The colour of a card about something that went well.
const WELL: &str = "#2eb67d";
/// How long a handler sleeps, in milliseconds: longer than a wait that is not worth parking the run.
const SLEEP_MS: u64 = 900;

/// What is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// A deployment of this application.
    Deploy(&'static str),
    /// That it sleeps for a while.
    Sleep,
    /// That it asks a question.
    Ask,
    /// That it counts one further.
    Count,
}

/// A command that somebody said, in a thread of its own.
#[derive(Debug)]
pub struct Command {
    pub wish: Wish,
    /// The channel.
    place: String,
    /// The first message of the thread.
    thread: String,
    /// How many deployments of that application were wanted before.
    before: usize,
    answered: bool,
}

impl Command {
    /// Says it in a channel.
    pub fn say(stage: &Stage, place: &str, wish: Wish, before: usize) -> Command {
        let workspace = &stage.workspace;
        let text = match wish {
            Wish::Deploy(lane) => format!("deploy {lane}/main to staging"),
            Wish::Sleep => format!("wait time {SLEEP_MS}"),
            Wish::Ask => "wait answer".to_owned(),
            Wish::Count => "count".to_owned(),
        };
        let opening = "There is something to do.";
        let thread = workspace.slack.say(&workspace.anna, place, None, opening);
        let command = Command {
            wish,
            place: place.to_owned(),
            thread,
            before,
            answered: false,
        };
        command.say_there(stage, &text);
        command
    }

    fn say_there(&self, stage: &Stage, text: &str) {
        let (slack, anna) = (&stage.workspace.slack, &stage.workspace.anna);
        let text = format!("<@U000WITBOT> {text}");
        slack.say(anna, &self.place, Some(&self.thread), &text);
    }

    /// Answers the question, once it is asked. Nobody says so twice: that it is heard is up to Slack and the bot.
    pub fn answer(&mut self, stage: &Stage, said: &[Message]) {
        let asked = || self.said(said).next().is_some();
        if self.wish == Wish::Ask && !self.answered && asked() {
            self.say_there(stage, "tea");
            self.answered = true;
        }
    }

    /// Whether all that was to come of it has come.
    pub fn is_done(&self, stage: &Stage, said: &[Message]) -> bool {
        let mut said = self.said(said);
        match self.wish {
            Wish::Deploy(lane) => {
                let deployments = stage.services.github.deployments(&repository(lane));
                let deployment = deployments.get(self.before);
                let over = deployment.is_some_and(|it| it.states().last() == Some(&SUCCESS));
                over && said.any(went_well)
            }
            Wish::Sleep => said.any(|message| message.text() == "Good morning."),
            Wish::Ask => said.any(|message| message.text().ends_with(" chose Tea.")),
            Wish::Count => said.any(|message| message.text().starts_with("Count: ")),
        }
    }

    /// Checks that it came once: at the services, and in the chat.
    pub fn check(&self, stage: &Stage, said: &[Message]) {
        let texts: Vec<_> = self.said(said).map(Message::text).collect();
        match self.wish {
            Wish::Deploy(lane) => {
                let well = self.said(said).filter(|it| went_well(it)).count();
                assert_eq!(well, 1, "{self:?}: {texts:?}");
                self.check_deployment(stage, lane);
            }
            Wish::Sleep => assert_eq!(texts, ["Good night.", "Good morning."], "{self:?}"),
            Wish::Ask => {
                assert_eq!(texts.len(), 2, "{self:?}: {texts:?}");
                assert!(texts[1].ends_with(" chose Tea."), "{self:?}: {texts:?}");
            }
            Wish::Count => assert_eq!(texts.len(), 1, "{self:?}: {texts:?}"),
        }
    }

    /// One pipeline, and no status twice.
    fn check_deployment(&self, stage: &Stage, lane: &str) {
        let deployments = stage.services.github.deployments(&repository(lane));
        let deployment = &deployments[self.before];
        let told: Vec<_> = deployment.statuses.iter().map(|it| it.state).collect();
        for (at, state) in told.iter().enumerate() {
            assert!(!told[..at].contains(state), "{self:?}: {told:?}");
        }
        let pipelines = stage.services.circleci.pipelines(&project(lane));
        let id = Value::from(deployment.id);
        let ours = pipelines
            .iter()
            .filter(|it| it.parameters.get("deployment_id") == Some(&id));
        assert_eq!(ours.count(), 1, "{self:?}: {pipelines:#?}");
    }

    /// What the bot said in its thread.
    fn said<'a>(&'a self, said: &'a [Message]) -> impl Iterator<Item = &'a Message> {
        // Slack's names of messages are good for all channels here: the stand-in gives out none twice.
        shown(said).filter(|message| message.thread_ts.as_ref() == Some(&self.thread))
    }
}

const SUCCESS: DeploymentState = DeploymentState::Success;

fn went_well(message: &Message) -> bool {
    let attachments = message.now().attachments.as_array().into_iter().flatten();
    attachments.into_iter().any(|it| {
        let colour = it["color"].as_str().unwrap_or_default();
        colour.trim_start_matches('#') == WELL.trim_start_matches('#')
    })
}

/// Checks that nothing was done that nobody wanted, and that nobody was counted twice or forgotten.
pub fn check_counts(stage: &Stage, commands: &[Command], said: &[Message]) {
    let counts = commands.iter().filter(|it| it.wish == Wish::Count);
    let mut counted: Vec<_> = counts
        .flat_map(|it| it.said(said).filter_map(count))
        .collect();
    counted.sort_unstable();
    let expected: Vec<u64> = (1..=counted.len() as u64).collect();
    assert_eq!(counted, expected);
    let lanes: BTreeSet<_> = commands.iter().filter_map(|it| lane(it.wish)).collect();
    for lane in lanes {
        let wanted = commands.iter().filter(|it| it.wish == Wish::Deploy(lane));
        let wanted = wanted.count();
        let deployments = stage.services.github.deployments(&repository(lane));
        assert_eq!(deployments.len(), wanted, "deployments of {lane}");
        let pipelines = stage.services.circleci.pipelines(&project(lane));
        assert_eq!(pipelines.len(), wanted, "pipelines of {lane}");
    }
}

/// How far it has counted.
fn count(message: &Message) -> Option<u64> {
    let number = message.text().strip_prefix("Count: ")?;
    number.strip_suffix('.')?.parse().ok()
}

/// The application that is to be deployed.
fn lane(wish: Wish) -> Option<&'static str> {
    match wish {
        Wish::Deploy(lane) => Some(lane),
        Wish::Sleep | Wish::Ask | Wish::Count => None,
    }
}
