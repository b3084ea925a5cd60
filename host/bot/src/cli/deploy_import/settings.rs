//! What applications of hubot-deploy are in the settings of witbot, with a comment on whatever is not the same.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, ensure};
use serde::Serialize;
use witbot_core::ci::Provider;
use witbot_core::grants::ci::{Action, CiGrant, ProjectPattern};
use witbot_core::grants::github::{GithubGrant, Permission, RepositoryPattern};
use witbot_core::grants::kv::KvGrant;
use witbot_core::ids::Repository;
use witbot_core::limits;

use super::apps::{self, App};
use super::written::Written;

/// What is printed.
#[derive(Debug)]
pub struct Imported {
    /// The settings.
    pub text: String,
    /// What could not be carried over. It stands in the settings as well.
    pub warnings: Vec<String>,
}

/// Imports a file.
///
/// # Errors
///
/// When it is no file of hubot-deploy, or nothing in it can be used.
pub fn import(text: &str) -> anyhow::Result<Imported> {
    let mut import = Import::default();
    let mut usable = Vec::new();
    for (name, app) in apps::read(text)? {
        match app {
            Ok(app) => usable.push((name, app)),
            Err(reason) => import.warn(&name, &format!("left out: {reason}")),
        }
    }
    ensure!(
        !usable.is_empty(),
        "there is no application in it that can be used; {}",
        match import.warnings.as_slice() {
            [] => "it is empty".to_owned(),
            warnings => warnings.join("; "),
        }
    );
    import
        .whole(&usable)
        .context("it cannot be written as TOML")?;
    Ok(Imported {
        text: import.written.into_text(),
        warnings: import.warnings,
    })
}

#[derive(Default)]
struct Import {
    written: Written,
    warnings: Vec<String>,
}

type Apps = [(String, App)];
type Outcome = Result<(), toml::ser::Error>;

#[derive(Serialize)]
struct GithubSettings<'a> {
    api_url: &'a str,
}

#[derive(Serialize)]
struct AppSettings<'a> {
    repository: &'a Repository,
    default_ref: &'a str,
    environments: &'a [String],
}

#[derive(Serialize)]
struct PipelineSettings<'a> {
    project: &'a str,
    correlate_by: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    environment_url: Option<&'a str>,
    parameters: BTreeMap<&'a str, &'a str>,
}

#[derive(Serialize)]
struct Grants {
    github: Vec<GithubGrant>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ci: Vec<CiGrant>,
    kv: Vec<KvGrant>,
}

/// What hubot-deploy took for the branch when nobody said one, whatever GitHub's default was.
const DEFAULT_REF: &str = "master";

/// What a pipeline is told. It has to declare them.
const PARAMETERS: [(&str, &str); 4] = [
    ("app", "{app}"),
    ("environment", "{environment}"),
    ("sha", "{sha}"),
    ("deployment_id", "{deployment_id}"),
];
/// The parameter by which the bot finds a pipeline again.
const CORRELATE_BY: &str = "witbot";

impl Import {
    fn whole(&mut self, apps: &Apps) -> Outcome {
        self.written.comment("From the apps.json of hubot-deploy. Read it through: what stands in comments is not the same.");
        self.written.gap();
        self.github(apps)?;
        for (name, app) in apps {
            self.app(name, app)?;
        }
        self.written
            .table(&["plugins", "deploy", "grants"], &deploy_grants(apps))?;
        self.pipelines(apps)?;
        self.written
            .table(&["plugins", "pipeline", "grants"], &pipeline_grants(apps))
    }

    /// Where GitHub is. The bot knows one.
    fn github(&mut self, apps: &Apps) -> Outcome {
        let used: BTreeSet<Option<&str>> = apps
            .iter()
            .map(|(_, app)| app.github_api.as_deref())
            .collect();
        match Vec::from_iter(used).as_slice() {
            [Some(api_url)] => self.written.table(&["github"], &GithubSettings { api_url }),
            [] | [None] => Ok(()),
            [..] => {
                for (name, app) in apps {
                    let place = app.github_api.as_deref().unwrap_or("github.com");
                    self.warn(name, &format!("its GitHub is {place}, and others have another: a witbot knows one, which is set as `api_url` under `[github]`"));
                }
                self.written.gap();
                Ok(())
            }
        }
    }

    fn app(&mut self, name: &str, app: &App) -> Outcome {
        if let Some(provider) = &app.provider {
            self.written.comment(&format!("{name}: was deployed by the provider `{provider}`, and is by a pipeline now, see below."));
        }
        if !app.others.is_empty() {
            self.warn(
                name,
                &format!(
                    "{} not carried over: what a provider was told is for the pipeline to know",
                    listed(&app.others)
                ),
            );
        }
        if app.has_token {
            self.warn(name, "`github_token` not carried over: the bot has one token or GitHub App for all, in its environment");
        }
        let settings = AppSettings {
            repository: &app.repository,
            default_ref: DEFAULT_REF,
            environments: &app.environments,
        };
        self.written
            .table(&["plugins", "deploy", "settings", "apps", name], &settings)
    }

    fn pipelines(&mut self, apps: &Apps) -> Outcome {
        self.written.comment("Which CI project deploys what is not in apps.json: the names of projects are guesses, as CircleCI makes them");
        self.written.comment("from the names of repositories. Their configuration has to declare the parameters, `deployment_id` as an integer and");
        self.written
            .comment("the others as strings, and to check out `sha`.");
        for ((repository, environment), url) in places(apps) {
            let settings = PipelineSettings {
                project: &project(repository),
                correlate_by: CORRELATE_BY,
                environment_url: url,
                parameters: BTreeMap::from(PARAMETERS),
            };
            let place = [
                "plugins",
                "pipeline",
                "settings",
                "repositories",
                repository.as_str(),
                environment,
            ];
            self.written.table(&place, &settings)?;
        }
        Ok(())
    }

    fn warn(&mut self, app: &str, text: &str) {
        let line = format!("{app}: {text}");
        self.written.comment(&line);
        self.warnings.push(line);
    }
}

/// Every environment of every repository, with the page that shows it.
fn places(apps: &Apps) -> BTreeMap<(&Repository, &str), Option<&str>> {
    let mut places = BTreeMap::new();
    for (_, app) in apps {
        for environment in &app.environments {
            let url = app.urls.get(environment).map(String::as_str);
            let place = places
                .entry((&app.repository, environment.as_str()))
                .or_insert(url);
            // Several applications of one repository have several pages, and this is one of all of them.
            if *place != url {
                *place = None;
            }
        }
    }
    places
}

/// What CircleCI calls a project that it knows from GitHub.
fn project(repository: &Repository) -> String {
    format!("gh/{repository}")
}

fn listed(names: &[String]) -> String {
    names
        .iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

fn deploy_grants(apps: &Apps) -> Grants {
    let permissions = [
        Permission::ContentsRead,
        Permission::DeploymentsRead,
        Permission::DeploymentsWrite,
    ];
    Grants {
        github: github_grants(apps, &permissions),
        ci: Vec::new(),
        kv: vec![room()],
    }
}

fn pipeline_grants(apps: &Apps) -> Grants {
    let permissions = [Permission::DeploymentsRead, Permission::DeploymentsWrite];
    let repositories: BTreeSet<&Repository> = apps.iter().map(|(_, app)| &app.repository).collect();
    let grant = |repository: &Repository| CiGrant {
        provider: Provider::Circleci,
        project: ProjectPattern::One(project(repository)),
        actions: vec![Action::Trigger, Action::Read, Action::Cancel],
        parameters: None,
    };
    Grants {
        github: github_grants(apps, &permissions),
        ci: repositories.into_iter().map(grant).collect(),
        kv: vec![room()],
    }
}

/// One for each repository.
fn github_grants(apps: &Apps, permissions: &[Permission]) -> Vec<GithubGrant> {
    let mut environments: BTreeMap<&Repository, Vec<String>> = BTreeMap::new();
    for (repository, environment) in places(apps).into_keys() {
        environments
            .entry(repository)
            .or_default()
            .push(environment.to_owned());
    }
    let grant = |(repository, environments): (&Repository, Vec<String>)| GithubGrant {
        repository: RepositoryPattern::One(repository.clone()),
        permissions: permissions.to_vec(),
        environments: Some(environments),
    };
    environments.into_iter().map(grant).collect()
}

fn room() -> KvGrant {
    KvGrant {
        max_bytes: limits::KV_BYTES_MAX_DEFAULT,
    }
}
