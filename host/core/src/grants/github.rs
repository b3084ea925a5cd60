//! Grants of GitHub repositories:
//! `github = [{ repository = "acme/api", permissions = ["deployments:write"], environments = ["staging"] }]`.

use serde::{Deserialize, Serialize};

use super::Capability;
use super::denial::{Denial, quoted, toml_list, toml_text};
use crate::ids::Repository;

/// What may be done with one repository, or with many.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GithubGrant {
    /// Which.
    pub repository: RepositoryPattern,
    /// What.
    pub permissions: Vec<Permission>,
    /// The environments that deployments may be written for. Absent: all. Reading is not restricted by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environments: Option<Vec<String>>,
}

/// What can be done with a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Permission {
    /// Deployments and their statuses.
    #[serde(rename = "deployments:read")]
    DeploymentsRead,
    /// Creating them; reading is part of it.
    #[serde(rename = "deployments:write")]
    DeploymentsWrite,
    /// Commits, references and checks.
    #[serde(rename = "contents:read")]
    ContentsRead,
    /// Merging into branches; reading is part of it.
    #[serde(rename = "contents:write")]
    ContentsWrite,
}

impl Permission {
    /// As settings spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Permission::DeploymentsRead => "deployments:read",
            Permission::DeploymentsWrite => "deployments:write",
            Permission::ContentsRead => "contents:read",
            Permission::ContentsWrite => "contents:write",
        }
    }

    fn implies(self, wanted: Permission) -> bool {
        match self {
            Permission::DeploymentsWrite => {
                matches!(
                    wanted,
                    Permission::DeploymentsWrite | Permission::DeploymentsRead
                )
            }
            Permission::ContentsWrite => {
                matches!(wanted, Permission::ContentsWrite | Permission::ContentsRead)
            }
            Permission::DeploymentsRead | Permission::ContentsRead => self == wanted,
        }
    }

    fn in_words(self) -> &'static str {
        match self {
            Permission::DeploymentsRead => "read deployments of",
            Permission::DeploymentsWrite => "write deployments of",
            Permission::ContentsRead => "read commits and checks of",
            Permission::ContentsWrite => "merge into branches of",
        }
    }
}

/// `acme/api`, `acme/*` or `*`. GitHub takes no account of case in names, and neither do we.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum RepositoryPattern {
    /// All that the bot's credentials can see.
    Any,
    /// All of an owner.
    Owner(String),
    /// This one.
    One(Repository),
}

/// A text is none of the three forms.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a repository: write `owner/name`, `owner/*` for all of an owner, or `*` for all"
)]
pub struct InvalidRepositoryPattern(String);

impl TryFrom<String> for RepositoryPattern {
    type Error = InvalidRepositoryPattern;
    fn try_from(text: String) -> Result<RepositoryPattern, InvalidRepositoryPattern> {
        if text == "*" {
            return Ok(RepositoryPattern::Any);
        }
        if let Some(owner) = text.strip_suffix("/*")
            && format!("{owner}/name").parse::<Repository>().is_ok()
        {
            return Ok(RepositoryPattern::Owner(owner.to_owned()));
        }
        text.parse()
            .map(RepositoryPattern::One)
            .map_err(|_| InvalidRepositoryPattern(text))
    }
}

impl From<RepositoryPattern> for String {
    fn from(pattern: RepositoryPattern) -> String {
        match pattern {
            RepositoryPattern::Any => "*".to_owned(),
            RepositoryPattern::Owner(owner) => format!("{owner}/*"),
            RepositoryPattern::One(repository) => repository.into(),
        }
    }
}

impl RepositoryPattern {
    pub(super) fn matches(&self, repository: &Repository) -> bool {
        match self {
            RepositoryPattern::Any => true,
            RepositoryPattern::Owner(owner) => owner.eq_ignore_ascii_case(repository.parts().0),
            RepositoryPattern::One(granted) => {
                granted.as_str().eq_ignore_ascii_case(repository.as_str())
            }
        }
    }
}

impl GithubGrant {
    fn allows(
        &self,
        repository: &Repository,
        wanted: Permission,
        environment: Option<&str>,
    ) -> bool {
        let environment_granted = match (&self.environments, environment) {
            (Some(granted), Some(wanted)) => granted.iter().any(|name| name == wanted),
            (None, _) | (_, None) => true,
        };
        self.repository.matches(repository)
            && self
                .permissions
                .iter()
                .any(|permission| permission.implies(wanted))
            && environment_granted
    }
}

pub(super) fn opens(grants: &[GithubGrant], repository: &Repository) -> Result<(), Denial> {
    let opens =
        |grant: &GithubGrant| grant.repository.matches(repository) && !grant.permissions.is_empty();
    if grants.iter().any(opens) {
        return Ok(());
    }
    let entry = format!(
        r#"{{ repository = {}, permissions = ["contents:read", "deployments:read"] }}"#,
        toml_text(repository.as_str())
    );
    Err(Denial::missing(
        Capability::Github,
        grants,
        format!("use the repository `{repository}`"),
        entry,
    ))
}

/// `environment` is named by the calls for which it counts.
pub(super) fn allows(
    grants: &[GithubGrant],
    repository: &Repository,
    wanted: Permission,
    environment: Option<&str>,
) -> Result<(), Denial> {
    if grants
        .iter()
        .any(|grant| grant.allows(repository, wanted, environment))
    {
        return Ok(());
    }
    let mut what = format!("{} `{repository}`", wanted.in_words());
    let mut entry = format!(
        "repository = {}, permissions = {}",
        toml_text(repository.as_str()),
        toml_list([wanted.as_str()])
    );
    if let Some(environment) = environment {
        what += &format!(" for the environment {}", quoted(environment));
        entry += &format!(", environments = {}", toml_list([environment]));
    }
    Err(Denial::missing(
        Capability::Github,
        grants,
        what,
        format!("{{ {entry} }}"),
    ))
}
