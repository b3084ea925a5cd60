//! What applications of hubot-deploy are in the settings of witbot, with a comment on whatever is not the same.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, ensure};
use serde::Serialize;
use witbot_core::ids::Repository;

use super::apps::{self, App, Apps, PRODUCTION};
use super::written::Written;
use super::{grants, pipelines};

/// What is printed.
#[derive(Debug)]
pub struct Imported {
    /// The settings.
    pub text: String,
    /// What could not be carried over. It stands in the settings as well.
    pub warnings: Vec<String>,
}

/// hubot-deploy lets everybody deploy.
const RULE: &str = r#"# Who may deploy: everybody, as with hubot-deploy. Write `who = ["…"]` with a role of yours to change that.
[[rules]]
plugin = "deploy"
decision = "allow"
"#;

/// Imports a file.
///
/// # Errors
///
/// When it is no file of hubot-deploy, or nothing in it can be used.
pub fn import(text: &str) -> anyhow::Result<Imported> {
    let mut import = Import::default();
    for line in PREFACE {
        import.written.comment(line);
    }
    let mut usable = Vec::new();
    for (name, app) in apps::read(text)? {
        match app {
            Ok(app) => usable.push((name, app)),
            Err(reason) => import.warn(&name, &format!("left out: {reason}")),
        }
    }
    ensure!(
        !usable.is_empty(),
        "there is no application in it that can be used{}",
        import
            .warnings
            .iter()
            .map(|warning| format!("; {warning}"))
            .collect::<String>()
    );
    import
        .whole(&usable)
        .context("it cannot be written as TOML")?;
    Ok(Imported {
        text: import.written.into_text() + RULE,
        warnings: import.warnings,
    })
}

#[derive(Default)]
struct Import {
    written: Written,
    warnings: Vec<String>,
}

/// Written, or not.
pub type Outcome = Result<(), toml::ser::Error>;

#[derive(Serialize)]
struct GithubSettings<'a> {
    api_url: &'a str,
}

#[derive(Serialize)]
struct AppSettings<'a> {
    repository: &'a Repository,
    environments: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    default_environment: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    contexts: Option<&'a [String]>,
    behind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    channels: Option<&'a [String]>,
}

/// What hubot-deploy let people write for the names of environments.
const ALIASES: [(&str, &str); 2] = [("prod", "production"), ("stg", "staging")];

/// Stands at the top.
const PREFACE: [&str; 3] = [
    "From the apps.json of hubot-deploy. Read it through: what could not be carried over stands in comments.",
    "When nobody says a reference, the default branch of the repository is deployed, and not always `master`.",
    "`behind = \"merge\"` is `auto_merge`, and `contexts` are the `required_contexts`; without them, all have to be green.",
];

impl Import {
    fn whole(&mut self, apps: &Apps) -> Outcome {
        self.written.gap();
        self.github(apps)?;
        self.aliases(apps)?;
        for (name, app) in apps {
            self.app(name, app)?;
        }
        self.written
            .table(&["plugins", "deploy", "grants"], &grants::of_deploy(apps))?;
        pipelines::write(apps, &mut self.written)?;
        self.written.table(
            &["plugins", "pipeline", "grants"],
            &grants::of_pipeline(apps),
        )
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

    fn aliases(&mut self, apps: &Apps) -> Outcome {
        let mut aliases = BTreeMap::from(ALIASES);
        let known = |name: &str| apps.iter().any(|(_, app)| app.has(name));
        // One that is the name of an environment itself would mean another one.
        aliases.retain(|alias, name| known(name) && !known(alias));
        match aliases.is_empty() {
            true => Ok(()),
            false => self
                .written
                .table(&["plugins", "deploy", "settings", "aliases"], &aliases),
        }
    }

    fn app(&mut self, name: &str, app: &App) -> Outcome {
        if let Some(provider) = &app.provider {
            self.written.comment(&format!(
                "{name}: the provider `{provider}` deployed it; now a pipeline does, see below."
            ));
        }
        for note in notes(app) {
            self.warn(name, &note);
        }
        let settings = AppSettings {
            repository: &app.repository,
            environments: &app.environments,
            // Where there is only one, nobody has to say it.
            default_environment: Some(PRODUCTION)
                .filter(|production| app.environments.len() > 1 && app.has(production)),
            contexts: app.required_contexts.as_deref(),
            behind: if app.auto_merge { "merge" } else { "ignore" },
            channels: app.rooms.as_deref(),
        };
        let place = ["plugins", "deploy", "settings", "apps", name];
        self.written.table(&place, &settings)
    }

    fn warn(&mut self, app: &str, text: &str) {
        let line = format!("{app}: {text}");
        self.written.comment(&line);
        self.warnings.push(line);
    }
}

/// What is not the same any more.
fn notes(app: &App) -> Vec<String> {
    let mut notes = Vec::new();
    if app.rooms.iter().flatten().any(|room| !is_slack_id(room)) {
        notes.push("`channels` has the names of `allowed_rooms`: Slack's channels are known by their ids, such as `C024BE91L`".to_owned());
    }
    if app.has_token {
        notes.push("its `github_token` is not carried over: the bot has one token or GitHub App for all, in its environment".to_owned());
    }
    if !app.others.is_empty() {
        let names: Vec<String> = app.others.iter().map(|name| format!("`{name}`")).collect();
        notes.push(format!(
            "what is for the provider is not carried over, and for the pipeline to know: {}",
            names.join(", ")
        ));
    }
    notes
}

fn is_slack_id(room: &str) -> bool {
    let is_code = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit();
    room.len() >= 9 && room.starts_with(['C', 'G']) && room.chars().all(is_code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_application_is_written_with_what_to_know_of_it() {
        let imported = import(
            r##"{
                "api": {
                    "provider": "capistrano", "repository": "acme/api", "environments": ["staging", "production"],
                    "required_contexts": ["test"], "allowed_rooms": ["#deploys"], "github_token": "ghp_1",
                    "github_api": "https://github.acme.example/api/v3", "deploy_script": "./deploy"
                },
                "wiki": {}
            }"##,
        );
        let imported = imported.unwrap();
        let (begin, _) = imported.text.split_once("[[plugins.deploy.grants").unwrap();
        let begin = begin.split_once("green.\n").unwrap().1;
        let expected = r##"# wiki: left out: it has no `repository`

[github]
api_url = "https://github.acme.example/api/v3"

[plugins.deploy.settings.aliases]
prod = "production"
stg = "staging"

# api: the provider `capistrano` deployed it; now a pipeline does, see below.
# api: `channels` has the names of `allowed_rooms`: Slack's channels are known by their ids, such as `C024BE91L`
# api: its `github_token` is not carried over: the bot has one token or GitHub App for all, in its environment
# api: what is for the provider is not carried over, and for the pipeline to know: `deploy_script`
[plugins.deploy.settings.apps.api]
repository = "acme/api"
environments = ["staging", "production"]
default_environment = "production"
contexts = ["test"]
behind = "merge"
channels = ["#deploys"]

"##;
        assert_eq!(begin, expected);
        // All but the provider, which is as it has to be.
        assert_eq!(imported.warnings.len(), 4);
    }

    #[test]
    fn several_githubs_are_told_of() {
        let imported = import(
            r#"{
                "api": { "repository": "acme/api", "github_api": "https://github.acme.example/api/v3" },
                "web": { "repository": "acme/web", "github_api": "https://api.github.com/" }
            }"#,
        );
        let imported = imported.unwrap();
        let places: Vec<&str> = imported
            .warnings
            .iter()
            .filter_map(|w| w.split(", and").next())
            .collect();
        assert_eq!(
            places,
            [
                "api: its GitHub is https://github.acme.example/api/v3",
                "web: its GitHub is github.com"
            ]
        );
        assert!(!imported.text.contains("\n[github]"), "{}", imported.text);
    }

    #[test]
    fn applications_of_one_repository_share_its_pipelines_and_grants() {
        let imported = import(
            r#"{
                "docs": { "repository": "acme/web", "production_url": "https://docs.acme.example", "auto_merge": false },
                "web": { "repository": "acme/web", "production_url": "https://acme.example", "auto_merge": false }
            }"#,
        );
        let text = imported.unwrap().text;
        // Which of the two pages it were depends on what is deployed.
        assert!(!text.contains("environment_url"), "{text}");
        let said = "in production: https://acme.example, https://docs.acme.example\n";
        assert!(text.contains(said), "{text}");
        assert_eq!(
            text.matches("repository = \"acme/web\"\npermissions")
                .count(),
            2
        );
        assert!(
            text.contains(r#"["contents:read", "deployments:write"]"#),
            "{text}"
        );
        toml::from_str::<toml::Table>(&text).unwrap();
    }
}
