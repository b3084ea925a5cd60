//! One table of the file while it is read: the keys that were asked for are the keys that it may have.

use std::fmt;
use std::ops::RangeInclusive;

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::problem::{Problem, Problems, Text, listed, nearest};

/// A table, or the absence of one, which reads like an empty table.
pub(super) struct Section<'t> {
    /// `ci.circleci`; empty at the top of the file.
    path: String,
    table: Option<&'t DeTable<'t>>,
    known: Vec<&'static str>,
}

impl<'t> Section<'t> {
    /// The whole file.
    pub(super) fn top(table: &'t DeTable<'t>) -> Section<'t> {
        Section {
            path: String::new(),
            table: Some(table),
            known: Vec::new(),
        }
    }

    /// A table that stands by itself, such as one of a list.
    pub(super) fn of(path: &str, table: &'t DeTable<'t>) -> Section<'t> {
        Section {
            path: path.to_owned(),
            ..Section::top(table)
        }
    }

    /// All keys, whatever they are called, with their values.
    pub(super) fn keys(&mut self) -> Vec<(String, &'t Spanned<DeValue<'t>>)> {
        let keys = self.table.into_iter().flatten();
        keys.map(|(key, value)| (key.get_ref().to_string(), value))
            .collect()
    }

    /// The texts of a key: a list with one at least, or a single text. `example` is a line that sets it rightly.
    pub(super) fn texts(
        &mut self,
        key: &'static str,
        example: &str,
        problems: &mut Problems,
    ) -> Option<Vec<Text<'t>>> {
        let value = self.get(key)?;
        texts_in(&self.path_of(key), value, example, problems)
    }

    /// Where this table is in the file.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// The table itself, if it is there.
    pub(super) fn table(&self) -> Option<&'t DeTable<'t>> {
        self.table
    }

    /// The value of a key.
    pub(super) fn get(&mut self, key: &'static str) -> Option<&'t Spanned<DeValue<'t>>> {
        if !self.known.contains(&key) {
            self.known.push(key);
        }
        self.table.and_then(|table| table.get(key))
    }

    /// The text of a key. `example` is a line that sets it rightly.
    pub(super) fn string(
        &mut self,
        key: &'static str,
        example: &str,
        problems: &mut Problems,
    ) -> Option<Text<'t>> {
        let value = self.get(key)?;
        let text = value.get_ref().as_str();
        if text.is_none() {
            let problem = wrong_type(&self.path_of(key), "a string", value);
            problems.add(problem.help(format!("write it as `{example}`")));
        }
        text.map(|text| Spanned::new(value.span(), text))
    }

    /// The number of a key, within bounds.
    pub(super) fn number(
        &mut self,
        key: &'static str,
        bounds: RangeInclusive<f64>,
        problems: &mut Problems,
    ) -> Option<f64> {
        let value = self.get(key)?;
        let path = self.path_of(key);
        let number = match value.get_ref() {
            DeValue::Integer(integer) => i64::from_str_radix(integer.as_str(), integer.radix())
                .ok()
                .map(|integer| integer as f64),
            DeValue::Float(float) => float.as_str().parse().ok(),
            _ => {
                let (from, to) = (bounds.start(), bounds.end());
                problems.add(
                    wrong_type(&path, "a number", value)
                        .help(format!("write a number from {from} to {to}")),
                );
                return None;
            }
        };
        let within = number.filter(|number| bounds.contains(number));
        if within.is_none() {
            problems.add(out_of_bounds(&path, &bounds, value));
        }
        within
    }

    /// The whole number of a key, within bounds.
    pub(super) fn whole_number(
        &mut self,
        key: &'static str,
        bounds: RangeInclusive<u32>,
        problems: &mut Problems,
    ) -> Option<u32> {
        let value = self.get(key)?;
        let path = self.path_of(key);
        let DeValue::Integer(integer) = value.get_ref() else {
            let (from, to) = (bounds.start(), bounds.end());
            problems.add(
                wrong_type(&path, "a whole number", value)
                    .help(format!("write a whole number from {from} to {to}")),
            );
            return None;
        };
        let number = u32::from_str_radix(integer.as_str(), integer.radix()).ok();
        let within = number.filter(|number| bounds.contains(number));
        if within.is_none() {
            problems.add(out_of_bounds(&path, &bounds, value));
        }
        within
    }

    /// The table of a key; an empty one if there is none.
    pub(super) fn section(&mut self, key: &'static str, problems: &mut Problems) -> Section<'t> {
        let value = self.get(key);
        let path = self.path_of(key);
        let table = value.and_then(|value| value.get_ref().as_table());
        if let (Some(value), None) = (value, table) {
            problems.add(
                wrong_type(&path, "a table", value)
                    .help(format!("begin it with a line `[{path}]`")),
            );
        }
        Section {
            path,
            table,
            known: Vec::new(),
        }
    }

    /// All keys, whatever they are called, each of which has to be a table; `help` is for those that are not.
    pub(super) fn into_sections(
        self,
        help: &str,
        problems: &mut Problems,
    ) -> Vec<(&'t Spanned<DeString<'t>>, Section<'t>)> {
        let mut sections = Vec::new();
        for (key, value) in self.table.into_iter().flatten() {
            let path = self.path_of(key.get_ref());
            match value.get_ref().as_table() {
                Some(table) => sections.push((
                    key,
                    Section {
                        path,
                        table: Some(table),
                        known: Vec::new(),
                    },
                )),
                None => problems.add(wrong_type(&path, "a table", value).help(help)),
            }
        }
        sections
    }

    /// Refuses every key that nobody asked for: a setting that is not read is a wish that is not granted.
    pub(super) fn close(self, problems: &mut Problems) {
        for (key, _) in self.table.into_iter().flatten() {
            if !self.known.contains(&key.get_ref().as_ref()) {
                let message = format!("there is no setting `{}`", self.path_of(key.get_ref()));
                let problem = Problem::at(key.span(), message, "nothing reads this");
                problems.add(problem.help(self.help_for(key.get_ref())));
            }
        }
    }

    fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.path)
        }
    }

    fn help_for(&self, key: &str) -> String {
        let known = listed(self.known.iter().copied());
        if let Some(meant) = nearest(key, self.known.iter().copied()) {
            format!("did you mean `{meant}`?")
        } else if super::mask::is_secret(key) {
            "secrets are not written here: they come from the environment, as `GITHUB_TOKEN` does"
                .to_owned()
        } else if !self.path.is_empty() && TOP.contains(&key) {
            format!("move `{key}` to the top of the file, above the first line in brackets")
        } else if self.path.is_empty() {
            format!("the file may have {known}")
        } else {
            format!("`[{}]` may have {known}", self.path)
        }
    }
}

/// Keys that are easily written below a table, to which they then belong.
const TOP: [&str; 4] = ["name", "alias", "plugins_folder", "data"];

/// The texts that a value holds.
pub(super) fn texts_in<'t>(
    path: &str,
    value: &'t Spanned<DeValue<'t>>,
    example: &str,
    problems: &mut Problems,
) -> Option<Vec<Text<'t>>> {
    let text = |value: &'t Spanned<DeValue<'t>>| {
        let text = value.get_ref().as_str()?;
        Some(Spanned::new(value.span(), text))
    };
    let texts: Option<Vec<Text<'t>>> = match value.get_ref() {
        DeValue::String(_) => text(value).map(|text| vec![text]),
        DeValue::Array(values) => values.iter().map(text).collect(),
        _ => None,
    };
    match texts {
        None => {
            let problem = wrong_type(path, "a list of strings", value);
            problems.add(problem.help(format!("write it as `{example}`")));
            None
        }
        Some(texts) if texts.is_empty() => {
            let message = format!("`{path}` is empty, which would never match anything");
            let help = format!("write it as `{example}`, or take it out");
            problems.add(Problem::at(value.span(), message, "empty").help(help));
            None
        }
        Some(texts) => Some(texts),
    }
}

fn out_of_bounds(
    path: &str,
    bounds: &RangeInclusive<impl fmt::Display>,
    value: &Spanned<DeValue<'_>>,
) -> Problem {
    let (from, to) = (bounds.start(), bounds.end());
    let message = format!("`{path}` has to be from {from} to {to}");
    Problem::at(value.span(), message, "out of bounds")
}

/// `x` has to be a string, and this is an integer.
pub(super) fn wrong_type(path: &str, wanted: &str, value: &Spanned<DeValue<'_>>) -> Problem {
    let found = match value.get_ref() {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "an integer",
        DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    };
    Problem::at(
        value.span(),
        format!("`{path}` has to be {wanted}, and this is {found}"),
        found,
    )
}
