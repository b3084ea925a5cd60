//! What happens elsewhere in a conversation with a plugin that is tested on its own: time passes, and services answer.

use std::time::Duration;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::answer::Answer;
use crate::command::kind::milliseconds;
use crate::ids::UnixMillis;

const PASSES: &str = "time passes:";
const IS: &str = "it is:";

/// What happens.
#[derive(Debug, Clone, PartialEq)]
pub enum Happening {
    /// A service answers.
    Answer(Answer),
    /// `* time passes: 2h`.
    Passes(Duration),
    /// `* it is: 2026-11-23 17:00`, in UTC.
    Is(UnixMillis),
}

impl Happening {
    /// Reads what stands behind `* `.
    pub fn read(order: &str) -> Result<Happening, String> {
        if let Some(length) = order.strip_prefix(PASSES) {
            let length = length.trim();
            let length = milliseconds(length).ok_or_else(|| {
                format!("`{length}` is no length of time such as `90s`, `15m` or `1h30m`")
            })?;
            return Ok(Happening::Passes(Duration::from_millis(length)));
        }
        if let Some(time) = order.strip_prefix(IS) {
            return at(time.trim()).map(Happening::Is);
        }
        let answer = Answer::read(order).unwrap_or_else(|| {
            Err(format!(
                "`* {order}` is nothing that can happen here. What can: `* time passes: 2h`, `* it is: 2026-11-23 17:00`, \
                 `* github.resolve reference=main answers \"0f3a…\"`, `* http GET https://… fails timeout`, \
                 `* settings:` and `* forgive: …`"
            ))
        });
        answer.map(Happening::Answer)
    }
}

fn at(text: &str) -> Result<UnixMillis, String> {
    let wrong = || format!("`{text}` is no time such as `2026-11-23 17:00`, in UTC");
    let time: DateTime = text.parse().map_err(|_| wrong())?;
    let time = time.to_zoned(TimeZone::UTC).map_err(|_| wrong())?;
    let time = time.timestamp().as_millisecond();
    u64::try_from(time).map(UnixMillis).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happens_is_read() {
        let passes = Happening::Passes(Duration::from_secs(5_400));
        assert_eq!(Happening::read("time passes: 1h30m"), Ok(passes));
        let at = Happening::Is(UnixMillis(1_795_453_200_000));
        assert_eq!(Happening::read("it is: 2026-11-23 17:00"), Ok(at));
        let answer = Happening::read("github.branches answers []");
        assert!(matches!(answer, Ok(Happening::Answer(_))), "{answer:?}");
    }

    #[test]
    fn what_is_wrong_is_told() {
        for (order, expected) in [
            ("time passes: a while", "`a while` is no length of time"),
            ("it is: teatime", "`teatime` is no time such as"),
            (
                "it is: 1960-01-01 00:00",
                "`1960-01-01 00:00` is no time such as",
            ),
            (
                "circleci: begins",
                "`* circleci: begins` is nothing that can happen here. ",
            ),
            ("kv.get answers 1", "`kv.get` is answered by the bot itself"),
        ] {
            let error = Happening::read(order).unwrap_err();
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
