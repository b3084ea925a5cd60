//! An environment of an application, as it is written.

use std::time::Duration;

use serde::Deserialize;

use super::app::Force;
use super::freeze::Freeze;

/// An environment. Everything can be left out.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Environment {
    /// Its place in lists.
    pub order: Option<u32>,
    /// Where what was deployed can be seen, for when whoever carries it out does not say.
    pub url: Option<String>,
    /// The environment in which the same commit has to be first.
    pub after: Option<String>,
    /// What is deployed there when nobody says what.
    pub default_ref: Option<String>,
    /// The checks that must be green.
    pub contexts: Option<Vec<String>>,
    /// What is done when a reference lacks commits of the default branch.
    pub behind: Option<Behind>,
    /// Whether users see it. GitHub's own default is true for `production` alone.
    pub production: Option<bool>,
    /// Whether it will go away.
    pub transient: Option<bool>,
    /// Other names for it.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// When nothing is deployed there.
    #[serde(default)]
    pub freezes: Vec<Freeze>,
    /// Who may deploy there although a check says no.
    pub force: Option<Force>,
    /// Whether the default branch is deployed by itself when its checks are green, until somebody says otherwise.
    #[serde(default)]
    pub auto: bool,
    /// For how many minutes at most it is looked, after a success, whether what was deployed is healthy. None: it is not.
    pub health_minutes: Option<u32>,
}

impl Environment {
    /// For how long it is looked whether what was deployed is healthy.
    pub fn health(&self) -> Option<Duration> {
        let minutes = self.health_minutes?;
        Some(Duration::from_secs(60 * u64::from(minutes)))
    }

    /// Whether it has such another name.
    pub fn is_called(&self, asked: &str) -> bool {
        self.aliases
            .iter()
            .any(|alias| alias.eq_ignore_ascii_case(asked))
    }
}

/// What is done when a reference lacks commits of the default branch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Behind {
    /// Nothing.
    #[default]
    Ignore,
    /// It is not deployed.
    Refuse,
    /// They are merged into it first.
    Merge,
}
