//! Time, chance, and waiting. Needs no grant.
//!
//! While a handler waits it costs nothing: its instance is put away. When what it waited for has come, even after a
//! restart of the bot, the handler is run again from the top, is given the same answers as before without anything being
//! done twice, and goes on from there. So take time and chance from here: in a plugin, `std::time` has no clock.
//!
//! Somebody can cancel the run. Then what waits, or the next call that would, answers
//! [`Code::Canceled`](crate::Code::Canceled), once. A handler that has something to clean up does that and returns; one that
//! waits again is ended.
//!
//! ```no_run
//! use std::time::Duration;
//! use witbot_sdk::{Event, Result, flow};
//!
//! fn remind(event: &Event) -> Result {
//!     let answer = flow::ask("Shall I remind you of lunch?", &["Yes", "No"], Duration::from_secs(600))?;
//!     if answer.choice() == "Yes" {
//!         flow::sleep(Duration::from_secs(3 * 60 * 60))?;
//!         event.reply("Lunch!")?;
//!     }
//!     Ok(())
//! }
//! ```

mod turn;

use std::time::Duration;

use crate::bindings::witbot::flow::flow;
use crate::chat::Text;
use crate::error::{Code, Result};
use crate::time::milliseconds;

pub use crate::time::Timestamp;
pub use turn::Turn;

/// How long somebody may take to say yes.
const CONFIRMED_WITHIN: Duration = Duration::from_secs(60 * 60);

/// The time: that of the last thing that this run was told, so that it is the same when the run is resumed.
pub fn now() -> Timestamp {
    Timestamp::from_millis(flow::now())
}

/// A number by chance, the same when the run is resumed.
pub fn random() -> u64 {
    flow::random()
}

/// Waits, 30 days at most.
///
/// # Errors
/// `invalid`: longer than that.
pub fn sleep(duration: Duration) -> Result {
    Ok(flow::sleep(milliseconds(duration))?)
}

/// Asks the person who caused this event, where it was said, and waits for one of 2 to 10 choices of 1 to 75 characters
/// each. The question is at most 3,000 characters. With a [`Question`], others can answer as well.
///
/// # Errors
/// `timeout`, `invalid`, `rate-limited`, `not-found` (nobody to ask: the event was not said in a chat).
pub fn ask(question: &str, choices: &[&str], timeout: Duration) -> Result<Answer> {
    let choices = choices
        .iter()
        .map(|choice| (*choice).to_owned())
        .collect::<Vec<_>>();
    Ok(Answer {
        raw: flow::ask(question, &choices, milliseconds(timeout))?,
    })
}

/// Asks the person who caused this event for `Yes` or `No`, where it was said, and says whether it was `Yes`. No answer in an
/// hour is `No`.
///
/// # Errors
/// As [`ask`], without `timeout`.
pub fn confirm(question: &str) -> Result<bool> {
    const YES: &str = "Yes";
    match ask(question, &[YES, "No"], CONFIRMED_WITHIN) {
        Ok(answer) => Ok(answer.choice() == YES),
        Err(error) if error.code == Code::Timeout => Ok(false),
        Err(error) => Err(error),
    }
}

/// Lines this run up behind all other runs of this plugin that stand in the line of that name, of 1 to 256 bytes. One run at
/// a time has its turn. A run stands in a line until it leaves it, or ends, however it ends: no line is ever held up by a run
/// that is no more. Who stands there already keeps its place.
///
/// ```no_run
/// use std::time::Duration;
/// use witbot_sdk::{Event, Result, flow};
///
/// fn migrate(event: &Event) -> Result {
///     let turn = flow::line_up("database")?;
///     if turn.ahead() > 0 {
///         event.reply(format!("{} before you.", turn.ahead()))?;
///     }
///     turn.wait(Duration::from_secs(3_600))?;
///     event.reply("Migrating now.")?;
///     Ok(())
/// }
/// ```
///
/// # Errors
/// `invalid` (such a name), `rate-limited` (100 stand there already).
pub fn line_up(line: &str) -> Result<Turn> {
    Ok(Turn::new(flow::line_up(line)?))
}

/// Cancels another run of this plugin, by its id, and says whether it was still to be canceled. That run is told
/// [`Code::Canceled`](crate::Code::Canceled) where it waits.
pub fn cancel(run: &str) -> Result<bool> {
    Ok(flow::cancel(run)?)
}

/// Waits for an event from outside, of one kind and about one subject, that came after the one that caused this run
/// and was not yet given to it. The plugin must be granted the subject, as for a subscription.
///
/// # Errors
/// `timeout`, `denied`, `invalid`.
pub fn await_event(kind: &str, subject: &str, timeout: Duration) -> Result<Occurrence> {
    Ok(Occurrence {
        raw: flow::await_event(kind, subject, milliseconds(timeout))?,
    })
}

/// A question, where more is to be said than with [`ask`].
///
/// ```no_run
/// use std::time::Duration;
/// use witbot_sdk::chat::Text;
/// use witbot_sdk::{Event, Result, flow};
///
/// fn approve(event: &Event) -> Result {
///     let text = Text::new().plain("May ").user("U024BE7LH").plain(" deploy to production?");
///     let answer = flow::Question::new(text)
///         .choice("Yes")
///         .choice("No")
///         .answered_by("U7QPRSTUV")
///         .ask(Duration::from_secs(3_600))?;
///     event.reply(format!("{} it is.", answer.choice()))?;
///     Ok(())
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    text: Text,
    choices: Vec<String>,
    answerers: Vec<String>,
    anyone: bool,
}

impl Question {
    /// Of at most 3,000 characters. The person who caused the event answers it, unless others are named.
    pub fn new(text: impl Into<Text>) -> Question {
        Question {
            text: text.into(),
            choices: Vec::new(),
            answerers: Vec::new(),
            anyone: false,
        }
    }

    /// Adds what can be answered, of 1 to 75 characters. 2 to 10 are needed.
    pub fn choice(mut self, text: impl Into<String>) -> Question {
        self.choices.push(text.into());
        self
    }

    /// Lets a person, or everybody in a group, answer, by id, instead of the one who caused the event. Called again, one
    /// more: 50 at most. Who answers for a group presses the button.
    pub fn answered_by(mut self, user: impl Into<String>) -> Question {
        self.answerers.push(user.into());
        self
    }

    /// Lets anybody answer who can see it.
    pub fn anyone(mut self) -> Question {
        self.anyone = true;
        self
    }

    /// Asks where the event was said, and waits, 30 days at most.
    ///
    /// # Errors
    /// As [`ask`], and `denied` (it would notify everybody).
    pub fn ask(&self, timeout: Duration) -> Result<Answer> {
        let raw = flow::Question::new(&self.text.raw());
        self.choices.iter().for_each(|choice| raw.choice(choice));
        self.answerers.iter().for_each(|user| raw.answered_by(user));
        if self.anyone {
            raw.anyone();
        }
        Ok(Answer {
            raw: raw.ask(milliseconds(timeout))?,
        })
    }
}

/// An answer to a question.
#[derive(Debug)]
pub struct Answer {
    raw: flow::Answer,
}

impl Answer {
    /// One of the choices.
    pub fn choice(&self) -> String {
        self.raw.choice()
    }

    /// The id of who chose.
    pub fn user(&self) -> String {
        self.raw.user()
    }
}

/// An event that was waited for.
#[derive(Debug)]
pub struct Occurrence {
    raw: flow::Occurrence,
}

impl Occurrence {
    /// The kind that was waited for.
    pub fn kind(&self) -> String {
        self.raw.kind()
    }

    /// The subject that was waited for.
    pub fn subject(&self) -> String {
        self.raw.subject()
    }

    /// One value of its body, by JSON pointer. Strings come as they are, anything else as JSON.
    pub fn field(&self, pointer: &str) -> Option<String> {
        self.raw.field(pointer)
    }
}
