//! The plugins as they are now: who serves, who is held and why. One immutable value that a reload replaces.

mod called;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use witbot_core::grants::{Capability, Grants, suggestion};
use witbot_core::ids::{Digest, InvocationId, PluginName};
use witbot_core::printable;
use witbot_core::route::Table;
use witbot_engine::Plugin;
use witbot_store::orders::{BY_ITSELF, Ordered, Rollback};

use crate::settings::PluginSettings;
use crate::sheet::version;

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
    /// Those that somebody ordered to be held, also when they have no file. Their runs do not go on.
    pub held: BTreeSet<PluginName>,
}

/// How a plugin stands.
#[derive(Clone)]
pub struct Standing {
    /// Its name.
    pub name: PluginName,
    /// What its author calls the version that serves, or else the newest.
    pub version: String,
    /// The version that serves.
    pub serving: Option<Digest>,
    /// Why its newest version does not: for lists in one line, for the operator in full.
    pub problem: Option<Problem>,
    /// The newest version that could be loaded.
    pub newest: Option<Arc<Plugin>>,
    /// The version that serves, or served last, if that is another one.
    pub before: Option<Arc<Plugin>>,
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
    /// Somebody ordered that the plugin does not serve.
    Ordered(Ordered),
    /// Somebody ordered that an older version serves.
    RolledBack(Rollback),
    /// It first migrates what the plugin keeps.
    Migrates,
    /// It could not do that.
    NotMigrated {
        /// The run in which it tried.
        run: InvocationId,
        /// Why.
        reason: String,
    },
}

impl Live {
    /// No plugins.
    pub fn empty() -> Live {
        Live {
            table: Table::default(),
            idle: Table::default(),
            serving: BTreeMap::new(),
            standings: Vec::new(),
            held: BTreeSet::new(),
        }
    }

    /// How a plugin that has a file stands.
    pub fn standing(&self, name: &PluginName) -> Option<&Standing> {
        self.standings
            .iter()
            .find(|standing| standing.name == *name)
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
    /// What the newest version has that the one before it has not, and the other way round.
    pub fn difference(&self) -> Vec<String> {
        match (&self.before, &self.newest) {
            (Some(before), Some(newest)) => {
                version::difference(&before.as_ref().into(), &newest.as_ref().into())
            }
            (None, _) | (_, None) => Vec::new(),
        }
    }

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
            .map(|problem| problem.in_one_line(&self.name))
            .map(|problem| match self.difference().as_slice() {
                [] => problem,
                lines => format!("{problem} ({})", version::in_short(lines)),
            });
        let state = match (&self.serving, problem) {
            (Some(_), None) => "live".to_owned(),
            (None, None) => "gone".to_owned(),
            (Some(_), Some(problem)) => match &self.problem {
                Some(Problem::RolledBack(_)) => format!("live; {problem}"),
                Some(_) | None => format!("live; a newer version is {problem}"),
            },
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
            Problem::Held { .. }
            | Problem::Settings(_)
            | Problem::Ordered(_)
            | Problem::Migrates
            | Problem::NotMigrated { .. } => "held",
            Problem::Refused(_) => "refused",
            Problem::RolledBack(_) => "rolled back",
        }
    }

    /// Whether somebody wanted it so.
    pub fn is_ordered(&self) -> bool {
        match self {
            Problem::Ordered(_) => true,
            Problem::RolledBack(rollback) => rollback.ordered.by != BY_ITSELF,
            Problem::Held { .. }
            | Problem::Settings(_)
            | Problem::Refused(_)
            | Problem::Migrates
            | Problem::NotMigrated { .. } => false,
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
            Problem::Ordered(ordered) => {
                format!(
                    "{}; to let it serve: `witbot plugin release`",
                    said(ordered)
                )
            }
            Problem::RolledBack(Rollback { ordered, from, .. }) => format!(
                "{}; the file ({}) does not serve. Another file ends that, and so does `witbot plugin release`",
                said(ordered),
                from.short()
            ),
            Problem::Migrates => "it migrates what the plugin keeps, and then serves".to_owned(),
            Problem::NotMigrated { run, reason } => format!(
                "it could not migrate what the plugin keeps: {reason}. See `witbot runs {}`. Another file tries it again, and \
                 so does `witbot plugin release`",
                run.short()
            ),
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
            Problem::Ordered(ordered) => format!("held: {}", said(ordered)),
            Problem::RolledBack(Rollback { ordered, from, .. }) => {
                format!("rolled back from {}: {}", from.short(), said(ordered))
            }
            Problem::Migrates => format!("held: {}", self.reason()),
            Problem::NotMigrated { run, reason } => format!(
                "held: it could not migrate what the plugin keeps: {}; see `witbot runs {}`",
                printable::line(reason),
                run.short()
            ),
        }
    }
}

/// By whom something was ordered, and why.
fn said(ordered: &Ordered) -> String {
    match ordered.reason.as_str() {
        "" => format!("by {}", ordered.by),
        reason => format!("by {}, {reason}", ordered.by),
    }
}

/// All of it, with what to do.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.word(), self.reason())
    }
}

/// What a plugin needs a grant for, and has none. Schedules and webhooks, each of which has its own, are not among them.
pub fn missing(plugin: &Plugin, grants: &Grants) -> Vec<Capability> {
    let needed = plugin.capabilities().iter().copied();
    needed
        .filter(|capability| !matches!(capability, Capability::Schedules | Capability::Webhooks))
        .filter(|capability| !grants.covers(*capability) && !plugin.can_do_without(*capability))
        .collect()
}

/// The grants of schedules and webhooks that a plugin lacks, as lists of these alone.
pub fn uncalled(plugin: &Plugin, part: &PluginSettings) -> Vec<String> {
    called::additions(plugin, part)
}

/// What keeps a plugin from serving, under these grants and settings.
pub fn held(plugin: &Plugin, part: &PluginSettings) -> Option<Problem> {
    if let Some(mistake) = called::unknown(plugin, part) {
        return Some(Problem::Settings(mistake));
    }
    let settings = &part.settings;
    let missing = missing(plugin, &part.grants);
    let (uncalled, uncalled_lines) = called::ungranted(plugin, part);
    let unset: Vec<_> = plugin
        .declaration
        .declaration
        .settings
        .iter()
        .filter(|setting| setting.required && settings.get(&setting.name).is_none())
        .collect();
    if missing.is_empty() && uncalled.is_empty() && unset.is_empty() {
        return None;
    }
    let (mut needs, mut lines) = (Vec::new(), Vec::new());
    if !missing.is_empty() {
        let names: Vec<&str> = missing
            .iter()
            .map(|capability| capability.as_str())
            .collect();
        needs.push(format!("a grant for {}", names.join(", ")));
    }
    if !missing.is_empty() || !uncalled.is_empty() {
        needs.extend(uncalled);
        lines.push(suggestion(&plugin.name, &missing));
        lines.extend(uncalled_lines);
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

#[cfg(test)]
mod tests {
    use witbot_core::ids::UnixMillis;

    use super::*;

    #[test]
    fn the_list_says_what_was_ordered_by_whom_and_why() {
        let ordered = |reason: &str| Ordered {
            by: "ada".to_owned(),
            reason: reason.to_owned(),
            at: UnixMillis(5),
        };
        let (file, older) = (Digest::of(b"new"), Digest::of(b"old"));
        let standing = |name: &str, serving, problem| Standing {
            name: name.parse().unwrap(),
            version: "1.2".to_owned(),
            serving,
            problem: Some(problem),
            newest: None,
            before: None,
        };
        let rollback = Rollback {
            ordered: ordered("it is slow"),
            from: file,
            to: older,
        };
        let live = Live {
            standings: vec![
                standing("ci", Some(older), Problem::RolledBack(rollback)),
                standing("deploy", None, Problem::Ordered(ordered(""))),
            ],
            ..Live::empty()
        };
        let expected = format!(
            "ci      1.2       {}  live; rolled back from {}: by ada, it is slow\n\
             deploy  1.2       ------------  held: by ada",
            older.short(),
            file.short()
        );
        assert_eq!(live.listing(), expected);
    }
}
