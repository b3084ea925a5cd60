//! A question with some choices, and who may answer it.

use serde::{Deserialize, Serialize};

use super::Text;
use crate::ids::UserId;

/// A question as it stands in a chat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// What is asked. In JSON not `text`: a card has that.
    #[serde(rename = "question")]
    pub text: Text,
    /// What can be answered.
    pub choices: Vec<String>,
    /// How it ended, if it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Answer>,
}

/// How a question ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Answer {
    /// Somebody chose.
    Chosen {
        /// What.
        choice: String,
        /// Who.
        user: UserId,
    },
    /// Nobody did, in the time there was.
    Nobody,
    /// The run that asked was canceled.
    Canceled,
}

/// Who may answer a question.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Answerers {
    /// The person who caused the event.
    #[default]
    Asked,
    /// Anybody who can see it.
    Anyone,
    /// These people.
    These(Vec<UserId>),
    /// These people, but for some of them: who asked for something does not approve it.
    Others {
        /// People and groups.
        these: Vec<UserId>,
        /// Who may not, whatever group they are in.
        but: Vec<UserId>,
    },
}

impl Answerers {
    /// Whether it is the one that is meant when nothing is said.
    pub fn is_default(&self) -> bool {
        *self == Answerers::Asked
    }

    /// The groups in which somebody may be who is not named: none for those who may not answer whatever they are in.
    pub fn groups_for(&self, user: &UserId) -> &[UserId] {
        match self {
            Answerers::Asked | Answerers::Anyone => &[],
            Answerers::These(these) => these,
            Answerers::Others { but, .. } if but.contains(user) => &[],
            Answerers::Others { these, .. } => these,
        }
    }

    /// Whether somebody may answer a question that was put to `asked`.
    pub fn allow(&self, user: &UserId, asked: &UserId) -> bool {
        match self {
            Answerers::Asked => user == asked,
            Answerers::Anyone => true,
            Answerers::These(users) => users.contains(user),
            Answerers::Others { these, but } => these.contains(user) && !but.contains(user),
        }
    }
}

impl Question {
    /// A question that is open.
    pub fn new<C: Into<String>>(
        text: impl Into<Text>,
        choices: impl IntoIterator<Item = C>,
    ) -> Question {
        Question {
            text: text.into(),
            choices: choices.into_iter().map(Into::into).collect(),
            answer: None,
        }
    }

    /// As it reads where nothing can be clicked.
    pub fn shown(&self) -> String {
        let text = self.text.shown();
        match &self.answer {
            None => format!("{text} [{}]", self.choices.join(" / ")),
            Some(Answer::Chosen { choice, user }) => format!("{text}\n{choice}, said @{user}."),
            Some(Answer::Nobody) => format!("{text}\nNobody answered in time."),
            Some(Answer::Canceled) => format!("{text}\nThis was canceled."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_reads_well_without_a_chat() {
        let mut question = Question::new("Sure?", ["yes", "no"]);
        assert_eq!(question.shown(), "Sure? [yes / no]");
        question.answer = Some(Answer::Chosen {
            choice: "yes".into(),
            user: "ada".parse().unwrap(),
        });
        assert_eq!(question.shown(), "Sure?\nyes, said @ada.");
        question.answer = Some(Answer::Nobody);
        assert_eq!(question.shown(), "Sure?\nNobody answered in time.");
        question.answer = Some(Answer::Canceled);
        assert_eq!(question.shown(), "Sure?\nThis was canceled.");
    }

    #[test]
    fn who_may_answer() {
        let (ada, bob): (UserId, UserId) = ("ada".parse().unwrap(), "bob".parse().unwrap());
        let these = Answerers::These(vec![bob.clone()]);
        for (answerers, user, may) in [
            (&Answerers::Asked, &ada, true),
            (&Answerers::Asked, &bob, false),
            (&Answerers::Anyone, &bob, true),
            (&these, &bob, true),
            (&these, &ada, false),
        ] {
            assert_eq!(answerers.allow(user, &ada), may, "{answerers:?} {user}");
        }
    }
}
