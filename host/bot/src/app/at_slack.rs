//! Puts the bot into a Slack workspace: finds out who it is there, and opens the way in that the settings say.

use std::sync::Arc;
use std::time::Duration;

use anyhow::bail;
use arc_swap::ArcSwap;
use axum::Router;
use tokio::sync::watch;
use witbot_core::limits;

use crate::chat::Chat;
use crate::clock;
use crate::door::Door;
use crate::doors::hooks::Accept;
use crate::metrics::Metrics;
use crate::pace::Pace;
use crate::settings::Settings;
use crate::settings::secrets::slack::{SlackAccess, SlackEar};
use crate::slack::api::{Api, Failure};
use crate::slack::chat::Slack;
use crate::slack::connect::{Connector, connector};
use crate::slack::door;
use crate::slack::hooks::{self, Hooks};
use crate::slack::socket::{Handle, SocketMode, dial};

/// The bot in its workspace. It does not hear anything yet.
pub struct AtSlack {
    slack: Arc<Slack>,
    connector: Connector,
    ear: SlackEar,
    metrics: Metrics,
}

/// How the bot hears.
pub enum Ear {
    /// By sockets: they are to be run, and say how many of them there are.
    Sockets(Box<SocketMode>, watch::Receiver<usize>),
    /// By requests to these routes.
    Routes(Router),
}

impl AtSlack {
    /// Asks Slack who the bot is, until Slack can be reached. What asking again does not mend is an error.
    pub async fn connect(
        settings: &Settings,
        access: SlackAccess,
        metrics: &Metrics,
    ) -> anyhow::Result<AtSlack> {
        let connector = connector()?;
        let url = &settings.slack.api_url;
        let slack = loop {
            match Slack::connect(connector.clone(), url, &access.bot_token, metrics).await {
                Ok(slack) => break slack,
                Err(failure) => {
                    let pause = pause(failure)?;
                    tokio::time::sleep(pause).await;
                }
            }
        };
        let account = slack.account();
        tracing::info!("at Slack this is @{} of {}", account.name, account.url);
        Ok(AtSlack {
            slack: Arc::new(slack),
            connector,
            ear: access.ear,
            metrics: metrics.clone(),
        })
    }

    /// The chat that the bot speaks in.
    pub fn chat(&self) -> Arc<dyn Chat> {
        self.slack.clone()
    }

    /// How quickly it may speak there.
    pub fn pace(settings: &Settings) -> Pace {
        let rate = settings.slack.channel_rate;
        Pace::new(rate.per_second, rate.burst)
    }

    /// The way in, which leads through the door of the bot.
    pub fn ear(self, door: &Door, settings: &Arc<ArcSwap<Settings>>) -> Ear {
        let fixed = settings.load().slack.clone();
        let handle = handle(&self.slack, door, settings);
        match self.ear {
            SlackEar::Http { signing_secrets } => Ear::Routes(hooks::router(Hooks {
                secrets: signing_secrets,
                now: clock::now,
                handle,
                metrics: self.metrics,
            })),
            SlackEar::Socket { app_token } => {
                let metrics = self.metrics;
                let url = &fixed.api_url;
                let api = Api::new(self.connector.clone(), url, &app_token, &metrics);
                let api = Arc::new(api);
                let fetch_url = Arc::new(move || {
                    let (api, metrics) = (api.clone(), metrics.clone());
                    Box::pin(async move {
                        let url = api.open_socket_url().await;
                        url.inspect(|_| metrics.socket_opened())
                    }) as _
                });
                let (connected, count) = watch::channel(0);
                let sockets = SocketMode {
                    sockets: fixed.connections,
                    fetch_url,
                    dial: dial(self.connector),
                    handle,
                    connected,
                };
                Ear::Sockets(Box::new(sockets), count)
            }
        }
    }
}

/// What is done with whatever comes, whichever way it comes.
fn handle(slack: &Arc<Slack>, door: &Door, settings: &Arc<ArcSwap<Settings>>) -> Handle {
    let (door, forgets) = (door.clone(), slack.clone());
    let (calls, knows) = (slack.clone(), slack.clone());
    let accept: Accept = Arc::new(move |event| {
        let door = door.clone();
        Box::pin(async move { door.accept(event).await })
    });
    let door = door::Door {
        identity: slack.account().identity.clone(),
        bots: settings.load().slack.bots.to_vec(),
        settings: settings.clone(),
        now: clock::now,
        accept,
        changed: Arc::new(move |changed| forgets.directory().forget(&changed)),
        called: Arc::new(move |id| calls.directory().called(id)),
        direct: Arc::new(move |user| knows.directory().known_direct(user)),
    };
    door.handle()
}

/// How long to wait before Slack is asked again, if there is any use in that.
fn pause(failure: Failure) -> anyhow::Result<Duration> {
    match failure {
        Failure::Refused(refusal) => {
            bail!("Slack does not let the bot in: {refusal}. `witbot check --online` says more")
        }
        Failure::RateLimited { after } => Ok(after),
        other => {
            let seconds = limits::SLACK_AGAIN.as_secs();
            tracing::warn!(
                "Slack cannot be asked who the bot is, and is asked again in {seconds} s: {other}"
            );
            Ok(limits::SLACK_AGAIN)
        }
    }
}
