//! `witbot:plugin/events`: what a handler is called with. It never changes within a run, so nothing of it is recorded.

use wasmtime::component::Resource;
use witbot_core::call::Reply;
use witbot_core::error::{Code, Error};
use witbot_core::event::{self, Body, Message, Webhook};

use super::chat::OwnMessage;
use crate::bindings::witbot::plugin::events::{Host, HostEvent};
use crate::gate::Refusal;
use crate::state::State;

/// The event of this run.
pub struct CurrentEvent;

impl Host for State {}

impl State {
    fn message(&self) -> Option<&Message> {
        match &self.invocation.as_ref()?.event.body {
            Body::Message(message) => Some(message),
            Body::Webhook(_) => None,
        }
    }

    fn webhook(&self) -> Option<&Webhook> {
        match &self.invocation.as_ref()?.event.body {
            Body::Message(_) => None,
            Body::Webhook(webhook) => Some(webhook),
        }
    }
}

impl HostEvent for State {
    async fn id(&mut self, _: Resource<CurrentEvent>) -> wasmtime::Result<String> {
        Ok(self
            .invocation
            .as_ref()
            .map(|invocation| invocation.id.to_string())
            .unwrap_or_default())
    }

    async fn kind(&mut self, _: Resource<CurrentEvent>) -> wasmtime::Result<String> {
        Ok(match (self.webhook(), &self.invocation) {
            (Some(webhook), _) => webhook.kind.clone(),
            (None, Some(invocation)) if invocation.listens => "listener".to_owned(),
            (None, _) => "command".to_owned(),
        })
    }

    async fn handler(&mut self, _: Resource<CurrentEvent>) -> wasmtime::Result<String> {
        Ok(self
            .invocation
            .as_ref()
            .map(|invocation| invocation.handler.clone())
            .unwrap_or_default())
    }

    async fn text(&mut self, _: Resource<CurrentEvent>) -> wasmtime::Result<String> {
        Ok(self
            .message()
            .map(|message| message.text.clone())
            .unwrap_or_default())
    }

    async fn argument(
        &mut self,
        _: Resource<CurrentEvent>,
        name: String,
    ) -> wasmtime::Result<Option<String>> {
        let Some(invocation) = &self.invocation else {
            return Ok(None);
        };
        let given = invocation
            .arguments
            .iter()
            .find(|(argument, _)| *argument == name);
        Ok(given.map(|(_, value)| value.clone()))
    }

    async fn user(&mut self, _: Resource<CurrentEvent>) -> wasmtime::Result<Option<String>> {
        Ok(self.message().map(|message| message.user.id.to_string()))
    }

    async fn user_name(&mut self, _: Resource<CurrentEvent>) -> wasmtime::Result<Option<String>> {
        Ok(self.message().map(|message| message.user.name.clone()))
    }

    async fn channel(&mut self, _: Resource<CurrentEvent>) -> wasmtime::Result<Option<String>> {
        Ok(self
            .message()
            .map(|message| message.place.channel.to_string()))
    }

    async fn subject(&mut self, _: Resource<CurrentEvent>) -> wasmtime::Result<String> {
        Ok(self
            .webhook()
            .map(|webhook| webhook.subject.clone())
            .unwrap_or_default())
    }

    async fn field(
        &mut self,
        _: Resource<CurrentEvent>,
        pointer: String,
    ) -> wasmtime::Result<Option<String>> {
        Ok(self
            .webhook()
            .and_then(|webhook| event::field(&webhook.body, &pointer)))
    }

    async fn reply(
        &mut self,
        _: Resource<CurrentEvent>,
        text: String,
    ) -> Result<Resource<OwnMessage>, Refusal> {
        let Some(place) = self.message().map(|message| message.place.clone()) else {
            return Err(Error::new(
                Code::NotFound,
                "this event was not said in a chat, so there is nobody to answer",
            )
            .into());
        };
        let id = self
            .gate
            .pass(Reply {
                place: place.clone(),
                text,
            })
            .await?;
        Ok(self.table.push(OwnMessage { id, place })?)
    }

    async fn drop(&mut self, event: Resource<CurrentEvent>) -> wasmtime::Result<()> {
        self.table.delete(event)?;
        Ok(())
    }
}
