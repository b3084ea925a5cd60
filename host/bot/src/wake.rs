//! Everything that wakes the bot, in one list. What happens then can be read in one place: `rooms`.

use std::sync::Arc;

use tokio::sync::oneshot;
use witbot_core::event::Event;
use witbot_core::ids::{ChannelId, Digest, InvocationId, PluginName};
use witbot_core::journal::Wait;

use crate::control::{self, Demand};

/// A reason to do something.
#[derive(Debug)]
pub enum Wake {
    /// Something came through a door, and is in this row of the inbox.
    Came {
        /// The row.
        row: i64,
        /// What came.
        event: Arc<Event>,
    },
    /// There is something to say in these channels.
    ToSay(Vec<ChannelId>),
    /// A question of this key is about to be asked: its answer can come as soon as it is stored.
    Asking(String),
    /// A run waits.
    Parked(Box<Wait>),
    /// Somebody has left the line of this key.
    Moved(String),
    /// A wait is over, so the run goes on.
    Runnable(InvocationId),
    /// A run crashed, and that is stored.
    Crashed(Crash),
    /// A migration came to an end, well or not, and that is stored.
    Migrated,
    /// An operator wants something done with a run or a plugin.
    Ordered {
        /// What.
        order: Demand,
        /// Where to say what became of it.
        answer: oneshot::Sender<control::Answer>,
    },
    /// The file of settings changed.
    SettingsChanged,
    /// What people say cannot be heard, and never will be.
    Deaf(anyhow::Error),
    /// Nobody will say anything any more.
    InputEnded,
    /// In a rehearsal somebody wants to know when all is quiet.
    Settle,
}

/// A run that crashed.
#[derive(Debug)]
pub struct Crash {
    /// Of which plugin.
    pub plugin: PluginName,
    /// In which version.
    pub digest: Digest,
    /// Which one.
    pub run: InvocationId,
    /// The row of its event.
    pub row: i64,
    /// Its event.
    pub event: Arc<Event>,
}
