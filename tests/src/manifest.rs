//! What Slack wants of the manifest of an app: the rules of the schema that Slack publishes at
//! <https://github.com/slackapi/manifest-schema> (version 1), in our own words and as far as witbot's manifest goes.
//!
//! A key that is not among them counts as a mistake, whether or not Slack would know it: what witbot adds to its manifest
//! is added here as well.

use saphyr::{LoadableYamlNode as _, YamlOwned};
use serde_json::Value;

/// What a value has to be.
enum Rule {
    Flag,
    /// With so many characters, and so beginning.
    Text {
        chars: [usize; 2],
        starts: &'static [&'static str],
    },
    /// At the most so many, no two alike.
    List(usize, &'static Rule),
    /// Keys, each with whether it has to be there.
    Table(&'static [(&'static str, bool, Rule)]),
}

const fn text(chars_min: usize, chars_max: usize) -> Rule {
    Rule::Text {
        chars: [chars_min, chars_max],
        starts: &[""],
    }
}

const fn url(chars_max: usize) -> Rule {
    Rule::Text {
        chars: [1, chars_max],
        starts: &["http://", "https://"],
    }
}

const COMMAND: Rule = Rule::Table(&[
    (
        "command",
        true,
        Rule::Text {
            chars: [2, 32],
            starts: &["/"],
        },
    ),
    ("description", true, text(1, 2_000)),
    ("should_escape", false, Rule::Flag),
    ("url", false, url(3_000)),
    ("usage_hint", false, text(1, 1_000)),
]);

const MANIFEST: Rule = Rule::Table(&[
    (
        "display_information",
        true,
        Rule::Table(&[
            ("name", true, text(1, 35)),
            ("description", false, text(1, 140)),
        ]),
    ),
    (
        "features",
        false,
        Rule::Table(&[
            (
                "app_home",
                false,
                Rule::Table(&[
                    ("home_tab_enabled", false, Rule::Flag),
                    ("messages_tab_enabled", false, Rule::Flag),
                    ("messages_tab_read_only_enabled", false, Rule::Flag),
                ]),
            ),
            (
                "bot_user",
                false,
                Rule::Table(&[
                    ("display_name", true, text(1, 80)),
                    ("always_online", false, Rule::Flag),
                ]),
            ),
            ("slash_commands", false, Rule::List(50, &COMMAND)),
        ]),
    ),
    (
        "oauth_config",
        false,
        Rule::Table(&[(
            "scopes",
            false,
            Rule::Table(&[("bot", false, Rule::List(255, &text(0, 50)))]),
        )]),
    ),
    (
        "settings",
        false,
        Rule::Table(&[
            (
                "event_subscriptions",
                false,
                Rule::Table(&[
                    ("request_url", false, url(3_500)),
                    ("bot_events", false, Rule::List(100, &text(0, 50))),
                ]),
            ),
            (
                "interactivity",
                false,
                Rule::Table(&[
                    ("is_enabled", true, Rule::Flag),
                    ("request_url", false, url(3_500)),
                ]),
            ),
            ("org_deploy_enabled", false, Rule::Flag),
            ("socket_mode_enabled", false, Rule::Flag),
            ("token_rotation_enabled", false, Rule::Flag),
        ]),
    ),
]);

/// Reads a manifest that was printed as YAML.
///
/// # Panics
///
/// When it is no YAML, or more than one document.
pub fn read(yaml: &str) -> Value {
    let documents = YamlOwned::load_from_str(yaml);
    let documents = documents.unwrap_or_else(|error| panic!("{error}: {yaml}"));
    assert_eq!(documents.len(), 1, "{yaml}");
    json(&documents[0])
}

/// What is wrong with a manifest.
pub fn mistakes(manifest: &Value) -> Vec<String> {
    let mut mistakes = Vec::new();
    MANIFEST.check("manifest", manifest, &mut mistakes);
    mistakes
}

impl Rule {
    fn check(&self, path: &str, value: &Value, mistakes: &mut Vec<String>) {
        let fits = match self {
            Rule::Flag => value.is_boolean(),
            Rule::Text { chars, starts } => value.as_str().is_some_and(|text| {
                let [least, most] = *chars;
                (least..=most).contains(&text.chars().count())
                    && starts.iter().any(|start| text.starts_with(start))
            }),
            Rule::List(most, rule) => value.as_array().is_some_and(|items| {
                for (number, item) in items.iter().enumerate() {
                    rule.check(&format!("{path}[{number}]"), item, mistakes);
                }
                let twice = |(number, item)| items[..number].contains(item);
                (1..=*most).contains(&items.len()) && !items.iter().enumerate().any(twice)
            }),
            Rule::Table(keys) => value.as_object().is_some_and(|entries| {
                for (key, value) in entries {
                    match keys.iter().find(|(known, _, _)| known == key) {
                        Some((_, _, rule)) => rule.check(&format!("{path}.{key}"), value, mistakes),
                        None => mistakes.push(format!("{path}.{key} is not known")),
                    }
                }
                let is_there = |key: &str| entries.contains_key(key);
                keys.iter().all(|(key, needed, _)| !needed || is_there(key))
            }),
        };
        if !fits {
            mistakes.push(format!("{path} cannot be {value}"));
        }
    }
}

fn json(yaml: &YamlOwned) -> Value {
    if let Some(entries) = yaml.as_mapping() {
        let entries = entries.iter();
        let key = |key: &YamlOwned| key.as_str().expect("keys are texts").to_owned();
        return entries
            .map(|(name, value)| (key(name), json(value)))
            .collect();
    }
    if let Some(items) = yaml.as_sequence() {
        return items.iter().map(json).collect();
    }
    match (yaml.as_str(), yaml.as_bool()) {
        (Some(text), _) => text.into(),
        (None, Some(flag)) => flag.into(),
        (None, None) => panic!("neither text nor flag: {yaml:?}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_slack_would_refuse_is_found() {
        let good = json!({ "display_information": { "name": "bot" } });
        assert_eq!(mistakes(&good), [""; 0]);
        for (manifest, mistake) in [
            (json!({}), "manifest cannot be {}"),
            (
                json!({ "display_information": { "name": "a".repeat(36) } }),
                "manifest.display_information.name cannot be",
            ),
            (
                json!({ "display_information": { "name": "bot", "colour": "red" } }),
                "manifest.display_information.colour is not known",
            ),
            (
                json!({ "display_information": { "name": "bot" }, "features": { "slash_commands": [{ "command": "bot", "description": "d" }] } }),
                "manifest.features.slash_commands[0].command cannot be",
            ),
            (
                json!({ "display_information": { "name": "bot" }, "oauth_config": { "scopes": { "bot": ["a", "a"] } } }),
                "manifest.oauth_config.scopes.bot cannot be",
            ),
            (
                json!({ "display_information": { "name": "bot" }, "settings": { "interactivity": { "is_enabled": "yes" } } }),
                "manifest.settings.interactivity.is_enabled cannot be",
            ),
        ] {
            let found = mistakes(&manifest);
            assert_eq!(found.len(), 1, "{manifest}: {found:?}");
            assert!(found[0].starts_with(mistake), "{mistake}: {found:?}");
        }
    }
}
