//! Webhooks on their way from a stand-in to the bot.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use reqwest::redirect::Policy;
use serde_json::Value;
use tokio::sync::Notify;
use tokio::time::sleep;

use super::ids::Ids;
use super::traffic::{Traffic, lock};

/// Both services wait this long for an answer.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(10);
/// A service that retries gives up after this many attempts.
const ATTEMPTS_MAX: u32 = 5;
/// What is listed when nobody could be reached.
const UNREACHABLE: u16 = 502;

/// One attempt at bringing a webhook to the bot.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// Of this attempt; beyond 53 bits.
    pub id: u64,
    /// Of what is delivered: every further attempt carries it again.
    pub guid: String,
    /// What kind of event it is.
    pub event: String,
    /// What is sent, to the byte.
    pub body: String,
    /// Whether it is a further attempt.
    pub redelivery: bool,
    /// What was answered; 502 when nobody could be reached or the webhook was lost; none until then.
    pub status: Option<u16>,
    /// When it was given to be sent, in milliseconds since 1970, UTC.
    pub created: u64,
    /// Names and values of the headers that the event needs, without the signature.
    pub(super) headers: Vec<(&'static str, String)>,
    lost: bool,
    attempt: u32,
}

impl Delivery {
    /// What is sent, as JSON.
    ///
    /// # Panics
    ///
    /// Never: the stand-ins write JSON only.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("the stand-in wrote it from a JSON value")
    }

    /// Whether it was taken with a 2xx.
    pub fn accepted(&self) -> bool {
        self.status
            .is_some_and(|status| (200..300).contains(&status))
    }
}

/// What is to be delivered.
pub(super) struct Parcel {
    pub(super) guid: String,
    pub(super) event: &'static str,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: String,
    pub(super) created: u64,
}

/// The name and the value of the header that signs a body.
pub(super) type Sign = fn(secret: &str, body: &[u8]) -> (&'static str, String);

/// The webhooks of one service: those that wait, and the log of all.
pub(super) struct Hooks {
    sign: Sign,
    client: reqwest::Client,
    traffic: Arc<Traffic>,
    wake: Arc<Notify>,
    state: Mutex<State>,
}

struct State {
    ids: Ids,
    target: Option<(String, String)>,
    retry_after: Option<Duration>,
    log: Vec<Delivery>,
    waiting: VecDeque<usize>,
    sending: bool,
    held: bool,
    lose: usize,
    duplicate: usize,
}

impl Hooks {
    /// Starts the courier, who goes home when nobody holds the hooks any more.
    pub(super) fn start(
        sign: Sign,
        agent: &str,
        ids: Ids,
        traffic: Arc<Traffic>,
    ) -> reqwest::Result<Arc<Hooks>> {
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(Policy::none())
            .timeout(ANSWER_TIME_MAX)
            .user_agent(agent)
            .build()?;
        let hooks = Arc::new(Hooks {
            sign,
            client,
            traffic,
            wake: Arc::default(),
            state: Mutex::new(State {
                ids,
                target: None,
                retry_after: None,
                log: Vec::new(),
                waiting: VecDeque::new(),
                sending: false,
                held: false,
                lose: 0,
                duplicate: 0,
            }),
        });
        tokio::spawn(carry(Arc::downgrade(&hooks)));
        Ok(hooks)
    }

    /// Where webhooks go, and the secret that signs them; unsigned when it is empty.
    pub(super) fn aim(&self, url: &str, secret: &str) {
        lock(&self.state).target = Some((url.to_owned(), secret.to_owned()));
    }

    /// Tries again by itself, after this time.
    pub(super) fn retry_after(&self, pause: Duration) {
        lock(&self.state).retry_after = Some(pause);
    }

    pub(super) fn replace_ids(&self, ids: Ids) {
        lock(&self.state).ids = ids;
    }

    pub(super) fn lose(&self, count: usize) {
        lock(&self.state).lose = count;
    }

    pub(super) fn duplicate(&self, count: usize) {
        lock(&self.state).duplicate = count;
    }

    pub(super) fn hold(&self) {
        lock(&self.state).held = true;
    }

    pub(super) fn release(&self) {
        lock(&self.state).held = false;
        self.wake.notify_one();
    }

    pub(super) fn log(&self) -> Vec<Delivery> {
        lock(&self.state).log.clone()
    }

    /// Gives a webhook to the courier, unless nobody wants any.
    pub(super) fn post(&self, parcel: Parcel) {
        let mut state = lock(&self.state);
        if state.target.is_none() {
            return;
        }
        let lost = state.lose > 0;
        let copies = if state.duplicate > 0 && !lost { 2 } else { 1 };
        state.lose = state.lose.saturating_sub(usize::from(lost));
        state.duplicate = state.duplicate.saturating_sub(copies - 1);
        let delivery = Delivery {
            id: state.ids.delivery(),
            guid: parcel.guid,
            event: parcel.event.to_owned(),
            body: parcel.body,
            redelivery: false,
            status: lost.then_some(UNREACHABLE),
            created: parcel.created,
            headers: parcel.headers,
            lost,
            attempt: 1,
        };
        for _ in 0..copies {
            state.add(delivery.clone());
        }
        drop(state);
        self.wake.notify_one();
        self.traffic.changed();
    }

    /// Where webhooks are sent; empty before anybody said so.
    pub(super) fn target(&self) -> String {
        let state = lock(&self.state);
        let target = state.target.as_ref();
        target.map_or_else(String::new, |(url, _)| url.clone())
    }

    /// Delivers again what has this guid. Says whether there is such a thing.
    pub(super) fn redeliver(&self, guid: &str) -> bool {
        let mut state = lock(&self.state);
        let Some(last) = state
            .log
            .iter()
            .rfind(|delivery| delivery.guid == guid)
            .cloned()
        else {
            return false;
        };
        state.again(last);
        drop(state);
        self.wake.notify_one();
        true
    }

    /// Tries again what was last answered with anything but a 2xx. What was lost stays lost.
    pub(super) fn retry_failed(&self) {
        let mut state = lock(&self.state);
        let mut failed: Vec<Delivery> = Vec::new();
        for delivery in &state.log {
            failed.retain(|other| other.guid != delivery.guid);
            if delivery.status.is_some() && !delivery.accepted() && !delivery.lost {
                failed.push(delivery.clone());
            }
        }
        for delivery in failed {
            state.again(delivery);
        }
        drop(state);
        self.wake.notify_one();
    }

    /// Waits until nothing is under way. What is held is not.
    pub(super) async fn settled(&self) {
        let settled = || {
            let state = lock(&self.state);
            let idle = !state.sending && (state.held || state.waiting.is_empty());
            idle.then_some(())
        };
        self.traffic.until(settled).await;
    }

    /// The next one to be sent, with its place in the log.
    fn take(&self) -> Option<(usize, Delivery, String, String)> {
        let mut state = lock(&self.state);
        if state.held {
            return None;
        }
        let (url, secret) = state.target.clone()?;
        let at = state.waiting.pop_front()?;
        state.sending = true;
        Some((at, state.log[at].clone(), url, secret))
    }

    fn done(&self, at: usize, status: u16) -> Option<(Duration, String)> {
        let mut state = lock(&self.state);
        state.sending = false;
        state.log[at].status = Some(status);
        let delivery = &state.log[at];
        let again = !delivery.accepted() && delivery.attempt < ATTEMPTS_MAX;
        let retry = state
            .retry_after
            .filter(|_| again)
            .map(|pause| (pause, delivery.guid.clone()));
        drop(state);
        self.traffic.changed();
        retry
    }
}

impl Drop for Hooks {
    fn drop(&mut self) {
        self.wake.notify_one();
    }
}

impl State {
    fn add(&mut self, delivery: Delivery) {
        if !delivery.lost {
            self.waiting.push_back(self.log.len());
        }
        self.log.push(delivery);
    }

    fn again(&mut self, delivery: Delivery) {
        let id = self.ids.delivery();
        let attempt = delivery.attempt + 1;
        self.add(Delivery {
            id,
            attempt,
            redelivery: true,
            status: None,
            lost: false,
            ..delivery
        });
    }
}

/// Brings one webhook after the other.
async fn carry(hooks: Weak<Hooks>) {
    loop {
        let Some(hooks) = hooks.upgrade() else { return };
        let Some((at, delivery, url, secret)) = hooks.take() else {
            let wake = Arc::clone(&hooks.wake);
            // The last holder may go while we wait.
            drop(hooks);
            wake.notified().await;
            continue;
        };
        let mut request = hooks
            .client
            .post(&url)
            .header("content-type", "application/json");
        for (name, value) in &delivery.headers {
            request = request.header(*name, value);
        }
        if !secret.is_empty() {
            let (name, value) = (hooks.sign)(&secret, delivery.body.as_bytes());
            request = request.header(name, value);
        }
        let answer = request.body(delivery.body).send().await;
        let status = answer.map_or(UNREACHABLE, |answer| answer.status().as_u16());
        if let Some((pause, guid)) = hooks.done(at, status) {
            let hooks = Arc::downgrade(&hooks);
            tokio::spawn(async move {
                sleep(pause).await;
                hooks.upgrade().is_some_and(|hooks| hooks.redeliver(&guid))
            });
        }
    }
}
