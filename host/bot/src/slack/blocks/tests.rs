use std::collections::HashSet;

use serde_json::{Value, json};
use witbot_core::chat::{
    Answer, Button, Card, CardState, Field, Link, Menu, Question, Style, Text,
};

use super::*;

const ID: &str = "00112233445566778899-1";

fn fit() -> Fit {
    Fit {
        text_chars: limits::SLACK_TEXT_CHARS_BEST,
        note: "_see the file_".into(),
    }
}

fn look(said: impl Into<Said>) -> Look {
    Look::of(&said.into(), &ID.parse().unwrap(), &fit())
}

fn json(look: &Look) -> Value {
    json!({ "text": look.text, "blocks": look.blocks, "attachments": look.attachments })
}

fn mrkdwn(text: &str) -> Value {
    json!({ "type": "mrkdwn", "text": text, "verbatim": true })
}

fn plain(text: &str) -> Value {
    json!({ "type": "plain_text", "text": text })
}

#[test]
fn a_text_is_nothing_but_text() {
    let look = look("see <!here> & *now*");
    assert_eq!(
        json(&look),
        json!({ "text": "see &lt;!here&gt; &amp; *now*", "blocks": [], "attachments": [] })
    );
    assert!(look.complete);
}

#[test]
fn a_long_text_ends_at_a_line_and_says_so() {
    let lines: Vec<String> = (0..1_000).map(|number| format!("line {number}")).collect();
    let look = look(lines.join("\n"));
    assert!(!look.complete);
    assert!(look.text.chars().count() <= limits::SLACK_TEXT_CHARS_BEST);
    let (shown, note) = look.text.rsplit_once('\n').unwrap();
    assert_eq!(note, "_see the file_");
    assert!(lines.join("\n").starts_with(shown));
    assert!(
        lines
            .iter()
            .any(|line| line == shown.rsplit('\n').next().unwrap())
    );
}

#[test]
fn a_text_that_just_fits_is_whole() {
    let most = limits::SLACK_TEXT_CHARS_BEST;
    assert!(look("ü".repeat(most)).complete);
    assert!(!look("ü".repeat(most + 1)).complete);
    // What is sent counts, not what was written.
    assert!(!look("&".repeat(most / 2)).complete);
}

#[test]
fn a_card() {
    let card = Card {
        title: "api to <staging>".into(),
        state: Some(CardState::Running),
        text: Some(Text::from("Run *12* for ").user("U024BE7LH".parse().unwrap())),
        fields: vec![Field::new("Version", "main & more")],
        links: vec![
            Link {
                label: "Log".into(),
                url: "https://ci.example/12".into(),
            },
            Link {
                label: "Diff".into(),
                url: "https://git.example/d".into(),
            },
        ],
        buttons: vec![
            Button {
                style: Style::Danger,
                ..Button::new("Cancel", "cancel deploy <api>")
            },
            Button {
                style: Style::Primary,
                ..Button::new("Again", "deploy api")
            },
            Button::new("Show", "show api"),
        ],
        menus: vec![Menu {
            label: "Roll back to".into(),
            options: vec![("v1".into(), "rollback api to v1".into())],
        }],
        footer: Some("2 minutes".into()),
    };
    let look = look(Said::Card(card));
    assert!(look.complete);
    let expected = json!({
        "text": "\u{1f504} *api to &lt;staging&gt;*",
        "blocks": [],
        "attachments": [{
            "color": "#1d9bd1",
            "fallback": "api to <staging>",
            "blocks": [
                { "type": "section", "text": mrkdwn("Run *12* for <@U024BE7LH>") },
                { "type": "section", "fields": [mrkdwn("*Version*\nmain &amp; more")] },
                { "type": "section", "text": mrkdwn("<https://ci.example/12|Log>  \u{b7}  <https://git.example/d|Diff>") },
                { "type": "actions", "block_id": "00112233445566778899-1.0", "elements": [
                    {
                        "type": "button", "action_id": "witbot.command.0", "text": plain("Cancel"),
                        "value": "cancel deploy <api>", "style": "danger",
                        "confirm": {
                            "title": plain("Are you sure?"),
                            "text": plain("Cancel: this cannot be undone."),
                            "confirm": plain("Yes"), "deny": plain("No"), "style": "danger",
                        },
                    },
                    {
                        "type": "button", "action_id": "witbot.command.1", "text": plain("Again"),
                        "value": "deploy api", "style": "primary",
                    },
                    {
                        "type": "button", "action_id": "witbot.command.2", "text": plain("Show"),
                        "value": "show api",
                    },
                    {
                        "type": "static_select", "action_id": "witbot.command.3",
                        "placeholder": plain("Roll back to"),
                        "options": [{ "text": plain("v1"), "value": "rollback api to v1" }],
                    },
                ] },
                { "type": "context", "elements": [mrkdwn("2 minutes")] },
            ],
        }],
    });
    assert_eq!(json(&look), expected);
}

#[test]
fn every_state_has_a_colour_and_a_sign() {
    let mut seen = HashSet::new();
    for state in CardState::ALL {
        let card = Card {
            title: "t".into(),
            state: Some(state),
            text: Some("x".into()),
            ..Card::default()
        };
        let look = json(&look(Said::Card(card)));
        let colour = look["attachments"][0]["color"].as_str().unwrap().to_owned();
        assert!(colour.len() == 7 && colour.starts_with('#'), "{colour}");
        let text = look["text"].as_str().unwrap().to_owned();
        assert!(text.ends_with(" *t*") && !text.starts_with('*'), "{text}");
        assert!(seen.insert(colour) && seen.insert(text));
    }
}

#[test]
fn a_card_of_a_title_has_no_frame() {
    let card = Card {
        title: "done".into(),
        ..Card::default()
    };
    let look = look(Said::Card(card));
    assert_eq!(
        json(&look),
        json!({ "text": "*done*", "blocks": [], "attachments": [] })
    );
}

#[test]
fn a_question_while_it_is_open_and_how_it_ends() {
    let mut question = Question::new("Really *deploy*?", ["yes", "no"]);
    let button = |number: usize, choice: &str| {
        json!({
            "type": "button", "action_id": format!("witbot.answer.{number}"),
            "text": plain(choice), "value": choice,
        })
    };
    let asked = json!({ "type": "section", "text": mrkdwn("Really *deploy*?") });
    assert_eq!(
        json(&look(Said::Question(question.clone()))),
        json!({
            "text": "Really *deploy*?",
            "blocks": [asked, {
                "type": "actions", "block_id": "00112233445566778899-1.0",
                "elements": [button(0, "yes"), button(1, "no")],
            }],
            "attachments": [],
        })
    );
    question.answer = Some(Answer::Chosen {
        choice: "yes".into(),
        user: "U024BE7LH".parse().unwrap(),
    });
    let ended = |line: &str| json!([asked, { "type": "context", "elements": [mrkdwn(line)] }]);
    assert_eq!(
        json(&look(Said::Question(question.clone())))["blocks"],
        ended("\u{2713} *yes* \u{2014} <@U024BE7LH>")
    );
    question.answer = Some(Answer::Nobody);
    assert_eq!(
        json(&look(Said::Question(question)))["blocks"],
        ended("Nobody answered in time.")
    );
}

#[test]
fn a_card_with_too_much_text_keeps_its_buttons_and_says_what_is_missing() {
    let card = Card {
        title: "t".into(),
        text: Some("line of a log\n".repeat(2_000).into()),
        fields: vec![Field::new("n", "v")],
        buttons: vec![Button::new("Cancel", "cancel")],
        footer: Some("end".into()),
        ..Card::default()
    };
    let look = look(Said::Card(card));
    assert!(!look.complete);
    let json = json(&look);
    within_limits(&json);
    let blocks = json["attachments"][0]["blocks"].as_array().unwrap();
    assert!(blocks.iter().any(|block| block["type"] == "actions"));
    assert!(blocks.len() >= 5, "{} blocks", blocks.len());
    assert_eq!(
        blocks.last().unwrap()["elements"][0]["text"],
        "_see the file_"
    );
}

#[test]
fn long_fields_and_many_fields_get_sections_of_their_own() {
    let mut fields: Vec<Field> = (0..12).map(|n| Field::new(format!("n{n}"), "v")).collect();
    fields.insert(3, Field::new("long", "&".repeat(500)));
    let card = Card {
        title: "t".into(),
        fields,
        ..Card::default()
    };
    let look = look(Said::Card(card));
    assert!(look.complete);
    let json = json(&look);
    within_limits(&json);
    let blocks = json["attachments"][0]["blocks"].as_array().unwrap();
    let fields = |block: &Value| block["fields"].as_array().map_or(0, Vec::len);
    assert_eq!(blocks.iter().map(fields).collect::<Vec<_>>(), [3, 0, 9]);
}

/// All that a plugin can make a card of, and more.
fn largest() -> Card {
    let label = "\u{fc}".repeat(200);
    Card {
        title: "&".repeat(400),
        state: Some(CardState::Failure),
        text: Some("<&>\n```\n".repeat(3_000).into()),
        fields: (0..70)
            .map(|n| Field::new("&".repeat(90), format!("{n}{}", "<".repeat(3_000))))
            .collect(),
        links: (0..40)
            .map(|_| Link {
                label: label.clone(),
                url: format!("https://x.example/{}", "&".repeat(1_900)),
            })
            .collect(),
        buttons: (0..60)
            .map(|n| Button {
                style: Style::Danger,
                ..Button::new(label.clone(), "c".repeat(if n == 3 { 3_000 } else { 500 }))
            })
            .collect(),
        menus: (0..5)
            .map(|_| Menu {
                label: label.clone(),
                options: (0..230)
                    .map(|n| (format!("o{n}"), "c".repeat(if n == 3 { 151 } else { 150 })))
                    .collect(),
            })
            .collect(),
        footer: Some("f".repeat(12_000).into()),
    }
}

#[test]
fn nothing_is_larger_than_slack_takes() {
    let whole = largest();
    let only = |change: fn(&mut Card, Card)| {
        let mut card = Card {
            title: "t".into(),
            ..Card::default()
        };
        change(&mut card, largest());
        card
    };
    for card in [
        whole,
        only(|card, large| card.text = large.text),
        only(|card, large| card.fields = large.fields),
        only(|card, large| card.links = large.links),
        only(|card, large| card.buttons = large.buttons),
        only(|card, large| card.menus = large.menus),
        only(|card, large| card.footer = large.footer),
        only(|card, large| card.title = large.title),
    ] {
        let look = look(Said::Card(card));
        assert!(!look.complete);
        within_limits(&json(&look));
    }
    let choices: Vec<String> = (0..60)
        .map(|n| format!("{n} {}", "c".repeat(1_000 + n * 20)))
        .collect();
    let look = look(Said::Question(Question::new("<".repeat(9_000), choices)));
    within_limits(&json(&look));
}

#[test]
fn the_options_of_a_long_menu_are_in_several_and_all_there() {
    let card = Card {
        title: "t".into(),
        menus: vec![Menu {
            label: "Pick".into(),
            options: (0..230)
                .map(|n| (format!("o{n}"), format!("pick {n}")))
                .collect(),
        }],
        ..Card::default()
    };
    let look = look(Said::Card(card));
    assert!(look.complete);
    let json = json(&look);
    within_limits(&json);
    let selects = json["attachments"][0]["blocks"][0]["elements"]
        .as_array()
        .unwrap();
    let sizes: Vec<_> = selects
        .iter()
        .map(|select| select["options"].as_array().unwrap().len())
        .collect();
    assert_eq!(sizes, [100, 100, 30]);
    assert_eq!(selects[2]["options"][29]["value"], "pick 229");
    assert_eq!(selects[1]["placeholder"]["text"], "Pick (2)");
}

/// Slack's bounds, written down once more.
fn within_limits(message: &Value) {
    assert!(chars(&message["text"]) <= 4_000);
    let inner = message["attachments"].as_array().into_iter().flatten();
    let lists = inner
        .map(|attachment| &attachment["blocks"])
        .chain([&message["blocks"]]);
    let mut ids = HashSet::new();
    let mut sum = 0;
    for blocks in lists {
        let blocks = blocks.as_array().unwrap();
        assert!(blocks.len() <= 50, "{} blocks", blocks.len());
        for block in blocks {
            sum += texts(block);
            if let Some(id) = block["block_id"].as_str() {
                assert!(id.len() <= 255 && ids.insert(id.to_owned()), "{id}");
            }
            within(block);
        }
    }
    assert!(sum <= 9_597, "{sum} characters");
}

fn within(block: &Value) {
    let elements = block["elements"].as_array();
    match block["type"].as_str().unwrap() {
        "section" => {
            assert!(
                (0..=3_000).contains(&chars(&block["text"]["text"])),
                "{block}"
            );
            let fields = block["fields"].as_array();
            assert!(
                fields.is_none_or(|fields| (1..=10).contains(&fields.len())),
                "{block}"
            );
            for field in fields.into_iter().flatten() {
                assert!((1..=2_000).contains(&chars(&field["text"])), "{field}");
            }
        }
        "context" => {
            let elements = elements.unwrap();
            assert!((1..=10).contains(&elements.len()), "{block}");
            for element in elements {
                assert!((1..=2_000).contains(&chars(&element["text"])), "{element}");
            }
        }
        "actions" => {
            let elements = elements.unwrap();
            assert!(
                (1..=25).contains(&elements.len()),
                "{} elements",
                elements.len()
            );
            let ids: HashSet<_> = elements
                .iter()
                .map(|element| &element["action_id"])
                .collect();
            assert_eq!(ids.len(), elements.len());
            elements.iter().for_each(element);
        }
        other => panic!("{other}"),
    }
}

fn element(element: &Value) {
    if element["type"] == "button" {
        assert!(
            (1..=75).contains(&chars(&element["text"]["text"])),
            "{element}"
        );
        assert!((1..=2_000).contains(&chars(&element["value"])), "{element}");
        let confirm = &element["confirm"];
        assert!(chars(&confirm["title"]["text"]) <= 100 && chars(&confirm["text"]["text"]) <= 300);
        return;
    }
    assert_eq!(element["type"], "static_select");
    assert!(
        (1..=150).contains(&chars(&element["placeholder"]["text"])),
        "{element}"
    );
    let options = element["options"].as_array().unwrap();
    assert!(
        (1..=100).contains(&options.len()),
        "{} options",
        options.len()
    );
    for option in options {
        assert!(
            (1..=75).contains(&chars(&option["text"]["text"])),
            "{option}"
        );
        assert!((1..=150).contains(&chars(&option["value"])), "{option}");
    }
}

/// All characters of all texts.
fn texts(value: &Value) -> usize {
    match value {
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| match (name.as_str(), value) {
                ("text", Value::String(text)) => text.chars().count(),
                ("confirm", _) => 0,
                (_, value) => texts(value),
            })
            .sum(),
        Value::Array(values) => values.iter().map(texts).sum(),
        _ => 0,
    }
}

fn chars(text: &Value) -> usize {
    text.as_str().map_or(0, |text| text.chars().count())
}
