//! What all ways of saying something have in common.

use wasmtime::component::Resource;
use witbot_core::call::{Broadcast, FindChannel, FindPerson, MentionGroup, Reply};
use witbot_core::chat::{Person, Said};
use witbot_core::error::{Code, Error};
use witbot_core::event::{MessageId, Place};
use witbot_core::ids::{ChannelId, UserId};

use super::chat::OwnMessage;
use crate::gate::Refusal;
use crate::state::State;

impl State {
    /// Says something where the event was said, or below a message that was said there.
    pub(super) async fn answer(
        &mut self,
        place: Place,
        text: Said,
    ) -> Result<Resource<OwnMessage>, Refusal> {
        self.may_call_everyone(&place.channel, &text).await?;
        let call = Reply {
            place: place.clone(),
            text,
        };
        let id = self.gate.pass(call).await?;
        Ok(self.table.push(OwnMessage { id, place })?)
    }

    /// Asks for the permission to notify everybody or groups, if that is what this does. Grants can have the name of the channel,
    /// which only the chat service knows; a plugin without any grant for chats is not told it, and is denied without it.
    pub(super) async fn may_call_everyone(
        &mut self,
        channel: &ChannelId,
        said: &Said,
    ) -> Result<(), Refusal> {
        if said.audience().is_none() && said.groups().is_empty() {
            return Ok(());
        }
        let find = FindChannel {
            name: channel.to_string(),
        };
        let name = match self.gate.pass(find).await {
            Ok(found) => Some(found.name),
            Err(Refusal::Error(error)) if error.code == Code::Denied => None,
            Err(refusal) => return Err(refusal),
        };
        self.may_call_everyone_in(channel, name, said).await
    }

    /// The same in a channel whose name is known.
    pub(super) async fn may_call_everyone_in(
        &mut self,
        channel: &ChannelId,
        name: Option<String>,
        said: &Said,
    ) -> Result<(), Refusal> {
        for group in said.groups() {
            let call = MentionGroup {
                channel: channel.clone(),
                name: name.clone(),
                group: group.clone(),
            };
            self.gate.pass(call).await?;
        }
        let Some(audience) = said.audience() else {
            return Ok(());
        };
        let call = Broadcast {
            channel: channel.clone(),
            name,
            audience,
        };
        self.gate.pass(call).await
    }

    /// What the chat service knows of the person who caused the event. It is asked once: what it says is the same for all
    /// of the run.
    pub(super) async fn person(&mut self, user: &UserId) -> Result<Person, Refusal> {
        if let Some(person) = &self.person {
            return Ok(person.clone());
        }
        let person = self.gate.pass(FindPerson { user: user.clone() }).await?;
        self.person = Some(person.clone());
        Ok(person)
    }
}

/// The thread below a message: threads do not nest, so an answer in a thread stays in it.
pub(super) fn thread_below(message: MessageId, place: &Place) -> Place {
    Place {
        channel: place.channel.clone(),
        thread: Some(place.thread.clone().unwrap_or(message)),
    }
}

/// Whoever asks has to have been said something.
pub(super) fn not_said(whom: &str) -> Error {
    Error::new(
        Code::NotFound,
        format!("this event was not said in a chat, so there is nobody to {whom}"),
    )
}
