//! What of GitHub a plugin's grants open, in GitHub's own words: a token of the bot's app is narrowed to it, so that GitHub
//! refuses what the grants do not cover, even if we did not.
//!
//! The permissions are those of a token as a whole, not of each of its repositories. So a token is for one repository, or,
//! where nothing but `owner/*` or `*` says what may be done, for all that the app is installed on.
//! <https://docs.github.com/en/rest/apps/apps#create-an-installation-access-token-for-an-app>

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Grants;
use super::ci::{Action, CiGrant, ProjectPattern};
use super::github::{GithubGrant, Permission, RepositoryPattern};
use crate::ci::Provider;
use crate::ids::Repository;

/// What a token is good for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Scope {
    /// The repository. None: all that the app is installed on.
    pub repository: Option<Repository>,
    /// What may be done there.
    pub permissions: BTreeMap<Area, Level>,
}

/// A permission of GitHub's that any grant of ours needs. What things need which is said with each endpoint of
/// <https://docs.github.com/en/rest/authentication/permissions-required-for-github-apps>.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Area {
    /// Workflows' runs.
    Actions,
    /// Check runs.
    Checks,
    /// Commits and branches.
    Contents,
    /// Deployments, and approving what waits for one.
    Deployments,
    /// Names: every token has it.
    Metadata,
    /// Statuses of commits.
    Statuses,
    /// Merging what changes a workflow's file.
    Workflows,
}

/// How much of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Looking.
    Read,
    /// Changing, too.
    Write,
}

impl Grants {
    /// What a token may do that is to be used for a repository.
    pub fn scope(&self, repository: &Repository) -> Scope {
        let here = self.permissions(
            |grant| grant.repository.matches(repository),
            |grant| grant.project.matches(repository.as_str()),
        );
        let wide = self.permissions(
            |grant| {
                let one = matches!(grant.repository, RepositoryPattern::One(_));
                !one && grant.repository.matches(repository)
            },
            |grant| {
                let one = matches!(grant.project, ProjectPattern::One(_));
                !one && grant.project.matches(repository.as_str())
            },
        );
        Scope {
            repository: (here != wide || here.len() <= 1).then(|| repository.clone()),
            permissions: here,
        }
    }

    fn permissions(
        &self,
        in_github: impl Fn(&GithubGrant) -> bool,
        in_ci: impl Fn(&CiGrant) -> bool,
    ) -> BTreeMap<Area, Level> {
        let of_github = self.github.iter().filter(|grant| in_github(grant));
        let of_github = of_github
            .flat_map(|grant| &grant.permissions)
            .flat_map(|permission| of_permission(*permission));
        let of_ci = self
            .ci
            .iter()
            .filter(|grant| grant.provider == Provider::GithubActions && in_ci(grant));
        let of_ci = of_ci
            .flat_map(|grant| &grant.actions)
            .flat_map(|action| of_action(*action));
        let mut all = BTreeMap::from([(Area::Metadata, Level::Read)]);
        for (area, level) in of_github.chain(of_ci) {
            let most = all.entry(*area).or_insert(*level);
            *most = (*most).max(*level);
        }
        all
    }
}

fn of_permission(permission: Permission) -> &'static [(Area, Level)] {
    use Area::{Checks, Contents, Deployments, Statuses, Workflows};
    use Level::{Read, Write};
    match permission {
        Permission::DeploymentsRead => &[(Deployments, Read)],
        Permission::DeploymentsWrite => &[(Deployments, Write)],
        Permission::ContentsRead => &[(Contents, Read), (Checks, Read), (Statuses, Read)],
        Permission::ContentsWrite => &[
            (Contents, Write),
            (Checks, Read),
            (Statuses, Read),
            (Workflows, Write),
        ],
    }
}

fn of_action(action: Action) -> &'static [(Area, Level)] {
    use Area::{Actions, Deployments};
    use Level::{Read, Write};
    match action {
        Action::Read => &[(Actions, Read)],
        Action::Trigger | Action::Cancel | Action::Rerun => &[(Actions, Write)],
        // What waits for an approval at GitHub waits as a deployment.
        Action::Approve => &[(Actions, Read), (Deployments, Write)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(grants: &str, repository: &str) -> String {
        let grants: Grants = toml::from_str(grants).unwrap();
        let scope = grants.scope(&repository.parse().unwrap());
        let repository = scope.repository.map_or("*".to_owned(), String::from);
        let permissions = serde_json::to_string(&scope.permissions).unwrap();
        format!("{repository} {}", permissions.replace('"', ""))
    }

    #[test]
    fn a_token_is_good_for_what_the_grants_say_and_no_more() {
        let one = r#"github = [
            { repository = "acme/api", permissions = ["deployments:write", "contents:read"], environments = ["staging"] },
            { repository = "acme/web", permissions = ["contents:write"] },
        ]"#;
        assert_eq!(
            scope(one, "acme/api"),
            "acme/api {checks:read,contents:read,deployments:write,metadata:read,statuses:read}"
        );
        assert_eq!(
            scope(one, "Acme/Web"),
            "Acme/Web {checks:read,contents:write,metadata:read,statuses:read,workflows:write}",
            "what may be done in one repository may not be done in the other"
        );
        assert_eq!(scope(one, "acme/other"), "acme/other {metadata:read}");
        assert_eq!(scope("", "acme/other"), "acme/other {metadata:read}");
    }

    #[test]
    fn a_wildcard_is_for_all_of_the_installation_with_narrow_permissions() {
        let all = r#"github = [
            { repository = "acme/*", permissions = ["contents:read"] },
            { repository = "acme/api", permissions = ["deployments:read", "deployments:write"] },
        ]"#;
        let read = "{checks:read,contents:read,metadata:read,statuses:read}";
        assert_eq!(scope(all, "acme/web"), format!("* {read}"));
        assert_eq!(
            scope(all, "acme/api"),
            "acme/api {checks:read,contents:read,deployments:write,metadata:read,statuses:read}"
        );
        assert_eq!(scope(all, "other/web"), "other/web {metadata:read}");
    }

    #[test]
    fn what_is_done_at_github_actions_counts_as_well() {
        let ci = r#"ci = [
            { provider = "github-actions", project = "acme/api", actions = ["read", "approve"] },
            { provider = "github-actions", project = "acme/web", actions = ["trigger"] },
            { provider = "circleci", project = "*", actions = ["trigger"] },
        ]"#;
        assert_eq!(
            scope(ci, "acme/api"),
            "acme/api {actions:read,deployments:write,metadata:read}"
        );
        assert_eq!(
            scope(ci, "acme/web"),
            "acme/web {actions:write,metadata:read}"
        );
    }
}
