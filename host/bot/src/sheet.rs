//! The permission sheet of a plugin: what it is, what it asks for, what it may do and what it did with that, on one page.
//! It is the same page on a terminal and in a chat.

mod counted;
#[cfg(test)]
mod tests;
pub mod version;

use witbot_core::chat::{Span, Text};
use witbot_core::grants::{Capability, Grants};
use witbot_core::ids::PluginName;
use witbot_core::limits::plugin::PluginLimits;
use witbot_core::limits::{self, SHEET_LINE_CHARS_MAX, SHEET_LINES_MAX};
use witbot_core::usage::{Counted, Use};

use crate::live::Problem;
use counted::counted;
use version::Version;

/// All that there is to know.
pub struct Sheet<'a> {
    /// Which plugin.
    pub name: &'a PluginName,
    /// The newest version that could be loaded.
    pub newest: Option<Version<'a>>,
    /// The version that serves, or served last, if it is another one.
    pub before: Option<Version<'a>>,
    /// Why the newest does not serve.
    pub problem: Option<&'a Problem>,
    /// What is granted.
    pub grants: &'a Grants,
    /// The grants that are tried.
    pub observe: Option<&'a Grants>,
    /// What its runs may use up.
    pub limits: PluginLimits,
    /// What was counted in the last days. The error: why that is not known.
    pub usage: Result<&'a [Counted], String>,
}

/// A part of the page, under its title.
struct Section {
    title: String,
    lines: Vec<String>,
}

impl Sheet<'_> {
    /// As lines for a terminal. The last one says how the plugin stands, in full.
    pub fn terminal(&self) -> String {
        let mut page = format!("{}\n", self.title());
        for section in self.sections() {
            let lines = section.lines.iter().map(|line| format!("  {line}\n"));
            page += &format!("{}:\n{}", section.title, lines.collect::<String>());
        }
        match self.problem {
            None => page + "state: live",
            Some(problem) => format!("{page}state: {problem}"),
        }
    }

    /// As a message, cut to what fits into one.
    pub fn chat(&self) -> Text {
        let mut text = Text::default();
        let mut room = limits::MESSAGE_BYTES_MAX / 2;
        let mut say = |span: Span, bytes: usize| {
            let fits = bytes < room;
            room = room.saturating_sub(bytes);
            if fits {
                text.push(span);
            }
        };
        let title = self.title();
        say(Span::Plain(format!("{title}\n")), title.len());
        let state = self
            .problem
            .map_or("live".to_owned(), |problem| problem.to_string());
        let state = cut(&state, SHEET_LINE_CHARS_MAX);
        say(Span::Plain("*state*\n".to_owned()), 0);
        say(Span::Code(state.clone()), state.len());
        for section in self.sections() {
            let lines = section.in_chat();
            say(Span::Plain(format!("\n*{}*\n", section.title)), lines.len());
            say(Span::Code(lines.clone()), 0);
        }
        let more = format!("\n`witbot plugin show {}` has all of it.", self.name);
        text.push(Span::Plain(more));
        text
    }

    fn title(&self) -> String {
        self.newest.as_ref().map_or_else(
            || self.name.to_string(),
            |newest| {
                let said = newest.said;
                let (name, version, digest) = (self.name, &said.version, newest.digest.short());
                format!("{name} {version} {digest} – {}", said.summary)
            },
        )
    }

    fn sections(&self) -> Vec<Section> {
        let mut sections = Vec::new();
        let mut add = |title: &str, lines: Vec<String>| {
            if !lines.is_empty() {
                let title = title.to_owned();
                sections.push(Section { title, lines });
            }
        };
        if let Some(newest) = &self.newest {
            for (title, lines) in newest.parts() {
                add(title, lines);
            }
        }
        add("granted", toml_lines(self.grants));
        if let Some(observe) = self.observe {
            add("tried, and not enforced", toml_lines(observe));
        }
        add("limits of its own", self.limits.lines());
        let days = limits::USAGE_DAYS;
        match &self.usage {
            Err(reason) => add(
                &format!("used in the last {days} days"),
                vec![reason.clone()],
            ),
            Ok(usage) => {
                let used = |one: &Counted| matches!(one.outcome, Use::Ok | Use::Error);
                let mut lines = counted(usage, used);
                if lines.is_empty() {
                    lines.push("nothing".to_owned());
                }
                add(&format!("used in the last {days} days"), lines);
                let lines = self.refused(usage, Use::Denied, self.grants);
                add(&format!("denied in the last {days} days"), lines);
                if let Some(observe) = self.observe {
                    let lines = self.refused(usage, Use::WouldDeny, observe);
                    add("would be denied", lines);
                }
            }
        }
        if let Some((before, newest)) = self.before.as_ref().zip(self.newest.as_ref()) {
            let title = format!("new since {}", before.named());
            add(&title, version::difference(before, newest));
        }
        sections
    }

    /// What was denied, each with the line that would have allowed it, unless it does by now.
    fn refused(&self, usage: &[Counted], outcome: Use, grants: &Grants) -> Vec<String> {
        let mut lines = Vec::new();
        for one in usage.iter().filter(|one| one.outcome == outcome) {
            lines.extend(counted(std::slice::from_ref(one), |_| true));
            lines.extend(one.line.as_ref().map(|line| {
                if is_granted(grants, one) {
                    "  is allowed since".to_owned()
                } else {
                    format!("  allowed by: {line}")
                }
            }));
        }
        lines
    }
}

/// The lines that would have allowed what was denied and is not allowed yet, each once, with what it was.
pub fn wanted<'u>(usage: &'u [Counted], grants: &Grants) -> Vec<(&'u str, &'u Counted)> {
    let mut wanted: Vec<(&str, &Counted)> = Vec::new();
    for one in usage.iter().filter(|one| one.outcome == Use::Denied) {
        let Some(line) = &one.line else { continue };
        let known = wanted.iter().any(|(known, _)| known == line);
        if !known && !is_granted(grants, one) {
            wanted.push((line, one));
        }
    }
    wanted
}

fn is_granted(grants: &Grants, denied: &Counted) -> bool {
    let line = denied.line.as_deref().unwrap_or_default();
    let proposed = toml::from_str::<Grants>(line);
    proposed.is_ok_and(|proposed| grants.allows_again(&denied.call, &proposed))
}

fn toml_lines(grants: &Grants) -> Vec<String> {
    let covers = |capability| grants.covers(capability);
    if !Capability::ALL.into_iter().any(covers) {
        return vec!["nothing".to_owned()];
    }
    let written = toml::to_string(grants).unwrap_or_else(|error| error.to_string());
    let lines = written.lines().filter(|line| !line.is_empty());
    lines.map(str::to_owned).collect()
}

impl Section {
    fn in_chat(&self) -> String {
        let lines = self.lines.iter().take(SHEET_LINES_MAX);
        let mut lines: Vec<String> = lines.map(|line| cut(line, SHEET_LINE_CHARS_MAX)).collect();
        let more = self.lines.len().saturating_sub(SHEET_LINES_MAX);
        if more > 0 {
            lines.push(format!("… and {more} more"));
        }
        lines.join("\n")
    }
}

fn cut(text: &str, most: usize) -> String {
    let mut shown: String = text.chars().take(most).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}
