//! Writes YAML: as little of it as a manifest needs.
//!
//! A text that YAML could read as anything else is quoted as in JSON, which YAML has taken over.

use std::fmt::{self, Write as _};

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Yaml {
    /// Keys in their order.
    Map(Vec<(&'static str, Yaml)>),
    /// Values in their order.
    List(Vec<Item>),
    /// A text.
    Text(String),
    /// Yes or no.
    Flag(bool),
}

/// A value in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    value: Yaml,
    comment: Option<&'static str>,
}

impl Yaml {
    /// Keys in their order.
    pub fn map(entries: impl IntoIterator<Item = (&'static str, Yaml)>) -> Yaml {
        Yaml::Map(entries.into_iter().collect())
    }

    /// A text.
    pub fn text(text: &str) -> Yaml {
        Yaml::Text(text.to_owned())
    }

    /// Writes it behind a key or a dash. What has several lines begins on the next one.
    fn write(&self, f: &mut fmt::Formatter<'_>, depth: usize) -> fmt::Result {
        match self {
            Yaml::Text(text) if is_plain(text) => writeln!(f, " {text}"),
            Yaml::Text(text) => writeln!(f, " {}", serde_json::Value::from(text.as_str())),
            Yaml::Flag(flag) => writeln!(f, " {flag}"),
            Yaml::Map(entries) => {
                f.write_char('\n')?;
                self::entries(f, entries, depth)
            }
            Yaml::List(items) => {
                f.write_char('\n')?;
                items.iter().try_for_each(|item| item.write(f, depth))
            }
        }
    }
}

impl Item {
    /// With a line before it that is only for people.
    pub fn comment(self, comment: &'static str) -> Item {
        Item {
            comment: Some(comment),
            ..self
        }
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, depth: usize) -> fmt::Result {
        if let Some(comment) = self.comment {
            writeln!(f, "{:depth$}# {comment}", "")?;
        }
        write!(f, "{:depth$}-", "")?;
        self.value.write(f, depth + 2)
    }
}

impl From<Yaml> for Item {
    fn from(value: Yaml) -> Item {
        Item {
            value,
            comment: None,
        }
    }
}

/// A document, whose top is a map.
impl fmt::Display for Yaml {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Yaml::Map(entries) => self::entries(f, entries, 0),
            Yaml::List(_) | Yaml::Text(_) | Yaml::Flag(_) => self.write(f, 0),
        }
    }
}

fn entries(
    f: &mut fmt::Formatter<'_>,
    entries: &[(&'static str, Yaml)],
    depth: usize,
) -> fmt::Result {
    entries.iter().try_for_each(|(key, value)| {
        write!(f, "{:depth$}{key}:", "")?;
        value.write(f, depth + 2)
    })
}

/// Whether a text is surely a text without quotes: words that YAML knows, such as `no`, are not, and neither is what has
/// a sign at its ends or a space.
fn is_plain(text: &str) -> bool {
    const WORDS: [&str; 9] = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"];
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.ends_with(|c: char| c.is_ascii_alphanumeric())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | ':' | '_' | '-' | '/'))
        && !WORDS.contains(&text.to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_be_read_as_something_else_is_quoted() {
        for (text, written) in [
            ("channels:read", "channels:read"),
            ("https://bot.example/hooks", "https://bot.example/hooks"),
            ("no", "\"no\""),
            ("1.5", "\"1.5\""),
            ("", "\"\""),
            ("a: b", "\"a: b\""),
            ("a #b", "\"a #b\""),
            ("key:", "\"key:\""),
            ("/witbot", "\"/witbot\""),
            ("say \"hi\"\\\n", "\"say \\\"hi\\\"\\\\\\n\""),
            ("Käthe", "\"Käthe\""),
        ] {
            let yaml = Yaml::map([("key", Yaml::text(text))]);
            assert_eq!(yaml.to_string(), format!("key: {written}\n"), "{text}");
        }
    }

    #[test]
    fn maps_and_lists_are_written_within_each_other() {
        let inner = Yaml::map([("a", Yaml::Flag(true)), ("b", Yaml::text("c"))]);
        let yaml = Yaml::map([
            (
                "list",
                Yaml::List(vec![
                    inner.into(),
                    Item::from(Yaml::text("d")).comment("why"),
                ]),
            ),
            ("end", Yaml::Flag(false)),
        ]);
        let expected = "list:\n  -\n    a: true\n    b: c\n  # why\n  - d\nend: false\n";
        assert_eq!(yaml.to_string(), expected);
    }
}
