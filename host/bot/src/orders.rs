//! What operators and people order to be done with a run: cancel it, or try it again. It is done in the store; what
//! follows from that in a running bot is for the caller. Orders about plugins are in `plugins`.

pub mod followed;
pub mod plugins;
pub mod trial;

use serde::{Deserialize, Serialize};
use serde_json::json;
use witbot_core::audit;
use witbot_core::chat::{Answer, Said, Text};
use witbot_core::event::{Body, Event};
use witbot_core::ids::{CallId, ChannelId, InvocationId, UserId};
use witbot_core::journal::{Outgoing, Wait};
use witbot_store::Store;
use witbot_store::error::StoreError;
use witbot_store::invocations::{Cancel, Canceled, Invocation, Status};

use crate::clock;
use crate::waits;

/// No call of a handler has this number, so no message of it has the id of the line about its cancellation.
const CANCELED: u32 = u32::MAX - 1;

/// An order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// What is to be done.
    pub what: What,
    /// With which run.
    pub run: InvocationId,
    /// Who says so, in words.
    pub by: String,
    /// The person, when it is one in the chat. Nobody can say so from outside.
    #[serde(skip)]
    pub person: Option<UserId>,
    /// Whether a plugin orders it for a run of its own. It tells of it in its own words.
    #[serde(skip)]
    pub by_plugin: bool,
}

/// What can be ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum What {
    /// It is to end.
    Cancel,
    /// It was put aside, and is to be tried again.
    Retry,
}

/// What became of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// Whether it was carried out, now or before.
    pub well: bool,
    /// A sentence about it.
    pub text: String,
    /// The run, if it is to go on now.
    pub goes_on: Option<InvocationId>,
    /// Where something is to be said now.
    pub channel: Option<ChannelId>,
}

/// Carries an order out.
pub async fn carry_out(store: &Store, order: Order) -> Result<Done, StoreError> {
    let Some(run) = store.invocation(&order.run).await? else {
        return Ok(nothing(format!("there is no run {}", order.run)));
    };
    let record = record(&order, &run);
    match order.what {
        What::Cancel => cancel(store, order, &run, record).await,
        What::Retry => {
            let before = store.retry(&run.id, record).await?;
            Ok(retried(&run, before.unwrap_or(run.status)))
        }
    }
}

async fn cancel(
    store: &Store,
    order: Order,
    run: &Invocation,
    audit: audit::Record,
) -> Result<Done, StoreError> {
    let event = store.event(run.event).await?;
    let Order {
        by,
        person,
        by_plugin,
        ..
    } = order;
    let cancel = Cancel {
        by: by.clone(),
        at: audit.at,
        audit,
    };
    let told = move |run: &Invocation, event: Option<&Event>, wait: Option<&Wait>| {
        let over = wait.and_then(|wait| waits::told(wait, Answer::Canceled));
        let line = event.filter(|_| !by_plugin);
        let line = line.and_then(|event| self::line(run, event, &by, person));
        over.into_iter().chain(line).collect()
    };
    let canceled = store.cancel(&run.id, cancel, told).await?;
    let name = format!(
        "the run {} ({} {})",
        run.id.short(),
        run.plugin,
        run.handler
    );
    let (goes_on, text) = match canceled {
        Canceled::Woken => (
            true,
            format!("{name} is canceled: its wait is over, and it ends"),
        ),
        Canceled::Noted => (
            true,
            format!("{name} is canceled: it is told when it next waits"),
        ),
        Canceled::Ended => (false, format!("{name} is canceled: it has ended")),
        Canceled::Before(by) => (false, format!("{name} was canceled before, by {by}")),
        Canceled::Over(status) => {
            let status = status.as_str();
            return Ok(nothing(format!("{name} is over already: {status}")));
        }
        Canceled::Unknown => return Ok(nothing(format!("{name} is forgotten"))),
    };
    Ok(Done {
        well: true,
        text,
        goes_on: goes_on.then(|| run.id.clone()),
        channel: event.and_then(|event| match event.body {
            Body::Message(message) => Some(message.place.channel),
            Body::Click(_) | Body::Webhook(_) => None,
        }),
    })
}

/// The line in the channel. It names a person so that they are told.
fn line(run: &Invocation, event: &Event, by: &str, person: Option<UserId>) -> Option<Outgoing> {
    let Body::Message(message) = &event.body else {
        return None;
    };
    let how = match run.status {
        Status::Running => "is being canceled",
        Status::Parked | Status::Dead | Status::Done | Status::Failed => "was canceled",
    };
    let text = Text::from(format!(
        "`{}` (run {}) {how} by ",
        run.plugin,
        run.id.short()
    ));
    let text = match person {
        Some(user) => text.user(user),
        None => text.plain(by),
    };
    let id = CallId::new(&run.id, CANCELED);
    let said = Said::Text(text.plain("."));
    Some(Outgoing::post(id, message.place.clone(), said))
}

fn retried(run: &Invocation, before: Status) -> Done {
    let name = format!(
        "the run {} ({} {})",
        run.id.short(),
        run.plugin,
        run.handler
    );
    match before {
        Status::Dead => Done {
            well: true,
            text: format!("{name} is tried again"),
            goes_on: Some(run.id.clone()),
            channel: None,
        },
        Status::Running | Status::Parked => nothing(format!(
            "{name} is {} and goes on by itself",
            before.as_str()
        )),
        Status::Done | Status::Failed => nothing(format!(
            "{name} is over: {}. Only a run that was put aside can be tried again; have it asked for once more",
            before.as_str()
        )),
    }
}

fn nothing(text: String) -> Done {
    Done {
        well: false,
        text,
        goes_on: None,
        channel: None,
    }
}

fn record(order: &Order, run: &Invocation) -> audit::Record {
    let action = match order.what {
        What::Cancel => "run.cancel",
        What::Retry => "run.retry",
    };
    audit::Record {
        at: clock::now(),
        actor: order.person.clone(),
        plugin: Some(run.plugin.clone()),
        digest: Some(run.digest),
        invocation: Some(run.id.clone()),
        action: action.to_owned(),
        detail: json!({ "by": order.by }),
        outcome: "ok".to_owned(),
    }
}
