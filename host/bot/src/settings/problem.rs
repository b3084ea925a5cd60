//! What is wrong with the settings or the environment, all of it at once, with the line and what to write instead.

use std::fmt;
use std::ops::Range;
use std::path::Path;

use miette::{Diagnostic, NamedSource, SourceSpan};
use toml::Spanned;

/// Why the bot does not start. Show it as a `miette::Report`: its `Display` is only the headline.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("{headline}")]
pub struct SettingsError {
    headline: String,
    #[source_code]
    text: Option<NamedSource<String>>,
    #[related]
    problems: Vec<Problem>,
}

impl SettingsError {
    /// Something that was asked for on the command line and cannot be.
    pub fn usage(message: impl fmt::Display, help: impl fmt::Display) -> SettingsError {
        let headline = "this cannot be done as it was asked for";
        SettingsError::without_source(headline, vec![Problem::plain(message).help(help)])
    }

    /// Lines of the file that are wrong for what is beside it, each told with its place.
    pub fn beside(file: &Path, lines: &[String]) -> SettingsError {
        let headline = headline(&format!("`{}`", file.display()), lines.len());
        let problems = lines.iter().map(Problem::plain).collect();
        SettingsError::without_source(&headline, problems)
    }

    /// Problems that are not in a text.
    pub(super) fn without_source(headline: &str, problems: Vec<Problem>) -> SettingsError {
        SettingsError {
            headline: headline.to_owned(),
            text: None,
            problems,
        }
    }
}

/// One thing that is wrong.
#[derive(Debug, PartialEq, Eq, thiserror::Error, Diagnostic)]
#[error("{message}")]
pub struct Problem {
    message: String,
    label: String,
    #[label("{label}")]
    span: Option<SourceSpan>,
    #[help]
    help: Option<String>,
}

impl Problem {
    /// A problem with a piece of the file.
    pub(super) fn at(
        span: Range<usize>,
        message: impl fmt::Display,
        label: impl fmt::Display,
    ) -> Problem {
        Problem {
            message: message.to_string(),
            label: label.to_string(),
            span: Some(span.into()),
            help: None,
        }
    }

    /// A problem with something that has no lines.
    pub(super) fn plain(message: impl fmt::Display) -> Problem {
        Problem {
            message: message.to_string(),
            label: String::new(),
            span: None,
            help: None,
        }
    }

    /// Adds what to do about it.
    pub(super) fn help(self, help: impl fmt::Display) -> Problem {
        Problem {
            help: Some(help.to_string()),
            ..self
        }
    }

    /// Says where in the file it is, for one that was found elsewhere.
    pub(super) fn place(self, span: Range<usize>, label: impl fmt::Display) -> Problem {
        Problem {
            span: Some(span.into()),
            label: label.to_string(),
            ..self
        }
    }

    fn start(&self) -> usize {
        self.span.map_or(0, |span| span.offset())
    }
}

/// A value that is wrong: what is wrong with it, and what to write. Where it stands is added by `Problems::keep`.
pub(super) type Checked<T> = Result<T, Problem>;

/// Problems as they are found.
#[derive(Debug, Default)]
pub(super) struct Problems(Vec<Problem>);

impl Problems {
    /// Whether all is well so far.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds one, unless it was already said.
    pub(super) fn add(&mut self, problem: Problem) {
        if !self.0.contains(&problem) {
            self.0.push(problem);
        }
    }

    /// Each of them.
    pub(super) fn into_list(self) -> Vec<Problem> {
        self.0
    }

    /// Puts a value where it belongs if it is a good one. The default that stays there otherwise is never used.
    pub(super) fn keep<T>(&mut self, place: &mut T, value: Checked<T>) {
        match value {
            Ok(value) => *place = value,
            Err(problem) => self.add(problem),
        }
    }

    /// All of them as one error, in the order of the file.
    pub(super) fn in_file(mut self, path: &Path, text: String) -> SettingsError {
        self.0.sort_by_key(Problem::start);
        let file = path.display().to_string();
        SettingsError {
            headline: headline(&format!("`{file}`"), self.0.len()),
            text: Some(NamedSource::new(file, text)),
            problems: self.0,
        }
    }

    /// All of them as one error, in the order in which they were found.
    pub(super) fn in_environment(self) -> SettingsError {
        let headline = headline("the environment", self.0.len());
        SettingsError {
            headline,
            text: None,
            problems: self.0,
        }
    }
}

fn headline(place: &str, problems: usize) -> String {
    match problems {
        1 => format!("{place} has a problem"),
        more => format!("{place} has {more} problems"),
    }
}

/// The candidate that was probably meant.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // One slip in a short word and a third of a longer one: beyond that, a guess is more often wrong than right.
    let slips_max = (word.chars().count() / 3).max(1);
    let word = word.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| {
            (
                strsim::damerau_levenshtein(&word, &candidate.to_lowercase()),
                candidate,
            )
        })
        .filter(|(slips, _)| *slips <= slips_max)
        .min_by_key(|(slips, _)| *slips)
        .map(|(_, candidate)| candidate)
}

/// `a`, `b` and `c`.
pub fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    match names.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// A value with its place in the file.
pub(super) type Text<'t> = Spanned<&'t str>;
