//! The settings of `pipeline`. hubot-deploy knows nothing of CI, so that the projects are guesses.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use witbot_core::ids::Repository;

use super::apps::Apps;
use super::settings::Outcome;
use super::written::Written;

#[derive(Serialize)]
struct PipelineSettings<'a> {
    project: &'a str,
    correlate_by: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    environment_url: Option<&'a str>,
    parameters: BTreeMap<&'a str, &'a str>,
}

/// Stands above all of them.
const PREFACE: [&str; 3] = [
    "Which CI project deploys what is not in apps.json: the names of projects are guesses, as CircleCI makes them",
    "from the names of repositories. Their configuration has to declare the parameters, `deployment_id` as an integer",
    "and the others as strings, and to check out `sha`.",
];

/// What a pipeline is told. It has to declare them.
const PARAMETERS: [(&str, &str); 4] = [
    ("app", "{app}"),
    ("environment", "{environment}"),
    ("sha", "{sha}"),
    ("deployment_id", "{deployment_id}"),
];
/// The parameter by which the bot finds a pipeline again.
const CORRELATE_BY: &str = "witbot";

/// Writes them.
pub fn write(apps: &Apps, written: &mut Written) -> Outcome {
    for line in PREFACE {
        written.comment(line);
    }
    for ((repository, environment), pages) in places(apps) {
        let page = match pages.len() {
            1 => pages.first().copied().flatten(),
            // Not that of one application for another one.
            _ => {
                let pages: Vec<&str> = pages.into_iter().flatten().collect();
                written.comment(&format!(
                    "{repository} has several applications with pages of their own in {environment}: {}",
                    pages.join(", ")
                ));
                None
            }
        };
        let settings = PipelineSettings {
            project: &project(repository),
            correlate_by: CORRELATE_BY,
            environment_url: page,
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
        written.table(&place, &settings)?;
    }
    Ok(())
}

/// Every environment of every repository, with the pages of the applications that are deployed there: none for one that
/// has none.
pub fn places(apps: &Apps) -> BTreeMap<(&Repository, &str), BTreeSet<Option<&str>>> {
    let mut places: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for (_, app) in apps {
        for environment in &app.environments {
            let page = app.urls.get(environment).map(String::as_str);
            let place = (&app.repository, environment.as_str());
            places.entry(place).or_default().insert(page);
        }
    }
    places
}

/// What CircleCI calls a project that it knows from GitHub.
pub fn project(repository: &Repository) -> String {
    format!("gh/{repository}")
}
