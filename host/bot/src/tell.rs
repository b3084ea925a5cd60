//! Tells the person who asked that the answer could not be said where they asked: in their conversation with the bot.
//!
//! This is a help and no promise. It is not stored, and a bot that is stopped in the middle of it forgets it; that the
//! answer was not said is in the log in any case.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
use witbot_core::chat::Text;
use witbot_core::event::{Body, Place, User};
use witbot_core::ids::{CallId, InvocationId, UserId};
use witbot_core::journal::Outgoing;
use witbot_store::Store;
use witbot_store::outbox::Delivery;

use crate::chat::Chat;
use crate::clock;
use crate::outbox::Tell;

/// So many runs are remembered about which somebody was told. What one run says is mostly given up for one reason.
const TOLD_MAX: usize = 256;

/// What the outbox calls when it gives a message up. The person is told once for each run.
pub fn tell(store: Store, chat: Arc<dyn Chat>) -> Tell {
    let told_of = Mutex::new(VecDeque::new());
    Arc::new(move |message, text| {
        if !is_first(&told_of, message.invocation()) {
            return;
        }
        let (store, chat) = (store.clone(), chat.clone());
        tokio::spawn(async move {
            if let Err(error) = told(&store, &*chat, message, text).await {
                tracing::warn!("nobody could be told that a message was not said: {error:#}");
            }
        });
    })
}

fn is_first(told_of: &Mutex<VecDeque<InvocationId>>, run: InvocationId) -> bool {
    let mut told_of = told_of.lock().unwrap_or_else(PoisonError::into_inner);
    if told_of.contains(&run) {
        return false;
    }
    if told_of.len() == TOLD_MAX {
        told_of.pop_front();
    }
    told_of.push_back(run);
    true
}

async fn told(store: &Store, chat: &dyn Chat, message: CallId, text: Text) -> anyhow::Result<()> {
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
