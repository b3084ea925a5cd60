//! `witbot:chat`: messages of our own, and writing where nobody asked.

use wasmtime::component::Resource;
use witbot_core::call::{Edit, Post, Reply};
use witbot_core::error::Error;
use witbot_core::event::Place;
use witbot_core::ids::{CallId, ChannelId};

use crate::bindings::witbot::chat::{chat, messages};
use crate::gate::{Refusal, thread_below};
use crate::state::State;

/// A message of ours, and where it stands.
#[derive(Clone)]
pub struct OwnMessage {
    pub(crate) id: CallId,
    pub(crate) place: Place,
}

impl messages::Host for State {}

impl messages::HostMessage for State {
    async fn id(&mut self, message: Resource<OwnMessage>) -> wasmtime::Result<String> {
        Ok(self.table.get(&message)?.id.to_string())
    }

    async fn edit(&mut self, message: Resource<OwnMessage>, text: String) -> Result<(), Refusal> {
        let OwnMessage { id, place } = self.table.get(&message)?.clone();
        self.gate
            .pass(Edit {
                message: id,
                place,
                text,
            })
            .await
    }

    async fn reply(
        &mut self,
        message: Resource<OwnMessage>,
        text: String,
    ) -> Result<Resource<OwnMessage>, Refusal> {
        let above = self.table.get(&message)?;
        let place = thread_below(&above.id, &above.place);
        let id = self
            .gate
            .pass(Reply {
                place: place.clone(),
                text,
            })
            .await?;
        Ok(self.table.push(OwnMessage { id, place })?)
    }

    async fn drop(&mut self, message: Resource<OwnMessage>) -> wasmtime::Result<()> {
        self.table.delete(message)?;
        Ok(())
    }
}

impl chat::Host for State {
    async fn post(
        &mut self,
        channel: String,
        text: String,
    ) -> Result<Resource<OwnMessage>, Refusal> {
        let channel: ChannelId = channel
            .trim_start_matches('#')
            .parse()
            .map_err(|error| Error::invalid(format!("{error}")))?;
        let id = self
            .gate
            .pass(Post {
                channel: channel.clone(),
                text,
            })
            .await?;
        Ok(self.table.push(OwnMessage {
            id,
            place: Place {
                channel,
                thread: None,
            },
        })?)
    }
}
