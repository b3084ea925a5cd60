//! The plugins as they are now: who serves, who is held and why. One immutable value that a reload replaces.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde_json::Value;
use witbot_core::grants::{Capability, Grants, suggestion};
use witbot_core::ids::{Digest, PluginName};
use witbot_core::route::Table;
use witbot_engine::Plugin;

/// The name that the bot's own answers go by among the runs. No file of a plugin may have it.
pub const OWN_NAME: &str = "witbot";

/// All plugins, at one moment.
pub struct Live {
    /// Who answers what.
    pub table: Table,
    /// Who would answer what, among the plugins that are kept from serving.
    pub idle: Table,
    /// The plugins that are called.
    pub serving: BTreeMap<PluginName, Arc<Plugin>>,
    /// Every plugin that has a file, and how it stands.
    pub standings: Vec<Standing>,
}

/// How a plugin stands.
pub struct Standing {
    /// Its name.
    pub name: PluginName,
    /// What its author calls the version that serves, or else the newest.
    pub version: String,
    /// The version that serves.
    pub serving: Option<Digest>,
    /// Why its newest version does not: for lists in one line, for the operator in full.
    pub problem: Option<Problem>,
}

/// Why a version does not serve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// The operator has to do something.
    Held {
        /// What it needs.
        needs: String,
        /// The lines of `witbot.toml` that would give it.
        lines: String,
    },
    /// The plugin itself finds its settings wrong: each mistake with its place in the file.
    Settings(String),
    /// The file is unusable, or clashes with another plugin.
    Refused(String),
}

impl Live {
    /// No plugins.
    pub fn empty() -> Live {
        Live {
            table: Table::default(),
            idle: Table::default(),
            serving: BTreeMap::new(),
            standings: Vec::new(),
        }
    }

    /// The answer to `plugins`, and the table of `witbot plugin list`.
    pub fn listing(&self) -> String {
        if self.standings.is_empty() {
            return "There are no plugins yet. Copy a .wasm file into the plugins folder."
                .to_owned();
        }
        let width = self
            .standings
            .iter()
            .map(|standing| standing.name.as_str().len())
            .max()
            .unwrap_or(0);
        let lines = self.standings.iter().map(|standing| standing.line(width));
        lines.collect::<Vec<_>>().join("\n")
    }
}

impl Standing {
    fn line(&self, width: usize) -> String {
        let digest = self
            .serving
            .map_or_else(|| "-".repeat(12), |digest| digest.short());
        let version = match self.version.as_str() {
            "" => "-",
            version => version,
        };
        let problem = self
            .problem
            .as_ref()
            .map(|problem| problem.in_one_line(&self.name));
        let state = match (&self.serving, problem) {
            (Some(_), None) => "live".to_owned(),
            (None, None) => "gone".to_owned(),
            (Some(_), Some(problem)) => format!("live; a newer version is {problem}"),
            (None, Some(problem)) => problem,
        };
        format!(
            "{:width$}  {version:8}  {digest}  {state}",
            self.name.as_str()
        )
    }
}

impl Problem {
    /// What becomes of the version.
    pub fn word(&self) -> &'static str {
        match self {
            Problem::Held { .. } | Problem::Settings(_) => "held",
            Problem::Refused(_) => "refused",
        }
    }

    /// Why, with what to do.
    pub fn reason(&self) -> String {
        match self {
            Problem::Held { needs, lines } => {
                format!("it needs {needs}. To allow it, add to witbot.toml:\n{lines}")
            }
            Problem::Settings(mistakes) => format!("its settings are wrong:\n{mistakes}"),
            Problem::Refused(reason) => reason.clone(),
        }
    }

    fn in_one_line(&self, plugin: &PluginName) -> String {
        match self {
            Problem::Held { needs, .. } => {
                format!("held: it needs {needs}; see `witbot plugin show {plugin}`")
            }
            Problem::Settings(mistakes) => {
                let first = mistakes.lines().next().unwrap_or_default();
                format!("held: its settings are wrong: {}", first.trim())
            }
            Problem::Refused(reason) => {
                format!("refused: {}", reason.lines().next().unwrap_or_default())
            }
        }
    }
}

/// All of it, with what to do.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.word(), self.reason())
    }
}

/// What keeps a plugin from serving, under these grants and settings.
pub fn held(plugin: &Plugin, grants: &Grants, settings: &Value) -> Option<Problem> {
    let missing: Vec<Capability> = plugin
        .capabilities()
        .iter()
        .copied()
        .filter(|capability| !grants.covers(*capability) && !plugin.can_do_without(*capability))
        .collect();
    let unset: Vec<_> = plugin
        .declaration
        .declaration
        .settings
        .iter()
        .filter(|setting| setting.required && settings.get(&setting.name).is_none())
        .collect();
    if missing.is_empty() && unset.is_empty() {
        return None;
    }
    let (mut needs, mut lines) = (Vec::new(), Vec::new());
    if !missing.is_empty() {
        let names: Vec<&str> = missing
            .iter()
            .map(|capability| capability.as_str())
            .collect();
        needs.push(format!("a grant for {}", names.join(", ")));
        lines.push(suggestion(&plugin.name, &missing));
    }
    if !unset.is_empty() {
        let names: Vec<&str> = unset.iter().map(|setting| setting.name.as_str()).collect();
        needs.push(format!("the setting {}", names.join(", ")));
        lines.push(format!("[plugins.{}.settings]", plugin.name));
        lines.extend(
            unset
                .iter()
                .map(|setting| format!("{} = …  # {}", setting.name, setting.summary)),
        );
    }
    Some(Problem::Held {
        needs: needs.join(" and "),
        lines: lines.join("\n"),
    })
}
