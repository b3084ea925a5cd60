//! A conversation as it is written: what is done, what is said, and what is to come of it, line by line.

use super::message::{ANYTHING, Message};

const SAID: &str = "> ";
const DONE: &str = "* ";
const SETTINGS: &str = "* settings:";
const FORGIVEN: &str = "* forgive: ";
/// Between the person and the label of what they press.
const PRESSES: &str = " presses: ";

/// Before lines that belong to the one above.
const INDENT: &str = "    ";

/// Who speaks when a line does not say it.
const USER: &str = "you";
/// Where, when a line does not say it.
const CHANNEL: &str = "console";

/// A conversation.
#[derive(Debug, Clone, Default)]
pub struct Script {
    /// Further settings, as TOML.
    pub settings: String,
    /// Errors that may be in the log.
    pub forgiven: Vec<String>,
    /// What is done, in order.
    pub steps: Vec<Step>,
}

/// One thing.
#[derive(Debug, Clone)]
pub struct Step {
    /// The number of its line, from 1.
    pub line: usize,
    /// What it is.
    pub what: What,
}

/// What is done.
#[derive(Debug, Clone)]
pub enum What {
    /// Somebody says something to the bot.
    Say(Speaker, String),
    /// Somebody presses a button, or chooses an answer, by its label.
    Press(Speaker, String),
    /// Something happens elsewhere, as somebody else understands it, with the lines below it.
    Happen(String),
    /// The bot says something.
    Expect(Message),
    /// The bot says anything.
    Anything,
}

/// Who does something, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Speaker {
    /// A name, without a sign.
    pub user: String,
    /// A name, without a sign.
    pub channel: String,
}

impl Script {
    /// Reads a file. What is wrong with it is told with its line.
    pub fn read(text: &str) -> Result<Script, String> {
        let mut script = Script::default();
        let mut lines = text.lines().zip(1..).peekable();
        while let Some((line, number)) = lines.next() {
            if is_for_readers(line) {
                continue;
            }
            if line.trim_end() == SETTINGS {
                while let Some((line, _)) = lines.next_if(|(line, _)| is_indented(line)) {
                    script.settings.push_str(line.trim());
                    script.settings.push('\n');
                }
                continue;
            }
            if let Some(pattern) = line.strip_prefix(FORGIVEN) {
                script.forgiven.push(pattern.to_owned());
                continue;
            }
            if let Some(Step {
                what: What::Expect(message),
                ..
            }) = script.steps.last_mut()
                && message.add(line)
            {
                continue;
            }
            let mut what = step(line).map_err(|why| format!("{number}: {why}"))?;
            if let What::Happen(order) = &mut what {
                while let Some((line, _)) = lines.next_if(|(line, _)| line.starts_with(INDENT)) {
                    order.push('\n');
                    order.push_str(&line[INDENT.len()..]);
                }
            }
            script.steps.push(Step { line: number, what });
        }
        let is_expected = |step: &Step| matches!(step.what, What::Expect(_));
        if !script.steps.iter().any(is_expected) {
            return Err("1: nothing is expected of the bot".to_owned());
        }
        Ok(script)
    }

    /// The people in it, and the channels.
    pub fn names(&self) -> (Vec<&str>, Vec<&str>) {
        let (mut people, mut channels) = (Vec::new(), Vec::new());
        for step in &self.steps {
            match &step.what {
                What::Say(speaker, _) | What::Press(speaker, _) => {
                    people.push(speaker.user.as_str());
                    channels.push(speaker.channel.as_str());
                }
                What::Expect(message) => channels.extend(message.channel.strip_prefix('#')),
                What::Happen(_) | What::Anything => {}
            }
        }
        people.extend(named(&self.settings, "{@"));
        channels.extend(named(&self.settings, "{#"));
        for names in [&mut people, &mut channels] {
            names.sort_unstable();
            names.dedup();
        }
        (people, channels)
    }
}

/// The names in settings whose ids are to be there, after what they begin with.
fn named<'a>(settings: &'a str, begin: &'a str) -> impl Iterator<Item = &'a str> {
    let after = settings.split(begin).skip(1);
    after.filter_map(|after| Some(after.split_once('}')?.0))
}

fn step(line: &str) -> Result<What, String> {
    if let Some(said) = line.strip_prefix(SAID) {
        return Ok(said_or_pressed(said.trim()));
    }
    if let Some(order) = line.strip_prefix(DONE) {
        return Ok(What::Happen(order.trim().to_owned()));
    }
    if line.trim_end() == ANYTHING {
        return Ok(What::Anything);
    }
    let message = Message::begun_by(line).ok_or_else(|| {
        format!("`{line}` is no message of the bot, such as `#ops witbot: Hello!`, and begins with none of `> `, `* ` and `# `")
    })?;
    Ok(What::Expect(message))
}

fn said_or_pressed(said: &str) -> What {
    if let Some((speaker, label)) = said.split_once(PRESSES)
        && let Some(speaker) = speaker_of(speaker)
    {
        return What::Press(speaker, label.trim().to_owned());
    }
    if let Some((speaker, text)) = said.split_once(": ")
        && let Some(speaker) = speaker_of(speaker)
    {
        return What::Say(speaker, text.trim().to_owned());
    }
    let you = Speaker {
        user: USER.to_owned(),
        channel: CHANNEL.to_owned(),
    };
    What::Say(you, said.to_owned())
}

/// Of the form `@ada #ops`.
fn speaker_of(words: &str) -> Option<Speaker> {
    let (user, channel) = words.split_once(' ')?;
    let name = |word: &str, sign: char| {
        let name = word.trim().strip_prefix(sign)?;
        let fits = !name.is_empty() && !name.contains(char::is_whitespace);
        fits.then(|| name.to_owned())
    };
    Some(Speaker {
        user: name(user, '@')?,
        channel: name(channel, '#')?,
    })
}

/// Channels begin with `#` as well, but no space follows.
fn is_for_readers(line: &str) -> bool {
    line.trim().is_empty() || line.trim_end() == "#" || line.starts_with("# ")
}

fn is_indented(line: &str) -> bool {
    line.trim().is_empty() || line.starts_with(INDENT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(step: &Step) -> String {
        match &step.what {
            What::Say(by, text) => format!("{} in {} says {text}", by.user, by.channel),
            What::Press(by, label) => format!("{} in {} presses {label}", by.user, by.channel),
            What::Happen(order) => order.clone(),
            What::Expect(message) => message.to_string(),
            What::Anything => "anything".to_owned(),
        }
    }

    #[test]
    fn a_conversation_is_read_line_by_line() {
        let text = "# For readers.\n\n* settings:\n    [a]\n    b = \"{@eve}\"\n\n> hello\n> @ada #ops: deploy api: now\n\
            #ops witbot: Hello!\n    And more.\n…\n> @bob #ops presses: Deploy anyway\n* github: says\n    {\n      \"a\": 1\n* forgive: ERROR …\n";
        let script = Script::read(text).unwrap();
        assert_eq!(script.settings, "[a]\nb = \"{@eve}\"\n\n");
        assert_eq!(script.forgiven, ["ERROR …"]);
        let steps: Vec<(usize, String)> = script.steps.iter().map(|s| (s.line, shown(s))).collect();
        let expected = [
            (7, "you in console says hello"),
            (8, "ada in ops says deploy api: now"),
            (9, "#ops witbot: Hello!\n    And more."),
            (11, "anything"),
            (12, "bob in ops presses Deploy anyway"),
            (13, "github: says\n{\n  \"a\": 1"),
        ];
        assert_eq!(steps, expected.map(|(line, text)| (line, text.to_owned())));
        let (people, channels) = script.names();
        assert_eq!(people, ["ada", "bob", "eve", "you"]);
        assert_eq!(channels, ["console", "ops"]);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        for (text, expected) in [
            ("> hello\nHello!", "2: `Hello!` is no message of the bot, "),
            ("    more", "1: `    more` is no message of the bot, "),
        ] {
            let error = Script::read(text).unwrap_err();
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
