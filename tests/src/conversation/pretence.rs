//! What is pretended in a conversation with one plugin: the time, what services answer, and what comes from outside.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use witbot_core::conversation::answer::Answer;
use witbot_core::conversation::happening::{self, Happening};
use witbot_core::conversation::script::{Script, What};
use witbot_core::ids::UnixMillis;

use crate::bot::Bot;

/// What the log says of an answer that was given, and of which line it was.
const ANSWERED: &str = "INFO …answered as it is written: …";
const LINE: &str = " line=";
/// And when all is quiet.
const SETTLED: &str = "INFO all is quiet";

/// All of it.
#[derive(Debug, Default)]
pub(super) struct Pretence {
    /// How much later it is than the system says, in milliseconds.
    ahead: i64,
    /// With the lines in which they stand.
    answers: Vec<(usize, Answer)>,
}

impl Pretence {
    /// As it is written, with the time at which the conversation begins. What cannot happen is told with its line.
    pub(super) fn of(script: &Script) -> Result<Pretence, String> {
        let mut pretence = Pretence::default();
        let mut begun = false;
        for step in &script.steps {
            let What::Happen(order) = &step.what else {
                begun = true;
                continue;
            };
            match Happening::read(order).map_err(|why| format!("{}: {why}", step.line))? {
                Happening::Answer(answer) => pretence.answers.push((step.line, answer)),
                Happening::Is(time) if !begun => pretence.ahead = ahead(time),
                Happening::Comes(_) => begun = true,
                Happening::Is(_) | Happening::Passes(_) => {}
            }
        }
        Ok(pretence)
    }

    /// As a bot reads it. These lines were answered before it.
    pub(super) fn written(&self, answered: &[usize]) -> Value {
        let answers = self.answers.iter();
        let answers = answers.map(|(line, answer)| {
            json!({ "line": line, "given": answered.contains(line), "answer": answer })
        });
        json!({
            "ahead_ms": self.ahead,
            "answers": answers.collect::<Vec<_>>(),
            "crash_at": null,
            "moments": 0,
        })
    }

    /// Has it happen. When time passes, the bot is stopped, and started later.
    pub(super) async fn happen(&mut self, order: &str, bot: &mut Bot) -> Result<(), String> {
        let ahead = match Happening::read(order)? {
            Happening::Answer(_) => return Ok(()),
            Happening::Comes(event) => {
                bot.tell(&happening::line(&event)).await;
                settle(bot).await;
                return Ok(());
            }
            Happening::Is(time) => ahead(time),
            Happening::Passes(length) => {
                let length = i64::try_from(length.as_millis()).unwrap_or(i64::MAX);
                self.ahead.saturating_add(length)
            }
        };
        // At the beginning it is so already.
        if ahead <= self.ahead {
            return Ok(());
        }
        self.ahead = ahead;
        bot.stop_unread().await;
        bot.home().pretend(&self.written(&answered(bot)));
        bot.restart().await;
        settle(bot).await;
        Ok(())
    }
}

/// Waits until what has come about is done: what is said next would else come before it, or after it.
async fn settle(bot: &mut Bot) {
    let before = bot.logged(SETTLED).len();
    bot.tell(happening::SETTLE).await;
    bot.expect_logs(SETTLED, before + 1).await;
}

/// The lines of the answers that were given until now.
fn answered(bot: &Bot) -> Vec<usize> {
    let records = bot.logged(ANSWERED);
    let lines = records.iter().filter_map(|record| {
        let (_, line) = record.details.split_once(LINE)?;
        line.split_whitespace().next()?.parse().ok()
    });
    lines.collect()
}

fn ahead(time: UnixMillis) -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.expect("it is after 1970").as_millis();
    let (time, now) = (i64::try_from(time.0), i64::try_from(now));
    time.unwrap_or(i64::MAX) - now.unwrap_or(0)
}
