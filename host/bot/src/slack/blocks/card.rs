//! A card.

use slack_morphism::prelude::{
    SlackBlock, SlackBlockText, SlackMessageAttachment, SlackSectionBlock,
};
use witbot_core::chat::{Card, CardState, Field};
use witbot_core::ids::CallId;
use witbot_core::limits;

use super::actions;
use super::part::{Room, context, markdown};
use super::{Fit, Look};
use crate::slack::mrkdwn;

/// What a card looks like.
pub(super) fn look(card: &Card, message: &CallId, fit: &Fit) -> Look {
    let mut room = Room::new();
    if card.title.chars().count() > limits::CARD_TITLE_CHARS_MAX {
        room.omit();
    }
    // What can be done comes first: a card with all of its text and no way to cancel is worse than the other way round.
    let commands = actions::commands(card, message, &mut room);
    let mut blocks = Vec::new();
    if let Some(text) = &card.text {
        blocks.extend(room.sections(&mrkdwn::text(text)));
    }
    blocks.extend(fields(&card.fields, &mut room));
    blocks.extend(room.sections(&links(card)));
    blocks.extend(commands);
    blocks.extend(footer(card, &mut room));
    if room.was_short() {
        blocks.push(context(std::slice::from_ref(&fit.note)));
    }
    let title = mrkdwn::shortened(&card.title, limits::CARD_TITLE_CHARS_MAX);
    Look {
        text: headline(&mrkdwn::plain(&title), card.state),
        attachments: attachment(blocks, card.state, title).into_iter().collect(),
        blocks: Vec::new(),
        complete: !room.was_short(),
    }
}

/// The title in bold, with a sign for those who do not see colours.
fn headline(title: &str, state: Option<CardState>) -> String {
    match state {
        Some(state) => format!("{} *{title}*", sign(state)),
        None => format!("*{title}*"),
    }
}

fn attachment(
    blocks: Vec<SlackBlock>,
    state: Option<CardState>,
    title: String,
) -> Option<SlackMessageAttachment> {
    (!blocks.is_empty()).then(|| {
        SlackMessageAttachment::new()
            .opt_color(state.map(|state| colour(state).to_owned()))
            .with_fallback(title)
            .with_blocks(blocks)
    })
}

/// Side by side, in the order in which they are. One that is too long for that gets sections of its own.
fn fields(fields: &[Field], room: &mut Room) -> Vec<SlackBlock> {
    let mut blocks = Vec::new();
    let mut row = Vec::new();
    for Field { name, value } in fields {
        let written = format!("*{}*\n{}", mrkdwn::line(name), mrkdwn::text(value));
        let chars = written.chars().count();
        if chars > limits::SLACK_FIELD_CHARS_MAX {
            blocks.extend(section(&mut row, room));
            blocks.extend(room.sections(&written));
        } else if room.take_chars(chars) {
            row.push(SlackBlockText::MarkDown(markdown(&written)));
        }
        if row.len() == limits::SLACK_FIELDS_MAX {
            blocks.extend(section(&mut row, room));
        }
    }
    blocks.extend(section(&mut row, room));
    blocks
}

fn section(row: &mut Vec<SlackBlockText>, room: &mut Room) -> Option<SlackBlock> {
    let row = std::mem::take(row);
    if row.is_empty() || !room.take_block() {
        return None;
    }
    Some(SlackSectionBlock::new().with_fields(row).into())
}

fn links(card: &Card) -> String {
    let links = card
        .links
        .iter()
        .map(|link| mrkdwn::link(&link.label, &link.url));
    links.collect::<Vec<_>>().join("  \u{b7}  ")
}

fn footer(card: &Card, room: &mut Room) -> Option<SlackBlock> {
    let footer = mrkdwn::text(card.footer.as_ref()?);
    let mut pieces = mrkdwn::split(&footer, limits::SLACK_FIELD_CHARS_MAX);
    if pieces.len() > limits::SLACK_CONTEXT_MAX {
        room.omit();
    }
    pieces.truncate(limits::SLACK_CONTEXT_MAX);
    pieces.retain(|piece| room.take_chars(piece.chars().count()));
    if pieces.is_empty() || !room.take_block() {
        return None;
    }
    Some(context(&pieces))
}

fn colour(state: CardState) -> &'static str {
    match state {
        CardState::Waiting => "#9aa0a6",
        CardState::Running => "#1d9bd1",
        CardState::Success => "#2eb67d",
        CardState::Warning => "#ecb22e",
        CardState::Failure => "#e01e5a",
        CardState::Canceled => "#616061",
    }
}

fn sign(state: CardState) -> &'static str {
    match state {
        CardState::Waiting => "\u{23f3}",
        CardState::Running => "\u{1f504}",
        CardState::Success => "\u{2705}",
        CardState::Warning => "\u{26a0}\u{fe0f}",
        CardState::Failure => "\u{274c}",
        CardState::Canceled => "\u{1f6ab}",
    }
}
