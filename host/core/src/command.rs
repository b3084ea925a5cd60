//! How commands are written by plugins and matched against what people type.
//!
//! A usage such as `deploy <app>[/<ref>] [to|in|on <env>]` is read once (`syntax`), turned into a regular expression
//! (`pattern`), and then asked of each message whether it fits. What an argument may be is in `kind`. Which command a
//! message is tried on is decided in `route`.

pub(crate) mod kind;
mod pattern;
mod syntax;

pub(crate) mod nearest;

pub use kind::milliseconds;

use crate::limits;
use pattern::Pattern;
use syntax::Syntax;

/// A usage that was understood.
#[derive(Debug)]
pub struct Usage {
    text: String,
    names: Vec<String>,
    arguments: Vec<Argument>,
    pattern: Pattern,
}

/// An argument of a usage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Argument {
    /// Between `<` and `>`, without the type.
    pub name: String,
    /// What it may be.
    pub kind: Kind,
    /// Whether it stands outside of all brackets.
    pub required: bool,
}

/// What an argument may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One word, or several in quotation marks.
    Word,
    /// All the rest of what was typed.
    Text,
    /// A whole number.
    Integer,
    /// A decimal number.
    Number,
    /// Yes or no.
    Boolean,
    /// A length of time; its value is in milliseconds.
    Duration,
    /// A person, by id.
    User,
    /// A channel, by id or name.
    Channel,
}

/// Whether something that was typed fits a usage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fit {
    /// It does. The arguments that were given, in the order of the usage and in the form that plugins get.
    Fits(Vec<(String, String)>),
    /// The words do, but an argument is not what it must be. Says why, for the person who typed it.
    Wrong(String),
    /// It does not.
    No,
}

/// Why a usage cannot be understood, for the plugin's author.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} (at character {})", .offset + 1)]
pub struct UsageError {
    /// Where, in characters from the start.
    pub offset: usize,
    /// What is wrong, and what to do.
    pub message: String,
}

impl UsageError {
    fn new(offset: usize, message: impl Into<String>) -> UsageError {
        UsageError {
            offset,
            message: message.into(),
        }
    }
}

impl Usage {
    /// Reads a usage.
    pub fn parse(text: &str) -> Result<Usage, UsageError> {
        let Syntax { pieces, arguments } = Syntax::parse(text)?;
        let names = syntax::names(&pieces)?;
        let pattern = Pattern::new(&pieces, &arguments).map_err(|_| {
            UsageError::new(
                0,
                "this is too complicated: use fewer arguments and brackets",
            )
        })?;
        Ok(Usage {
            text: text.split_whitespace().collect::<Vec<_>>().join(" "),
            names,
            arguments,
            pattern,
        })
    }

    /// As it was written, with single spaces.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The words that it begins with, in small letters: `deploy`, `where can i deploy`. Of alternatives, the first.
    pub fn name(&self) -> &str {
        // `syntax::names` gives one at least.
        self.names.first().map_or("", String::as_str)
    }

    /// All that it can begin with: `deploy|ship <app>` has two names.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The arguments, in their order.
    pub fn arguments(&self) -> &[Argument] {
        &self.arguments
    }

    /// Whether something that was typed fits.
    pub fn fit(&self, text: &str) -> Fit {
        let Some(values) = self.pattern.values(text.trim()) else {
            return Fit::No;
        };
        let mut given = Vec::new();
        for (argument, value) in self.arguments.iter().zip(values) {
            let Some(value) = value else { continue };
            match argument.kind.normal(value) {
                Some(normal) => given.push((argument.name.clone(), normal)),
                None => return Fit::Wrong(argument.complaint(value)),
            }
        }
        Fit::Fits(given)
    }
}

impl Argument {
    fn complaint(&self, value: &str) -> String {
        let shown: String = value.chars().take(limits::SHOWN_CHARS_MAX).collect();
        let rule = self.kind.rule();
        format!("`{}` must be {rule}, not `{shown}`", self.name)
    }
}

#[cfg(test)]
mod tests;
