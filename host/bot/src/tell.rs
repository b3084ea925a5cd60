//! Tells the person who asked that the answer could not be said where they asked: in their conversation with the bot.
//!
//! This is a help and no promise. It is not stored, and a bot that is stopped in the middle of it forgets it; that the
//! answer was not said is in the log in any case.

use std::sync::Arc;

use anyhow::Context as _;
use witbot_core::event::{Body, Place, User};
use witbot_core::ids::{CallId, UserId};
use witbot_core::journal::Outgoing;
use witbot_store::Store;
use witbot_store::outbox::Delivery;

use crate::chat::Chat;
use crate::clock;
use crate::outbox::Tell;

/// What the outbox calls when it gives a message up.
pub fn tell(store: Store, chat: Arc<dyn Chat>) -> Tell {
    Arc::new(move |message, text| {
        let (store, chat) = (store.clone(), chat.clone());
        tokio::spawn(async move {
            if let Err(error) = told(&store, &*chat, message, text).await {
                tracing::warn!("nobody could be told that a message was not said: {error:#}");
            }
        });
    })
}

async fn told(store: &Store, chat: &dyn Chat, message: CallId, text: String) -> anyhow::Result<()> {
    let Some(user) = who_asked(store, &message).await? else {
        return Ok(());
    };
    let channel = chat.direct(&user).await?;
    let place = Place {
        channel,
        thread: None,
    };
    let delivery = Delivery {
        id: 0,
        outgoing: Outgoing::post(message, place, text),
        remote: None,
        thread: None,
        attempts: 0,
        at: clock::now(),
    };
    let sent = chat.send(&delivery).await;
    sent.map(drop)
        .map_err(|unsent| anyhow::anyhow!("{unsent:?}"))
}

/// None: nobody asked, or it is forgotten.
async fn who_asked(store: &Store, message: &CallId) -> anyhow::Result<Option<UserId>> {
    let run = store.invocation(&message.invocation()).await;
    let Some(run) = run.context("its run cannot be read")? else {
        return Ok(None);
    };
    let event = store.event(run.event).await;
    let event = event.context("its event cannot be read")?;
    Ok(event.and_then(|event| match event.body {
        Body::Message(message) => Some(id(message.user)),
        Body::Click(click) => Some(id(click.user)),
        Body::Webhook(_) => None,
    }))
}

fn id(user: User) -> UserId {
    user.id
}
