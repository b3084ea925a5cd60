//! Whether something that was said is meant for the bot, and what it is without the bot's name: one rule for every chat.
//!
//! It is the rule that people know from Hubot, but a command is not taken out of the middle of a word: `witbot ping`,
//! `@Witbot: ping` and `/ping` are for the bot, `witbotany` and `hey witbot` are not. Listeners that were declared with
//! Hubot's own rules are matched in `hubot`.

/// What the bot goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Names<'a> {
    /// Its name.
    pub name: &'a str,
    /// A prefix that stands for the name, such as `/`, or a second name.
    pub alias: Option<&'a str>,
    /// Its id at a chat service where mentions are written as `<@id>` or `<@id|label>`.
    pub id: Option<&'a str>,
}

impl<'a> Names<'a> {
    /// What is said to the bot; nothing if it is said to others. In a direct message everything is said to it. The text
    /// is empty where the bot was only called.
    pub fn addressed<'t>(&self, text: &'t str, direct: bool) -> Option<&'t str> {
        let text = text.trim();
        let rest = self.mentioned(text).or_else(|| self.called(text));
        rest.or(direct.then_some(text))
    }

    fn mentioned<'t>(&self, text: &'t str) -> Option<&'t str> {
        let rest = text.strip_prefix("<@")?.strip_prefix(self.id?)?;
        let (label, rest) = rest.split_once('>')?;
        let ends = label.is_empty() || label.starts_with('|');
        ends.then(|| rest.strip_prefix(MARKS).unwrap_or(rest).trim_start())
    }

    fn called<'t>(&self, text: &'t str) -> Option<&'t str> {
        let text = text.strip_prefix('@').unwrap_or(text);
        self.longest_first().find_map(|name| after(text, name))
    }

    /// The name and the alias, the longer one first: it can begin with the other.
    pub(crate) fn longest_first(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let (first, second) = match self.alias {
            Some(alias) if alias.len() >= self.name.len() => (alias, Some(self.name)),
            alias => (self.name, alias),
        };
        std::iter::once(first).chain(second)
    }
}

/// What can stand directly behind the name, once.
const MARKS: [char; 2] = [':', ','];

fn after<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let rest = without(text, name)?;
    if let Some(rest) = rest.strip_prefix(MARKS) {
        return Some(rest.trim_start());
    }
    let ends = if name.ends_with(char::is_alphanumeric) {
        rest.is_empty() || rest.starts_with(char::is_whitespace)
    } else {
        // A sign needs no space behind it. Alone or repeated it is no call: people write `!!!` and `...` to each other.
        !rest.is_empty() && without(rest, name).is_none()
    };
    ends.then(|| rest.trim_start())
}

/// The text behind a prefix, in capital or small letters.
pub(crate) fn without<'t>(text: &'t str, prefix: &str) -> Option<&'t str> {
    let mut rest = text.chars();
    for expected in prefix.chars() {
        let found = rest.next()?;
        if found != expected && !found.to_lowercase().eq(expected.to_lowercase()) {
            return None;
        }
    }
    Some(rest.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: Names = Names {
        name: "witbot",
        alias: Some("/"),
        id: Some("U0BOT"),
    };

    #[test]
    fn what_is_said_to_the_bot() {
        for (text, expected) in [
            // By its name.
            ("witbot ping", "ping"),
            ("WitBot ping", "ping"),
            ("@witbot ping", "ping"),
            ("witbot: ping", "ping"),
            ("witbot:ping", "ping"),
            ("witbot,   ping", "ping"),
            (" \n\t witbot ping ", "ping"),
            ("@Witbot\nping", "ping"),
            ("@witbot, deploy api\nto staging", "deploy api\nto staging"),
            ("witbot ping, please: now", "ping, please: now"),
            ("witbot :wave:", ":wave:"),
            // One mark alone.
            ("witbot:: ping", ": ping"),
            // By a mention.
            ("<@U0BOT> ping", "ping"),
            ("<@U0BOT>ping", "ping"),
            ("<@U0BOT|witbot>: ping", "ping"),
            ("<@U0BOT>, ping", "ping"),
            ("  <@U0BOT>\nping <@U0BOT>", "ping <@U0BOT>"),
            // The first one is the address, what follows is what is said.
            ("<@U0BOT> witbot ping", "witbot ping"),
            // By the alias.
            ("/ping", "ping"),
            ("/ ping", "ping"),
            ("@/: ping", "ping"),
            ("/help", "help"),
            // Only called.
            ("witbot", ""),
            ("@witbot", ""),
            ("witbot:", ""),
            ("<@U0BOT>", ""),
            ("<@U0BOT|>  ", ""),
        ] {
            assert_eq!(NAMES.addressed(text, false), Some(expected), "{text:?}");
            assert_eq!(NAMES.addressed(text, true), Some(expected), "{text:?}");
        }
    }

    #[test]
    fn what_is_said_to_others() {
        for (text, directly) in [
            ("ping", "ping"),
            ("", ""),
            (" ", ""),
            ("witbotany", "witbotany"),
            ("witbotping", "witbotping"),
            ("witbot; ping", "witbot; ping"),
            ("witbot's work", "witbot's work"),
            ("witbot-staging ping", "witbot-staging ping"),
            ("witbot?", "witbot?"),
            ("hey witbot ping", "hey witbot ping"),
            ("hey <@U0BOT> ping", "hey <@U0BOT> ping"),
            ("@@witbot ping", "@@witbot ping"),
            ("@ witbot ping", "@ witbot ping"),
            ("wit bot ping", "wit bot ping"),
            ("<@U0BOTTOM> ping", "<@U0BOTTOM> ping"),
            ("<@U1> ping", "<@U1> ping"),
            ("<@U0BOT ping", "<@U0BOT ping"),
            ("<@u0bot> ping", "<@u0bot> ping"),
            // The alias is said, and nothing with it.
            ("/", "/"),
            ("//", "//"),
            ("// a comment", "// a comment"),
        ] {
            assert_eq!(NAMES.addressed(text, false), None, "{text:?}");
            assert_eq!(NAMES.addressed(text, true), Some(directly), "{text:?}");
        }
    }

    #[test]
    fn names_of_all_kinds() {
        for (name, alias, text, expected) in [
            ("witbot", None, "/ping", None),
            ("witbot", Some("."), ".deploy api", Some("deploy api")),
            ("witbot", Some("."), "...", None),
            ("witbot", Some("!"), "!!!", None),
            ("witbot", Some("bot"), "Bot: ping", Some("ping")),
            ("witbot", Some("bot"), "bot", Some("")),
            ("witbot", Some("bot"), "bottom", None),
            // One begins with the other.
            ("meg", Some("megan"), "megan ping", Some("ping")),
            ("meg", Some("megan"), "meg ping", Some("ping")),
            ("megan", Some("meg"), "megan ping", Some("ping")),
            ("wit", Some("wit!"), "wit!ping", Some("ping")),
            // What means something in a regular expression means nothing here.
            ("w.t+", None, "w.t+: ping", Some("ping")),
            ("w.t", None, "wit ping", None),
            // Letters that are longer in small than in capitals.
            ("Jürgen", None, "@jÜRGEN ping", Some("ping")),
            ("İx", None, "İx ping", Some("ping")),
        ] {
            let id = None;
            let names = Names { name, alias, id };
            assert_eq!(names.addressed(text, false), expected, "{name} {text:?}");
        }
    }

    #[test]
    fn a_mention_is_no_mention_without_an_id() {
        let names = Names { id: None, ..NAMES };
        assert_eq!(names.addressed("<@U0BOT> ping", false), None);
        assert_eq!(names.addressed("<@> ping", false), None);
    }
}
