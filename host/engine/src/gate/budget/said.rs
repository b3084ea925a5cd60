//! How large a message may be, and what may be in it. What chat services refuse is refused here, where the plugin still
//! hears of it.

use witbot_core::chat::{Answerers, Card, Link, Menu, Said, Span, Text};
use witbot_core::error::Error;
use witbot_core::limits;

use super::at_most;

/// Looks at a whole message.
pub(super) fn message(said: &Said) -> Result<(), Error> {
    at_most(said.bytes(), limits::MESSAGE_BYTES_MAX, "a message")?;
    let texts = said.texts();
    let spans = texts.iter().map(|text| text.spans().len()).sum();
    number(spans, limits::SPANS_MAX, "pieces of text", "a message")?;
    texts.into_iter().try_for_each(text)?;
    match said {
        Said::Text(text) if text.is_blank() => Err(Error::invalid("a message needs some text")),
        Said::Text(_) | Said::Question(_) => Ok(()),
        Said::Card(card) => self::card(card),
    }
}

/// Looks at a question.
pub(super) fn question(
    question: &Text,
    choices: &[String],
    answerers: &Answerers,
) -> Result<(), Error> {
    message(&Said::Text(question.clone()))?;
    let (characters, most) = (question.shown().chars().count(), limits::QUESTION_CHARS_MAX);
    if characters > most {
        return Err(Error::invalid(format!(
            "a question can have {most} characters, not {characters}"
        )));
    }
    if !(2..=limits::CHOICES_MAX).contains(&choices.len()) {
        return Err(Error::invalid(format!(
            "a question needs 2 to {} choices, not {}",
            limits::CHOICES_MAX,
            choices.len()
        )));
    }
    for choice in choices {
        words(choice, limits::LABEL_CHARS_MAX, "a choice")?;
    }
    match answerers {
        Answerers::These(users) => number(
            users.len(),
            limits::ANSWERERS_MAX,
            "people who may answer",
            "a question",
        ),
        Answerers::Asked | Answerers::Anyone => Ok(()),
    }
}

/// Looks at the name of an emoji. A tone of skin can follow it: `wave::skin-tone-3`.
pub(super) fn emoji(name: &str) -> Result<(), Error> {
    let (own, tone) = match name.split_once("::") {
        Some((own, tone)) => (own, Some(tone)),
        None => (name, None),
    };
    let fits =
        |c: char| (c.is_alphanumeric() && !c.is_uppercase()) || matches!(c, '_' | '-' | '+' | '\'');
    let has_tone = |tone: &str| {
        let number = tone.strip_prefix("skin-tone-");
        number.is_some_and(|number| matches!(number, "2" | "3" | "4" | "5" | "6"))
    };
    let is_name = !own.is_empty()
        && name.chars().count() <= limits::EMOJI_CHARS_MAX
        && own.chars().all(fits)
        && tone.is_none_or(has_tone);
    if is_name {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "`{}` is not the name of an emoji: write it in small letters and without colons, such as `white_check_mark`",
        beginning(name)
    )))
}

fn card(card: &Card) -> Result<(), Error> {
    let what = "a card";
    number(card.fields.len(), limits::FIELDS_MAX, "fields", what)?;
    number(card.links.len(), limits::LINKS_MAX, "links", what)?;
    number(card.buttons.len(), limits::BUTTONS_MAX, "buttons", what)?;
    number(card.menus.len(), limits::MENUS_MAX, "menus", what)?;
    line(
        &card.title,
        limits::CARD_TITLE_CHARS_MAX,
        "the title of a card",
    )?;
    for field in &card.fields {
        line(
            &field.name,
            limits::FIELD_NAME_CHARS_MAX,
            "the name of a field",
        )?;
        let value = field.value.shown();
        words(
            &value,
            limits::FIELD_VALUE_CHARS_MAX,
            "the value of a field",
        )?;
    }
    for Link { label, url } in &card.links {
        line(label, limits::LABEL_CHARS_MAX, "the label of a link")?;
        address(url)?;
    }
    for button in &card.buttons {
        line(
            &button.label,
            limits::LABEL_CHARS_MAX,
            "the label of a button",
        )?;
        let most = limits::BUTTON_COMMAND_CHARS_MAX;
        line(&button.command, most, "the command of a button")?;
    }
    card.menus.iter().try_for_each(menu)
}

fn menu(menu: &Menu) -> Result<(), Error> {
    line(&menu.label, limits::LABEL_CHARS_MAX, "the label of a menu")?;
    if menu.options.is_empty() {
        return Err(Error::invalid("a menu needs a command to choose"));
    }
    let most = limits::MENU_OPTIONS_MAX;
    number(menu.options.len(), most, "commands", "a menu")?;
    for (label, command) in &menu.options {
        line(label, limits::LABEL_CHARS_MAX, "the label of a command")?;
        let most = limits::OPTION_COMMAND_CHARS_MAX;
        line(command, most, "the command in a menu")?;
    }
    Ok(())
}

fn text(text: &Text) -> Result<(), Error> {
    for span in text.spans() {
        if let Span::Link { url, .. } = span {
            address(url)?;
        }
    }
    Ok(())
}

/// What people can follow. Anything else could run something in their browser.
fn address(url: &str) -> Result<(), Error> {
    let lower = url.get(..8).unwrap_or(url).to_ascii_lowercase();
    let is_web = lower.starts_with("http://") || lower.starts_with("https://");
    if !is_web || url.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(Error::invalid(format!(
            "`{}` is not an address that begins with http:// or https://",
            beginning(url)
        )));
    }
    words(url, limits::URL_CHARS_MAX, "an address")
}

/// A text of one line.
fn line(text: &str, most: usize, what: &str) -> Result<(), Error> {
    if text.contains(char::is_control) {
        return Err(Error::invalid(format!("{what} has to be one line")));
    }
    words(text, most, what)
}

fn words(text: &str, most: usize, what: &str) -> Result<(), Error> {
    if text.trim().is_empty() {
        return Err(Error::invalid(format!("{what} cannot be empty")));
    }
    let characters = text.chars().count();
    if characters <= most {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "{what} can have {most} characters, not {characters}"
    )))
}

fn number(there: usize, most: usize, of: &str, what: &str) -> Result<(), Error> {
    if there <= most {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "{what} can have {most} {of}, not {there}"
    )))
}

fn beginning(text: &str) -> String {
    text.chars().take(limits::SHOWN_CHARS_MAX).collect()
}
