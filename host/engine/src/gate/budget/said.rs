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
        // A role has as many people as the operator says.
        Answerers::Asked | Answerers::Anyone | Answerers::Others { .. } => Ok(()),
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
        if let Span::Link { label, url } = span {
            at_most_chars(label, limits::LABEL_CHARS_MAX, "the label of a link")?;
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
    at_most_chars(text, most, what)
}

fn at_most_chars(text: &str, most: usize, what: &str) -> Result<(), Error> {
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

#[cfg(test)]
mod tests {
    use witbot_core::chat::{Button, Field};

    use super::*;

    fn card() -> Card {
        Card {
            title: "t".into(),
            ..Card::default()
        }
    }

    fn long(characters: usize) -> String {
        "\u{20ac}".repeat(characters)
    }

    #[track_caller]
    fn refused(said: impl Into<Said>, reason: &str) {
        let error = message(&said.into()).unwrap_err();
        assert!(error.message.contains(reason), "{}", error.message);
    }

    #[track_caller]
    fn refused_card(change: impl FnOnce(&mut Card), reason: &str) {
        let mut card = card();
        change(&mut card);
        refused(Said::Card(card), reason);
    }

    fn link(url: &str) -> Link {
        Link {
            label: "l".into(),
            url: url.into(),
        }
    }

    #[test]
    fn the_largest_card_that_fits_passes() {
        let option = ("l".to_owned(), "c".repeat(limits::OPTION_COMMAND_CHARS_MAX));
        let largest = Card {
            title: "t".repeat(limits::CARD_TITLE_CHARS_MAX),
            fields: vec![Field::new("n", "v"); limits::FIELDS_MAX],
            links: vec![link("https://example.com/"); limits::LINKS_MAX],
            buttons: vec![
                Button::new("b".repeat(limits::LABEL_CHARS_MAX), "c");
                limits::BUTTONS_MAX
            ],
            menus: vec![
                Menu {
                    label: "m".into(),
                    options: vec![option; 30],
                };
                limits::MENUS_MAX
            ],
            ..card()
        };
        message(&Said::Card(largest)).unwrap();
    }

    #[test]
    fn a_card_has_a_title_of_one_line_and_a_bound_on_everything() {
        refused_card(
            |card| card.title = " ".into(),
            "title of a card cannot be empty",
        );
        refused_card(|card| card.title = "a\nb".into(), "has to be one line");
        let (title, reason) = (long(151), "can have 150 characters, not 151");
        refused_card(|card| card.title = title, reason);
        let field = Field::new("n", "v");
        refused_card(|card| card.fields = vec![field; 21], "20 fields, not 21");
        let field = Field::new("n", long(1_001));
        refused_card(
            |card| card.fields.push(field),
            "value of a field can have 1000",
        );
        let field = Field::new("n", "");
        refused_card(
            |card| card.fields.push(field),
            "value of a field cannot be empty",
        );
        let links = vec![link("https://example.com/"); 11];
        refused_card(|card| card.links = links, "10 links, not 11");
        let button = Button::new("b", "c");
        refused_card(|card| card.buttons = vec![button; 11], "10 buttons, not 11");
        for (label, command, reason) in [
            ("", "c", "label of a button cannot be empty"),
            ("b", " ", "command of a button cannot be empty"),
            ("b", "a\nb", "has to be one line"),
            (&long(76), "c", "75 characters, not 76"),
            ("b", &long(501), "500 characters, not 501"),
        ] {
            let button = Button::new(label, command);
            refused_card(|card| card.buttons.push(button), reason);
        }
    }

    #[test]
    fn a_menu_is_bounded() {
        let menu = |count: usize, command: &str| Menu {
            label: "m".into(),
            options: vec![("l".to_owned(), command.to_owned()); count],
        };
        refused_card(|card| card.menus = vec![menu(1, "c"); 4], "3 menus, not 4");
        refused_card(|card| card.menus.push(menu(0, "c")), "needs a command");
        refused_card(
            |card| card.menus.push(menu(101, "c")),
            "100 commands, not 101",
        );
        let command = long(151);
        refused_card(
            |card| card.menus.push(menu(1, &command)),
            "150 characters, not 151",
        );
    }

    #[test]
    fn only_addresses_of_the_web_are_links() {
        for url in ["https://example.com/a?b#c", "HTTP://10.0.0.1:8080"] {
            let text = Text::default().with(Span::Link {
                label: String::new(),
                url: url.into(),
            });
            message(&Said::Text(text)).unwrap();
        }
        for url in [
            "",
            "javascript:alert(1)",
            "example.com",
            "https://example.com/a b",
            "http\u{20ac}",
        ] {
            refused_card(|card| card.links.push(link(url)), "not an address");
            let text = Text::default().with(Span::Link {
                label: "l".into(),
                url: url.into(),
            });
            refused(Said::Text(text), "not an address");
        }
        let url = format!("https://{}", long(limits::URL_CHARS_MAX));
        refused_card(|card| card.links.push(link(&url)), "2000 characters");
    }

    #[test]
    fn the_label_of_a_link_is_bounded() {
        let text = |label: String| {
            Text::default().with(Span::Link {
                label,
                url: "https://example.com/".into(),
            })
        };
        message(&Said::Text(text(long(limits::LABEL_CHARS_MAX)))).unwrap();
        let reason = "the label of a link can have 75 characters, not 76";
        let too_long = text(long(limits::LABEL_CHARS_MAX + 1));
        refused(Said::Text(too_long.clone()), reason);
        refused_card(|card| card.footer = Some(too_long), reason);
    }

    #[test]
    fn all_of_it_together_is_bounded() {
        refused("", "needs some text");
        refused(Said::Text(Text::default()), "needs some text");
        refused(long(limits::MESSAGE_BYTES_MAX / 3 + 1), "16384 bytes");
        let text: Text = "x".repeat(limits::MESSAGE_BYTES_MAX).into();
        refused_card(|card| card.text = Some(text), "16384 bytes");
        let spans = (0..=limits::SPANS_MAX)
            .fold(Text::default(), |text, _| text.user("U1".parse().unwrap()));
        refused(Said::Text(spans), "500 pieces of text, not 501");
    }

    #[test]
    fn a_question_is_bounded() {
        let ask = |text: Text, choices: &[&str], answerers: Answerers| {
            let choices: Vec<String> = choices.iter().map(|&choice| choice.into()).collect();
            question(&text, &choices, &answerers).map_err(|error| error.message)
        };
        let two = ["yes", "no"];
        ask("Sure?".into(), &two, Answerers::Anyone).unwrap();
        let these = |count| Answerers::These(vec!["U1".parse().unwrap(); count]);
        ask("Sure?".into(), &two, these(50)).unwrap();
        for (asked, reason) in [
            (ask("".into(), &two, Answerers::Asked), "needs some text"),
            (
                ask("Sure?".into(), &["yes"], Answerers::Asked),
                "2 to 10 choices, not 1",
            ),
            (
                ask("Sure?".into(), &["x"; 11], Answerers::Asked),
                "2 to 10 choices, not 11",
            ),
            (
                ask("Sure?".into(), &["yes", " "], Answerers::Asked),
                "a choice cannot be empty",
            ),
            (
                ask("Sure?".into(), &["yes", &long(76)], Answerers::Asked),
                "75 characters, not 76",
            ),
            (
                ask("Sure?".into(), &two, these(51)),
                "50 people who may answer, not 51",
            ),
        ] {
            let told = asked.unwrap_err();
            assert!(told.contains(reason), "{told}");
        }
    }

    #[test]
    fn names_of_emoji() {
        for name in [
            "eyes",
            "+1",
            "white_check_mark",
            "wave::skin-tone-3",
            "\u{5bff}\u{53f8}",
            "don't",
        ] {
            assert_eq!(emoji(name), Ok(()), "{name}");
        }
        let long = "x".repeat(101);
        for name in [
            "",
            ":eyes:",
            "Eyes",
            "a b",
            "wave::",
            "wave::skin-tone-9",
            "a<b",
            "\u{1f440}",
            &long,
        ] {
            assert!(emoji(name).is_err(), "{name}");
        }
    }
}
