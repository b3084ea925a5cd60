//! How often each method of the Web API is called: Slack counts them each by itself, and has whoever does not wait wait
//! longer.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use tokio::time::Instant;

/// A method of the Web API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Method {
    /// As Slack calls it.
    pub name: &'static str,
    /// How often a minute Slack allows it; none where something else sees to that.
    per_minute: Option<NonZeroU32>,
}

impl Method {
    /// Slack counts the messages of each channel, and so does who posts them.
    pub const POST: Method = Method::paced_elsewhere("chat.postMessage");
    /// The sockets have pauses of their own.
    pub const OPEN_SOCKET: Method = Method::paced_elsewhere("apps.connections.open");
    pub const EDIT: Method = Method::of_tier_3("chat.update");
    pub const DELETE: Method = Method::of_tier_3("chat.delete");
    pub const WHISPER: Method = Method::of_tier_4("chat.postEphemeral");
    pub const REACT: Method = Method::of_tier_3("reactions.add");
    pub const BEGIN_UPLOAD: Method = Method::of_tier_4("files.getUploadURLExternal");
    pub const END_UPLOAD: Method = Method::of_tier_4("files.completeUploadExternal");
    pub const HISTORY: Method = Method::of_tier_3("conversations.history");
    pub const REPLIES: Method = Method::of_tier_3("conversations.replies");
    pub const CHANNEL: Method = Method::of_tier_3("conversations.info");
    pub const CHANNELS: Method = Method::of_tier_3("users.conversations");
    pub const DIRECT: Method = Method::of_tier_3("conversations.open");
    pub const PERSON: Method = Method::of_tier_4("users.info");
    pub const GROUPS: Method = Method::of_tier_2("usergroups.list");
    pub const GROUP_MEMBERS: Method = Method::of_tier_2("usergroups.users.list");

    const fn paced_elsewhere(name: &'static str) -> Method {
        Method {
            name,
            per_minute: None,
        }
    }

    const fn of_tier_2(name: &'static str) -> Method {
        Method {
            name,
            per_minute: NonZeroU32::new(20),
        }
    }

    const fn of_tier_3(name: &'static str) -> Method {
        Method {
            name,
            per_minute: NonZeroU32::new(50),
        }
    }

    const fn of_tier_4(name: &'static str) -> Method {
        Method {
            name,
            per_minute: NonZeroU32::new(100),
        }
    }
}

/// Whose turn it is.
pub(super) struct Turns {
    start: Instant,
    methods: Mutex<HashMap<&'static str, Turn>>,
}

struct Turn {
    limiter: Option<RateLimiter<NotKeyed, InMemoryState, Since, NoOpMiddleware<Duration>>>,
    parked: Option<Instant>,
}

impl Default for Turns {
    fn default() -> Turns {
        Turns {
            start: Instant::now(),
            methods: Mutex::default(),
        }
    }
}

impl Turns {
    /// Takes a turn, or says how long it is until there may be one.
    pub(super) fn take(&self, method: Method) -> Result<(), Duration> {
        let mut methods = self.methods();
        let turn = methods
            .entry(method.name)
            .or_insert_with(|| self.turn(method));
        let parked = turn
            .parked
            .map(|until| until.saturating_duration_since(Instant::now()));
        match parked.filter(|left| !left.is_zero()) {
            Some(left) => Err(left),
            None => turn.take(self.start),
        }
    }

    /// Gives no turns to a method for some time. Not to those that somebody else sees to: a channel that has had too much
    /// is no reason to be silent in all the others.
    pub(super) fn park(&self, method: Method, pause: Duration) {
        if method.per_minute.is_none() {
            return;
        }
        let until = Instant::now() + pause;
        let mut methods = self.methods();
        let turn = methods
            .entry(method.name)
            .or_insert_with(|| self.turn(method));
        turn.parked = turn.parked.max(Some(until));
    }

    fn turn(&self, method: Method) -> Turn {
        let clock = Since(self.start);
        Turn {
            limiter: method
                .per_minute
                .map(|most| RateLimiter::direct_with_clock(Quota::per_minute(most), clock)),
            parked: None,
        }
    }

    fn methods(&self) -> MutexGuard<'_, HashMap<&'static str, Turn>> {
        self.methods.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turn {
    fn take(&self, start: Instant) -> Result<(), Duration> {
        let Some(limiter) = &self.limiter else {
            return Ok(());
        };
        limiter
            .check()
            .map_err(|not_until| not_until.wait_time_from(start.elapsed()))
    }
}

/// The clock of tokio, which tests can pause.
#[derive(Debug, Clone)]
struct Since(Instant);

impl Clock for Since {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_method_has_so_many_turns_a_minute_and_others_have_theirs() {
        let turns = Turns::default();
        for _ in 0..50 {
            turns.take(Method::EDIT).unwrap();
        }
        let wait = turns.take(Method::EDIT).unwrap_err();
        assert!(
            wait > Duration::ZERO && wait <= Duration::from_millis(1_200),
            "{wait:?}"
        );
        turns.take(Method::DELETE).unwrap();
        tokio::time::advance(wait).await;
        turns.take(Method::EDIT).unwrap();
        turns.take(Method::EDIT).unwrap_err();
        for _ in 0..1_000 {
            turns.take(Method::POST).unwrap();
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_method_that_is_parked_has_no_turn_until_the_pause_is_over() {
        let turns = Turns::default();
        turns.take(Method::EDIT).unwrap();
        turns.park(Method::EDIT, Duration::from_secs(7));
        turns.park(Method::EDIT, Duration::from_secs(2));
        assert_eq!(turns.take(Method::EDIT), Err(Duration::from_secs(7)));
        turns.take(Method::WHISPER).unwrap();
        tokio::time::advance(Duration::from_secs(7)).await;
        turns.take(Method::EDIT).unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn one_channel_that_had_too_much_does_not_silence_the_others() {
        let turns = Turns::default();
        turns.park(Method::POST, Duration::from_secs(7));
        turns.take(Method::POST).unwrap();
    }
}
