//! A conversation with what the bot said in it. What was expected already is left as it is written, with all that stands for
//! anything; so is everything that is not the bot's.

use witbot_core::conversation::message::Message;
use witbot_core::conversation::script::{Script, What};

use super::pretence::Pretence;
use super::rehearsal::comes;

/// The text of a conversation in which the bot says what it `said`: first of all, and after each line that is said to it or moves
/// the clock.
pub(super) fn accepted(text: &str, script: &Script, said: &[Vec<Message>]) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let mut said = said.iter();
    let mut written = Written {
        lines: Vec::new(),
        pending: said.next().cloned().unwrap_or_default(),
        skip: false,
    };
    let mut pretence = Pretence::of(script).unwrap_or_default();
    let mut at = 0;
    for step in &script.steps {
        let moves = pretence.moves(step) == Ok(true);
        let first = step.line - 1;
        let between = &lines[at..first];
        // What comes from outside, and what services answer, can stand on lines of its own.
        let below = match &step.what {
            What::Happen(order) => order.matches('\n').count(),
            _ => 0,
        };
        at = first + 1 + below;
        match &step.what {
            What::Expect(expected) => {
                at += expected.rest.len();
                written.keep(between);
                written.expect(expected, &lines[first..at]);
            }
            What::Anything => {
                written.keep(between);
                written.skip = true;
                written.keep(&lines[first..at]);
            }
            What::Happen(order) if !moves && !comes(order) => {
                written.keep(between);
                written.keep(&lines[first..at]);
            }
            What::Say(..) | What::Press(..) | What::Happen(_) => {
                written.settle();
                written.keep(between);
                written.keep(&lines[first..at]);
                written.pending = said.next().cloned().unwrap_or_default();
            }
        }
    }
    written.settle();
    written.keep(&lines[at..]);
    written.lines.join("\n") + "\n"
}

struct Written {
    lines: Vec<String>,
    /// What the bot said and is not written yet.
    pending: Vec<Message>,
    /// Whether anything may come before the next one.
    skip: bool,
}

impl Written {
    fn keep(&mut self, lines: &[&str]) {
        self.lines
            .extend(lines.iter().map(|line| (*line).to_owned()));
    }

    /// Writes what was expected, if it was said; what was said before it stands before it.
    fn expect(&mut self, expected: &Message, lines: &[&str]) {
        let Some(place) = self.pending.iter().position(|one| expected.describes(one)) else {
            return;
        };
        let before: Vec<Message> = self.pending.drain(..=place).take(place).collect();
        if !std::mem::take(&mut self.skip) {
            self.write(&before);
        }
        self.keep(lines);
    }

    /// Writes what is left.
    fn settle(&mut self) {
        let left = std::mem::take(&mut self.pending);
        if !std::mem::take(&mut self.skip) {
            self.write(&left);
        }
    }

    fn write(&mut self, messages: &[Message]) {
        for message in messages {
            self.lines
                .extend(message.to_string().lines().map(str::to_owned));
        }
    }
}

#[cfg(test)]
mod tests {
    use witbot_core::conversation::message::read;

    use super::*;

    fn said(messages: &[&str]) -> Vec<Vec<Message>> {
        messages.iter().map(|text| read(text.lines())).collect()
    }

    #[test]
    fn what_is_said_is_written_and_the_rest_stays() {
        let text = "# First.\n> one\n#console witbot: It took … s.\n#console witbot: Old.\n    Older.\n\n\
                    # Then.\n> two\n…\n#console witbot: End.\n# Last.\n* time passes: 1h\n";
        let script = Script::read(text).unwrap();
        let said = said(&[
            "",
            "#console witbot: It took 3 s.\n#console witbot: New.\n    Newer.",
            "#console witbot: x\n#console witbot: End.",
            "#console witbot: Three.",
        ]);
        assert_eq!(
            accepted(text, &script, &said),
            "# First.\n> one\n#console witbot: It took … s.\n#console witbot: New.\n    Newer.\n\n\
             # Then.\n> two\n…\n#console witbot: End.\n# Last.\n* time passes: 1h\n#console witbot: Three.\n"
        );
        let same = accepted(text, &script, &[Vec::new(), Vec::new()]);
        assert!(!same.contains("Old."));
    }
}
