//! Text as Slack's `mrkdwn`: what people and plugins wrote calls nobody, and only what is meant as a mention is one.
//!
//! Slack knows three characters to escape, `&`, `<` and `>`. Whatever else it gives a meaning to, such as `*` and `_`,
//! has that meaning here as well: there is no way to write those as they are.

mod split;

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt::Write as _;

use witbot_core::chat::{Span, Text};
use witbot_core::limits;

pub use split::{Cut, cut, split};

/// An address in `mrkdwn`. Longer ones are shown as words: Slack takes 3,000 characters in a block, and an address
/// cannot be split from its label, which has some hundred of them.
const TARGET_CHARS_MAX: usize = 2_500;

/// A text.
pub fn text(text: &Text) -> String {
    text.spans()
        .iter()
        .fold(String::new(), |mut written, span| {
            push(&mut written, span);
            written
        })
}

/// Words in which nothing is a mention.
pub fn plain(words: &str) -> String {
    let mut written = String::with_capacity(words.len());
    for c in harmless(words).chars() {
        match c {
            '&' => written.push_str("&amp;"),
            '<' => written.push_str("&lt;"),
            '>' => written.push_str("&gt;"),
            _ => written.push(c),
        }
    }
    written
}

/// The same in one line.
pub fn line(words: &str) -> String {
    plain(words).replace(['\n', '\t'], " ")
}

/// Words in one line that are to be escaped by whoever shows them, with dots where something is left out.
pub fn shortened(words: &str, chars: usize) -> String {
    let line = harmless(words).replace(['\n', '\t'], " ");
    let line = line.trim();
    if line.chars().count() <= chars {
        return line.to_owned();
    }
    let kept: String = line.chars().take(chars - 1).collect();
    format!("{}\u{2026}", kept.trim_end())
}

/// A link with a label; both as words if it leads to where nobody should be led.
pub fn link(label: &str, url: &str) -> String {
    let Some(target) = target(url) else {
        return match label {
            "" => plain(url),
            _ => format!("{} ({})", plain(label), plain(url)),
        };
    };
    // With a label of any length, the two would not fit into a block any more.
    let label = shortened(label, limits::LABEL_CHARS_MAX);
    // What follows a second bar is no longer shown by all of Slack's apps.
    let label = plain(&label).replace('|', "\u{a6}");
    match label.as_str() {
        "" => format!("<{target}>"),
        label => format!("<{target}|{label}>"),
    }
}

/// A mention of a person, or of a group of people: those are written in another way, and their ids begin with `S`.
pub fn user(id: &str) -> String {
    mention('@', id, || match id.starts_with('S') {
        true => format!("<!subteam^{id}>"),
        false => format!("<@{id}>"),
    })
}

/// Without what could hide or forge something: control characters, and those that change the direction of writing.
pub fn harmless(words: &str) -> Cow<'_, str> {
    if !words.contains(|c| shown(c) != Some(c)) {
        return Cow::Borrowed(words);
    }
    let one_kind_of_break = words.replace("\r\n", "\n");
    Cow::Owned(one_kind_of_break.chars().filter_map(shown).collect())
}

fn shown(c: char) -> Option<char> {
    match c {
        '\n' | '\t' => Some(c),
        // A cursor that goes back to the beginning of the line, as progress bars do.
        '\r' => Some('\n'),
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => None,
        _ if c.is_control() => Some('\u{fffd}'),
        _ => Some(c),
    }
}

fn push(written: &mut String, span: &Span) {
    match span {
        Span::Plain(words) => written.push_str(&plain(words)),
        Span::Code(words) => written.push_str(&code(words)),
        Span::Link { label, url } => written.push_str(&link(label, url)),
        Span::User(id) | Span::Group(id) => written.push_str(&user(id.as_str())),
        Span::Channel(id) => {
            written.push_str(&mention('#', id.as_str(), || format!("<#{id}>")));
        }
        Span::Everyone(audience) => {
            let name = audience.as_str();
            // Writing to a string does not fail.
            let _ = write!(written, "<!{name}|{name}>");
        }
    }
}

/// Backticks would end it; these look like them.
fn code(words: &str) -> String {
    let words = plain(words).replace('`', "\u{2cb}");
    match words.trim() {
        "" => words,
        _ if words.contains('\n') => format!("```\n{}\n```", words.trim_matches('\n')),
        _ => format!("`{words}`"),
    }
}

/// What does not look like an id of Slack's could close the bracket, or be a mention of another kind.
fn mention(sign: char, id: &str, mention: impl FnOnce() -> String) -> String {
    let looks_right = (2..=30).contains(&id.len())
        && id
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    if looks_right {
        mention()
    } else {
        format!("{sign}{}", plain(id))
    }
}

/// Where a link may lead, written so that it stays within its brackets.
fn target(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once(':')?;
    let known = ["http", "https", "mailto"]
        .iter()
        .any(|known| scheme.eq_ignore_ascii_case(known));
    let is_web = scheme.eq_ignore_ascii_case("mailto") || rest.starts_with("//");
    if !known || !is_web || rest.trim_start_matches('/').is_empty() || *harmless(url) != *url {
        return None;
    }
    let mut target = String::with_capacity(url.len());
    for c in url.chars() {
        match c {
            '&' => target.push_str("&amp;"),
            '<' => target.push_str("%3C"),
            '>' => target.push_str("%3E"),
            '|' => target.push_str("%7C"),
            _ if c.is_whitespace() => target.push_str("%20"),
            _ => target.push(c),
        }
    }
    (target.chars().count() <= TARGET_CHARS_MAX).then_some(target)
}
