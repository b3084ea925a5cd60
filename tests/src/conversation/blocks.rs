//! What the bot shows in Slack, as the lines that the console would print.
//!
//! A card is a text in bold with the sign of its state, and an attachment with a bar of the state's colour. A question
//! is blocks. Everything else is text. What looks like none of them is shown as JSON, which no conversation expects.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::fakes::slack::Seen;

use super::mrkdwn::{links, words};
use witbot_core::conversation::message::{Message, Position};

/// The states of cards: the sign, the colour and the word for each.
const STATES: [(&str, &str, &str); 6] = [
    ("\u{23f3}", "#9aa0a6", "waiting"),
    ("\u{1f504}", "#1d9bd1", "running"),
    ("\u{2705}", "#2eb67d", "success"),
    ("\u{26a0}\u{fe0f}", "#ecb22e", "warning"),
    ("\u{274c}", "#e01e5a", "failure"),
    ("\u{1f6ab}", "#616061", "canceled"),
];

/// What is before the answer of a question.
const CHOSEN: &str = "\u{2713} *";

/// The names of the ids in a text, with their signs.
type Names = BTreeMap<String, String>;

/// A message as it would be printed.
pub(super) fn message(seen: &Seen, names: &Names) -> Message {
    let lines = lines(seen, names).join("\n");
    let mut lines = lines
        .lines()
        .map(str::trim_end)
        .filter(|line| !line.is_empty());
    Message {
        position: if seen.in_thread {
            Position::Thread
        } else {
            Position::Channel
        },
        channel: seen.channel.clone(),
        how: match &seen.alone {
            Some(person) => format!("to {person} alone"),
            None if seen.edited => "edited".to_owned(),
            None => String::new(),
        },
        text: lines.next().unwrap_or_default().trim().to_owned(),
        rest: lines.map(str::to_owned).collect(),
    }
}

fn lines(seen: &Seen, names: &Names) -> Vec<String> {
    if let Some(attachments) = seen.attachments.as_array() {
        return card(&seen.text, attachments, names);
    }
    match seen.blocks.as_array() {
        Some(blocks) => question(blocks, names),
        None => vec![headline(&seen.text, None, names).unwrap_or_else(|| words(&seen.text, names))],
    }
}

fn card(text: &str, attachments: &[Value], names: &Names) -> Vec<String> {
    let [attachment] = attachments else {
        return vec![Value::from(attachments).to_string()];
    };
    let title = headline(text, attachment["color"].as_str(), names);
    let title = title.unwrap_or_else(|| format!("no title of a card: {text} {attachment}"));
    let blocks = attachment["blocks"].as_array().into_iter().flatten();
    let mut lines = vec![title];
    lines.extend(blocks.flat_map(|block| block_lines(block, names)));
    lines
}

/// The first line of a card: `[running] api to staging`. The sign and the colour have to say the same.
fn headline(text: &str, colour: Option<&str>, names: &Names) -> Option<String> {
    let (sign, title) = text.strip_suffix('*')?.split_once('*')?;
    let title = words(title, names);
    if sign.is_empty() && colour.is_none() {
        return None;
    }
    let state = STATES.iter().find(|(known, _, _)| *known == sign.trim());
    match state {
        Some((_, bar, state)) if colour.is_none_or(|colour| colour == *bar) => {
            Some(format!("[{state}] {title}"))
        }
        _ => None,
    }
}

/// A question, open or answered.
fn question(blocks: &[Value], names: &Names) -> Vec<String> {
    let mut lines = Vec::new();
    for block in blocks {
        match block["type"].as_str() {
            Some("actions") => {
                let choices = elements(block).map(|button| plain(&button["text"]));
                let choices: Vec<String> = choices.collect();
                let open = format!(" [{}]", choices.join(" / "));
                match lines.last_mut() {
                    Some(last) => String::push_str(last, &open),
                    None => lines.push(open),
                }
            }
            Some("context") => lines.extend(elements(block).map(|element| {
                answer(&plain(element), names).unwrap_or_else(|| words(&plain(element), names))
            })),
            _ => lines.extend(block_lines(block, names)),
        }
    }
    lines
}

/// The end of a question that somebody answered.
fn answer(text: &str, names: &Names) -> Option<String> {
    let (choice, person) = text.strip_prefix(CHOSEN)?.split_once("* \u{2014} ")?;
    Some(format!(
        "{}, said {}.",
        words(choice, names),
        words(person, names)
    ))
}

fn block_lines(block: &Value, names: &Names) -> Vec<String> {
    match block["type"].as_str() {
        Some("section") => section(block, names),
        Some("actions") => elements(block).flat_map(command).collect(),
        Some("context") => elements(block)
            .map(|element| words(&plain(element), names))
            .collect(),
        _ => vec![block.to_string()],
    }
}

fn section(block: &Value, names: &Names) -> Vec<String> {
    if let Some(fields) = block["fields"].as_array() {
        return fields
            .iter()
            .map(|each| field(&plain(each), names))
            .collect();
    }
    let text = plain(&block["text"]);
    match links(&text) {
        Some(links) => links
            .iter()
            .map(|(label, url)| format!("{label}: {url}"))
            .collect(),
        None => vec![field(&text, names)],
    }
}

/// A name in bold with a value below it; where there is no such name, a text.
fn field(text: &str, names: &Names) -> String {
    let parts = text
        .strip_prefix('*')
        .and_then(|text| text.split_once("*\n"));
    match parts {
        Some((name, value)) if !name.contains('\n') => {
            format!("{}: {}", words(name, names), words(value, names))
        }
        _ => words(text, names),
    }
}

/// A button, or a menu with its options.
fn command(element: &Value) -> Vec<String> {
    let shown = |item: &Value| {
        let command = item["value"].as_str().unwrap_or_default();
        format!("[{}] `{command}`", plain(&item["text"]))
    };
    let Some(options) = element["options"].as_array() else {
        return vec![shown(element)];
    };
    let label = format!("{}:", plain(&element["placeholder"]));
    let options = options.iter().map(|option| format!("  {}", shown(option)));
    [label].into_iter().chain(options).collect()
}

fn elements(block: &Value) -> impl Iterator<Item = &Value> {
    block["elements"].as_array().into_iter().flatten()
}

/// The text of an object of text, or a text itself.
fn plain(text: &Value) -> String {
    let inside = text.as_str().or_else(|| text["text"].as_str());
    inside.unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shown(text: &str, blocks: Value, attachments: Value) -> String {
        let seen = Seen {
            channel: "#ops".to_owned(),
            in_thread: true,
            edited: true,
            alone: None,
            text: text.to_owned(),
            blocks,
            attachments,
        };
        let names = BTreeMap::from([("U1".to_owned(), "@ada".to_owned())]);
        message(&seen, &names).to_string()
    }

    fn text(text: &str) -> Value {
        json!({ "type": "mrkdwn", "text": text, "verbatim": true })
    }

    fn label(text: &str) -> Value {
        json!({ "type": "plain_text", "text": text })
    }

    #[test]
    fn a_text_is_its_lines() {
        assert_eq!(
            shown("for <@U1>\n\nmore", Value::Null, Value::Null),
            "  #ops witbot (edited): for @ada\n      more"
        );
    }

    #[test]
    fn a_card_is_what_the_console_prints() {
        let button = json!({ "type": "button", "text": label("Cancel"), "value": "cancel api" });
        let option = json!({ "text": label("v1"), "value": "rollback api to v1" });
        let menu = json!({ "type": "static_select", "placeholder": label("Roll back to"), "options": [option] });
        let blocks = json!([
            { "type": "section", "text": text("Run 12 &lt;has&gt; begun.") },
            { "type": "section", "fields": [text("*Version*\nmain (1234567)"), text("*For*\n<@U1>")] },
            { "type": "section", "text": text("<https://ci.example/12|Log>  \u{b7}  <https://x.example|See>") },
            { "type": "actions", "elements": [button, menu] },
            { "type": "context", "elements": [text("small print")] },
        ]);
        let attachment = |colour| json!([{ "id": 1, "color": colour, "blocks": blocks }]);
        let title = "\u{1f504} *api to staging*";
        assert_eq!(
            shown(title, Value::Null, attachment("#1d9bd1")),
            "  #ops witbot (edited): [running] api to staging\n      Run 12 <has> begun.\n      \
             Version: main (1234567)\n      For: @ada\n      Log: https://ci.example/12\n      See: https://x.example\n      \
             [Cancel] `cancel api`\n      Roll back to:\n        [v1] `rollback api to v1`\n      small print"
        );
        let other = shown(title, Value::Null, attachment("#2eb67d"));
        assert!(other.contains("no title of a card"), "{other}");
    }

    #[test]
    fn a_question_is_what_the_console_prints() {
        let section = json!({ "type": "section", "text": text("Sure?") });
        let button =
            |choice: &str| json!({ "type": "button", "text": label(choice), "value": choice });
        let open =
            json!([section, { "type": "actions", "elements": [button("yes"), button("no")] }]);
        let ended = |line: &str| json!([section, { "type": "context", "elements": [text(line)] }]);
        for (blocks, expected) in [
            (open, "Sure? [yes / no]"),
            (
                ended("\u{2713} *yes* \u{2014} <@U1>"),
                "Sure?\n      yes, said @ada.",
            ),
            (
                ended("Nobody answered in time."),
                "Sure?\n      Nobody answered in time.",
            ),
        ] {
            let expected = format!("  #ops witbot (edited): {expected}");
            assert_eq!(shown("Sure?", blocks, Value::Null), expected);
        }
    }
}
