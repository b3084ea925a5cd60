//! `env list [of <app>]`, `envs`.

use std::cmp::Ordering;
use std::time::Duration;

use witbot_sdk::chat::Text;
use witbot_sdk::flow::{self, Timestamp};
use witbot_sdk::{Event, Result, duration};

use crate::environment::{Environment, Phase};
use crate::settings::Settings;
use crate::store;
use crate::words::{at, short};

/// More do not fit into a message with the longest names.
const LISTED_MAX: usize = 40;

/// Shows which environments there are.
pub fn list(event: &Event) -> Result {
    let asked = event.argument("app");
    let apps = match &asked {
        Some(asked) => {
            let settings = Settings::read()?;
            vec![settings.chosen(Some(asked))?.0.to_owned()]
        }
        None => store::apps()?,
    };
    let mut all = Vec::new();
    for app in &apps {
        all.extend(store::load(app)?.environments);
    }
    event.reply(lines(&all, flow::now()))?;
    Ok(())
}

fn lines(all: &[(String, Environment)], now: Timestamp) -> Text {
    if all.is_empty() {
        return Text::from("There are no environments. `env create BRANCH` makes one.");
    }
    let shown = all.iter().take(LISTED_MAX).enumerate();
    let text = shown.fold(Text::new(), |text, (number, (name, one))| {
        let text = match number.cmp(&0) {
            Ordering::Equal => text,
            Ordering::Less | Ordering::Greater => text.plain("\n"),
        };
        line(text, name, one, now)
    });
    match all.len().saturating_sub(LISTED_MAX) {
        0 => text,
        more => text.plain(format!(
            "\nand {more} more. `env list of APP` shows those of one application."
        )),
    }
}

fn line(text: Text, name: &str, one: &Environment, now: Timestamp) -> Text {
    text.code(name)
        .plain(format!(" of {}: ", one.owner.name))
        .code(&one.branch)
        .plain(format!(" ({}), {}", short(&one.sha), stands(one, now)))
}

fn stands(one: &Environment, now: Timestamp) -> String {
    let left = || {
        let left = Timestamp::from_millis(one.until).since(now);
        format!(
            "until {} ({} left)",
            at(one.until),
            duration::shown(in_minutes(left))
        )
    };
    match &one.phase {
        Phase::Creating => format!("being created, {}", left()),
        Phase::Ready => format!("ready, {}", left()),
        Phase::Failed(_) => format!("failed, is destroyed at {}", at(one.until)),
        Phase::Destroying { why, .. } => format!("being destroyed{}", why.words()),
        Phase::Stuck {
            again_at: Some(time),
            ..
        } => format!("could not be destroyed, is tried again at {}", at(*time)),
        Phase::Stuck { again_at: None, .. } => {
            "could not be destroyed: somebody has to look".to_owned()
        }
    }
}

/// Rounded up, so that what was just made for a day has a day left.
fn in_minutes(length: Duration) -> Duration {
    Duration::from_secs(length.as_secs().div_ceil(60) * 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environment::{Why, example};

    #[test]
    fn it_is_told_how_each_stands() {
        let until = Timestamp::from_millis(1_795_372_500_000);
        let now = until - Duration::from_secs(2 * 3_600 - 30);
        for (phase, told) in [
            (Phase::Ready, "ready, until 2026-11-22 18:35 UTC (2h left)"),
            (
                Phase::Failed(String::new()),
                "failed, is destroyed at 2026-11-22 18:35 UTC",
            ),
            (
                Phase::Destroying {
                    why: Why::Wanted("bob".to_owned()),
                    attempt: 1,
                    over_at: 0,
                },
                "being destroyed for bob",
            ),
            (
                Phase::Stuck {
                    why: Why::Expired,
                    attempts: 5,
                    reason: String::new(),
                    again_at: None,
                },
                "could not be destroyed: somebody has to look",
            ),
        ] {
            assert_eq!(stands(&example(phase), now), told);
        }
    }

    #[test]
    fn long_lists_are_cut() {
        let one = ("x".to_owned(), example(Phase::Creating));
        let all = vec![one; LISTED_MAX + 2];
        let text = format!("{:?}", lines(&all, Timestamp::from_millis(0)));
        assert!(text.contains("and 2 more."), "{text}");
    }
}
