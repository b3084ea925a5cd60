//! Where every event comes in: it is on the disk before anybody acts on it or is told that it arrived.

use std::sync::Arc;

use arc_swap::ArcSwap;
use tokio::io::AsyncBufReadExt as _;
use tokio::sync::mpsc;
use witbot_core::event::Event;
use witbot_store::Store;
use witbot_store::inbox::Accepted;

use crate::clock;
use crate::doors::console;
use crate::doors::hooks::Hooks;
use crate::settings::Settings;
use crate::settings::secrets::Secrets;
use crate::wake::Wake;

/// The way into the inbox. Cheap to clone.
#[derive(Clone)]
pub struct Door {
    /// Where the inbox is.
    pub store: Store,
    /// Who acts on what came.
    pub wakes: mpsc::Sender<Wake>,
}

impl Door {
    /// Takes an event, and answers whether it is new.
    pub async fn accept(&self, event: Event) -> anyhow::Result<bool> {
        match self.store.accept(&event, false).await? {
            Accepted::Duplicate => Ok(false),
            Accepted::New(row) => {
                let _ = self.wakes.send(Wake::Came { row, event: Arc::new(event) }).await;
                Ok(true)
            }
        }
    }

    /// The webhooks' way in.
    pub fn hooks(&self, secrets: &Secrets) -> Hooks {
        let door = self.clone();
        Hooks {
            github: secrets.github_webhook.clone(),
            circleci: secrets.circleci_webhook.clone(),
            now: clock::now,
            accept: Arc::new(move |event| {
                let door = door.clone();
                Box::pin(async move { door.accept(event).await })
            }),
        }
    }

    /// Takes a line that was typed.
    pub async fn say(&self, line: &str, number: u32, settings: &Settings) -> anyhow::Result<()> {
        let at = clock::now();
        let key = format!("{}-{}-{number}", std::process::id(), at.0);
        match console::event(line, key, &settings.name, settings.alias.as_deref(), at) {
            Some(event) => self.accept(event).await.map(|_| ()),
            None => Ok(()),
        }
    }
}

/// Takes what is typed, until there is no more of it.
pub async fn read_lines(door: Door, settings: Arc<ArcSwap<Settings>>) {
    let mut lines = tokio::io::BufReader::new(tokio::io::stdin()).lines();
    let mut number = 0;
    while let Ok(Some(line)) = lines.next_line().await {
        number += 1;
        if let Err(error) = door.say(&line, number, &settings.load()).await {
            tracing::error!("the line is lost: {error:#}");
        }
    }
    let _ = door.wakes.send(Wake::InputEnded).await;
}
