//! `witbot:chat/messages` and `witbot:chat/chat`: messages of our own, and writing where nobody asked.

use wasmtime::component::Resource;
use witbot_core::call::{
    Delete, Edit, FindChannel, FindDirect, FindMessage, Post, PostDirect, React,
};
use witbot_core::chat::Said;
use witbot_core::error::{Code, Error};
use witbot_core::event::{MessageId, Place};
use witbot_core::ids::{CallId, ChannelId, UserId};

use super::content::{BuildingContent, id};
use super::say::thread_below;
use crate::bindings::witbot::chat::{chat, messages};
use crate::gate::Refusal;
use crate::state::State;

/// A message of ours, and where it stands.
#[derive(Clone)]
pub struct OwnMessage {
    pub(crate) id: CallId,
    pub(crate) place: Place,
}

impl State {
    async fn edit_into(
        &mut self,
        message: &Resource<OwnMessage>,
        text: Said,
    ) -> Result<(), Refusal> {
        let OwnMessage { id, place } = self.table.get(message)?.clone();
        self.may_call_everyone(&place.channel, &text).await?;
        let call = Edit {
            message: id,
            place,
            text,
        };
        self.gate.pass(call).await
    }

    async fn reply_below(
        &mut self,
        message: &Resource<OwnMessage>,
        text: Said,
    ) -> Result<Resource<OwnMessage>, Refusal> {
        let above = self.table.get(message)?;
        let place = thread_below(MessageId::Ours(above.id.clone()), &above.place);
        self.answer(place, text).await
    }

    async fn post_in(
        &mut self,
        channel: &str,
        text: Said,
    ) -> Result<Resource<OwnMessage>, Refusal> {
        let asked: ChannelId = id(channel.trim_start_matches('#')).map_err(Error::invalid)?;
        let find = FindChannel {
            name: asked.to_string(),
        };
        let found = self.gate.pass(find).await?;
        let name = Some(found.name);
        self.may_call_everyone_in(&found.id, name.clone(), &text)
            .await?;
        let call = Post {
            channel: found.id.clone(),
            name,
            text,
        };
        let id = self.gate.pass(call).await?;
        self.own_message(id, found.id)
    }

    fn own_message(
        &mut self,
        id: CallId,
        channel: ChannelId,
    ) -> Result<Resource<OwnMessage>, Refusal> {
        let place = Place {
            channel,
            thread: None,
        };
        Ok(self.table.push(OwnMessage { id, place })?)
    }
}

impl messages::Host for State {}

impl messages::HostMessage for State {
    async fn find(&mut self, id: String) -> Result<Resource<OwnMessage>, Refusal> {
        let message: CallId = id
            .parse()
            .map_err(|_| Error::new(Code::NotFound, "there is no message of this id"))?;
        let call = FindMessage {
            message: message.clone(),
        };
        let place = self.gate.pass(call).await?;
        Ok(self.table.push(OwnMessage { id: message, place })?)
    }

    async fn id(&mut self, message: Resource<OwnMessage>) -> wasmtime::Result<String> {
        Ok(self.table.get(&message)?.id.to_string())
    }

    async fn edit(&mut self, message: Resource<OwnMessage>, text: String) -> Result<(), Refusal> {
        self.edit_into(&message, text.into()).await
    }

    async fn edit_with(
        &mut self,
        message: Resource<OwnMessage>,
        content: Resource<BuildingContent>,
    ) -> Result<(), Refusal> {
        let said = self.said(&content)?;
        self.edit_into(&message, said).await
    }

    async fn reply(
        &mut self,
        message: Resource<OwnMessage>,
        text: String,
    ) -> Result<Resource<OwnMessage>, Refusal> {
        self.reply_below(&message, text.into()).await
    }

    async fn reply_with(
        &mut self,
        message: Resource<OwnMessage>,
        content: Resource<BuildingContent>,
    ) -> Result<Resource<OwnMessage>, Refusal> {
        let said = self.said(&content)?;
        self.reply_below(&message, said).await
    }

    async fn delete(&mut self, message: Resource<OwnMessage>) -> Result<(), Refusal> {
        let OwnMessage { id, place } = self.table.get(&message)?.clone();
        self.gate.pass(Delete { message: id, place }).await
    }

    async fn react(&mut self, message: Resource<OwnMessage>, emoji: String) -> Result<(), Refusal> {
        let OwnMessage { id, place } = self.table.get(&message)?.clone();
        let message = MessageId::Ours(id);
        let call = React {
            message,
            place,
            emoji,
        };
        self.gate.pass(call).await
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
        self.post_in(&channel, text.into()).await
    }

    async fn post_with(
        &mut self,
        channel: String,
        content: Resource<BuildingContent>,
    ) -> Result<Resource<OwnMessage>, Refusal> {
        let said = self.said(&content)?;
        self.post_in(&channel, said).await
    }

    async fn direct(
        &mut self,
        user: String,
        content: Resource<BuildingContent>,
    ) -> Result<Resource<OwnMessage>, Refusal> {
        let text = self.said(&content)?;
        let user: UserId = id(&user).map_err(Error::invalid)?;
        let channel = self.gate.pass(FindDirect { user: user.clone() }).await?;
        self.may_call_everyone(&channel, &text).await?;
        let call = PostDirect {
            user,
            channel: channel.clone(),
            text,
        };
        let id = self.gate.pass(call).await?;
        self.own_message(id, channel)
    }
}
