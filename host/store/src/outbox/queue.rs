//! Rows of the outbox on their way out: taken, given back, given up.

use std::collections::HashSet;

use rusqlite::{Connection, Row};

use witbot_core::event::{MessageId, Place};
use witbot_core::ids::UnixMillis;
use witbot_core::journal::{Act, Outgoing};

use super::{Delivery, Next};
use crate::column::{all, call_id, execute, first, id, json, json_option, millis};
use crate::error::StoreError;

/// The first of what a channel is to be sent.
const NEXT: &str = "SELECT * FROM outbox WHERE channel = ? AND (state = 'queued' OR state = 'sending') ORDER BY id LIMIT ?";

pub(crate) fn take(
    db: &Connection,
    channel: &str,
    limit: u32,
    at: i64,
) -> Result<Next, StoreError> {
    let read = |row: &Row<'_>| {
        let queued = row.get::<_, String>("state")? == "queued";
        Ok((queued, row.get::<_, i64>("due_ms")?, delivery(row)?))
    };
    let mut taken: Vec<Delivery> = Vec::new();
    let mut messages = HashSet::new();
    for (queued, due, delivery) in all(db, NEXT, (channel, limit), read)? {
        let ready = queued
            && due <= at
            && !delivery
                .outgoing
                .needs()
                .is_some_and(|message| messages.contains(message));
        if !ready && taken.is_empty() && queued {
            return Ok(Next::Later(UnixMillis(due.cast_unsigned())));
        }
        if !ready {
            break;
        }
        execute(
            db,
            "UPDATE outbox SET state = 'sending' WHERE id = ?",
            (delivery.id,),
        )?;
        messages.insert(delivery.outgoing.message.clone());
        taken.push(resolve(db, delivery)?);
    }
    Ok(if taken.is_empty() {
        Next::Nothing
    } else {
        Next::Send(taken)
    })
}

/// Order is kept: what was taken after it goes back, too.
pub(crate) fn put_back(
    db: &Connection,
    id: i64,
    reason: &str,
    due: i64,
    counts: bool,
) -> Result<(), rusqlite::Error> {
    execute(
        db,
        "UPDATE outbox SET state = 'queued', reason = ?, due_ms = ?, attempts = attempts + ?
         WHERE id = ? AND state = 'sending'",
        (reason, due, counts, id),
    )?;
    execute(
        db,
        "UPDATE outbox SET state = 'queued'
         WHERE channel = (SELECT channel FROM outbox WHERE id = ?1) AND id > ?1 AND state = 'sending'
             AND (state = 'queued' OR state = 'sending')",
        (id,),
    )?;
    Ok(())
}

pub(crate) fn give_up(db: &Connection, id: i64, reason: &str) -> Result<(), rusqlite::Error> {
    let failed =
        "UPDATE outbox SET state = 'failed', reason = ? WHERE id = ? AND state = 'sending'";
    if execute(db, failed, (reason, id))? == 1 {
        execute(
            db,
            "UPDATE outbox SET state = 'failed', reason = 'the message itself was not sent'
             WHERE state = 'queued' AND edit = 1
                 AND message = (SELECT message FROM outbox WHERE id = ? AND json_type(act, '$.post') IS NOT NULL)",
            (id,),
        )?;
    }
    Ok(())
}

pub(crate) fn remote(db: &Connection, message: &str) -> Result<Option<String>, StoreError> {
    first(
        db,
        "SELECT remote FROM messages WHERE message = ?",
        (message,),
        |row| Ok(row.get(0)?),
    )
}

/// Looks up the ids of the chat service.
pub(crate) fn resolve(db: &Connection, mut delivery: Delivery) -> Result<Delivery, StoreError> {
    delivery.remote = match &delivery.outgoing.act {
        Act::Edit(_) | Act::Delete => remote(db, delivery.outgoing.message.as_str())?,
        Act::React {
            to: MessageId::Ours(message),
            ..
        } => remote(db, message.as_str())?,
        Act::React {
            to: MessageId::Theirs(remote),
            ..
        } => Some(remote.clone()),
        Act::Post(_) | Act::Whisper { .. } => None,
    };
    delivery.thread = match &delivery.outgoing.place.thread {
        Some(MessageId::Ours(message)) => remote(db, message.as_str())?,
        Some(MessageId::Theirs(remote)) => Some(remote.clone()),
        None => None,
    };
    Ok(delivery)
}

pub(crate) fn delivery(row: &Row<'_>) -> Result<Delivery, StoreError> {
    let place = Place {
        channel: id(row, "channel")?,
        thread: json_option(row, "thread")?,
    };
    let outgoing = Outgoing {
        message: call_id(row, "message")?,
        place,
        act: json(row, "act")?,
    };
    Ok(Delivery {
        id: row.get("id")?,
        outgoing,
        remote: None,
        thread: None,
        attempts: row.get("attempts")?,
        at: millis(row, "at_ms")?,
    })
}

#[cfg(test)]
mod tests {
    use rusqlite::StatementStatus;

    use super::*;
    use crate::fixture::store;

    #[tokio::test]
    async fn what_is_next_is_asked_with_one_prepared_statement() {
        let (_folder, store) = store();
        let prepared_again = store.write(|db| {
            for number in 0..5 {
                take(db, &format!("c{number}"), number + 1, 0)?;
            }
            let statement = db.prepare_cached(NEXT)?;
            Ok::<_, StoreError>(statement.get_status(StatementStatus::RePrepare))
        });
        assert_eq!(prepared_again.await.unwrap(), 0);
    }
}
