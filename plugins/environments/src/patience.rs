//! Trying again what may work a little later.

use std::time::Duration;

use witbot_sdk::{Code, Error, Result, flow, log};

/// A status that is missing at GitHub misleads people, and a run that is not stopped costs something: about half
/// an hour of patience altogether.
const ATTEMPTS_MAX: u32 = 8;

/// The beginning of a run is waited for by people: under two minutes.
const ATTEMPTS_OF_THE_IMPATIENT_MAX: u32 = 4;

/// How long to wait the first time, when nobody says how long. It doubles.
const PAUSE_FIRST: Duration = Duration::from_secs(15);

/// Does something that does no harm when it is done twice. Tries again when a service cannot be reached, has had too much,
/// or says when to come back.
pub fn patiently<T>(what: &str, attempt: impl Fn() -> Result<T>) -> Result<T> {
    trying(what, ATTEMPTS_MAX, may_pass, attempt)
}

/// Does something that must not be done twice. Tries again only when it is known that it was not done, and for as long as
/// somebody waits for it to begin.
pub fn impatiently<T>(what: &str, attempt: impl Fn() -> Result<T>) -> Result<T> {
    trying(what, ATTEMPTS_OF_THE_IMPATIENT_MAX, was_not_done, attempt)
}

fn trying<T>(
    what: &str,
    attempts_max: u32,
    again: fn(&Error) -> bool,
    attempt: impl Fn() -> Result<T>,
) -> Result<T> {
    let mut pause = PAUSE_FIRST;
    for _ in 1..attempts_max {
        match attempt() {
            Err(error) if again(&error) => {
                log::warn!("{what} did not work yet: {error}");
                flow::sleep(error.retry_after.unwrap_or(pause))?;
                pause *= 2;
            }
            done => return done,
        }
    }
    attempt()
}

/// What a service was not asked for, or says that it has not done.
pub fn was_not_done(error: &Error) -> bool {
    matches!(error.code, Code::RateLimited | Code::Unavailable)
}

fn may_pass(error: &Error) -> bool {
    error.retry_after.is_some()
        || matches!(
            error.code,
            Code::RateLimited | Code::Unavailable | Code::Timeout | Code::InDoubt
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_refused_for_good_is_not_tried_again() {
        let later = Error {
            retry_after: Some(Duration::from_secs(2)),
            ..Error::new(Code::Conflict, "more may begin")
        };
        assert!(may_pass(&later) && may_pass(&Error::new(Code::Unavailable, "away")));
        assert!(!may_pass(&Error::new(Code::Conflict, "it is over")));
        let refused = patiently::<()>("a test", || Err(Error::invalid("no")));
        assert_eq!(refused, Err(Error::invalid("no")));
    }

    #[test]
    fn what_is_in_doubt_is_not_done_twice() {
        let doubt = || Err(Error::new(Code::InDoubt, "perhaps"));
        assert_eq!(impatiently::<()>("a test", doubt), doubt());
        assert!(was_not_done(&Error::new(Code::RateLimited, "too much")));
    }
}
