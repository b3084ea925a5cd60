//! The grants of a plugin, read entry by entry and key by key, so that one mistake does not hide the next.
//!
//! What a grant may say is decided in `witbot_core::grants`; here its refusals find their line in the file.

use std::ops::Range;

use serde::Deserialize as _;
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue, Error, ValueDeserializer};
use witbot_core::grants::Grants;
use witbot_core::grants::github::{GithubGrant, Permission};

use super::problem::{Problem, Problems, listed, nearest};
use super::section::{Section, wrong_type};

/// The grants in a section; none if it is not there.
pub(super) fn read(section: Section<'_>, problems: &mut Problems) -> Grants {
    let Some(table) = section.table() else {
        return Grants::default();
    };
    let mut sound = true;
    for (capability, value) in table {
        let path = format!("{}.{}", section.path(), capability.get_ref());
        sound &= capability_is_sound(&path, capability, value, problems);
    }
    if !sound {
        return Grants::default();
    }
    deserialize(table.clone()).unwrap_or_else(|error| {
        problems.add(problem(
            section.path(),
            &error,
            error.span().unwrap_or_default(),
        ));
        Grants::default()
    })
}

fn capability_is_sound<'t>(
    path: &str,
    capability: &Spanned<DeString<'t>>,
    value: &Spanned<DeValue<'t>>,
    problems: &mut Problems,
) -> bool {
    if let Err(error) = deserialize(only(capability, Vec::new())) {
        let refusal = Refusal::of(&error);
        let message = format!("`{}` is nothing that can be granted", capability.get_ref());
        problems.add(Problem::at(capability.span(), message, "unknown").help(refusal.help()));
        return false;
    }
    let Some(entries) = value.get_ref().as_array() else {
        let problem = wrong_type(path, "a list of tables", value);
        problems.add(problem.help(format!("begin each grant with a line `[[{path}]]`")));
        return false;
    };
    let mut sound = true;
    for entry in entries {
        if entry.get_ref().is_table() {
            sound &= entry_is_sound(path, capability, entry.clone(), problems);
        } else {
            problems.add(
                wrong_type(path, "a list of tables", entry)
                    .help("write each grant as `{ key = \"value\" }`"),
            );
            sound = false;
        }
    }
    sound
}

/// Reads one entry, and reads it again without the key that was wrong, until nothing more is.
fn entry_is_sound<'t>(
    path: &str,
    capability: &Spanned<DeString<'t>>,
    mut entry: Spanned<DeValue<'t>>,
    problems: &mut Problems,
) -> bool {
    // What was taken out because it was wrong, or what it was meant to be, is not missing.
    let mut excused: Vec<String> = Vec::new();
    loop {
        let error = match deserialize(only(capability, vec![entry.clone()])) {
            Ok(grants) => {
                let nothing = grants_nothing(&grants)
                    .filter(|key| !excused.iter().any(|excused| excused == key))
                    .map(|key| nothing(path, key, &entry));
                let sound = excused.is_empty() && nothing.is_none();
                if let Some(problem) = nothing {
                    problems.add(problem);
                }
                return sound;
            }
            Err(error) => error,
        };
        let refusal = Refusal::of(&error);
        if !(refusal.kind == Kind::Missing && excused.iter().any(|key| key == refusal.name)) {
            // What is wrong with all of a grant is told as if it were the list.
            let span = error.span().filter(|span| *span != capability.span());
            problems.add(problem(path, &error, span.unwrap_or(entry.span())));
        }
        let Some(key) = remove_wrong_key(&mut entry, &error) else {
            return false;
        };
        excused.push(key);
        excused.extend(refusal.meant().map(str::to_owned));
    }
}

/// The key because of which a grant is none. Whoever wrote it meant something by it.
fn grants_nothing(grants: &Grants) -> Option<&'static str> {
    let Grants {
        github,
        ci,
        chat,
        http,
        kv,
        // Whoever writes one of these grants something.
        schedules: _,
        topics: _,
        webhooks: _,
    } = grants;
    let no_environment = |grant: &GithubGrant| {
        let writes = grant.permissions.contains(&Permission::DeploymentsWrite);
        writes && grant.environments.as_ref().is_some_and(Vec::is_empty)
    };
    let found = [
        (
            "permissions",
            github.iter().any(|grant| grant.permissions.is_empty()),
        ),
        ("environments", github.iter().any(no_environment)),
        ("actions", ci.iter().any(|grant| grant.actions.is_empty())),
        (
            "channel",
            chat.iter()
                .any(|grant| grant.channel.is_none() && !grant.direct),
        ),
        ("methods", http.iter().any(|grant| grant.methods.is_empty())),
        ("max_bytes", kv.iter().any(|grant| grant.max_bytes == 0)),
    ];
    found
        .into_iter()
        .find(|(_, nothing)| *nothing)
        .map(|(key, _)| key)
}

fn nothing(path: &str, key: &str, entry: &Spanned<DeValue<'_>>) -> Problem {
    let value = entry.get_ref().as_table().and_then(|table| table.get(key));
    let span = value.map_or(entry.span(), Spanned::span);
    Problem::at(
        span,
        format!("a grant in `{path}` allows nothing, by its `{key}`"),
        "nothing",
    )
    .help("name what it allows, or take it out")
}

/// Takes out the key that an error is about, if it is about a single one.
fn remove_wrong_key(entry: &mut Spanned<DeValue<'_>>, error: &Error) -> Option<String> {
    let at = error.span()?;
    let DeValue::Table(table) = entry.get_mut() else {
        return None;
    };
    let within = |span: Range<usize>| span.start <= at.start && at.end <= span.end;
    let key = table
        .iter()
        .find(|(key, value)| within(key.span()) || within(value.span()))?
        .0
        .clone();
    table.remove(&key);
    Some(key.get_ref().to_string())
}

/// A table of grants with one capability.
fn only<'t>(capability: &Spanned<DeString<'t>>, entries: Vec<Spanned<DeValue<'t>>>) -> DeTable<'t> {
    let mut table = DeTable::new();
    let list = DeValue::Array(entries.into_iter().collect());
    table.insert(capability.clone(), Spanned::new(capability.span(), list));
    table
}

fn deserialize(table: DeTable<'_>) -> Result<Grants, Error> {
    Grants::deserialize(ValueDeserializer::from(Spanned::new(
        0..0,
        DeValue::Table(table),
    )))
}

fn problem(path: &str, error: &Error, span: Range<usize>) -> Problem {
    let refusal = Refusal::of(error);
    let name = refusal.name;
    match refusal.kind {
        Kind::Key => Problem::at(
            span,
            format!("a grant in `{path}` has no `{name}`"),
            "nothing reads this",
        )
        .help(refusal.help()),
        Kind::Choice => Problem::at(span, format!("`{path}` does not know `{name}`"), "unknown")
            .help(refusal.help()),
        Kind::Missing => Problem::at(
            span,
            format!("a grant in `{path}` lacks `{name}`"),
            "this grant",
        )
        .help(format!("add `{name} = …` to it")),
        Kind::Other => {
            let message = error.message().trim_end();
            let problem = Problem::at(span, format!("`{path}`: {message}"), "refused");
            if message.ends_with("expected a sequence") {
                problem.help("write a list, such as `[\"…\"]`")
            } else {
                problem
            }
        }
    }
}

/// What `serde` says, taken apart: its texts name what it found, and then what it knows.
struct Refusal<'e> {
    kind: Kind,
    name: &'e str,
    known: Vec<&'e str>,
}

#[derive(PartialEq)]
enum Kind {
    /// A key that nothing reads.
    Key,
    /// A word that is not one of those it may be.
    Choice,
    /// A key that has to be there.
    Missing,
    /// A value that its own type refuses, in its own words.
    Other,
}

impl<'e> Refusal<'e> {
    fn of(error: &'e Error) -> Refusal<'e> {
        let message = error.message();
        let kinds = [
            ("unknown field `", Kind::Key),
            ("unknown variant `", Kind::Choice),
            ("missing field `", Kind::Missing),
        ];
        let kind = kinds
            .into_iter()
            .find(|(start, _)| message.starts_with(start));
        let mut names = message.split('`').skip(1).step_by(2);
        Refusal {
            kind: kind.map_or(Kind::Other, |(_, kind)| kind),
            name: names.next().unwrap_or_default(),
            known: names.collect(),
        }
    }

    /// What was probably meant.
    fn meant(&self) -> Option<&'e str> {
        nearest(self.name, self.known.iter().copied())
    }

    fn help(&self) -> String {
        match self.meant() {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("known: {}", listed(self.known.iter().copied())),
        }
    }
}
