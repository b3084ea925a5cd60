//! What both plugins are granted for the applications of hubot-deploy: these repositories and no others.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use witbot_core::ci::Provider;
use witbot_core::grants::ci::{Action, CiGrant, ProjectPattern};
use witbot_core::grants::github::{GithubGrant, Permission, RepositoryPattern};
use witbot_core::grants::kv::KvGrant;
use witbot_core::ids::Repository;
use witbot_core::limits;

use super::apps::Apps;
use super::pipelines;

/// Grants of one plugin.
#[derive(Serialize)]
pub struct Grants {
    github: Vec<GithubGrant>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ci: Vec<CiGrant>,
    kv: Vec<KvGrant>,
}

/// Those of `deploy`: it writes to branches where it has to merge.
pub fn of_deploy(apps: &Apps) -> Grants {
    let merging: BTreeSet<&Repository> = apps
        .iter()
        .filter(|(_, app)| app.auto_merge)
        .map(|(_, app)| &app.repository)
        .collect();
    let permissions = |repository: &Repository| {
        let contents = match merging.contains(repository) {
            true => Permission::ContentsWrite,
            false => Permission::ContentsRead,
        };
        vec![contents, Permission::DeploymentsWrite]
    };
    Grants {
        github: github_grants(apps, permissions),
        ci: Vec::new(),
        kv: vec![room()],
    }
}

/// Those of `pipeline`.
pub fn of_pipeline(apps: &Apps) -> Grants {
    let repositories: BTreeSet<&Repository> = apps.iter().map(|(_, app)| &app.repository).collect();
    let grant = |repository: &Repository| CiGrant {
        provider: Provider::Circleci,
        project: ProjectPattern::One(pipelines::project(repository)),
        actions: vec![
            Action::Trigger,
            Action::Read,
            Action::Cancel,
            Action::Rerun,
            Action::Approve,
        ],
        parameters: None,
    };
    Grants {
        github: github_grants(apps, |_| vec![Permission::DeploymentsWrite]),
        ci: repositories.into_iter().map(grant).collect(),
        kv: vec![room()],
    }
}

/// One for each repository.
fn github_grants(
    apps: &Apps,
    permissions: impl Fn(&Repository) -> Vec<Permission>,
) -> Vec<GithubGrant> {
    let mut environments: BTreeMap<&Repository, Vec<String>> = BTreeMap::new();
    for (repository, environment) in pipelines::places(apps).into_keys() {
        environments
            .entry(repository)
            .or_default()
            .push(environment.to_owned());
    }
    let grant = |(repository, environments): (&Repository, Vec<String>)| GithubGrant {
        repository: RepositoryPattern::One(repository.clone()),
        permissions: permissions(repository),
        environments: Some(environments),
    };
    environments.into_iter().map(grant).collect()
}

fn room() -> KvGrant {
    KvGrant {
        namespace: None,
        write: false,
        max_bytes: limits::KV_BYTES_MAX_DEFAULT,
    }
}
