//! What is recorded and said when a wait is over.

use serde_json::{Value, json};
use witbot_core::call::{Chosen, Operation};
use witbot_core::chat::{Answer, Question, Said};
use witbot_core::error::{Code, Error};
use witbot_core::ids::{CallId, UserId};
use witbot_core::journal::{Act, Outcome, Outgoing, Wait};

/// What a look came to. None: it is not over. `due` says that its time is.
pub fn outcome(wait: &Wait, looked: Result<Option<Value>, Error>, due: bool) -> Option<Outcome> {
    match looked {
        Ok(Some(answer)) => Some(Outcome::Ok(answer)),
        Err(error) if !error.is_transient() => Some(Outcome::Error(error)),
        Ok(None) | Err(_) if due => Some(time_is_over(wait)),
        Ok(None) => None,
        Err(error) => {
            tracing::warn!(run = %wait.invocation, "{} cannot be looked at: {error}", wait.key);
            None
        }
    }
}

/// The answer of a person.
pub fn chosen(choice: &str, user: &UserId) -> Chosen {
    Chosen {
        choice: choice.to_owned(),
        user: user.clone(),
    }
}

/// What a question looks like when it is over.
pub fn told(wait: &Wait, answer: Answer) -> Option<Outgoing> {
    let Operation::Ask(ask) = &wait.operation else {
        return None;
    };
    let mut question = Question::new(ask.question.clone(), ask.choices.clone());
    question.answer = Some(answer);
    Some(Outgoing {
        message: CallId::new(&wait.invocation, wait.number),
        place: ask.place.clone(),
        act: Act::Edit(Said::Question(question)),
    })
}

fn time_is_over(wait: &Wait) -> Outcome {
    match wait.operation {
        Operation::Sleep(_) => Outcome::Ok(json!(null)),
        _ => Outcome::Error(Error::new(
            Code::Timeout,
            "what was waited for did not happen in time",
        )),
    }
}
