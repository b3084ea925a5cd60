//! What the operator wrote: where the work is.

use std::collections::BTreeMap;

use serde::Deserialize;
use witbot_sdk::config::Wrong;
use witbot_sdk::{Error, Result, config};

use crate::found::nearest_first;
use crate::source::Source;

/// A run asks each source once, and has a bounded number of requests.
const SOURCES_MAX: usize = 20;
/// Where an id stands in an address.
pub const ID: &str = "{id}";

/// All settings of the plugin.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// By the names under which people know them.
    pub sources: BTreeMap<String, Written>,
}

/// A source: a project of a CI service, or a service that tells of its jobs by HTTP.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Written {
    /// `circleci` or `github-actions`.
    pub provider: Option<String>,
    /// As the CI service names it.
    pub project: Option<String>,
    /// How jobs are listed.
    pub list: Option<List>,
    /// How one job is asked for.
    pub show: Option<Show>,
    /// What is found where in a job.
    #[serde(default)]
    pub fields: Fields,
    /// How a job is stopped.
    pub cancel: Option<Act>,
    /// How a job is run once more.
    pub retry: Option<Act>,
    /// The states of jobs that go on.
    #[serde(default = "running_default")]
    pub running: Vec<String>,
    /// Who the accounts of the service are, by id of the chat.
    #[serde(default)]
    pub owners: BTreeMap<String, String>,
}

fn running_default() -> Vec<String> {
    ["running", "queued", "pending"].map(str::to_owned).to_vec()
}

/// A list of jobs.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct List {
    /// Its address.
    pub url: String,
    /// Where the jobs are in the answer, by JSON pointer; empty when it is the answer itself.
    #[serde(default)]
    pub items: String,
}

/// One job.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Show {
    /// Its address, with `{id}` in it.
    pub url: String,
    /// Where the job is in the answer.
    #[serde(default)]
    pub item: String,
}

/// Where a job says what, by JSON pointers.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Fields {
    /// What the service calls it.
    pub id: String,
    /// How it stands.
    pub state: String,
    /// What it does.
    pub title: Option<String>,
    /// Whose it is.
    pub owner: Option<String>,
    /// Its page.
    pub url: Option<String>,
    /// When it began: seconds or milliseconds since 1970, or text, which is shown as it is.
    pub created: Option<String>,
}

impl Default for Fields {
    fn default() -> Fields {
        Fields {
            id: "/id".to_owned(),
            state: "/state".to_owned(),
            title: None,
            owner: None,
            url: None,
            created: None,
        }
    }
}

/// A request that changes a job.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Act {
    /// `POST` unless set.
    #[serde(default = "method_default")]
    pub method: String,
    /// Its address, with `{id}` in it.
    pub url: String,
    /// What is sent along, as JSON; `{id}` in its texts is the id.
    pub body: Option<serde_json::Value>,
}

fn method_default() -> String {
    "POST".to_owned()
}

impl Settings {
    /// The settings as they are now.
    pub fn read() -> Result<Settings> {
        config::settings()
    }

    /// All sources, in order of their names.
    pub fn all(&self) -> impl Iterator<Item = Source<'_>> {
        self.sources
            .iter()
            .map(|(name, written)| Source::of(name, written))
    }

    /// A source by its name, in any case of letters.
    ///
    /// # Errors
    /// `not-found`: there is none. The message has those that there are.
    pub fn source(&self, asked: &str) -> Result<Source<'_>> {
        let found = self
            .all()
            .find(|one| one.name().eq_ignore_ascii_case(asked));
        found.ok_or_else(|| {
            let known = nearest_first(asked, self.sources.keys().map(String::as_str));
            Error::not_found(format!(
                "I know no source of jobs `{asked}`. Known: {known}."
            ))
        })
    }

    /// What is wrong with them although they can be read.
    pub fn wrong(&self) -> Vec<Wrong> {
        let mut wrong = Vec::new();
        if self.sources.is_empty() || self.sources.len() > SOURCES_MAX {
            wrong.push(Wrong::at(
                &["sources"],
                format!("write 1 to {SOURCES_MAX} sources"),
            ));
        }
        for (name, written) in &self.sources {
            if name.contains(char::is_whitespace) || name.is_empty() {
                wrong.push(Wrong::at(&["sources", name], "a name is one word"));
            }
            for (key, reason) in written.wrong() {
                wrong.push(Wrong::at(&["sources", name, key], reason));
            }
        }
        wrong
    }
}

impl Written {
    fn wrong(&self) -> Vec<(&'static str, String)> {
        let mut wrong = Vec::new();
        let mut say = |key: &'static str, reason: &str| wrong.push((key, reason.to_owned()));
        match (&self.provider, &self.project, &self.list) {
            (Some(_), None, _) => say("provider", "name the `project` as well"),
            (None, Some(_), _) => say(
                "project",
                "name the `provider` as well: `circleci` or `github-actions`",
            ),
            (None, None, None) => say(
                "list",
                "write `provider` and `project` of a CI service, or `list` of a job service",
            ),
            (Some(_), Some(_), Some(_)) => {
                say("list", "a CI service is not asked by HTTP: leave this out")
            }
            (Some(_), Some(_), None) | (None, None, Some(_)) => {}
        }
        let provider = self.provider.as_deref();
        if provider.is_some_and(|name| !["circleci", "github-actions"].contains(&name)) {
            say("provider", "write `circleci` or `github-actions`");
        }
        let addresses = [
            ("list", self.list.as_ref().map(|list| &list.url), false),
            ("show", self.show.as_ref().map(|show| &show.url), true),
            ("cancel", self.cancel.as_ref().map(|act| &act.url), true),
            ("retry", self.retry.as_ref().map(|act| &act.url), true),
        ];
        for (key, url, has_id) in addresses {
            let Some(url) = url else {
                continue;
            };
            if !url.starts_with("https://") && !url.starts_with("http://") {
                say(key, "the `url` begins with `https://`");
            } else if has_id && !url.contains(ID) {
                say(
                    key,
                    "the `url` needs `{id}` where the id of the job belongs",
                );
            }
        }
        if self.list.is_some() && self.running.is_empty() {
            say("running", "name the states of jobs that go on");
        }
        let pointers = [
            Some(&self.fields.id),
            Some(&self.fields.state),
            self.fields.title.as_ref(),
            self.fields.owner.as_ref(),
            self.fields.url.as_ref(),
            self.fields.created.as_ref(),
        ];
        if pointers
            .into_iter()
            .flatten()
            .any(|pointer| !pointer.starts_with('/'))
        {
            say("fields", "a JSON pointer begins with `/`, such as `/id`");
        }
        wrong
    }
}

#[cfg(test)]
pub fn example() -> Settings {
    config::parse(
        r#"{"sources": {
            "api": { "provider": "circleci", "project": "gh/acme/api" },
            "reports": {
                "list": { "url": "https://jobs.acme.example/jobs", "items": "/jobs" },
                "show": { "url": "https://jobs.acme.example/jobs/{id}" },
                "fields": { "title": "/name", "owner": "/user", "url": "/links/self", "created": "/created" },
                "cancel": { "url": "https://jobs.acme.example/jobs/{id}/cancel", "body": { "job": "{id}" } },
                "running": ["active"],
                "owners": { "bob@acme": "U2" }
            }
        }}"#,
    )
    .expect("the example fits the settings")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_found_in_any_case() {
        let settings = example();
        assert!(settings.wrong().is_empty());
        assert_eq!(settings.source("API").unwrap().name(), "api");
        let error = settings.source("report").unwrap_err();
        assert_eq!(
            error.message,
            "I know no source of jobs `report`. Known: reports, api."
        );
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let settings: Settings = config::parse(
            r#"{"sources": {
                "a": {},
                "b": { "provider": "jenkins", "project": "x", "list": { "url": "ftp://x" } },
                "c d": { "list": { "url": "https://x" }, "cancel": { "url": "https://x/cancel" }, "fields": { "id": "id" }, "running": [] }
            }}"#,
        )
        .unwrap();
        let wrong: Vec<String> = settings
            .wrong()
            .into_iter()
            .map(|wrong| wrong.pointer)
            .collect();
        assert_eq!(
            wrong,
            [
                "/sources/a/list",
                "/sources/b/list",
                "/sources/b/provider",
                "/sources/b/list",
                "/sources/c d",
                "/sources/c d/cancel",
                "/sources/c d/running",
                "/sources/c d/fields",
            ]
        );
    }
}
