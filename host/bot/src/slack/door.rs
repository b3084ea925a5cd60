//! What is done with what Slack sends, whichever way it comes: it is stored before it is acknowledged, or noted.

use std::sync::Arc;

use arc_swap::ArcSwap;
use serde_json::{Value, json};
use witbot_core::ids::{ChannelId, UnixMillis, UserId};

use super::envelope::{Ack, Envelope, Kind, Retry};
use super::events::{Changed, Identity, Meaning, Reader};
use super::socket::Handle;
use crate::doors::hooks::Accept;
use crate::settings::Settings;

/// What is known of something without asking Slack.
pub type Known<K, V> = Arc<dyn Fn(&K) -> Option<V> + Send + Sync>;

/// The way in from Slack.
pub struct Door {
    /// Who the bot is there.
    pub identity: Identity,
    /// The other bots that are listened to.
    pub bots: Vec<String>,
    /// What people call the bot now.
    pub settings: Arc<ArcSwap<Settings>>,
    /// The clock.
    pub now: fn() -> UnixMillis,
    /// Where events go.
    pub accept: Accept,
    /// Told what is known no longer.
    pub changed: Arc<dyn Fn(Changed) + Send + Sync>,
    /// The name of somebody or something by its id, as far as it is known without asking.
    pub called: Known<str, String>,
    /// The conversation of somebody with the bot, as far as it is known without asking.
    pub direct: Known<UserId, ChannelId>,
}

impl Door {
    /// What sockets and routes call. It fails only if something could not be stored, and Slack shall send it again:
    /// what cannot be read could not be read then either.
    pub fn handle(self) -> Handle {
        let door = Arc::new(self);
        Arc::new(move |envelope| {
            let door = door.clone();
            Box::pin(async move { door.take(envelope).await })
        })
    }

    async fn take(&self, envelope: Envelope) -> anyhow::Result<Ack> {
        let kind = envelope.kind;
        if let Some(Retry { attempt, reason }) = &envelope.retry {
            tracing::info!(?kind, attempt, reason, "Slack sends something again");
        }
        match self.read(&envelope) {
            Meaning::Events(events) => {
                for event in events {
                    (self.accept)(event).await?;
                }
            }
            Meaning::Changed(changed) => (self.changed)(changed),
            Meaning::Warning(line) => tracing::warn!("{line}"),
            Meaning::Trouble(line) => tracing::error!("{line}"),
            Meaning::Elsewhere => {
                tracing::warn!(
                    ?kind,
                    team = self.identity.team,
                    "it is from another workspace that has the same app, and the bot serves the one of its token"
                );
                return Ok(Ack {
                    payload: envelope.accepts_answer.then(|| elsewhere(kind)).flatten(),
                });
            }
            Meaning::Unknown(name) => {
                tracing::debug!(name, "Slack sent an event that is not known here");
            }
            Meaning::Nothing(reason) => tracing::debug!(?kind, reason, "nothing is done"),
        }
        Ok(match kind {
            Kind::SlashCommands if envelope.accepts_answer => shown(),
            Kind::SlashCommands | Kind::EventsApi | Kind::Interactive => Ack::default(),
        })
    }

    fn read(&self, envelope: &Envelope) -> Meaning {
        let settings = self.settings.load();
        let (kind, payload) = (envelope.kind, &envelope.payload);
        let reader = Reader {
            identity: &self.identity,
            name: &settings.name,
            alias: settings.alias.as_deref(),
            bots: &self.bots,
            called: &*self.called,
            direct: &*self.direct,
        };
        // Known before anybody acts on what is said there.
        if let Some(sharing) = reader.sharing(kind, payload) {
            (self.changed)(sharing);
        }
        reader
            .read(kind, payload, (self.now)())
            .unwrap_or_else(|unreadable| Meaning::Warning(unreadable.to_string()))
    }
}

/// What is answered to a slash command at once: everybody may see what was typed, as they see what comes of it.
fn shown() -> Ack {
    Ack {
        payload: Some(json!({ "response_type": "in_channel" })),
    }
}

/// What is answered to somebody in a workspace that the bot cannot answer in otherwise. Who presses a button cannot be
/// answered in this way.
fn elsewhere(kind: Kind) -> Option<Value> {
    match kind {
        Kind::SlashCommands => Some(json!({
            "response_type": "ephemeral",
            "text": "I serve another workspace: the app is installed here as well, but I have no token for this one.",
        })),
        Kind::EventsApi | Kind::Interactive => None,
    }
}

#[cfg(test)]
mod tests;
