//! `witbot:flow/flow`: time, chance, and waiting.

use rand_chacha::rand_core::Rng;
use wasmtime::component::Resource;
use witbot_core::call::{
    Ask, AwaitEvent, AwaitTurn, Chosen, LeaveLine, LineUp, Occurrence, Sleep, StopRun, event_key,
};
use witbot_core::chat::{Answerers, Question, Said, Text};
use witbot_core::error::Error;
use witbot_core::event::{self, Body};
use witbot_core::ids::UserId;

use super::content::{Building, BuildingText, id};
use super::say::not_said;
use crate::bindings::witbot::flow::flow::{
    Host, HostAnswer, HostOccurrence, HostQuestion, HostTurn,
};
use crate::gate::Refusal;
use crate::state::State;

/// A question that is being built.
pub type BuildingQuestion = Building<Asked>;

/// A place in a line, as it was when the run was last told.
#[derive(Clone)]
pub struct Standing {
    line: String,
    ahead: u32,
}

/// What is asked, and who may answer.
#[derive(Clone)]
pub struct Asked {
    text: Text,
    choices: Vec<String>,
    answerers: Answerers,
}

impl State {
    async fn put(&mut self, asked: Asked, timeout_ms: u64) -> Result<Resource<Chosen>, Refusal> {
        let said = self
            .invocation
            .as_ref()
            .and_then(|invocation| match &invocation.event.body {
                Body::Message(message) => Some((message.place.clone(), message.user.id.clone())),
                Body::Click(_) | Body::Webhook(_) => None,
            });
        let (place, user) = said.ok_or_else(|| not_said("ask"))?;
        let Asked {
            text: question,
            choices,
            answerers,
        } = asked;
        let shown = Said::Question(Question::new(question.clone(), Vec::<String>::new()));
        self.may_call_everyone(&place.channel, &shown).await?;
        let call = Ask {
            place,
            user,
            question,
            choices,
            answerers,
            timeout_ms,
        };
        let chosen = self.gate.pass(call).await?;
        Ok(self.table.push(chosen)?)
    }
}

fn add_answerer(asked: &mut Asked, user: UserId) {
    match &mut asked.answerers {
        Answerers::Asked => asked.answerers = Answerers::These(vec![user]),
        Answerers::These(users) => users.push(user),
        // Anybody includes them, and only the host leaves some out.
        Answerers::Anyone | Answerers::Others { .. } => {}
    }
}

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
        let asked = Asked {
            text: question.into(),
            choices,
            answerers: Answerers::Asked,
        };
        self.put(asked, timeout_ms).await
    }

    async fn line_up(&mut self, line: String) -> Result<Resource<Standing>, Refusal> {
        let ahead = self.gate.pass(LineUp { line: line.clone() }).await?;
        Ok(self.table.push(Standing { line, ahead })?)
    }

    async fn cancel(&mut self, run: String) -> Result<bool, Refusal> {
        let run = run
            .parse()
            .map_err(|error| Error::invalid(format!("{error}")))?;
        self.gate.pass(StopRun { run }).await
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

impl HostTurn for State {
    async fn ahead(&mut self, turn: Resource<Standing>) -> wasmtime::Result<u32> {
        Ok(self.table.get(&turn)?.ahead)
    }

    async fn closer(&mut self, turn: Resource<Standing>, timeout_ms: u64) -> Result<u32, Refusal> {
        let Standing { line, ahead } = self.table.get(&turn)?.clone();
        let (plugin, run) = self.gate.whose()?;
        let call = AwaitTurn {
            plugin,
            run,
            line,
            ahead,
            timeout_ms,
        };
        let ahead = self.gate.pass(call).await?;
        self.table.get_mut(&turn)?.ahead = ahead;
        Ok(ahead)
    }

    async fn leave(&mut self, turn: Resource<Standing>) -> Result<(), Refusal> {
        let line = self.table.get(&turn)?.line.clone();
        self.gate.pass(LeaveLine { line }).await
    }

    async fn drop(&mut self, turn: Resource<Standing>) -> wasmtime::Result<()> {
        self.table.delete(turn)?;
        Ok(())
    }
}

impl HostQuestion for State {
    async fn new(
        &mut self,
        text: Resource<BuildingText>,
    ) -> wasmtime::Result<Resource<BuildingQuestion>> {
        let (text, bytes) = self.text_of(&text)?;
        let (text, wrong) = match text {
            Ok(text) => (text, None),
            Err(wrong) => (Text::default(), Some(wrong)),
        };
        let asked = Asked {
            text,
            choices: Vec::new(),
            answerers: Answerers::Asked,
        };
        self.build(asked, wrong, bytes)
    }

    async fn choice(
        &mut self,
        question: Resource<BuildingQuestion>,
        choice: String,
    ) -> wasmtime::Result<()> {
        self.add(&question, choice.len(), |question| {
            question.value.choices.push(choice);
        })
    }

    async fn answered_by(
        &mut self,
        question: Resource<BuildingQuestion>,
        user: String,
    ) -> wasmtime::Result<()> {
        self.add(&question, user.len(), |question| {
            question.with(id(&user), add_answerer);
        })
    }

    async fn anyone(&mut self, question: Resource<BuildingQuestion>) -> wasmtime::Result<()> {
        self.add(&question, 0, |question| {
            question.value.answerers = Answerers::Anyone;
        })
    }

    async fn ask(
        &mut self,
        question: Resource<BuildingQuestion>,
        timeout_ms: u64,
    ) -> Result<Resource<Chosen>, Refusal> {
        let asked = self.table.get(&question)?.built()?;
        self.put(asked, timeout_ms).await
    }

    async fn drop(&mut self, question: Resource<BuildingQuestion>) -> wasmtime::Result<()> {
        self.unbuild(question)
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
