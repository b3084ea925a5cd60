//! A usage as regular expressions, whose time is linear in what was typed whatever the usage.

use regex::{Regex, RegexBuilder};

use super::syntax::{Item, Piece};
use super::{Argument, Kind};
use crate::limits;

/// A usage, compiled.
#[derive(Debug)]
pub(super) struct Pattern {
    /// Takes as an argument only what can be one of its type, so that an optional number is not taken to be the word
    /// after it.
    strict: Regex,
    /// Takes any word as any argument, to tell people which argument is wrong. None where it would be the same.
    loose: Option<Regex>,
}

impl Pattern {
    pub(super) fn new(pieces: &[Piece], arguments: &[Argument]) -> Result<Pattern, regex::Error> {
        let typed = arguments.iter().any(|argument| match argument.kind {
            Kind::Integer | Kind::Number | Kind::Boolean | Kind::Duration => true,
            Kind::Word | Kind::Text | Kind::User | Kind::Channel => false,
        });
        let build = |strict: bool| {
            let source = Writer { arguments, strict }.sequence(pieces, Follow::default(), true);
            RegexBuilder::new(&format!("^{source}$"))
                .size_limit(limits::PATTERN_BYTES_MAX)
                .build()
        };
        Ok(Pattern {
            strict: build(true)?,
            loose: if typed { Some(build(false)?) } else { None },
        })
    }

    /// The arguments as they were typed, if the words fit.
    pub(super) fn values<'t>(&self, text: &'t str) -> Option<Vec<Option<&'t str>>> {
        let captures = self.strict.captures(text);
        let captures = captures.or_else(|| self.loose.as_ref()?.captures(text))?;
        let arguments = captures.iter().skip(1);
        Some(
            arguments
                .map(|group| group.map(|group| group.as_str()))
                .collect(),
        )
    }
}

/// What can come directly after an argument, and so ends it.
#[derive(Debug, Clone, Default)]
struct Follow {
    /// The argument ends at the first of these.
    characters: String,
    /// Something longer than a character follows: the argument ends as soon as the rest fits.
    longer: bool,
}

impl Follow {
    fn add(&mut self, word: &str) {
        let mut characters = word.chars();
        match (characters.next(), characters.next()) {
            (Some(only), None) => {
                self.characters.push(only);
                self.characters.extend(only.to_uppercase());
            }
            _ => self.longer = true,
        }
    }

    /// What comes after the piece before this one, when this comes after the piece itself.
    fn before(self, piece: &Piece) -> Follow {
        if !piece.glued {
            return Follow::default();
        }
        match &piece.item {
            Item::Literal(word) => {
                let mut follow = Follow::default();
                follow.add(word);
                follow
            }
            Item::Choice(words) => {
                let mut follow = Follow::default();
                words.iter().for_each(|word| follow.add(word));
                follow
            }
            Item::Argument(_) => Follow::default(),
            Item::Optional(inner) => {
                let first = first(inner);
                Follow {
                    characters: self.characters + &first.characters,
                    longer: self.longer || first.longer,
                }
            }
        }
    }
}

/// What pieces can begin with.
fn first(pieces: &[Piece]) -> Follow {
    pieces
        .iter()
        .rev()
        .fold(Follow::default(), |follow, piece| follow.before(piece))
}

struct Writer<'a> {
    arguments: &'a [Argument],
    strict: bool,
}

impl Writer<'_> {
    fn sequence(&self, pieces: &[Piece], follow: Follow, outermost: bool) -> String {
        let mut written = Vec::new();
        let mut follow = follow;
        for (index, piece) in pieces.iter().enumerate().rev() {
            let space = match piece.glued || (outermost && index == 0) {
                true => "",
                false => r"\s+",
            };
            written.push(match &piece.item {
                Item::Literal(word) => format!("{space}(?i:{})", regex::escape(word)),
                Item::Choice(words) => {
                    let words: Vec<String> = words.iter().map(|word| regex::escape(word)).collect();
                    format!("{space}(?i:{})", words.join("|"))
                }
                Item::Argument(index) => {
                    let pattern = self.argument(self.arguments[*index].kind, &follow);
                    format!("{space}({pattern})")
                }
                // The space before brackets is written before the first piece in them.
                Item::Optional(inner) => {
                    format!("(?:{})?", self.sequence(inner, follow.clone(), false))
                }
            });
            follow = follow.before(piece);
        }
        written.reverse();
        written.concat()
    }

    fn argument(&self, kind: Kind, follow: &Follow) -> String {
        match kind {
            Kind::Text => r"\S(?s:.*)".to_owned(),
            Kind::Integer if self.strict => "[+-]?[0-9]+".to_owned(),
            Kind::Number if self.strict => r"[+-]?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)".to_owned(),
            Kind::Boolean if self.strict => "(?i:true|yes|on|false|no|off)".to_owned(),
            Kind::Duration if self.strict => "(?:[0-9]+(?i:ms|s|m|h|d))+".to_owned(),
            Kind::User => format!(r"<@[^>]+>|<!subteam\^[^>]+>|{}", word(follow)),
            Kind::Channel => format!("<#[^>]+>|{}", word(follow)),
            Kind::Word | Kind::Integer | Kind::Number | Kind::Boolean | Kind::Duration => {
                word(follow)
            }
        }
    }
}

/// One word up to what follows, or anything in quotation marks. A word that only begins with one is neither: somebody
/// forgot to close it.
fn word(follow: &Follow) -> String {
    let end = regex::escape(&follow.characters);
    let lazy = if follow.longer { "?" } else { "" };
    format!(r#"["“”][^"“”]+["“”]|[^\s"“”{end}][^\s{end}]*{lazy}"#)
}
