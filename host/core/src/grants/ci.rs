//! Grants of projects at CI services:
//! `ci = [{ provider = "circleci", project = "gh/acme/api", actions = ["trigger", "read", "cancel", "rerun", "approve"] }]`.

use serde::{Deserialize, Serialize};

use super::Capability;
use super::denial::{Denial, quoted, toml_list, toml_text};
use crate::ci::{Project, Provider, RunRequest};

/// What may be done with one project, or with many.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CiGrant {
    /// At which service.
    pub provider: Provider,
    /// Which.
    pub project: ProjectPattern,
    /// What.
    pub actions: Vec<Action>,
    /// The parameters that may be given to a run. Absent: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameters: Option<Vec<String>>,
}

/// What can be done with a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Starting runs.
    Trigger,
    /// Seeing how they stand.
    Read,
    /// Stopping them.
    Cancel,
    /// Running them once more.
    Rerun,
    /// Giving the approvals that they wait for.
    Approve,
}

impl Action {
    /// As settings spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Action::Trigger => "trigger",
            Action::Read => "read",
            Action::Cancel => "cancel",
            Action::Rerun => "rerun",
            Action::Approve => "approve",
        }
    }
}

/// `gh/acme/api`, `gh/acme/*` or `*`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum ProjectPattern {
    /// All that the bot's credentials can see.
    Any,
    /// All whose name begins with this, which ends with a slash.
    Below(String),
    /// This one.
    One(String),
}

/// A text is none of the three forms.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a project: write it as the service names it, such as `gh/acme/api`, or `gh/acme/*` for all below, or `*` for all"
)]
pub struct InvalidProjectPattern(String);

impl TryFrom<String> for ProjectPattern {
    type Error = InvalidProjectPattern;
    fn try_from(text: String) -> Result<ProjectPattern, InvalidProjectPattern> {
        if text == "*" {
            return Ok(ProjectPattern::Any);
        }
        match text.strip_suffix('*') {
            Some(below) if below.strip_suffix('/').is_some_and(is_plain) => {
                Ok(ProjectPattern::Below(below.to_owned()))
            }
            None if is_plain(&text) => Ok(ProjectPattern::One(text)),
            Some(_) | None => Err(InvalidProjectPattern(text)),
        }
    }
}

impl From<ProjectPattern> for String {
    fn from(pattern: ProjectPattern) -> String {
        match pattern {
            ProjectPattern::Any => "*".to_owned(),
            ProjectPattern::Below(below) => format!("{below}*"),
            ProjectPattern::One(name) => name,
        }
    }
}

impl ProjectPattern {
    pub(super) fn matches(&self, name: &str) -> bool {
        match self {
            ProjectPattern::Any => true,
            ProjectPattern::Below(below) => name.starts_with(below),
            ProjectPattern::One(granted) => granted == name,
        }
    }
}

/// The name becomes a part of an address at the service, where `gh/acme/../other/api` would be another project.
fn is_plain(name: &str) -> bool {
    let letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    name.split('/')
        .all(|part| !part.is_empty() && part != "." && part != ".." && part.chars().all(letter))
}

impl CiGrant {
    fn is_for(&self, project: &Project) -> bool {
        self.provider == project.provider && self.project.matches(&project.name)
    }

    fn allows(&self, project: &Project, action: Action) -> bool {
        self.is_for(project) && self.actions.contains(&action)
    }

    fn takes(&self, parameters: &[&str]) -> bool {
        let Some(granted) = &self.parameters else {
            return true;
        };
        parameters
            .iter()
            .all(|name| granted.iter().any(|granted| granted == name))
    }
}

pub(super) fn opens(grants: &[CiGrant], project: &Project) -> Result<(), Denial> {
    check_name(project)?;
    if grants
        .iter()
        .any(|grant| grant.is_for(project) && !grant.actions.is_empty())
    {
        return Ok(());
    }
    let what = format!(
        "use the {} project `{}`",
        project.provider.as_str(),
        project.name
    );
    Err(missing(grants, project, Action::Read, what, &[]))
}

pub(super) fn allows(grants: &[CiGrant], project: &Project, action: Action) -> Result<(), Denial> {
    check_name(project)?;
    if grants.iter().any(|grant| grant.allows(project, action)) {
        return Ok(());
    }
    Err(missing(
        grants,
        project,
        action,
        in_words(project, action),
        &[],
    ))
}

/// The parameters that are given have to be granted too, also the one that the bot itself fills in.
pub(super) fn allows_trigger(
    grants: &[CiGrant],
    project: &Project,
    request: &RunRequest,
) -> Result<(), Denial> {
    check_name(project)?;
    let given = request.parameters.iter().map(|(name, _)| name.as_str());
    let parameters: Vec<&str> = given.chain(request.correlate_by.as_deref()).collect();
    if grants
        .iter()
        .any(|grant| grant.allows(project, Action::Trigger) && grant.takes(&parameters))
    {
        return Ok(());
    }
    let mut what = in_words(project, Action::Trigger);
    if !parameters.is_empty() {
        let names: Vec<String> = parameters.iter().map(|name| quoted(name)).collect();
        what += &format!(" with the parameters {}", names.join(", "));
    }
    Err(missing(grants, project, Action::Trigger, what, &parameters))
}

fn check_name(project: &Project) -> Result<(), Denial> {
    if is_plain(&project.name) {
        return Ok(());
    }
    let name = quoted(&project.name);
    Err(Denial::never(format!(
        "{name} is not a project: write it as the service names it, such as `gh/acme/api`"
    )))
}

fn in_words(project: &Project, action: Action) -> String {
    let name = &project.name;
    match action {
        Action::Trigger => format!("start runs of `{name}`"),
        Action::Read => format!("read runs of `{name}`"),
        Action::Cancel => format!("cancel runs of `{name}`"),
        Action::Rerun => format!("rerun runs of `{name}`"),
        Action::Approve => format!("approve runs of `{name}`"),
    }
}

fn missing(
    grants: &[CiGrant],
    project: &Project,
    action: Action,
    what: String,
    parameters: &[&str],
) -> Denial {
    let mut entry = format!(
        "provider = {}, project = {}, actions = {}",
        toml_text(project.provider.as_str()),
        toml_text(&project.name),
        toml_list([action.as_str()])
    );
    if !parameters.is_empty() {
        entry += &format!(", parameters = {}", toml_list(parameters.iter().copied()));
    }
    Denial::missing(Capability::Ci, grants, what, format!("{{ {entry} }}"))
}
