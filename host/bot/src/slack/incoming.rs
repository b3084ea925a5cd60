//! What people write in Slack, in our words: from the text of an event to what commands and listeners are matched on.
//!
//! Commands get people and channels as `<@U1>` and `<#C1|name>`, which the types `user` and `channel` of their arguments
//! read, and everything else as it was typed. What phones and word processors make of spaces and quotation marks is
//! undone. Listeners by Hubot's rules get what Hubot's adapter for Slack made of a text.

mod token;

use witbot_core::address::Names;
use witbot_core::hubot;
use witbot_core::limits;

use token::{Kind, Mention, Token, tokens};

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incoming {
    /// Without the bot's name, where it was addressed by it.
    pub text: String,
    /// Whether it was meant for the bot.
    pub addressed: bool,
    /// All of it in the shape that Hubot's listeners know, where that is not the text.
    pub whole: Option<String>,
}

/// What Slack tells of it.
#[derive(Debug, Clone, Copy)]
pub struct Written<'a> {
    /// The text, as Slack encodes it.
    pub text: &'a str,
    /// What its attachments say in a word: `fallback`. Only Hubot's listeners look at that.
    pub fallbacks: &'a [&'a str],
    /// Whether it was said to the bot alone, as slash commands are as well.
    pub direct: bool,
}

/// Reads what was written. `called` knows the name of a person, a group or a channel by its id, as far as it is known
/// without asking Slack.
pub fn read(
    written: Written<'_>,
    names: Names<'_>,
    called: impl Fn(&str) -> Option<String>,
) -> Incoming {
    let text = text(written.text);
    let rest = names.addressed(&text, written.direct);
    let all = std::iter::once(&written.text).chain(written.fallbacks);
    let all: Vec<String> = all.map(|text| whole(text, names, &called)).collect();
    let all: String = all
        .join("\n")
        .chars()
        .take(limits::INPUT_CHARS_MAX)
        .collect();
    let whole = hubot::whole(all.trim(), names, written.direct);
    let addressed = rest.is_some();
    let text = rest.unwrap_or(text.trim()).to_owned();
    Incoming {
        whole: (whole != text).then_some(whole),
        addressed,
        text,
    }
}

/// What commands are matched on.
fn text(encoded: &str) -> String {
    let mut text = String::with_capacity(encoded.len());
    for token in tokens(encoded) {
        match token {
            Token::Words(words) => push(&mut text, words, typed),
            Token::Mention(mention) => keep(&mut text, mention),
            Token::Special { word, label } => match (audience(word), label) {
                (Some(audience), _) => text.extend(["@", audience]),
                (None, Some(label)) => push(&mut text, label, typed),
                (None, None) => text.extend(["@", word]),
            },
            Token::Link { url, label } => match as_typed(url, label) {
                Some(label) => push(&mut text, label, typed),
                None => push(&mut text, without_scheme(url), visible),
            },
        }
    }
    text
}

/// In the form that arguments of the types `user` and `channel` have.
fn keep(text: &mut String, mention: Mention<'_>) {
    let Mention { kind, id, label } = mention;
    let sign = match kind {
        Kind::Person => "@",
        Kind::Channel => "#",
        Kind::Group => "!subteam^",
    };
    text.extend(["<", sign, id]);
    // The label of a person is a name that may have spaces, and is not what decisions look at.
    if let (Kind::Channel | Kind::Group, Some(label)) = (kind, label) {
        text.push('|');
        text.extend(label.chars().filter_map(typed));
    }
    text.push('>');
}

/// What Hubot's adapter makes of a text.
fn whole(encoded: &str, names: Names<'_>, called: &impl Fn(&str) -> Option<String>) -> String {
    let mut text = String::with_capacity(encoded.len());
    for token in tokens(encoded) {
        match token {
            Token::Words(words) => push(&mut text, words, typed),
            Token::Mention(Mention { kind, id, label }) => {
                let sign = match kind {
                    Kind::Person | Kind::Group => "@",
                    Kind::Channel => "#",
                };
                text.push_str(sign);
                let known = || label.is_none().then(|| called(id)).flatten();
                if names.id == Some(id) {
                    text.push_str(names.name);
                } else if let Some(name) = known() {
                    let name = name.trim_start_matches(sign);
                    text.extend(name.chars().filter_map(visible));
                } else {
                    // Groups have the sign in their label already.
                    let label = label.map(|label| label.trim_start_matches(sign));
                    push(&mut text, label.unwrap_or(id), typed);
                }
            }
            Token::Special { word, label } => match (audience(word), label) {
                (Some(audience), _) => text.extend(["@", audience]),
                (None, Some(label)) => push(&mut text, label, typed),
                (None, None) => text.extend(["<!", word, ">"]),
            },
            Token::Link { url, label } => {
                let url = url.strip_prefix("mailto:").unwrap_or(url);
                match label.filter(|label| !url.contains(label)) {
                    Some(label) => {
                        push(&mut text, label, typed);
                        text.push_str(" (");
                        push(&mut text, url, visible);
                        text.push(')');
                    }
                    None => push(&mut text, url, visible),
                }
            }
        }
    }
    text
}

/// The words that call everybody.
fn audience(word: &str) -> Option<&str> {
    matches!(word, "here" | "channel" | "everyone" | "group").then_some(word)
}

/// What somebody typed that Slack made a link of by itself: `api.example.com` becomes `http://api.example.com`, and so do
/// `main.rs` and `README.md`, whose endings are those of countries.
fn as_typed<'t>(url: &str, label: Option<&'t str>) -> Option<&'t str> {
    let label = label?;
    let same = match url.split_once(':') {
        Some(("http", rest)) => rest.strip_prefix("//").is_some_and(|rest| {
            rest.strip_prefix(label)
                .is_some_and(|rest| matches!(rest, "" | "/"))
        }),
        Some(("tel", rest)) => digits(rest).eq(digits(label)),
        _ => false,
    };
    same.then_some(label)
}

fn digits(text: &str) -> impl Iterator<Item = char> {
    text.chars().filter(char::is_ascii_digit)
}

/// Addresses of people are typed without a scheme.
fn without_scheme(url: &str) -> &str {
    let schemes = ["mailto:", "tel:"];
    let bare = schemes.iter().find_map(|scheme| url.strip_prefix(scheme));
    bare.unwrap_or(url)
}

/// Adds a text that is encoded, each character of it as it is wanted.
fn push(to: &mut String, encoded: &str, wanted: impl Fn(char) -> Option<char>) {
    let mut rest = encoded;
    while let Some(start) = rest.find('&') {
        to.extend(rest[..start].chars().filter_map(&wanted));
        let entity = &rest[start..];
        // Slack encodes these three, and no others.
        let known = [("&lt;", '<'), ("&gt;", '>'), ("&amp;", '&')];
        let found = known
            .into_iter()
            .find_map(|(entity_text, c)| Some((c, entity.strip_prefix(entity_text)?)));
        let (c, behind) = found.unwrap_or(('&', &entity[1..]));
        to.push(c);
        rest = behind;
    }
    to.extend(rest.chars().filter_map(&wanted));
}

/// A character as a keyboard without any cleverness would have typed it.
fn typed(c: char) -> Option<char> {
    visible(c).map(|c| match c {
        '“' | '”' | '„' | '‟' => '"',
        '‘' | '’' | '‚' | '‛' => '\'',
        c => c,
    })
}

/// A character, unless it is one that nobody sees or that would drive what shows it.
fn visible(c: char) -> Option<char> {
    match c {
        '\n' | '\t' => Some(c),
        '\u{2028}' | '\u{2029}' => Some('\n'),
        '\r' => None,
        // Soft hyphen, spaces of no width, and what turns the direction of writing.
        '\u{ad}'
        | '\u{200b}'
        | '\u{200e}'
        | '\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'
        | '\u{2066}'..='\u{2069}'
        | '\u{feff}' => None,
        c if c.is_whitespace() => Some(' '),
        c if c.is_control() => None,
        c => Some(c),
    }
}

#[cfg(test)]
mod tests;
