//! What an operator has to fill in before a proposed line becomes a grant: given by options, or asked for on a terminal.

use std::collections::BTreeMap;
use std::io::{self, BufRead as _, Write as _};

use anyhow::Context as _;
use toml_edit::{Array, DocumentMut, InlineTable, Value};
use witbot_core::grants::Capability;

use crate::cli::Failure;
use crate::settings::problem::{SettingsError, listed, nearest};

/// A blank, and the text that stands for it in [`Capability::suggestion`].
struct Blank {
    name: &'static str,
    text: &'static str,
}

const BLANKS: [Blank; 6] = [
    Blank {
        name: "REPOSITORY",
        text: "OWNER/NAME",
    },
    Blank {
        name: "ENVIRONMENT",
        text: "ENVIRONMENT",
    },
    Blank {
        name: "PROJECT",
        text: "gh/OWNER/NAME",
    },
    Blank {
        name: "CHANNEL",
        text: "CHANNEL",
    },
    Blank {
        name: "HOST",
        text: "HOST.EXAMPLE.COM",
    },
    Blank {
        name: "PATH",
        text: "/PATH/",
    },
];

/// What is known of the blanks. More than one value makes more than one grant, or a longer list of environments.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Values(BTreeMap<&'static str, Vec<String>>);

impl Values {
    /// From `NAME=VALUE`.
    pub(super) fn set(&mut self, given: &str) -> Result<(), Failure> {
        let Some((name, value)) = given.split_once('=') else {
            let message = format!("`--set {given}` has no `=`");
            let help = "write `--set REPOSITORY=owner/name`";
            return Err(SettingsError::usage(message, help).into());
        };
        let upper = name.to_ascii_uppercase();
        let Some(blank) = BLANKS.iter().find(|blank| blank.name == upper) else {
            let names = || BLANKS.iter().map(|blank| blank.name);
            let help = match nearest(name, names()) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("known: {}", listed(names())),
            };
            let message = format!("there is no blank `{name}` in any grant");
            return Err(SettingsError::usage(message, help).into());
        };
        self.put(blank.name, value)
    }

    /// The values of an option.
    pub(super) fn put(&mut self, name: &'static str, value: &str) -> Result<(), Failure> {
        if value.trim().is_empty() {
            let message = format!("{name} has no value");
            return Err(SettingsError::usage(message, "write one behind it").into());
        }
        let values = self.0.entry(name).or_default();
        let value = value.trim().to_owned();
        if !values.contains(&value) {
            values.push(value);
        }
        Ok(())
    }

    /// Has the blanks of a capability filled in: what is missing is asked for, if there is somebody to ask.
    pub(super) fn fill(&mut self, capability: Capability, ask: bool) -> Result<String, Failure> {
        let suggestion = capability.suggestion();
        for blank in BLANKS.iter().filter(|blank| blank.is_in(suggestion)) {
            if self.0.contains_key(blank.name) {
                continue;
            }
            if !ask {
                let message = format!("{} is missing for the grant of {capability}", blank.name);
                let help = format!("add `{}` or `--set {}=…`", blank.option(), blank.name);
                return Err(SettingsError::usage(message, help).into());
            }
            let answer = asked(&format!("{} for {capability}: ", blank.name))?;
            self.put(blank.name, &answer)?;
        }
        self.filled(suggestion).map_err(Failure::Other)
    }

    /// Those that are in no grant that is made: the operator meant something by them.
    pub(super) fn unused(&self, capabilities: &[Capability]) -> Option<&'static str> {
        let used = |name: &str| {
            let blank = BLANKS.iter().find(|blank| blank.name == name);
            let is_in = |capability: &Capability| {
                blank.is_some_and(|blank| blank.is_in(capability.suggestion()))
            };
            capabilities.iter().any(is_in)
        };
        self.0.keys().copied().find(|name| !used(name))
    }

    fn filled(&self, suggestion: &str) -> anyhow::Result<String> {
        let mut line: DocumentMut = suggestion.parse()?;
        for (_, entries) in line.iter_mut() {
            let list = entries.as_array_mut().context("a grant is a list")?;
            let mut filled: Vec<InlineTable> = Vec::new();
            for entry in list.iter() {
                let entry = entry.as_inline_table().context("a grant is a table")?;
                filled.extend(self.entries(entry));
            }
            list.clear();
            for (index, entry) in filled.into_iter().enumerate() {
                let prefix = if index == 0 { "" } else { " " };
                list.push_formatted(Value::InlineTable(entry).decorated(prefix, ""));
            }
        }
        Ok(line.to_string().trim_end().to_owned())
    }

    /// A grant for each combination of the values of its blanks.
    fn entries(&self, entry: &InlineTable) -> Vec<InlineTable> {
        let mut entries = vec![entry.clone()];
        for (key, value) in entry {
            if let Some(list) = value.as_array() {
                let list = self.list(list);
                for entry in &mut entries {
                    entry.insert(key, Value::Array(list.clone()));
                }
            } else if let Some(values) = value.as_str().and_then(|text| self.of(text)) {
                let of_before = std::mem::take(&mut entries);
                for value in values {
                    entries.extend(of_before.iter().cloned().map(|mut entry| {
                        entry.insert(key, value.as_str().into());
                        entry
                    }));
                }
            }
        }
        entries
    }

    fn list(&self, list: &Array) -> Array {
        let mut filled = Array::new();
        for value in list {
            match value.as_str().and_then(|text| self.of(text)) {
                Some(values) => filled.extend(values.iter().map(String::as_str)),
                None => filled.push(value.clone()),
            }
        }
        filled
    }

    /// What stands for a text, if that is a blank.
    fn of(&self, text: &str) -> Option<&Vec<String>> {
        let blank = BLANKS.iter().find(|blank| blank.text == text)?;
        self.0.get(blank.name)
    }
}

impl Blank {
    fn is_in(&self, suggestion: &str) -> bool {
        suggestion.contains(&format!("\"{}\"", self.text))
    }

    fn option(&self) -> String {
        format!("--{} …", self.name.to_ascii_lowercase())
    }
}

/// What somebody types at the terminal behind a question.
pub(super) fn asked(question: &str) -> anyhow::Result<String> {
    let mut output = io::stderr();
    write!(output, "{question}").context("cannot ask")?;
    output.flush().context("cannot ask")?;
    let mut answer = String::new();
    let read = io::stdin().lock().read_line(&mut answer);
    read.context("cannot read the answer")?;
    Ok(answer.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(given: &[&str]) -> Values {
        let mut values = Values::default();
        for one in given {
            assert!(values.set(one).is_ok(), "{one}");
        }
        values
    }

    fn filled(given: &[&str], capability: Capability) -> Option<String> {
        values(given).fill(capability, false).ok()
    }

    #[test]
    fn each_value_of_a_blank_makes_a_grant_and_environments_a_list() {
        let github = [
            "REPOSITORY=acme/api",
            "repository=acme/web",
            "ENVIRONMENT=staging",
            "ENVIRONMENT=production",
        ];
        insta::assert_snapshot!(filled(&github, Capability::Github).unwrap(), @r#"github = [{ repository = "acme/api", permissions = ["contents:read", "deployments:write"], environments = ["staging", "production"] }, { repository = "acme/web", permissions = ["contents:read", "deployments:write"], environments = ["staging", "production"] }]"#);
        insta::assert_snapshot!(filled(&["HOST=a\"b", "PATH=/"], Capability::Http).unwrap(), @r#"http = [{ host = 'a"b', methods = ["GET"], path = "/" }]"#);
        assert_eq!(
            filled(&[], Capability::Kv).unwrap(),
            Capability::Kv.suggestion()
        );
    }

    #[test]
    fn no_suggestion_keeps_a_blank() {
        let all: Vec<String> = BLANKS
            .iter()
            .map(|blank| format!("{}=x", blank.name))
            .collect();
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        for capability in Capability::ALL {
            let filled = filled(&all, capability).unwrap();
            for blank in &BLANKS {
                assert!(!filled.contains(blank.text), "{filled}");
            }
        }
    }

    #[test]
    fn what_is_missing_empty_unknown_or_of_no_use_is_refused() {
        assert_eq!(filled(&["REPOSITORY=a/b"], Capability::Github), None);
        for wrong in ["REPOSITORY", "REPOSITORY= ", "REPO=a/b", "=a"] {
            assert!(Values::default().set(wrong).is_err(), "{wrong}");
        }
        let given = values(&["CHANNEL=ops"]);
        assert_eq!(given.unused(&[Capability::Github]), Some("CHANNEL"));
        assert_eq!(given.unused(&[Capability::Kv, Capability::Chat]), None);
    }
}
