//! Where every event comes in: it is on the disk before anybody acts on it or is told that it arrived.

use std::sync::Arc;

use arc_swap::ArcSwap;
use tokio::io::AsyncBufReadExt as _;
use tokio::sync::mpsc;
use witbot_core::conversation::happening::{self, SETTLE};
use witbot_core::event::Event;
use witbot_store::Store;
use witbot_store::inbox::Accepted;

use crate::clock;
use crate::doors::console;
use crate::doors::hooks::Hooks;
use crate::metrics::{Arrival, Metrics};
use crate::rehearsal;
use crate::settings::Settings;
use crate::settings::secrets::Secrets;
use crate::settings::secrets::webhooks::Locks;
use crate::wake::Wake;

/// What the log says of a line that was typed and that outlasts the bot.
pub const LINE_STORED: &str = "the line is stored";

/// The way into the inbox. Cheap to clone.
#[derive(Clone)]
pub struct Door {
    /// Where the inbox is.
    pub store: Store,
    /// Who acts on what came.
    pub wakes: mpsc::Sender<Wake>,
    /// Who counts it.
    pub metrics: Metrics,
}

impl Door {
    /// Takes an event and has it acted on; answers whether it is new.
    pub async fn accept(&self, event: Event) -> anyhow::Result<bool> {
        let Some((row, event)) = self.take(event).await? else {
            return Ok(false);
        };
        let _ = self.wakes.send(Wake::Came { row, event }).await;
        Ok(true)
    }

    /// Takes an event, and answers where it is in the inbox if it is new.
    pub async fn take(&self, event: Event) -> anyhow::Result<Option<(i64, Arc<Event>)>> {
        let accepted = self.store.accept(&event, false).await;
        let arrival = match &accepted {
            Ok(Accepted::New(_)) => Arrival::Accepted,
            Ok(Accepted::Duplicate) => Arrival::Duplicate,
            Err(_) => Arrival::Failed,
        };
        self.metrics.event(event.source, arrival);
        match accepted? {
            Accepted::Duplicate => Ok(None),
            Accepted::New(row) => Ok(Some((row, Arc::new(event)))),
        }
    }

    /// The webhooks' way in.
    pub fn hooks(&self, secrets: &Secrets, inbound: Arc<ArcSwap<Locks>>) -> Hooks {
        let door = self.clone();
        Hooks {
            github: secrets.github_webhook.clone(),
            circleci: secrets.circleci_webhook.clone(),
            inbound,
            now: clock::now,
            metrics: self.metrics.clone(),
            accept: Arc::new(move |event| {
                let door = door.clone();
                Box::pin(async move { door.accept(event).await })
            }),
        }
    }
}

/// The event of a line that was typed; none if it says nothing.
pub fn typed(line: &str, key: String, settings: &Settings) -> Option<Event> {
    let (name, alias) = (&settings.name, settings.alias.as_deref());
    console::event(line, key, name, alias, clock::now())
}

/// What tells a line from all others, also from those that were typed to an earlier bot.
pub fn key_of(number: u32) -> String {
    format!("{}-{}-{number}", std::process::id(), clock::now().0)
}

/// What is read from a line.
#[derive(Debug, Clone, Copy)]
pub struct Input {
    /// What somebody says.
    pub said: bool,
    /// What comes from outside, in a rehearsal.
    pub outside: bool,
}

/// Takes what is typed, until there is no more of it. Bytes that are no text are shown as such.
pub async fn read_lines(door: Door, settings: Arc<ArcSwap<Settings>>, of: Input) {
    let mut lines = tokio::io::BufReader::new(tokio::io::stdin()).split(b'\n');
    let mut number = 0;
    while let Ok(Some(line)) = lines.next_segment().await {
        number += 1;
        let line = String::from_utf8_lossy(&line);
        if of.outside && line == SETTLE {
            let _ = door.wakes.send(Wake::Settle).await;
            continue;
        }
        let numbered = of.outside.then(|| happening::number_of(&line)).flatten();
        let (key, line) = match numbered {
            Some((number, line)) => (format!("line-{number}"), line),
            None => (key_of(number), &*line),
        };
        let outside = || rehearsal::event_of(line, key.clone());
        let said = || typed(line, key.clone(), &settings.load());
        let outside = of.outside.then(outside).flatten();
        let Some(event) = outside.or_else(|| of.said.then(said).flatten()) else {
            continue;
        };
        match door.take(event).await {
            Ok(Some((row, event))) => {
                // Before anybody acts on it: that may be the end of the bot.
                tracing::debug!("{LINE_STORED}");
                let _ = door.wakes.send(Wake::Came { row, event }).await;
            }
            // It outlasted an earlier bot, and was acted on.
            Ok(None) => tracing::debug!("{LINE_STORED}"),
            Err(error) => tracing::error!("the line is lost: {error:#}"),
        }
    }
    let _ = door.wakes.send(Wake::InputEnded).await;
}
