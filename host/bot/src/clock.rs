//! The one clock of the bot, and what tells when somebody sets it.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use witbot_core::ids::UnixMillis;

/// A clock that is more than this off was set. What is less comes from its being put right a little at a time, as
/// every machine does all the time, and from reading two clocks one after the other.
pub const SET_BY_AT_LEAST: Duration = Duration::from_secs(30);

/// How much later than the system's clock it is: in a rehearsal.
static AHEAD_MS: AtomicI64 = AtomicI64::new(0);

/// The time now. Before 1970 it is 1970.
pub fn now() -> UnixMillis {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let ahead = AHEAD_MS.load(Ordering::Relaxed);
    UnixMillis((since.as_millis() as u64).saturating_add_signed(ahead))
}

/// Has it be so much later from now on, or earlier. For a rehearsal, before anything looks at the clock.
pub fn pretend(ahead_ms: i64) {
    AHEAD_MS.store(ahead_ms, Ordering::Relaxed);
}

/// A point in time, by two clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// What the clock on the wall shows: it lasts across restarts, and can be set.
    pub wall: UnixMillis,
    /// How long something has been running that cannot be set.
    pub uptime: Duration,
}

/// Now, by both clocks.
pub fn moment() -> Moment {
    Moment {
        wall: now(),
        uptime: uptime(),
    }
}

/// The system's own count goes on while the machine sleeps, which is time that passes like any other. [`Instant`] does
/// not, on Linux; elsewhere it is the next best.
fn uptime() -> Duration {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    let system = std::fs::read_to_string("/proc/uptime").ok();
    let seconds = system.and_then(|text| text.split(' ').next()?.parse().ok());
    let passed = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    passed.unwrap_or_else(|| START.elapsed())
}

/// Notices when the clock is set.
#[derive(Debug)]
pub struct Watch {
    last: Moment,
}

/// That the clock was set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Set {
    /// How much more it shows than it would.
    pub by_ms: i64,
    /// What it would have shown at the last look, had it been set before. It was set after that look.
    pub since: UnixMillis,
}

impl Watch {
    /// Goes by the clock as it is now.
    pub fn new(now: Moment) -> Watch {
        Watch { last: now }
    }

    /// Compares what the clock shows with the time that passed since the last look.
    pub fn look(&mut self, now: Moment) -> Option<Set> {
        let passed_ms = now.uptime.saturating_sub(self.last.uptime).as_millis() as u64;
        let expected = self.last.wall.plus_ms(passed_ms);
        self.last = now;
        let by_ms = now.wall.0.cast_signed() - expected.0.cast_signed();
        let set = u128::from(by_ms.unsigned_abs()) >= SET_BY_AT_LEAST.as_millis();
        let since = UnixMillis(now.wall.0.saturating_sub(passed_ms));
        set.then_some(Set { by_ms, since })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR_MS: u64 = 3_600_000;

    fn at(wall: u64, uptime: u64) -> Moment {
        Moment {
            wall: UnixMillis(wall),
            uptime: Duration::from_millis(uptime),
        }
    }

    #[test]
    fn time_that_passes_is_not_a_clock_that_was_set() {
        let mut watch = Watch::new(at(10 * HOUR_MS, 500));
        assert_eq!(watch.look(at(10 * HOUR_MS + 5, 505)), None);
        // A machine that slept, and a clock that was put right.
        assert_eq!(watch.look(at(15 * HOUR_MS, 5 * HOUR_MS + 500)), None);
        assert_eq!(
            watch.look(at(15 * HOUR_MS - 29_999, 5 * HOUR_MS + 500)),
            None
        );
    }

    #[test]
    fn a_clock_that_was_set_is_noticed_once() {
        let mut watch = Watch::new(at(10 * HOUR_MS, 500));
        let (by_ms, since) = (HOUR_MS.cast_signed(), UnixMillis(11 * HOUR_MS));
        let set = watch.look(at(11 * HOUR_MS + 2_000, 2_500));
        assert_eq!(set, Some(Set { by_ms, since }));
        assert_eq!(watch.look(at(11 * HOUR_MS + 3_000, 3_500)), None);
        let (by_ms, since) = (-by_ms, UnixMillis(10 * HOUR_MS + 3_000));
        let set = watch.look(at(10 * HOUR_MS + 3_700, 4_200));
        assert_eq!(set, Some(Set { by_ms, since }));
    }

    #[test]
    fn the_time_that_cannot_be_set_passes() {
        let before = uptime();
        let began = Instant::now();
        while uptime() == before {
            assert!(began.elapsed() < Duration::from_secs(5), "it stands still");
        }
        assert!(uptime() > before);
    }
}
