//! Single blocks, and how much room there is for more of them.

use slack_morphism::prelude::{
    SlackBlock, SlackBlockMarkDownText, SlackBlockPlainText, SlackBlockPlainTextOnly,
    SlackBlockText, SlackContextBlock, SlackContextBlockElement, SlackSectionBlock,
};
use witbot_core::limits;

use crate::slack::mrkdwn::{self, Cut};

/// Less of a text than this is not worth showing.
const PIECE_CHARS_MIN: usize = 200;

/// What is left of the room that a message has.
#[derive(Debug)]
pub(super) struct Room {
    chars: usize,
    blocks: usize,
    short: bool,
}

impl Room {
    /// All there is, but for a note.
    pub(super) fn new() -> Room {
        Room {
            chars: limits::SLACK_BLOCKS_CHARS_MAX - limits::SLACK_NOTE_CHARS_MAX,
            blocks: limits::SLACK_BLOCKS_MAX - 1,
            short: false,
        }
    }

    /// How many characters there is room for.
    pub(super) fn chars(&self) -> usize {
        self.chars
    }

    /// Whether something did not fit.
    pub(super) fn was_short(&self) -> bool {
        self.short
    }

    /// Something cannot be shown.
    pub(super) fn omit(&mut self) {
        self.short = true;
    }

    /// Takes room for a text, if there is some; otherwise the text is omitted.
    pub(super) fn take_chars(&mut self, chars: usize) -> bool {
        let left = self.chars.checked_sub(chars);
        self.chars = left.unwrap_or(self.chars);
        self.short |= left.is_none();
        left.is_some()
    }

    /// Takes room for a block whose texts have theirs, if there is some; otherwise it is omitted.
    pub(super) fn take_block(&mut self) -> bool {
        let left = self.blocks.checked_sub(1);
        self.blocks = left.unwrap_or(0);
        self.short |= left.is_none();
        left.is_some()
    }

    /// Sections with as much of a text as there is room for.
    pub(super) fn sections(&mut self, text: &str) -> Vec<SlackBlock> {
        if text.trim().is_empty() {
            return Vec::new();
        }
        let chars = text.chars().count();
        if self.chars < chars && self.chars < PIECE_CHARS_MIN {
            self.short = true;
            return Vec::new();
        }
        let Cut { shown, rest } = mrkdwn::cut(text, self.chars);
        let mut sections = Vec::new();
        for piece in mrkdwn::split(&shown, limits::SLACK_SECTION_CHARS_MAX) {
            if self.take_block() {
                // Where code is interrupted, the pieces have some more characters than the whole.
                self.chars = self.chars.saturating_sub(piece.chars().count());
                sections.push(section(&piece));
            }
        }
        self.short |= rest.is_some();
        sections
    }
}

/// A text that is shown as it is written, and that is not read for anything that looks like a mention.
pub(super) fn markdown(text: &str) -> SlackBlockMarkDownText {
    SlackBlockMarkDownText::new(text.to_owned()).with_verbatim(true)
}

/// A section with a text that fits.
pub(super) fn section(text: &str) -> SlackBlock {
    let text = SlackBlockText::MarkDown(markdown(text));
    SlackSectionBlock::new().with_text(text).into()
}

/// Small print that fits.
pub(super) fn context(texts: &[String]) -> SlackBlock {
    let elements = texts
        .iter()
        .map(|text| SlackContextBlockElement::MarkDown(markdown(text)));
    SlackContextBlock::new(elements.collect()).into()
}

/// A label in one line, of at most so many characters.
pub(super) fn label(text: &str, chars: usize) -> SlackBlockPlainTextOnly {
    SlackBlockPlainText::new(mrkdwn::shortened(text, chars)).into()
}
