//! `witbot:plugin/events`: what a handler is called with. It never changes within a run, so nothing of it is recorded.

use wasmtime::component::Resource;
use witbot_core::call::{FindGithubLogin, React, Whisper};
use witbot_core::chat::Standing;
use witbot_core::error::{Code, Error};
use witbot_core::event::{self, Body, Message, MessageId, Place, Webhook};

use super::chat::OwnMessage;
use super::content::BuildingContent;
use super::say::{not_said, thread_below};
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
            Body::Click(_) | Body::Webhook(_) => None,
        }
    }

    /// The question for the login of the person who caused the event.
    fn whose_login(&self) -> Option<FindGithubLogin> {
        Some(FindGithubLogin {
            source: self.invocation.as_ref()?.event.source,
            user: self.message()?.user.id.clone(),
        })
    }

    /// Where it was said.
    fn place(&self) -> Result<Place, Error> {
        let message = self.message().ok_or_else(|| not_said("answer"))?;
        Ok(message.place.clone())
    }

    /// The message that it was said with: somebody's own, or the card of ours whose button was pressed.
    fn said_with(&self) -> Option<MessageId> {
        let message = self.message()?;
        let own = message.card.clone().map(MessageId::Ours);
        own.or_else(|| message.id.clone().map(MessageId::Theirs))
    }

    fn webhook(&self) -> Option<&Webhook> {
        match &self.invocation.as_ref()?.event.body {
            Body::Message(_) | Body::Click(_) => None,
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
        let Some(user) = self.message().map(|message| message.user.clone()) else {
            return Ok(None);
        };
        if user.name.is_some() {
            return Ok(user.name);
        }
        match self.person(&user.id).await {
            Ok(person) => Ok(Some(person.name)),
            Err(Refusal::Error(_)) => Ok(Some(user.id.into())),
            Err(Refusal::Stop(stop)) => Err(stop),
        }
    }

    async fn user_standing(
        &mut self,
        _: Resource<CurrentEvent>,
    ) -> Result<Option<String>, Refusal> {
        let Some(user) = self.message().map(|message| message.user.clone()) else {
            return Ok(None);
        };
        // A chat whose events have the names of people has nobody but members.
        let standing = match (user.standing, user.name) {
            (Standing::Member, None) => self.person(&user.id).await?.standing,
            (known, _) => known,
        };
        Ok(Some(standing.as_str().to_owned()))
    }

    async fn user_github_login(
        &mut self,
        _: Resource<CurrentEvent>,
    ) -> Result<Option<String>, Refusal> {
        let Some(call) = self.whose_login() else {
            return Ok(None);
        };
        self.gate.pass(call).await
    }

    async fn channel(&mut self, _: Resource<CurrentEvent>) -> wasmtime::Result<Option<String>> {
        Ok(self
            .message()
            .map(|message| message.place.channel.to_string()))
    }

    async fn direct(&mut self, _: Resource<CurrentEvent>) -> wasmtime::Result<bool> {
        Ok(self.message().is_some_and(|message| message.direct))
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
        self.answer(self.place()?, text.into()).await
    }

    async fn reply_with(
        &mut self,
        _: Resource<CurrentEvent>,
        content: Resource<BuildingContent>,
    ) -> Result<Resource<OwnMessage>, Refusal> {
        let (place, said) = (self.place()?, self.said(&content)?);
        self.answer(place, said).await
    }

    async fn reply_in_thread(
        &mut self,
        _: Resource<CurrentEvent>,
        content: Resource<BuildingContent>,
    ) -> Result<Resource<OwnMessage>, Refusal> {
        let (place, said) = (self.place()?, self.said(&content)?);
        let place = match self.said_with() {
            Some(message) => thread_below(message, &place),
            None => place,
        };
        self.answer(place, said).await
    }

    async fn whisper(
        &mut self,
        _: Resource<CurrentEvent>,
        content: Resource<BuildingContent>,
    ) -> Result<(), Refusal> {
        let text = self.said(&content)?;
        let message = self.message().ok_or_else(|| not_said("answer"))?;
        let (place, user) = (message.place.clone(), message.user.id.clone());
        self.may_call_everyone(&place.channel, &text).await?;
        self.gate.pass(Whisper { place, user, text }).await
    }

    async fn react(&mut self, _: Resource<CurrentEvent>, emoji: String) -> Result<(), Refusal> {
        let place = self.place()?;
        let Some(message) = self.said_with() else {
            return Err(Error::new(
                Code::NotFound,
                "what was said has no message of its own, to which an emoji could be put",
            )
            .into());
        };
        let call = React {
            message,
            place,
            emoji,
        };
        self.gate.pass(call).await
    }

    async fn drop(&mut self, event: Resource<CurrentEvent>) -> wasmtime::Result<()> {
        self.table.delete(event)?;
        Ok(())
    }
}
