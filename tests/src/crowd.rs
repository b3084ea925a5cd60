//! Many people who talk to the bot at the same time, and wait for its answers.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::fakes::slack::BOT_USER;
use crate::slack::Workspace;

/// An answer that takes longer will not come: a pause that Slack asks for takes a second, and looking for a message
/// that was perhaps sent a few more.
const ANSWERED_WITHIN: Duration = Duration::from_secs(60);

/// All who wait for an answer.
#[derive(Debug)]
pub struct Crowd {
    workspace: Arc<Workspace>,
    awaited: Arc<Mutex<Awaited>>,
}

/// Who waits for which text.
type Awaited = HashMap<String, oneshot::Sender<Instant>>;

/// What is said to the bot, and what it answers at last, which it answers nobody else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// What is said, without the bot's name.
    pub said: String,
    /// The text of the post.
    pub answer: String,
}

/// Somebody somewhere.
#[derive(Debug, Clone)]
pub struct Speaker {
    /// Who.
    pub user: String,
    /// Where.
    pub channel: String,
}

impl Speaker {
    /// Somebody in a channel, where the bot has to be mentioned.
    pub fn in_channel(workspace: &Workspace, user: &str, channel: &str) -> Speaker {
        Speaker {
            user: workspace.slack.add_user(user),
            channel: workspace.slack.add_channel(channel),
        }
    }

    /// Somebody alone with the bot.
    pub fn alone(workspace: &Workspace, user: &str) -> Speaker {
        let user = workspace.slack.add_user(user);
        let channel = workspace.slack.direct(&user);
        Speaker { user, channel }
    }

    fn to_bot(&self, text: &str) -> String {
        match self.channel.starts_with('D') {
            true => text.to_owned(),
            false => format!("<@{BOT_USER}> {text}"),
        }
    }
}

/// A talk of many: each says the next thing when what they said before is answered.
#[derive(Debug)]
pub struct Talk {
    speakers: Vec<Speaker>,
    words: fn(usize) -> Words,
    /// What is said is about these.
    numbers: Range<usize>,
    said: AtomicUsize,
    /// Nothing from this number on is said for the moment.
    allowed: watch::Sender<usize>,
    answered: watch::Sender<usize>,
}

impl Crowd {
    /// Nobody has said anything yet. From now on the workspace tells nobody else of the bot's posts.
    pub fn gather(workspace: &Arc<Workspace>) -> Arc<Crowd> {
        let awaited: Arc<Mutex<Awaited>> = Arc::default();
        let known = awaited.clone();
        workspace.slack.on_post(move |post| {
            let waiting = lock(&known).remove(&post.text);
            // Who waited may have given up.
            let _ = waiting.map(|waiting| waiting.send(Instant::now()));
        });
        Arc::new(Crowd {
            workspace: workspace.clone(),
            awaited,
        })
    }

    /// Says something, and waits for the answer. The time from the one to the other comes back.
    ///
    /// # Panics
    ///
    /// When it does not come.
    pub async fn ask(&self, speaker: &Speaker, words: Words) -> Duration {
        let Words { said, answer } = words;
        let (tell, told) = oneshot::channel();
        lock(&self.awaited).insert(answer.clone(), tell);
        let slack = &self.workspace.slack;
        let began = Instant::now();
        let text = speaker.to_bot(&said);
        slack.say(&speaker.user, &speaker.channel, None, &text);
        match timeout(ANSWERED_WITHIN, told).await {
            Ok(Ok(at)) => at.duration_since(began),
            Ok(Err(_)) | Err(_) => panic!(
                "`{said}` of {speaker:?} was not answered with `{answer}` within {ANSWERED_WITHIN:?}: {:?}, {} posts there",
                slack.counts(),
                slack.post_count(&speaker.channel),
            ),
        }
    }

    /// Has a talk of so many at a time, until everything is said and answered. The times that the answers took come back.
    pub async fn hold(self: &Arc<Self>, talk: &Arc<Talk>, at_once: usize) -> Vec<Duration> {
        let mut talking = JoinSet::new();
        for place in 0..at_once {
            let (crowd, talk) = (self.clone(), talk.clone());
            talking.spawn(async move { crowd.talk(&talk, place).await });
        }
        let mut times = Vec::with_capacity(talk.numbers.len());
        while let Some(ended) = talking.join_next().await {
            match ended {
                Ok(taken) => times.extend(taken),
                Err(error) => std::panic::resume_unwind(error.into_panic()),
            }
        }
        times
    }

    async fn talk(&self, talk: &Talk, place: usize) -> Vec<Duration> {
        let speaker = &talk.speakers[place % talk.speakers.len()];
        let mut times = Vec::new();
        while let Some(number) = talk.next().await {
            times.push(self.ask(speaker, (talk.words)(number)).await);
            talk.answered.send_modify(|answered| *answered += 1);
        }
        times
    }
}

impl Talk {
    /// A talk of these people about these numbers.
    pub fn new(
        speakers: Vec<Speaker>,
        numbers: Range<usize>,
        words: fn(usize) -> Words,
    ) -> Arc<Talk> {
        Arc::new(Talk {
            speakers,
            words,
            said: AtomicUsize::new(numbers.start),
            allowed: watch::Sender::new(numbers.end),
            numbers,
            answered: watch::Sender::new(0),
        })
    }

    /// Who takes part.
    pub fn speakers(&self) -> &[Speaker] {
        &self.speakers
    }

    /// Has nothing said from this number on, until more is allowed.
    pub fn allow(&self, most: usize) {
        self.allowed.send_replace(most);
    }

    /// Waits until so much is answered.
    pub async fn answered(&self, count: usize) {
        let mut answered = self.answered.subscribe();
        // It fails only when the talk is dropped.
        let _ = answered.wait_for(|answered| *answered >= count).await;
    }

    /// The next number, when it may be said.
    async fn next(&self) -> Option<usize> {
        let number = self.said.fetch_add(1, Ordering::Relaxed);
        if number >= self.numbers.end {
            return None;
        }
        let mut allowed = self.allowed.subscribe();
        // It fails only when the talk is dropped.
        let _ = allowed.wait_for(|most| number < *most).await;
        Some(number)
    }
}

fn lock(awaited: &Mutex<Awaited>) -> MutexGuard<'_, Awaited> {
    awaited.lock().unwrap_or_else(PoisonError::into_inner)
}
