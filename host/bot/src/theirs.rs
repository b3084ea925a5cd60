//! What people do with their own runs in the chat: `runs` lists those that go on, and `stop` ends one.

use witbot_core::event::{Event, Message};
use witbot_core::limits;
use witbot_store::Store;
use witbot_store::error::StoreError;
use witbot_store::invocations::{Invocation, Status, Theirs};

use crate::orders::{self, Done, Order, What};
use crate::runs::words;

/// What they want.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// To see what goes on.
    List,
    /// To end the one that goes on.
    Stop,
    /// To end this one, by the beginning of its id.
    StopThis(String),
}

impl Wish {
    /// The command, as rules call it.
    pub fn command(&self) -> &'static str {
        match self {
            Wish::List => "runs",
            Wish::Stop | Wish::StopThis(_) => "stop",
        }
    }
}

/// What it comes to.
#[derive(Debug, PartialEq, Eq)]
pub struct Granted {
    /// What they are told. None: the line about what was done says it already.
    pub text: Option<String>,
    /// What was done.
    pub done: Option<Done>,
}

/// The wish that a message is, if it is one.
pub fn wish(text: &str) -> Option<Wish> {
    let mut words = text.split_whitespace();
    let first = words.next()?.to_lowercase();
    match (first.as_str(), words.next(), words.next()) {
        ("runs", None, _) => Some(Wish::List),
        ("stop", None, _) => Some(Wish::Stop),
        ("stop", Some(run), None) => Some(Wish::StopThis(run.to_lowercase())),
        _ => None,
    }
}

/// Does what somebody wants. `row` is where the event with their message is: nothing that began after it is touched,
/// also when it is looked at again after a crash.
pub async fn grant(
    store: &Store,
    row: i64,
    event: &Event,
    message: &Message,
    wish: Wish,
) -> Result<Granted, StoreError> {
    let theirs = Theirs {
        source: event.source,
        user: message.user.id.clone(),
        channel: message.place.channel.clone(),
        before_row: row,
    };
    let runs = store.invocations_of(theirs, limits::RUNS_SHOWN_MAX).await?;
    match wish {
        Wish::List if runs.is_empty() => Ok(said("Nothing of yours goes on in this channel.")),
        Wish::List => {
            let list = list(store, &runs).await?;
            Ok(said(format!(
                "What goes on for you in this channel:\n{list}"
            )))
        }
        Wish::Stop if runs.is_empty() => Ok(said("Nothing of yours goes on in this channel.")),
        Wish::Stop => {
            let (ending, going): (Vec<_>, Vec<_>) =
                runs.into_iter().partition(|run| run.canceled_by.is_some());
            match going.as_slice() {
                [] => Ok(said(format!(
                    "It is being canceled already:\n{}",
                    list(store, &ending).await?
                ))),
                [run] => stop(store, run, message).await,
                several => which(store, several).await,
            }
        }
        Wish::StopThis(begin) => {
            let meant = runs.into_iter();
            let meant = meant.filter(|run| run.id.as_str().starts_with(&begin));
            match meant.collect::<Vec<_>>().as_slice() {
                [] => refuse(store, &begin).await,
                [run] => stop(store, run, message).await,
                several => which(store, several).await,
            }
        }
    }
}

async fn which(store: &Store, several: &[Invocation]) -> Result<Granted, StoreError> {
    Ok(said(format!(
        "Which one? Say `stop` with the first word of its line:\n{}",
        list(store, several).await?
    )))
}

async fn stop(store: &Store, run: &Invocation, message: &Message) -> Result<Granted, StoreError> {
    let order = Order {
        what: What::Cancel,
        run: run.id.clone(),
        by: words::name(&message.user),
        person: Some(message.user.id.clone()),
        by_plugin: false,
    };
    let done = orders::carry_out(store, order).await?;
    let place = store.event(run.event).await?;
    let place = place.as_ref().and_then(words::from).map(|(_, place)| place);
    // The line stands where the run began. Who is elsewhere does not see it.
    let seen = done.well && done.channel.is_some() && place == Some(&message.place);
    let text = (!seen).then(|| sentence(&done.text));
    Ok(Granted {
        text,
        done: Some(done),
    })
}

/// Why a run is not ended that is not theirs.
async fn refuse(store: &Store, begin: &str) -> Result<Granted, StoreError> {
    let found = store.invocations_like(begin).await?;
    let goes_on = |run: &&Invocation| match run.status {
        Status::Running | Status::Parked | Status::Dead => true,
        Status::Done | Status::Failed => false,
    };
    let text = match found.as_slice() {
        [run] if goes_on(&run) => format!(
            "The run {short} is not one that you began in this channel. Who began it can stop it where they did, and an \
             operator anywhere, with `witbot runs cancel {short}`.",
            short = run.id.short()
        ),
        [run] => format!(
            "The run {} is over already: {}.",
            run.id.short(),
            run.status.as_str()
        ),
        _ => "I know no such run of yours in this channel. `runs` lists them.".to_owned(),
    };
    Ok(said(text))
}

async fn list(store: &Store, runs: &[Invocation]) -> Result<String, StoreError> {
    let mut lines = Vec::new();
    for run in runs {
        let asked = store.event(run.event).await?;
        let asked = asked.map_or(String::new(), |event| words::asked(&event));
        let stands = stands(store, run).await?;
        lines.push(format!("- {} `{asked}` {stands}", run.id.short()));
    }
    Ok(lines.join("\n"))
}

/// How a run stands that is not over, behind what was asked for.
pub async fn stands(store: &Store, run: &Invocation) -> Result<String, StoreError> {
    let stands = match run.status {
        Status::Dead => "is put aside, and an operator has to look at it".to_owned(),
        Status::Parked => match store.wait(&run.id).await? {
            Some(wait) => words::waits_for(&wait),
            None => "goes on".to_owned(),
        },
        Status::Running | Status::Done | Status::Failed => "is running".to_owned(),
    };
    let canceled = match &run.canceled_by {
        Some(by) => format!(", and is being canceled by {by}"),
        None => String::new(),
    };
    Ok(stands + &canceled)
}

fn said(text: impl Into<String>) -> Granted {
    Granted {
        text: Some(text.into()),
        done: None,
    }
}

/// As people are told it.
pub fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters
        .next()
        .map(|letter| letter.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), letters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_words_alone_are_wishes() {
        for (text, expected) in [
            ("runs", Some(Wish::List)),
            (" Stop ", Some(Wish::Stop)),
            ("stop 1A2B", Some(Wish::StopThis("1a2b".into()))),
            ("stop the press", None),
            ("runs away", None),
            ("stopping", None),
            ("", None),
        ] {
            assert_eq!(wish(text), expected, "{text}");
        }
    }

    #[test]
    fn a_note_becomes_a_sentence() {
        assert_eq!(sentence("the run is over"), "The run is over.");
    }
}
