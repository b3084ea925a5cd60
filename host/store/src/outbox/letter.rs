//! Something to be said, on its way into the outbox.

use rusqlite::{Connection, params};
use tokio::sync::mpsc::{OwnedPermit, Sender};

use witbot_core::ids::{ChannelId, UnixMillis};
use witbot_core::journal::{Act, Outgoing};

use super::{Delivery, queue};
use crate::column::{execute, first, stored_millis};
use crate::error::StoreError;

/// The columns of something to be sent.
pub(crate) struct Letter {
    outgoing: Outgoing,
    thread: Option<String>,
    act: String,
    edit: bool,
    at: UnixMillis,
}

/// What became of a letter in its commit.
pub(crate) enum Posted {
    /// It is handed over when the commit is on the disk.
    HandedOver(Box<HandedOver>),
    /// It waits in this channel.
    Queued(ChannelId),
}

/// Something that its commit marked as being sent. It goes out when the commit is on the disk.
pub(crate) struct HandedOver {
    permit: OwnedPermit<Delivery>,
    delivery: Delivery,
}

impl HandedOver {
    /// The commit is on the disk.
    pub(crate) fn go(self) {
        self.permit.send(self.delivery);
    }
}

impl Letter {
    pub(crate) fn new(outgoing: Outgoing, at: UnixMillis) -> Result<Letter, StoreError> {
        let thread = outgoing
            .place
            .thread
            .as_ref()
            .map(serde_json::to_string)
            .transpose()?;
        Ok(Letter {
            act: serde_json::to_string(&outgoing.act)?,
            edit: matches!(outgoing.act, Act::Edit(_)),
            outgoing,
            thread,
            at,
        })
    }

    /// Queues it, or marks it as being sent if its channel is idle and there is somebody to hand it to. Of several edits
    /// of a message that still wait, only the latest text matters.
    pub(crate) fn post(
        &self,
        db: &Connection,
        sender: Option<&Sender<Delivery>>,
    ) -> Result<Posted, StoreError> {
        if self.edit && self.replaces_edit(db)? {
            return Ok(Posted::Queued(self.channel()));
        }
        let permit = match sender {
            Some(sender) if self.channel_is_idle(db)? => sender.clone().try_reserve_owned().ok(),
            Some(_) | None => None,
        };
        let Some(permit) = permit else {
            self.insert(db, "queued")?;
            return Ok(Posted::Queued(self.channel()));
        };
        let id = self.insert(db, "sending")?;
        let outgoing = self.outgoing.clone();
        let delivery = Delivery {
            id,
            outgoing,
            remote: None,
            thread: None,
            attempts: 0,
            at: self.at,
        };
        Ok(Posted::HandedOver(Box::new(HandedOver {
            permit,
            delivery: queue::resolve(db, delivery)?,
        })))
    }

    fn channel(&self) -> ChannelId {
        self.outgoing.place.channel.clone()
    }

    fn replaces_edit(&self, db: &Connection) -> Result<bool, StoreError> {
        let sql = "UPDATE outbox SET act = ? WHERE message = ? AND state = 'queued' AND edit = 1";
        let message = self.outgoing.message.as_str();
        Ok(execute(db, sql, (&self.act, message))? > 0)
    }

    fn channel_is_idle(&self, db: &Connection) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM outbox WHERE channel = ? AND (state = 'queued' OR state = 'sending') LIMIT 1";
        Ok(first(db, sql, (self.outgoing.place.channel.as_str(),), |_| Ok(()))?.is_none())
    }

    fn insert(&self, db: &Connection, state: &str) -> Result<i64, StoreError> {
        let Outgoing { message, place, .. } = &self.outgoing;
        let (message, channel, at) = (
            message.as_str(),
            place.channel.as_str(),
            stored_millis(self.at),
        );
        execute(
            db,
            "INSERT INTO outbox (message, channel, thread, act, edit, state, at_ms)
             VALUES (?, ?, ?, ?, ?, ?, ?)",
            params![
                message,
                channel,
                self.thread,
                self.act,
                self.edit,
                state,
                at
            ],
        )?;
        Ok(db.last_insert_rowid())
    }
}
