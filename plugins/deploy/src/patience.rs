//! Trying again what a service did not do yet.

use std::time::Duration;

use witbot_sdk::{Code, Error, Result, flow, log};

/// With pauses that double, seven seconds altogether: somebody waits for an answer, and the bot has tried for a while itself.
const ATTEMPTS_MAX: u32 = 4;

/// How long to wait the first time, when nobody says how long.
const PAUSE_FIRST: Duration = Duration::from_secs(1);

/// When a service says to come back later than this, people are told at once.
const PAUSE_MAX: Duration = Duration::from_secs(10 * 60);

/// Does something that does no harm when it is done twice. Tries again when a service cannot be reached, has had too much,
/// or says when to come back.
///
/// # Errors
/// What came of the last attempt.
pub fn patiently<T>(what: &str, attempt: impl Fn() -> Result<T>) -> Result<T> {
    let mut pause = PAUSE_FIRST;
    for _ in 1..ATTEMPTS_MAX {
        match attempt() {
            Err(error) if may_pass(&error) => {
                log::warn!("{what} did not work yet: {error}");
                flow::sleep(error.retry_after.unwrap_or(pause))?;
                pause *= 2;
            }
            done => return done,
        }
    }
    attempt()
}

/// Whether it makes sense to try again.
pub fn may_pass(error: &Error) -> bool {
    let transient = matches!(error.code, Code::RateLimited | Code::Unavailable);
    transient && error.retry_after.is_none_or(|pause| pause <= PAUSE_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_refused_for_good_is_not_tried_again() {
        let later = |seconds| Error {
            retry_after: Some(Duration::from_secs(seconds)),
            ..Error::new(Code::RateLimited, "later")
        };
        assert!(may_pass(&later(60)) && !may_pass(&later(3_600)));
        assert!(may_pass(&Error::new(Code::Unavailable, "away")));
        assert!(!may_pass(&Error::new(Code::InDoubt, "perhaps")));
        let refused: Result = patiently("a test", || Err(Error::invalid("no")));
        assert_eq!(refused, Err(Error::invalid("no")));
    }
}
