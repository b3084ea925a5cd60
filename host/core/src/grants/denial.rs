//! Why a call is not covered by the grants, and the line of the settings that would change it.

use crate::error::{Code, Error};
use crate::grants::Capability;
use crate::ids::PluginName;
use crate::limits;

/// A refusal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct Denial {
    /// Without the plugin: "create deployments …", or a whole sentence if no grant would allow it.
    what: String,
    remedy: Option<Remedy>,
}

/// What would allow it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Remedy {
    capability: Capability,
    /// The table to be added.
    entry: String,
    /// Whether there is no other one yet.
    only: bool,
}

impl Denial {
    /// Something that a grant would allow. `has` are the grants that there are; `entry` is the one that is missing, as a
    /// table in TOML.
    pub(super) fn missing<T>(
        capability: Capability,
        has: &[T],
        what: String,
        entry: String,
    ) -> Denial {
        Denial {
            what,
            remedy: Some(Remedy {
                capability,
                entry,
                only: has.is_empty(),
            }),
        }
    }

    /// Something that no grant would allow, with the reason.
    pub(super) fn never(reason: String) -> Denial {
        Denial {
            what: reason,
            remedy: None,
        }
    }

    /// A sentence that says what is missing, and what the operator would write to allow it.
    pub fn told(&self, plugin: &PluginName) -> String {
        let what = &self.what;
        match &self.remedy {
            None => what.clone(),
            Some(remedy) => {
                let addition = remedy.addition(plugin);
                format!("plugin `{plugin}` may not {what}; to allow it, add to {addition}")
            }
        }
    }

    /// What the plugin is answered: `denied`, or `invalid` when no grant would allow it.
    pub fn error(&self, plugin: &PluginName) -> Error {
        let code = match self.remedy {
            Some(_) => Code::Denied,
            None => Code::Invalid,
        };
        Error::new(code, self.told(plugin))
    }

    /// The whole line of `[plugins.NAME.grants]` that would allow it, were it the only one of its kind. None if no grant
    /// would.
    pub fn line(&self) -> Option<String> {
        self.remedy.as_ref().map(Remedy::line)
    }
}

impl Remedy {
    fn line(&self) -> String {
        format!("{} = [{}]", self.capability, self.entry)
    }

    /// TOML refuses a key that is written twice, so a list that exists is added to.
    fn addition(&self, plugin: &PluginName) -> String {
        if self.only {
            format!("[plugins.{plugin}.grants]: {}", self.line())
        } else {
            format!(
                "the list `{}` in [plugins.{plugin}.grants]: {}",
                self.capability, self.entry
            )
        }
    }
}

/// A text that a plugin chose, for a sentence: in one line and not too long.
pub(super) fn quoted(text: &str) -> String {
    let clean = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    format!(
        "`{}`",
        clean.take(limits::SHOWN_CHARS_MAX).collect::<String>()
    )
}

/// A text as a string of TOML. An operator will copy it, so that nothing in it may end the string early.
pub(super) fn toml_text(text: &str) -> String {
    let mut written = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => written.extend(['\\', c]),
            // Characters that are not seen, or turn the direction of writing, could hide what is granted.
            c if c.is_control() || is_invisible(c) => written += &format!("\\U{:08X}", c as u32),
            c => written.push(c),
        }
    }
    written.push('"');
    written
}

/// Texts as a list of TOML.
pub(super) fn toml_list<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    let texts: Vec<String> = texts.into_iter().map(toml_text).collect();
    format!("[{}]", texts.join(", "))
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}
