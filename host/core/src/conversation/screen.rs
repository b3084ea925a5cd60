//! What the bot said so far, and what of it was expected.

use super::message::{Message, Position};

/// Which messages were expected. It is given all messages again each time that it looks: they only become more.
#[derive(Debug, Default)]
pub struct Screen {
    /// Of each message that was seen: whether it was expected or passed over.
    read: Vec<bool>,
}

/// What looking for a message comes to.
#[derive(Debug, PartialEq, Eq)]
pub enum Looked {
    /// It is there.
    Found,
    /// It may still come.
    NotYet,
    /// In its place there is this one.
    Another(usize),
}

impl Screen {
    /// Looks for a message. With `skip`, others in its place may come before it.
    pub fn look(&mut self, expected: &Message, skip: bool, messages: &[Message]) -> Looked {
        self.read.resize(messages.len(), false);
        if expected.is_edited() {
            self.look_for_change(expected, messages)
        } else {
            self.look_for_post(expected, skip, messages)
        }
    }

    /// The first that nobody expected.
    pub fn unread<'a>(&mut self, messages: &'a [Message]) -> Option<&'a Message> {
        self.read.resize(messages.len(), false);
        let unread = messages.iter().zip(&self.read).find(|(_, read)| !**read);
        unread.map(|(message, _)| message)
    }

    /// A change is passed over when a later one of the same thing is expected: a chat need not show each of them.
    fn look_for_change(&mut self, expected: &Message, messages: &[Message]) -> Looked {
        let found =
            (0..messages.len()).find(|at| !self.read[*at] && expected.describes(&messages[*at]));
        let Some(found) = found else {
            return Looked::NotYet;
        };
        let title = messages[found].title();
        for (message, read) in messages.iter().zip(&mut self.read).take(found + 1) {
            *read |= message.is_beside(&messages[found]) && message.title() == title;
        }
        Looked::Found
    }

    /// Each of the places that it may be in has its own order.
    fn look_for_post(&mut self, expected: &Message, skip: bool, messages: &[Message]) -> Looked {
        let mut instead = None;
        for place in Position::PLACES {
            let is_there =
                |message: &Message| message.position == place && expected.is_beside(message);
            let unread =
                (0..messages.len()).filter(|at| !self.read[*at] && is_there(&messages[*at]));
            let unread: Vec<usize> = unread.collect();
            let reach = if skip { unread.len() } else { 1 };
            let in_reach = unread.iter().take(reach);
            let found = in_reach
                .clone()
                .position(|at| expected.describes(&messages[*at]));
            if let Some(found) = found {
                for at in in_reach.take(found + 1) {
                    self.read[*at] = true;
                }
                return Looked::Found;
            }
            instead = instead.or(unread.first().copied());
        }
        match instead {
            // It may still come in the other place, or later.
            Some(_) if skip || expected.position == Position::Any => Looked::NotYet,
            Some(at) => Looked::Another(at),
            None => Looked::NotYet,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::message::read;
    use super::*;

    fn one(lines: &str) -> Message {
        read(lines.lines()).remove(0)
    }

    #[test]
    fn posts_come_in_their_order_in_each_place() {
        let messages =
            read("#ops witbot: a\n  #ops witbot: b\n#dev witbot: c\n#ops witbot: d".lines());
        let mut screen = Screen::default();
        let mut look = |line: &str| screen.look(&one(line), false, &messages);
        assert_eq!(look("#dev witbot: c"), Looked::Found);
        assert_eq!(look("#ops witbot: d"), Looked::Another(0));
        assert_eq!(look("#ops witbot: a"), Looked::Found);
        assert_eq!(look("~ #ops witbot: d"), Looked::Found);
        assert_eq!(look("#ops witbot: e"), Looked::NotYet);
        assert_eq!(
            screen.unread(&messages).map(Message::to_string).as_deref(),
            Some("  #ops witbot: b")
        );
    }

    #[test]
    fn what_may_be_skipped_is() {
        let messages = read("#ops witbot: a\n#ops witbot: b\n#ops witbot: c".lines());
        let mut screen = Screen::default();
        assert_eq!(
            screen.look(&one("#ops witbot: b"), true, &messages),
            Looked::Found
        );
        assert_eq!(
            screen.look(&one("#ops witbot: c"), false, &messages),
            Looked::Found
        );
        assert_eq!(screen.unread(&messages), None);
    }

    #[test]
    fn earlier_changes_of_the_same_card_are_passed_over() {
        let printed = "#ops witbot (edited): [waiting] a\n#ops witbot (edited): [waiting] b\n\
            #ops witbot (edited): [running] a\n#ops witbot (edited): [success] a";
        let messages = read(printed.lines());
        let mut screen = Screen::default();
        let mut look = |line: &str| screen.look(&one(line), false, &messages);
        assert_eq!(look("#ops witbot (edited): [running] a"), Looked::Found);
        assert_eq!(look("#ops witbot (edited): [waiting] b"), Looked::Found);
        assert_eq!(look("#ops witbot (edited): [waiting] a"), Looked::NotYet);
        let left = screen.unread(&messages).map(Message::to_string);
        assert_eq!(left.as_deref(), Some("#ops witbot (edited): [success] a"));
    }
}
