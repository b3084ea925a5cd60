//! What can be pressed and chosen. The block's id names the message, and the value is the command or the choice.

use slack_morphism::prelude::{
    SlackActionBlockElement, SlackActionId, SlackActionsBlock, SlackBlock, SlackBlockButtonElement,
    SlackBlockButtonStyle, SlackBlockChoiceItem, SlackBlockConfirmItem, SlackBlockId,
    SlackBlockPlainText, SlackBlockStaticSelectElement,
};
use witbot_core::chat::{Button, Card, Menu, Style};
use witbot_core::ids::CallId;
use witbot_core::limits;

use super::part::{Room, label};
use crate::slack::mrkdwn;

/// What ids of buttons and menus with commands begin with; a number follows.
pub const COMMAND: &str = "witbot.command.";
/// What ids of buttons with choices begin with; a number follows.
pub const ANSWER: &str = "witbot.answer.";

/// As many characters are kept for the texts of a card, however many commands its menus have.
const TEXT_CHARS_KEPT: usize = 2_000;

/// The buttons and menus of a card.
pub(super) fn commands(card: &Card, message: &CallId, room: &mut Room) -> Vec<SlackBlock> {
    let mut elements: Vec<SlackActionBlockElement> = Vec::new();
    for button in &card.buttons {
        elements.extend(command(button, elements.len(), room));
    }
    for menu in &card.menus {
        for select in selects(menu, elements.len(), room) {
            elements.push(select.into());
        }
    }
    blocks(elements, message, room)
}

/// The choices of a question.
pub(super) fn choices(choices: &[String], message: &CallId, room: &mut Room) -> Vec<SlackBlock> {
    let mut elements: Vec<SlackActionBlockElement> = Vec::new();
    for choice in choices {
        let fits = (1..=limits::SLACK_BUTTON_VALUE_CHARS_MAX).contains(&choice.chars().count());
        let text = label(choice, limits::SLACK_LABEL_CHARS_MAX);
        if !fits || !room.take_chars(limits::SLACK_LABEL_CHARS_MAX) {
            room.omit();
            continue;
        }
        let id = SlackActionId(format!("{ANSWER}{}", elements.len()));
        let button = SlackBlockButtonElement::new(text)
            .with_action_id(id)
            .with_value(choice.clone());
        elements.push(button.into());
    }
    blocks(elements, message, room)
}

fn blocks(
    elements: Vec<SlackActionBlockElement>,
    message: &CallId,
    room: &mut Room,
) -> Vec<SlackBlock> {
    let mut blocks = Vec::new();
    for chunk in elements.chunks(limits::SLACK_ACTIONS_MAX) {
        if room.take_block() {
            let id = SlackBlockId(format!("{message}.{}", blocks.len()));
            let block = SlackActionsBlock::new(chunk.to_vec()).with_block_id(id);
            blocks.push(block.into());
        }
    }
    blocks
}

fn command(button: &Button, number: usize, room: &mut Room) -> Option<SlackActionBlockElement> {
    let text = named(&button.label, &button.command);
    let confirm = (button.style == Style::Danger).then(|| confirm(text));
    let command = &button.command;
    let fits = (1..=limits::SLACK_BUTTON_VALUE_CHARS_MAX).contains(&command.chars().count());
    if !fits || !room.take_chars(text.chars().count().min(limits::SLACK_LABEL_CHARS_MAX)) {
        room.omit();
        return None;
    }
    let element = SlackBlockButtonElement::new(label(text, limits::SLACK_LABEL_CHARS_MAX))
        .with_action_id(SlackActionId(format!("{COMMAND}{number}")))
        .with_value(command.clone())
        .opt_style(match button.style {
            Style::Default => None,
            Style::Primary => Some(SlackBlockButtonStyle::Primary),
            Style::Danger => Some(SlackBlockButtonStyle::Danger),
        })
        .opt_confirm(confirm);
    Some(element.into())
}

fn confirm(text: &str) -> SlackBlockConfirmItem {
    let label = |text| label(text, limits::SLACK_LABEL_CHARS_MAX);
    let question = SlackBlockPlainText::new(format!(
        "{}: this cannot be undone.",
        mrkdwn::shortened(text, limits::SLACK_LABEL_CHARS_MAX)
    ));
    SlackBlockConfirmItem::new(
        label("Are you sure?"),
        question.into(),
        label("Yes"),
        label("No"),
    )
    .with_style("danger".to_owned())
}

/// A menu, or several where it has more commands than Slack takes in one.
fn selects(menu: &Menu, first: usize, room: &mut Room) -> Vec<SlackBlockStaticSelectElement> {
    let mut options = Vec::new();
    for (text, command) in &menu.options {
        let text = named(text, command);
        let chars = text.chars().count().min(limits::SLACK_LABEL_CHARS_MAX);
        let fits = (1..=limits::SLACK_OPTION_VALUE_CHARS_MAX).contains(&command.chars().count());
        if !fits || room.chars() < chars + TEXT_CHARS_KEPT || !room.take_chars(chars) {
            room.omit();
            continue;
        }
        let text = label(text, limits::SLACK_LABEL_CHARS_MAX);
        options.push(SlackBlockChoiceItem::new(text, command.clone()));
    }
    let several = options.len() > limits::SLACK_OPTIONS_MAX;
    let mut selects = Vec::new();
    for chunk in options.chunks(limits::SLACK_OPTIONS_MAX) {
        let placeholder = match named(&menu.label, "Choose") {
            name if several => format!("{name} ({})", selects.len() + 1),
            name => name.to_owned(),
        };
        if room.take_chars(limits::SLACK_LABEL_CHARS_MAX) {
            let id = SlackActionId(format!("{COMMAND}{}", first + selects.len()));
            let select = SlackBlockStaticSelectElement::new()
                .with_action_id(id)
                .with_placeholder(label(&placeholder, limits::SLACK_LABEL_CHARS_MAX))
                .with_options(chunk.to_vec());
            selects.push(select);
        }
    }
    selects
}

/// Slack takes no empty labels.
fn named<'a>(label: &'a str, instead: &'a str) -> &'a str {
    if label.trim().is_empty() {
        instead
    } else {
        label
    }
}
