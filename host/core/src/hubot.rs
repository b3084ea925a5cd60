//! The rules by which Hubot matches what is said, for plugins that grew up as Hubot scripts. A listener that is declared
//! with them hears what it would have heard there.
//!
//! What stays ours is the syntax of regular expressions, whose time is linear whatever the pattern.

use serde::{Deserialize, Serialize};

use crate::address::{Names, without};

/// How a listener was declared to listen like one of Hubot's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hubot {
    /// Which of Hubot's methods it is like.
    pub method: Method,
    /// The letters behind the pattern: `i` in `/ping/i`.
    pub flags: String,
}

/// Hubot's ways to listen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// To everything.
    Hear,
    /// To what begins with the name or the alias of the bot.
    Respond,
}

impl Hubot {
    /// The regular expression of a listener, which is matched on [`whole`]. The flags must be good.
    ///
    /// The name is part of it: it takes its capital letters from the flags as the pattern does, needs no space behind
    /// it, and with `m` can begin any line. The pattern need not reach to the end of what is said.
    pub(crate) fn expression(&self, pattern: &str, names: Names<'_>) -> String {
        let flags = self.inline();
        match self.method {
            Method::Hear => format!("{flags}{pattern}"),
            Method::Respond => {
                let names: Vec<String> = names
                    .longest_first()
                    .map(|name| format!("{}[:,]?", regex::escape(name)))
                    .collect();
                let names = names.join("|");
                format!(r"{flags}^\s*@?(?:{names})\s*(?:{pattern})")
            }
        }
    }

    /// What is wrong with the flags.
    pub(crate) fn wrong_flag(&self) -> Option<String> {
        let mut seen = String::new();
        for flag in self.flags.chars() {
            // `g` asks JavaScript for all matches at once, and loses the groups for it. Here the first match is given,
            // with its groups, as without it.
            if !matches!(flag, 'i' | 'm' | 's' | 'g') {
                let flag = flag.escape_default();
                return Some(format!(
                    "there is no flag `{flag}`: leave it out; known are `i`, `m`, `s` and `g`"
                ));
            }
            if seen.contains(flag) {
                return Some(format!("the flag `{flag}` is there twice: once is enough"));
            }
            seen.push(flag);
        }
        None
    }

    /// What is wrong with a pattern that would be good otherwise.
    pub(crate) fn wrong_pattern(&self, pattern: &str) -> Option<&'static str> {
        let anchored = pattern.starts_with('^') && !self.flags.contains('m');
        let responds = self.method == Method::Respond;
        (anchored && responds).then_some(
            "it begins with `^`, which never matches, as the name of the bot stands before it: leave the `^` out",
        )
    }

    fn inline(&self) -> String {
        let flags: String = self.flags.chars().filter(|flag| *flag != 'g').collect();
        match flags.as_str() {
            "" => flags,
            flags => format!("(?{flags})"),
        }
    }
}

/// What Hubot's listeners are matched on: what was said, with the name of the bot before it where it was said to the bot
/// alone, and so needed none.
pub fn whole(text: &str, names: Names<'_>, direct: bool) -> String {
    let bare = text.strip_prefix('@').unwrap_or(text);
    let mut all = names.longest_first();
    if !direct || all.any(|name| without(bare, name).is_some()) {
        text.to_owned()
    } else {
        format!("{} {text}", names.name)
    }
}

#[cfg(test)]
mod tests;
