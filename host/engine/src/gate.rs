//! The gate: the one place that every import passes on its way out of the sandbox.
//!
//! A call is checked against the budget, then looked up in the journal, then checked against the grants, performed, and
//! recorded. The journal comes before the grants because a recorded call performs nothing: were a grant asked again
//! when a run is resumed, revoking it would make the run leave its own path.

pub(crate) mod budget;
#[cfg(test)]
mod tests;
mod usage;

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use witbot_core::audit;
use witbot_core::call::{Ask, Call, Class, Edit, Operation, Post, PostDirect, Reply, Whisper};
use witbot_core::chat::{Question, Said};
use witbot_core::error::{Code, Error};
use witbot_core::event::Place;
use witbot_core::failure::Made;
use witbot_core::ids::{CallId, ChannelId, Digest, InvocationId, PluginName, UnixMillis, UserId};
use witbot_core::journal::{
    Act, Begin, Commit, Difference, Entry, Journal, Outcome, Outgoing, Permission, State, Step,
    Wait,
};
use witbot_core::limits;
use witbot_core::limits::plugin::PluginLimits;
use witbot_core::policy::Judgement;

use crate::turns::Turns;
use crate::world::{Caller, Found, Passed, World};
use budget::Budget;

/// Why an import does not answer with a value.
#[derive(Debug)]
pub enum Refusal {
    /// The plugin is told.
    Error(Error),
    /// The instance ends here.
    Stop(wasmtime::Error),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Refusal {
        Refusal::Error(error)
    }
}

impl From<Stop> for Refusal {
    fn from(stop: Stop) -> Refusal {
        Refusal::Stop(wasmtime::Error::new(stop))
    }
}

impl From<wasmtime::component::ResourceTableError> for Refusal {
    fn from(error: wasmtime::component::ResourceTableError) -> Refusal {
        Refusal::Stop(wasmtime::Error::new(error))
    }
}

/// Why the gate ends an instance.
#[derive(Debug, thiserror::Error)]
pub enum Stop {
    /// It waits. The run goes on when the wait is over.
    #[error("the run is parked")]
    Parked,
    /// It did something else than when it ran before.
    #[error(
        "nondeterministic: {0}. Take time and chance from witbot:flow alone, and call in a fixed order"
    )]
    Differs(Difference),
    /// It asked for more than a run may.
    #[error("{0}")]
    Budget(String),
    /// Its record cannot be understood, which trying again does not change.
    #[error(
        "the recorded answer of {0} cannot be read ({1}), so that the run cannot go on. Start it again"
    )]
    Unreadable(&'static str, String),
    /// It was told that it was canceled, and waits all the same.
    #[error("{0}")]
    Canceled(Error),
    /// Somebody else has the run, or nothing can be stored.
    #[error("{0}")]
    Lost(String),
}

/// The gate of one instance.
pub struct Gate {
    run: Option<Run>,
    clock: Arc<AtomicU64>,
    live: Arc<AtomicBool>,
    /// The guest's turns to compute, which end when it calls.
    turns: Option<Turns>,
}

/// What the gate knows of the run that it guards.
struct Run {
    world: Arc<dyn World>,
    caller: Caller,
    digest: Digest,
    actor: Option<UserId>,
    journal: Journal,
    budget: Budget,
    /// The last calls, oldest first.
    last: VecDeque<Made>,
    /// Whether it was told that it was canceled.
    told: bool,
    /// Whether it has no effects, as nobody said yet that it may be done.
    locked: bool,
    /// Whether it migrates what its plugin keeps, and can do nothing else.
    migrates: bool,
    /// Recorded, but not durable yet: it goes with the next commit, before anything leaves the process.
    pending: Commit,
}

/// With what a gate begins.
pub struct Passage {
    pub(crate) world: Arc<dyn World>,
    pub(crate) caller: Caller,
    pub(crate) digest: Digest,
    pub(crate) actor: Option<UserId>,
    pub(crate) permission: Permission,
    pub(crate) migrates: bool,
    pub(crate) begin: Option<Begin>,
    pub(crate) opening: Vec<audit::Record>,
    pub(crate) journal: Vec<Entry>,
    pub(crate) limits: PluginLimits,
    pub(crate) started: UnixMillis,
}

impl Gate {
    /// A gate that lets nothing through, for `describe`.
    pub(crate) fn closed() -> Gate {
        Gate {
            run: None,
            clock: Arc::new(AtomicU64::new(0)),
            live: Arc::new(AtomicBool::new(true)),
            turns: None,
        }
    }

    /// The gate of a run.
    pub(crate) fn open(passage: Passage) -> Gate {
        let pending = Commit {
            begin: passage.begin,
            audit: passage.opening,
            limits: (passage.journal.is_empty() && passage.limits != PluginLimits::default())
                .then_some(passage.limits),
            ..Commit::default()
        };
        let journal = Journal::new(passage.journal);
        // What is logged in a replay is read for the first time.
        let live = journal.is_live() || passage.world.witness().is_some();
        Gate {
            clock: Arc::new(AtomicU64::new(passage.started.0)),
            live: Arc::new(AtomicBool::new(live)),
            turns: None,
            run: Some(Run {
                world: passage.world,
                caller: passage.caller,
                digest: passage.digest,
                actor: passage.actor,
                journal,
                budget: Budget::new(passage.limits),
                last: VecDeque::new(),
                told: false,
                locked: passage.permission != Permission::Given,
                migrates: passage.migrates,
                pending,
            }),
        }
    }

    /// The time that the plugin may know: that of the last thing it was told.
    pub(crate) fn now(&self) -> UnixMillis {
        UnixMillis(self.clock.load(Ordering::Relaxed))
    }

    /// The same time, for the clocks of WASI.
    pub(crate) fn clock(&self) -> Arc<AtomicU64> {
        self.clock.clone()
    }

    /// Whether the plugin does something for the first time, rather than again.
    pub(crate) fn is_live(&self) -> bool {
        self.live.load(Ordering::Relaxed)
    }

    /// The same, for the standard output of WASI.
    pub(crate) fn live(&self) -> Arc<AtomicBool> {
        self.live.clone()
    }

    /// Calls end the guest's turns to compute.
    pub(crate) fn call_between(&mut self, turns: Turns) {
        self.turns = Some(turns);
    }

    /// The last calls, how many there were, and what is used up, for a report.
    pub(crate) fn report(&self) -> (Vec<Made>, u32, Vec<String>) {
        match &self.run {
            Some(run) => {
                let last = run.last.iter().cloned().collect();
                (last, run.budget.calls(), run.budget.used())
            }
            None => (Vec::new(), 0, Vec::new()),
        }
    }

    /// Whose calls pass here.
    pub(crate) fn whose(&self) -> Result<(PluginName, InvocationId), Refusal> {
        match &self.run {
            Some(run) => Ok((run.caller.plugin.clone(), run.caller.invocation.clone())),
            None => Err(denied_while_describing().into()),
        }
    }

    /// From now on the plugin itself calls.
    pub(crate) fn hand_over(&mut self) {
        if let Some(run) = &mut self.run {
            run.budget.hand_over();
        }
    }

    /// What the run does may be done.
    pub(crate) fn permitted(&mut self) {
        if let Some(run) = &mut self.run {
            run.locked = false;
        }
    }

    /// Whether nothing has been asked for, so that an instance that failed to start can be forgotten.
    pub(crate) fn is_untouched(&self) -> bool {
        self.run
            .as_ref()
            .is_none_or(|run| run.budget.is_untouched())
    }

    /// The call that was recorded and is missing when the handler has come to its end.
    pub(crate) fn unused(&self) -> Option<Difference> {
        self.run.as_ref().and_then(|run| run.journal.unused())
    }

    /// What is to become durable when the run ends.
    pub(crate) fn finish(self) -> Commit {
        self.run.map_or_else(Commit::default, |run| run.pending)
    }

    /// Lets a call through, or says why not.
    pub(crate) async fn pass<C: Call>(&mut self, call: C) -> Result<C::Answer, Refusal> {
        let Some(run) = &mut self.run else {
            return Err(denied_while_describing().into());
        };
        let operation = call.into();
        if let Some(turns) = &self.turns {
            turns.give_back();
        }
        if let Err(refusal) = run.budget.spend(&operation) {
            run.world
                .passed(&run.caller, Passed::OverBudget(&operation));
            run.note(&operation, "too much");
            return Err(refusal);
        }
        // Noted before, as the instance may be ended meanwhile.
        run.note(&operation, "not answered");
        let outcome = run.outcome(&operation).await;
        if let (Ok((outcome, _)), Some(made)) = (&outcome, run.last.back_mut()) {
            code(outcome).clone_into(&mut made.outcome);
        }
        self.live.store(run.is_live(), Ordering::Relaxed);
        let (outcome, at) = outcome?;
        self.clock.fetch_max(at.0, Ordering::Relaxed);
        match outcome {
            Outcome::Error(error) => Err(error.into()),
            Outcome::Ok(value) => serde_json::from_value(value)
                .map_err(|error| Stop::Unreadable(operation.name(), error.to_string()).into()),
        }
    }
}

fn denied_while_describing() -> Error {
    Error::new(
        Code::Denied,
        "nothing is granted while a plugin describes itself",
    )
}

impl Run {
    fn note(&mut self, operation: &Operation, outcome: &str) {
        if self.last.len() == limits::REPORT_CALLS_MAX {
            self.last.pop_front();
        }
        self.last.push_back(Made {
            name: operation.name().to_owned(),
            outcome: outcome.to_owned(),
        });
    }

    fn is_live(&self) -> bool {
        self.journal.is_live() || self.world.witness().is_some()
    }

    async fn outcome(&mut self, operation: &Operation) -> Result<(Outcome, UnixMillis), Stop> {
        let step = self.journal.step(operation);
        if let Some(witness) = self.world.witness() {
            match &step {
                Step::Answered(outcome, _) => witness.answered(operation, outcome),
                Step::Differs(_) => {}
                Step::Begun(..) | Step::Live(_) => {
                    witness.beyond(operation);
                    return Err(Stop::Lost("the record ends here".to_owned()));
                }
            }
        }
        match step {
            Step::Answered(outcome, at) => {
                self.told |= operation.class() == Class::Wait && is_canceled(&outcome);
                Ok((outcome, at))
            }
            Step::Differs(difference) => Err(Stop::Differs(difference)),
            Step::Begun(number, at) => self.resume(number, operation, at).await,
            Step::Live(number) => self.live(number, operation).await,
        }
    }

    async fn live(
        &mut self,
        number: u32,
        operation: &Operation,
    ) -> Result<(Outcome, UnixMillis), Stop> {
        let mut entry = Entry::begin(number, operation, self.world.now());
        if let Some(denied) = self.denied(operation, entry.at) {
            self.world.passed(&self.caller, Passed::Denied(operation));
            self.audit(operation, "denied");
            return Ok(self.record(entry, denied));
        }
        self.world.passed(&self.caller, Passed::Called(operation));
        match operation.class() {
            Class::Open => {
                if matches!(
                    operation,
                    Operation::Broadcast(_) | Operation::MentionGroup(_)
                ) {
                    self.audit(operation, "ok");
                }
                Ok(self.count_and_record(entry, operation, Outcome::Ok(Value::Null)))
            }
            Class::Record if is_answered_by_store(operation) => {
                entry.at = self.world.now();
                self.count(operation, None, entry.at);
                let (at, before) = (entry.at, std::mem::take(&mut self.pending));
                let written = self
                    .world
                    .record(&self.caller, before, entry, operation)
                    .await;
                Ok((written.map_err(lost)?, at))
            }
            Class::Record => {
                if let Some(outgoing) = outgoing(self.id(number), operation)
                    && let Err(error) = self.world.room(&outgoing.place.channel).await
                {
                    return Ok(self.count_and_record(entry, operation, Outcome::Error(error)));
                }
                if matches!(operation, Operation::Post(_) | Operation::PostDirect(_)) {
                    self.audit(operation, "ok");
                }
                let written = self.say(number, operation);
                let answer = written.map_or(Value::Null, |id| json!(id));
                Ok(self.count_and_record(entry, operation, Outcome::Ok(answer)))
            }
            Class::Read => {
                if !is_local(operation) {
                    self.flush().await?;
                }
                let outcome = self
                    .world
                    .perform(&self.caller, &self.id(number), operation)
                    .await;
                entry.at = self.world.now();
                if let Some(judged) = judged(operation, &outcome) {
                    self.audit(operation, judged);
                }
                Ok(self.count_and_record(entry, operation, outcome))
            }
            Class::Effect => {
                let begun = entry.at;
                self.pending.entries.push(entry);
                self.flush().await?;
                self.effect(number, operation, begun).await
            }
            Class::Wait => self.wait(entry, operation).await,
        }
    }

    /// Performs an effect whose intent is durable, and makes its outcome durable.
    async fn effect(
        &mut self,
        number: u32,
        operation: &Operation,
        begun: UnixMillis,
    ) -> Result<(Outcome, UnixMillis), Stop> {
        let outcome = self
            .world
            .perform(&self.caller, &self.id(number), operation)
            .await;
        self.count(operation, Some(&outcome), begun);
        self.answer(number, operation, outcome).await
    }

    async fn answer(
        &mut self,
        number: u32,
        operation: &Operation,
        outcome: Outcome,
    ) -> Result<(Outcome, UnixMillis), Stop> {
        let at = self.world.now();
        self.audit(operation, code(&outcome));
        self.pending.answers.push((number, outcome.clone(), at));
        self.flush().await?;
        Ok((outcome, at))
    }

    /// Goes on with a call that was begun before the bot was stopped.
    async fn resume(
        &mut self,
        number: u32,
        operation: &Operation,
        begun: UnixMillis,
    ) -> Result<(Outcome, UnixMillis), Stop> {
        if operation.class() == Class::Wait {
            if let Some(canceled) = self.canceled().await? {
                let at = self.world.now();
                self.pending.answers.push((number, canceled.clone(), at));
                return Ok((canceled, at));
            }
            return self.park(number, operation, begun).await;
        }
        let found = self
            .world
            .find(&self.caller, &self.id(number), operation, begun)
            .await;
        match found {
            Found::Happened(outcome) => {
                self.count(operation, Some(&outcome), begun);
                self.answer(number, operation, outcome).await
            }
            Found::Nothing => match self.denied(operation, begun) {
                Some(denied) => self.answer(number, operation, denied).await,
                None => self.effect(number, operation, begun).await,
            },
            Found::Unknown => {
                let error = Error::new(
                    Code::InDoubt,
                    format!(
                        "the bot was stopped during {} and cannot find out whether it happened; it was not repeated",
                        operation.name()
                    ),
                );
                self.answer(number, operation, Outcome::Error(error)).await
            }
        }
    }

    /// Ends a wait that is over already or soon, and parks the run for any other.
    async fn wait(
        &mut self,
        entry: Entry,
        operation: &Operation,
    ) -> Result<(Outcome, UnixMillis), Stop> {
        if let Operation::Sleep(sleep) = operation {
            let duration = Duration::from_millis(sleep.milliseconds);
            if duration <= limits::WAIT_GRACE {
                tokio::time::sleep(duration).await;
                let at = entry.at.plus_ms(sleep.milliseconds);
                return Ok(self.record(Entry { at, ..entry }, Outcome::Ok(Value::Null)));
            }
        } else if !matches!(operation, Operation::Ask(_)) {
            self.flush().await?;
            // What a service cannot say now, it is asked again while the run is parked.
            let id = self.id(entry.number);
            let looked = self.world.look(&self.caller, &id, operation).await;
            let looked = looked.or_else(|error| {
                if error.is_transient() {
                    Ok(None)
                } else {
                    Err(error)
                }
            });
            if let Some(answer) = looked.transpose() {
                let at = self.world.now();
                let outcome = Outcome::of(answer);
                return Ok(self.count_and_record(Entry { at, ..entry }, operation, outcome));
            }
        }
        if let Some(canceled) = self.canceled().await? {
            return Ok(self.record(entry, canceled));
        }
        self.say(entry.number, operation);
        let (number, begun) = (entry.number, entry.at);
        self.count(operation, None, begun);
        self.pending.entries.push(entry);
        self.park(number, operation, begun).await
    }

    /// What a wait is answered with that the run cannot have because somebody canceled it. It is told so once.
    async fn canceled(&mut self) -> Result<Option<Outcome>, Stop> {
        let by = self.world.canceled(&self.caller.invocation).await;
        let Some(by) = by.map_err(lost)? else {
            return Ok(None);
        };
        let error = Error::canceled(&by);
        if std::mem::replace(&mut self.told, true) {
            return Err(Stop::Canceled(error));
        }
        Ok(Some(Outcome::Error(error)))
    }

    async fn park(
        &mut self,
        number: u32,
        operation: &Operation,
        begun: UnixMillis,
    ) -> Result<(Outcome, UnixMillis), Stop> {
        let longest = limits::WAIT_MAX.as_millis() as u64;
        let wait_ms = match operation {
            Operation::Sleep(sleep) => sleep.milliseconds,
            other => other.timeout_ms().unwrap_or(longest),
        };
        let wait = Wait {
            invocation: self.caller.invocation.clone(),
            number,
            operation: operation.clone(),
            key: operation.wait_key(),
            deadline: begun.plus_ms(wait_ms.min(longest)),
        };
        self.pending.state = Some(State::Parked(Box::new(wait)));
        self.flush().await?;
        Err(Stop::Parked)
    }

    /// Puts what is done in a chat with what becomes durable next, and gives the id of a message that is written by it.
    fn say(&mut self, number: u32, operation: &Operation) -> Option<CallId> {
        let outgoing = outgoing(self.id(number), operation)?;
        let written = matches!(outgoing.act, Act::Post(_)).then(|| outgoing.message.clone());
        self.pending.outgoing.push(outgoing);
        written
    }

    fn record(&mut self, mut entry: Entry, outcome: Outcome) -> (Outcome, UnixMillis) {
        let at = entry.at;
        entry.outcome = Some(outcome.clone());
        self.pending.entries.push(entry);
        (outcome, at)
    }

    fn denied(&mut self, operation: &Operation, at: UnixMillis) -> Option<Outcome> {
        if self.locked && needs_permission(operation) {
            let text = "this command asks for permission before it does anything, and has not yet: `demand` of witbot:flow/permission";
            return Some(Outcome::Error(Error::new(Code::Denied, text)));
        }
        if self.migrates && !is_for_migrations(operation) {
            let text =
                "a migration can use what the plugin keeps and its settings, and nothing else";
            return Some(Outcome::Error(Error::new(Code::Denied, text)));
        }
        let grants = self.world.grants(&self.caller.plugin);
        let denial = grants.allows(operation).err()?;
        self.count_denied(operation, &denial, at);
        Some(Outcome::Error(denial.error(&self.caller.plugin)))
    }

    fn audit(&mut self, operation: &Operation, outcome: &str) {
        let record = self.audited(operation, outcome);
        self.pending.audit.push(record);
    }

    async fn flush(&mut self) -> Result<(), Stop> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let commit = std::mem::take(&mut self.pending);
        self.world
            .commit(&self.caller.invocation, commit)
            .await
            .map_err(lost)
    }

    fn id(&self, number: u32) -> CallId {
        CallId::new(&self.caller.invocation, number)
    }
}

/// What a call does in a chat, if it does anything there.
fn outgoing(id: CallId, operation: &Operation) -> Option<Outgoing> {
    let in_channel = |channel: &ChannelId| Place {
        channel: channel.clone(),
        thread: None,
    };
    let (message, place, act) = match operation {
        Operation::Reply(Reply { place, text }) => (id, place.clone(), Act::Post(text.clone())),
        Operation::Post(Post { channel, text, .. })
        | Operation::PostDirect(PostDirect { channel, text, .. }) => {
            (id, in_channel(channel), Act::Post(text.clone()))
        }
        Operation::Ask(Ask {
            place,
            question,
            choices,
            ..
        }) => {
            let question = Question::new(question.clone(), choices.iter().cloned());
            (id, place.clone(), Act::Post(Said::Question(question)))
        }
        Operation::Edit(Edit {
            message,
            place,
            text,
        }) => (message.clone(), place.clone(), Act::Edit(text.clone())),
        Operation::Delete(call) => (call.message.clone(), call.place.clone(), Act::Delete),
        Operation::React(call) => {
            let (to, emoji) = (call.message.clone(), call.emoji.clone());
            (id, call.place.clone(), Act::React { to, emoji })
        }
        Operation::Whisper(Whisper { place, user, text }) => {
            let (user, said) = (user.clone(), text.clone());
            (id, place.clone(), Act::Whisper { user, said })
        }
        _ => return None,
    };
    Some(Outgoing {
        message,
        place,
        act,
    })
}

fn lost(lost: crate::world::Lost) -> Stop {
    Stop::Lost(lost.0)
}

fn is_canceled(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Error(error) if error.code == Code::Canceled)
}

fn code(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Ok(_) => "ok",
        Outcome::Error(error) => error.code.as_str(),
    }
}

/// How a command was judged, for the audit.
fn judged(operation: &Operation, outcome: &Outcome) -> Option<&'static str> {
    if !matches!(operation, Operation::Judge(_)) {
        return None;
    }
    let Outcome::Ok(judgement) = outcome else {
        return Some(code(outcome));
    };
    match serde_json::from_value(judgement.clone()) {
        Ok(Judgement::Allowed { .. }) => Some("allowed"),
        Ok(Judgement::Asks(_)) => Some("asks"),
        Ok(Judgement::Denied { .. }) | Err(_) => Some("denied"),
    }
}

/// What a run that asks for permission cannot do before it has it: whatever others notice. It may answer who asked, read, and
/// keep notes of its own; a request to the web carries credentials, and does what the other side makes of it.
fn needs_permission(operation: &Operation) -> bool {
    match operation {
        Operation::Post(_)
        | Operation::PostDirect(_)
        | Operation::Broadcast(_)
        | Operation::MentionGroup(_)
        | Operation::Publish(_)
        | Operation::HttpFetch(_) => true,
        Operation::KvSet(call) => call.namespace.is_some(),
        Operation::KvReplace(call) => call.namespace.is_some(),
        Operation::KvDelete(call) => call.namespace.is_some(),
        other => other.class() == Class::Effect,
    }
}

/// What a version can do before it serves.
fn is_for_migrations(operation: &Operation) -> bool {
    matches!(
        operation,
        Operation::ReadSettings(_)
            | Operation::KvGet(_)
            | Operation::KvKeys(_)
            | Operation::KvSet(_)
            | Operation::KvReplace(_)
            | Operation::KvDelete(_)
    )
}

/// Records whose answer depends on what the store finds.
fn is_answered_by_store(operation: &Operation) -> bool {
    matches!(
        operation,
        Operation::KvSet(_)
            | Operation::KvReplace(_)
            | Operation::KvDelete(_)
            | Operation::LineUp(_)
            | Operation::LeaveLine(_)
            | Operation::Publish(_)
    )
}

/// Reads that do not leave the process: nothing has to be durable before them.
fn is_local(operation: &Operation) -> bool {
    matches!(
        operation,
        Operation::ReadSettings(_)
            | Operation::KvGet(_)
            | Operation::KvKeys(_)
            | Operation::Judge(_)
            | Operation::May(_)
    )
}
