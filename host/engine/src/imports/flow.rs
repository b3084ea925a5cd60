//! `witbot:flow/flow`: time, chance, and waiting.

use rand_chacha::rand_core::Rng;
use wasmtime::component::Resource;
use witbot_core::call::{Ask, AwaitEvent, Chosen, Occurrence, Sleep, event_key};
use witbot_core::error::{Code, Error};
use witbot_core::event::{self, Body};

use crate::bindings::witbot::flow::flow::{Host, HostAnswer, HostOccurrence};
use crate::gate::Refusal;
use crate::state::State;

impl Host for State {
    async fn now(&mut self) -> wasmtime::Result<u64> {
        Ok(self.gate.now().0)
    }

    async fn random(&mut self) -> wasmtime::Result<u64> {
        Ok(self.chance.next_u64())
    }

    async fn sleep(&mut self, milliseconds: u64) -> Result<(), Refusal> {
        self.gate.pass(Sleep { milliseconds }).await
    }

    async fn ask(
        &mut self,
        question: String,
        choices: Vec<String>,
        timeout_ms: u64,
    ) -> Result<Resource<Chosen>, Refusal> {
        let asked = self
            .invocation
            .as_ref()
            .and_then(|invocation| match &invocation.event.body {
                Body::Message(message) => Some((message.place.clone(), message.user.id.clone())),
                Body::Webhook(_) => None,
            });
        let Some((place, user)) = asked else {
            return Err(Error::new(
                Code::NotFound,
                "this event was not said in a chat, so there is nobody to ask",
            )
            .into());
        };
        let chosen = self
            .gate
            .pass(Ask {
                place,
                user,
                question,
                choices,
                timeout_ms,
            })
            .await?;
        Ok(self.table.push(chosen)?)
    }

    async fn await_event(
        &mut self,
        kind: String,
        subject: String,
        timeout_ms: u64,
    ) -> Result<Resource<Occurrence>, Refusal> {
        let key = event_key(&kind, &subject);
        let after = self.seen_until(&key);
        let occurrence = self
            .gate
            .pass(AwaitEvent {
                kind,
                subject,
                after,
                timeout_ms,
            })
            .await?;
        self.seen.insert(key, occurrence.event);
        Ok(self.table.push(occurrence)?)
    }
}

impl HostAnswer for State {
    async fn choice(&mut self, answer: Resource<Chosen>) -> wasmtime::Result<String> {
        Ok(self.table.get(&answer)?.choice.clone())
    }

    async fn user(&mut self, answer: Resource<Chosen>) -> wasmtime::Result<String> {
        Ok(self.table.get(&answer)?.user.to_string())
    }

    async fn drop(&mut self, answer: Resource<Chosen>) -> wasmtime::Result<()> {
        self.table.delete(answer)?;
        Ok(())
    }
}

impl HostOccurrence for State {
    async fn kind(&mut self, occurrence: Resource<Occurrence>) -> wasmtime::Result<String> {
        Ok(self.table.get(&occurrence)?.kind.clone())
    }

    async fn subject(&mut self, occurrence: Resource<Occurrence>) -> wasmtime::Result<String> {
        Ok(self.table.get(&occurrence)?.subject.clone())
    }

    async fn field(
        &mut self,
        occurrence: Resource<Occurrence>,
        pointer: String,
    ) -> wasmtime::Result<Option<String>> {
        Ok(event::field(&self.table.get(&occurrence)?.body, &pointer))
    }

    async fn drop(&mut self, occurrence: Resource<Occurrence>) -> wasmtime::Result<()> {
        self.table.delete(occurrence)?;
        Ok(())
    }
}
