//! The grammar of usages: from text to pieces. What is ambiguous or can never fit is refused here.

use super::kind::QUOTES;
use super::nearest::nearest;
use super::{Argument, Kind, UsageError};
use crate::limits;

/// A usage in pieces.
#[derive(Debug)]
pub(super) struct Syntax {
    pub(super) pieces: Vec<Piece>,
    pub(super) arguments: Vec<Argument>,
}

/// A piece, and whether it follows the one before it without a space. The first piece in brackets says it of the whole.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) glued: bool,
    pub(super) item: Item,
    offset: usize,
}

#[derive(Debug)]
pub(super) enum Item {
    /// Stands for itself.
    Literal(String),
    /// `a|b`: one of several words.
    Choice(Vec<String>),
    /// `<name>`, by its place in the list.
    Argument(usize),
    /// `[…]`: can be left out.
    Optional(Vec<Piece>),
}

impl Syntax {
    pub(super) fn parse(text: &str) -> Result<Syntax, UsageError> {
        let chars: Vec<char> = text.chars().collect();
        if chars.len() > limits::USAGE_CHARS_MAX {
            let most = limits::USAGE_CHARS_MAX;
            let message =
                format!("a usage has at most {most} characters: move explanations to the details");
            return Err(UsageError::new(most, message));
        }
        let mut parser = Parser {
            chars,
            at: 0,
            spaced: true,
            brackets: Vec::new(),
            arguments: Vec::new(),
            text: None,
        };
        let pieces = parser.sequence()?;
        if pieces.is_empty() {
            return Err(UsageError::new(
                0,
                "the usage is empty: begin with the command's name",
            ));
        }
        check_glue(&pieces, false)?;
        Ok(Syntax {
            pieces,
            arguments: parser.arguments,
        })
    }
}

struct Parser {
    chars: Vec<char>,
    at: usize,
    /// Whether there was a space since the last piece.
    spaced: bool,
    /// Where the open brackets are.
    brackets: Vec<usize>,
    arguments: Vec<Argument>,
    /// Where an argument was that takes the rest, and its name.
    text: Option<(usize, String)>,
}

impl Parser {
    /// Reads up to the end, or past the bracket that closes the innermost open one.
    fn sequence(&mut self) -> Result<Vec<Piece>, UsageError> {
        let mut pieces = Vec::new();
        loop {
            self.skip_space();
            let offset = self.at;
            let Some(next) = self.chars.get(self.at).copied() else {
                return match self.brackets.last() {
                    Some(open) => Err(UsageError::new(
                        *open,
                        "this `[` is never closed: add its `]`",
                    )),
                    None => Ok(pieces),
                };
            };
            if next == ']' {
                self.at += 1;
                if self.brackets.pop().is_none() {
                    return Err(UsageError::new(
                        offset,
                        "this `]` closes nothing: remove it, or add its `[`",
                    ));
                }
                return Ok(pieces);
            }
            if let Some((offset, name)) = &self.text {
                let message =
                    format!("`<{name}:text>` takes all the rest of the line: move it to the end");
                return Err(UsageError::new(*offset, message));
            }
            let glued = !self.spaced;
            pieces.push(match next {
                '[' => self.optional()?,
                '<' => Piece {
                    glued,
                    item: self.argument()?,
                    offset,
                },
                _ => Piece {
                    glued,
                    item: self.words()?,
                    offset,
                },
            });
        }
    }

    fn skip_space(&mut self) {
        while self.chars.get(self.at).is_some_and(|c| c.is_whitespace()) {
            self.at += 1;
            self.spaced = true;
        }
    }

    fn optional(&mut self) -> Result<Piece, UsageError> {
        let offset = self.at;
        if self.brackets.len() == limits::USAGE_DEPTH_MAX {
            let message = format!(
                "brackets are nested at most {} deep: write two commands",
                limits::USAGE_DEPTH_MAX
            );
            return Err(UsageError::new(offset, message));
        }
        self.brackets.push(offset);
        self.at += 1;
        let pieces = self.sequence()?;
        let Some(first) = pieces.first() else {
            return Err(UsageError::new(
                offset,
                "`[]` is empty: write in it what can be left out",
            ));
        };
        Ok(Piece {
            glued: first.glued,
            item: Item::Optional(pieces),
            offset,
        })
    }

    fn argument(&mut self) -> Result<Item, UsageError> {
        let offset = self.at;
        let rest = &self.chars[offset + 1..];
        let end = rest.iter().position(|c| matches!(c, '<' | '>' | '[' | ']'));
        let Some(length) = end.filter(|end| rest[*end] == '>') else {
            return Err(UsageError::new(
                offset,
                "this `<` is never closed: write an argument as `<name>`",
            ));
        };
        let inner: String = rest[..length].iter().collect();
        let (name, kind) = match inner.split_once(':') {
            Some((name, kind)) => (name, kind_of(offset, kind)?),
            None => (inner.as_str(), Kind::Word),
        };
        self.check_name(offset, name)?;
        if kind == Kind::Text {
            self.text = Some((offset, name.to_owned()));
        }
        self.arguments.push(Argument {
            name: name.to_owned(),
            kind,
            required: self.brackets.is_empty(),
        });
        self.at += length + 2;
        self.spaced = false;
        Ok(Item::Argument(self.arguments.len() - 1))
    }

    fn check_name(&self, offset: usize, name: &str) -> Result<(), UsageError> {
        let valid = name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
        if !valid {
            let message = format!(
                "`{name}` cannot name an argument: use letters, digits, `-` and `_`, beginning with a letter"
            );
            return Err(UsageError::new(offset, message));
        }
        if self.arguments.iter().any(|other| other.name == name) {
            let message = format!("there are two arguments `{name}`: give each its own name");
            return Err(UsageError::new(offset, message));
        }
        if self.arguments.len() == limits::ARGUMENTS_MAX {
            let message = format!("a command has at most {} arguments", limits::ARGUMENTS_MAX);
            return Err(UsageError::new(offset, message));
        }
        Ok(())
    }

    fn words(&mut self) -> Result<Item, UsageError> {
        let mut words = vec![self.word()?];
        while self.chars.get(self.at) == Some(&'|') {
            self.at += 1;
            words.push(self.word()?);
        }
        self.spaced = false;
        Ok(match words.len() {
            1 => Item::Literal(words.remove(0)),
            _ => Item::Choice(words),
        })
    }

    fn word(&mut self) -> Result<String, UsageError> {
        let offset = self.at;
        let rest = &self.chars[offset..];
        let length = rest
            .iter()
            .position(|c| c.is_whitespace() || is_special(*c))
            .unwrap_or(rest.len());
        if length == 0 {
            return Err(UsageError::new(offset, misplaced(rest.first().copied())));
        }
        let word: String = rest[..length].iter().collect();
        if word.contains("...") || word.contains('…') {
            return Err(UsageError::new(
                offset,
                "dots do not repeat anything: `<name:text>` takes all the rest of the line",
            ));
        }
        self.at += length;
        Ok(word.to_lowercase())
    }
}

fn is_special(c: char) -> bool {
    matches!(c, '[' | ']' | '<' | '>' | '|' | '(' | ')') || QUOTES.contains(&c) || c.is_control()
}

/// What to say of a character that cannot stand where a word begins.
fn misplaced(found: Option<char>) -> &'static str {
    match found {
        Some('(' | ')') => {
            "round brackets mean nothing: write `a|b` for either, `[…]` for what can be left out"
        }
        Some('>') => "this `>` closes nothing: write an argument as `<name>`",
        Some(c) if QUOTES.contains(&c) => {
            "quotation marks are for people who type a command: leave them out here"
        }
        Some(c) if c.is_control() => "there is a control character: remove it",
        _ => "`|` stands between two words, as in `to|in`: write the word that is missing",
    }
}

fn kind_of(offset: usize, text: &str) -> Result<Kind, UsageError> {
    if let Some(kind) = Kind::ALL.into_iter().find(|kind| kind.as_str() == text) {
        return Ok(kind);
    }
    let message = match nearest(text, Kind::ALL.map(Kind::as_str)) {
        Some(near) => format!("there is no type `{text}`: did you mean `{near}`?"),
        None => format!(
            "there is no type `{text}`: use one of {}",
            Kind::ALL.map(Kind::as_str).join(", ")
        ),
    };
    Err(UsageError::new(offset, message))
}

/// Refuses pieces that touch although nobody could tell where one ends. Returns whether an argument is at the end.
fn check_glue(pieces: &[Piece], mut after_argument: bool) -> Result<bool, UsageError> {
    let mut before: Option<&Piece> = None;
    for piece in pieces {
        let error = |message: &str| Err(UsageError::new(piece.offset, message));
        if let (true, Some(before)) = (piece.glued, before) {
            let choice = |piece: &Piece| matches!(piece.item, Item::Choice(_));
            if choice(piece) || choice(before) {
                return error("put spaces around `a|b`, or brackets");
            }
            if matches!(before.item, Item::Optional(_)) && !before.glued {
                return error("put a space after the `]` before this");
            }
        }
        after_argument &= piece.glued;
        match &piece.item {
            Item::Literal(_) | Item::Choice(_) => after_argument = false,
            Item::Argument(_) if after_argument => {
                return error("put a space, or a character such as `/`, between two arguments");
            }
            Item::Argument(_) => after_argument = true,
            Item::Optional(inner) => after_argument |= check_glue(inner, after_argument)?,
        }
        before = Some(piece);
    }
    Ok(after_argument)
}

/// All that a usage can begin with, up to its first argument or optional word.
pub(super) fn names(pieces: &[Piece]) -> Result<Vec<String>, UsageError> {
    let mut whole: Vec<String> = Vec::new();
    let mut current = vec![String::new()];
    for (index, piece) in pieces.iter().enumerate() {
        let first = index == 0;
        if !first && !piece.glued {
            whole.clone_from(&current);
        }
        let endings = match &piece.item {
            Item::Optional(_) if !piece.glued => None,
            _ => spellings(std::slice::from_ref(piece), !first),
        };
        let Some(endings) = endings else {
            if !whole.is_empty() {
                return Ok(whole);
            }
            if let Some(prefix) = prefix(&pieces[..index], piece) {
                return Ok(vec![prefix]);
            }
            let message = match first {
                true => "begin with a word that is always there: it is the command's name",
                false => "put a space between the command's name and this",
            };
            return Err(UsageError::new(piece.offset, message));
        };
        if current.len() * endings.len() > limits::NAMES_MAX {
            let message = format!(
                "the command has more than {} names: declare several commands",
                limits::NAMES_MAX
            );
            return Err(UsageError::new(piece.offset, message));
        }
        current = product(&current, &endings);
    }
    Ok(current)
}

/// `deploy:` of `deploy:<task>`: a name that is a prefix of the first word. A colon ends it, so that nobody types it by
/// chance.
fn prefix(before: &[Piece], piece: &Piece) -> Option<String> {
    match (before, &piece.item) {
        ([first], Item::Argument(_)) => match &first.item {
            Item::Literal(word) => Some(word.clone()).filter(|word| word.ends_with(':')),
            Item::Choice(_) | Item::Argument(_) | Item::Optional(_) => None,
        },
        _ => None,
    }
}

/// All that some pieces can be, if there are no arguments in them.
fn spellings(pieces: &[Piece], mut lead: bool) -> Option<Vec<String>> {
    let mut all = vec![String::new()];
    for piece in pieces {
        let space = if lead && !piece.glued { " " } else { "" };
        lead = true;
        let own = match &piece.item {
            Item::Literal(word) => vec![format!("{space}{word}")],
            Item::Choice(words) => words.iter().map(|word| format!("{space}{word}")).collect(),
            Item::Argument(_) => return None,
            Item::Optional(inner) => {
                let mut own = spellings(inner, true)?;
                own.push(String::new());
                own
            }
        };
        if all.len() * own.len() > limits::NAMES_MAX * 2 {
            return Some(vec![String::new(); limits::NAMES_MAX + 1]);
        }
        all = product(&all, &own);
    }
    Some(all)
}

fn product(beginnings: &[String], endings: &[String]) -> Vec<String> {
    let mut all: Vec<String> = Vec::with_capacity(beginnings.len() * endings.len());
    for beginning in beginnings {
        for ending in endings {
            let name = format!("{beginning}{ending}");
            if !all.contains(&name) {
                all.push(name);
            }
        }
    }
    all
}
