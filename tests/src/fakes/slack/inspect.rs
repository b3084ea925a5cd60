//! What a test can see of the workspace.

use std::time::Duration;

use super::Slack;
use super::delivery::{Ack, Counts};
use super::hooks::HttpDelivery;
use super::message::{Ephemeral, File, Message};
use super::state::Call;

impl Slack {
    /// Looks after every change until there is something to see.
    ///
    /// # Panics
    ///
    /// When it does not come within a minute: the test is wrong, or the bot is.
    pub async fn until<T>(&self, mut look: impl FnMut(&Slack) -> Option<T>) -> T {
        self.shared.until(|| look(self)).await
    }

    /// Waits until the bot has this many open sockets, no more and no fewer.
    pub async fn connected(&self, count: usize) {
        self.until(|slack| (slack.sockets().len() == count).then_some(()))
            .await;
    }

    /// Waits until the bot has acknowledged everything that it was sent.
    pub async fn settled(&self) {
        self.until(|slack| (slack.unacknowledged() == 0).then_some(()))
            .await;
    }

    /// Waits for the bot's posts in a channel to be this many, and gives them back.
    pub async fn posts_of(&self, channel: &str, count: usize) -> Vec<Message> {
        self.until(|slack| {
            let enough = slack.post_count(channel) >= count;
            enough.then(|| slack.posts(channel))
        })
        .await
    }

    /// Waits for the bot to acknowledge an event, a command or a click.
    pub async fn acknowledged(&self, key: &str) -> Ack {
        self.until(|slack| slack.ack(key)).await
    }

    /// Everything said in a channel, in the order of posting, what was deleted too.
    pub fn messages(&self, channel: &str) -> Vec<Message> {
        let state = self.shared.lock();
        let channel = state.place_of(channel);
        channel.messages.values().cloned().collect()
    }

    /// What the bot posted in a channel, in the order of posting, what was deleted too.
    pub fn posts(&self, channel: &str) -> Vec<Message> {
        let state = self.shared.lock();
        let messages = state.place_of(channel).messages.values();
        messages.filter(|message| message.ours).cloned().collect()
    }

    /// How many of those there are.
    pub fn post_count(&self, channel: &str) -> usize {
        let state = self.shared.lock();
        let messages = state.place_of(channel).messages.values();
        messages.filter(|message| message.ours).count()
    }

    /// One message, if it is there.
    pub fn message(&self, channel: &str, ts: &str) -> Option<Message> {
        self.shared.lock().place_of(channel).find(ts).cloned()
    }

    /// What was shown to single persons.
    pub fn ephemerals(&self) -> Vec<Ephemeral> {
        self.shared.lock().ephemerals.clone()
    }

    /// What was uploaded.
    pub fn files(&self) -> Vec<File> {
        self.shared.lock().files.clone()
    }

    /// How often a method was called, whatever came of it.
    pub fn call_count(&self, method: &str) -> u64 {
        self.shared.lock().counts.get(method).copied().unwrap_or(0)
    }

    /// The calls of a method, as far as they are kept.
    pub fn calls(&self, method: &str) -> Vec<Call> {
        let state = self.shared.lock();
        let calls = state.calls.iter().filter(|call| call.method == method);
        calls.cloned().collect()
    }

    /// How often the bot posted faster than the channel takes.
    pub fn overrun(&self) -> u64 {
        self.shared.lock().overrun
    }

    /// How many things went which way.
    pub fn counts(&self) -> Counts {
        self.shared.lock().office.counts
    }

    /// How many pings the bot has answered.
    pub fn pongs(&self) -> u64 {
        self.shared.lock().pongs
    }

    /// The acknowledgement of an event, a command or a click that came over a socket; the latest, if there are more.
    pub fn ack(&self, key: &str) -> Option<Ack> {
        let state = self.shared.lock();
        let mut acks = state.office.acks.iter().rev();
        acks.find(|ack| ack.key == key).cloned()
    }

    /// How long acknowledgements over sockets took, shortest first, as far as they are kept.
    pub fn latencies(&self) -> Vec<Duration> {
        let state = self.shared.lock();
        let acks = state.office.acks.iter();
        let mut latencies: Vec<Duration> = acks.map(|ack| ack.latency).collect();
        drop(state);
        latencies.sort_unstable();
        latencies
    }

    /// The attempts to reach request URLs, as far as they are kept.
    pub fn deliveries(&self) -> Vec<HttpDelivery> {
        self.shared.lock().deliveries.iter().cloned().collect()
    }

    /// How many things are with the bot, on their way to it, or waiting for a socket.
    pub fn unacknowledged(&self) -> usize {
        let state = self.shared.lock();
        let (pending, waiting) = state.office.unacknowledged();
        pending + waiting + state.under_way
    }
}
