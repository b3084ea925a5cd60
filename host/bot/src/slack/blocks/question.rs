//! A question: while it can be answered, and with its answer.

use witbot_core::chat::{Answer, Question};
use witbot_core::ids::CallId;
use witbot_core::limits;

use super::actions;
use super::part::{Room, context};
use super::{Fit, Look};
use crate::slack::mrkdwn;

/// What a question looks like.
pub(super) fn look(question: &Question, message: &CallId, fit: &Fit) -> Look {
    let mut room = Room::new();
    let buttons = match &question.answer {
        None => actions::choices(&question.choices, message, &mut room),
        Some(_) => Vec::new(),
    };
    let text = mrkdwn::text(&question.text);
    let mut blocks = room.sections(&text);
    blocks.extend(buttons);
    blocks.extend(question.answer.as_ref().map(ending));
    if room.was_short() {
        blocks.push(context(std::slice::from_ref(&fit.note)));
    }
    Look {
        // Only a notification shows it.
        text: mrkdwn::cut(&text, limits::SLACK_SECTION_CHARS_MAX).shown,
        blocks,
        attachments: Vec::new(),
        complete: !room.was_short(),
    }
}

fn ending(answer: &Answer) -> slack_morphism::prelude::SlackBlock {
    let line = match answer {
        Answer::Chosen { choice, user } => {
            let choice = mrkdwn::plain(&mrkdwn::shortened(choice, limits::SLACK_LABEL_CHARS_MAX));
            format!(
                "\u{2713} *{choice}* \u{2014} {}",
                mrkdwn::user(user.as_str())
            )
        }
        Answer::Nobody => "Nobody answered in time.".to_owned(),
        Answer::Canceled => "This was canceled.".to_owned(),
    };
    context(&[line])
}
