//! Failures of CI on branches that matter: workflows of GitHub Actions and CircleCI.

use std::collections::BTreeMap;

use super::{Source, moment};
use crate::report::{Instance, Report};
use crate::words;

const NAME_CHARS_MAX: usize = 100;

/// A workflow that has ended, by what the services call it.
#[derive(Debug, Default, PartialEq)]
pub struct Workflow {
    /// `owner/name`, or the project.
    pub project: String,
    /// Its name.
    pub name: String,
    /// On which branch.
    pub branch: String,
    /// How it ended.
    pub conclusion: String,
    /// What was pushed: the first line of the commit.
    pub title: String,
    /// Where it can be seen.
    pub url: String,
    /// When it was begun: one that began later says more.
    pub began: String,
    /// Who pushed.
    pub author: String,
}

/// Fields of a webhook.
pub type Fields<'a> = &'a dyn Fn(&str) -> Option<String>;

impl Workflow {
    /// Reads what GitHub tells as `workflow_run`. None: it has not ended, or is about a pull request, whose branch can be
    /// called as it likes.
    pub fn of_github(field: Fields) -> Option<Workflow> {
        let run = |name: &str| field(&format!("/workflow_run/{name}")).unwrap_or_default();
        let ended = field("/action").as_deref() == Some("completed");
        let event = run("event");
        (ended && !event.starts_with("pull_request")).then(|| Workflow {
            project: field("/repository/full_name").unwrap_or_default(),
            name: run("name"),
            branch: run("head_branch"),
            conclusion: run("conclusion"),
            title: run("display_title"),
            url: run("html_url"),
            began: run("run_started_at"),
            author: run("actor/login"),
        })
    }

    /// Reads what CircleCI tells as `workflow-completed`. Pipelines of its GitHub App have the branch elsewhere.
    pub fn of_circleci(field: Fields) -> Option<Workflow> {
        let at = |pointer: &str| field(pointer).unwrap_or_default();
        let branch = field("/pipeline/vcs/branch")
            .or_else(|| field("/pipeline/trigger_parameters/git/branch"));
        Some(Workflow {
            project: at("/project/slug"),
            name: at("/workflow/name"),
            branch: branch?,
            conclusion: at("/workflow/status"),
            title: at("/pipeline/vcs/commit/subject"),
            url: at("/workflow/url"),
            began: at("/workflow/created_at"),
            author: at("/pipeline/vcs/commit/author/name"),
        })
    }

    /// What it says. None: neither failure nor success, such as what somebody canceled.
    pub fn report(self, source: Source, now: u64) -> Option<Report> {
        let firing = match self.conclusion.as_str() {
            "failure" | "timed_out" | "startup_failure" | "failed" | "error" => true,
            "success" => false,
            _ => return None,
        };
        let at = moment::read(&self.began, now).unwrap_or(now);
        let text = match self.conclusion.as_str() {
            "timed_out" => format!("It took too long. {}", self.said()),
            _ => self.said(),
        };
        let labels = [
            ("branch", &self.branch),
            ("repository", &self.project),
            ("workflow", &self.name),
        ];
        let labels: BTreeMap<String, String> = labels
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.clone()))
            .collect();
        let key = format!("{} {} {}", self.project, self.name, self.branch);
        let name = format!(
            "{} failed on {} of {}",
            self.name, self.branch, self.project
        );
        let instance = Instance::new(key.clone(), firing, at, labels, text.trim());
        let mut report = Report {
            source,
            key,
            name: words::line(&name, NAME_CHARS_MAX),
            text: String::new(),
            instances: vec![instance],
            omitted: 0,
            links: Vec::new(),
            at,
        };
        report.link("Log", Some(&self.url));
        Some(report)
    }

    fn said(&self) -> String {
        match (self.title.as_str(), self.author.as_str()) {
            ("", _) => String::new(),
            (title, "") => title.to_owned(),
            (title, author) => format!("{title} ({author})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn fields(body: Value) -> impl Fn(&str) -> Option<String> {
        move |pointer| match body.pointer(pointer)? {
            Value::String(text) => Some(text.clone()),
            Value::Null => None,
            value => Some(value.to_string()),
        }
    }

    fn github(event: &str, conclusion: &str) -> Value {
        json!({
            "action": "completed",
            "repository": {"full_name": "acme/api"},
            "workflow_run": {
                "name": "CI", "head_branch": "main", "event": event, "conclusion": conclusion, "display_title": "Fix login",
                "html_url": "https://github.com/acme/api/actions/runs/7", "run_started_at": "2026-11-23T16:58:00Z",
                "actor": {"login": "ada"}
            }
        })
    }

    #[test]
    fn failures_fire_and_successes_resolve() {
        for (conclusion, expected) in [
            ("failure", Some(true)),
            ("timed_out", Some(true)),
            ("success", Some(false)),
            ("cancelled", None),
        ] {
            let workflow = Workflow::of_github(&fields(github("push", conclusion))).unwrap();
            let report = workflow.report(Source::Github, 1_795_453_200_000);
            let firing = report.as_ref().map(|report| report.instances[0].firing);
            assert_eq!(firing, expected, "{conclusion}");
            if let Some(report) = report {
                assert_eq!(report.name, "CI failed on main of acme/api");
                assert_eq!(report.at, 1_795_453_080_000);
            }
        }
    }

    #[test]
    fn branches_of_pull_requests_are_not_ours() {
        let read = |event: &str| Workflow::of_github(&fields(github(event, "failure")));
        assert!(read("pull_request").is_none());
        assert!(read("pull_request_target").is_none());
        assert!(read("schedule").is_some());
        assert!(Workflow::of_github(&fields(json!({"action": "requested"}))).is_none());
    }

    #[test]
    fn circleci_is_read() {
        let body = json!({
            "type": "workflow-completed", "happened_at": "2026-11-23T16:59:00Z",
            "project": {"slug": "gh/acme/api"},
            "workflow": {"name": "build", "status": "failed", "url": "https://app.circleci.com/w/7", "created_at": "2026-11-23T16:58:00Z"},
            "pipeline": {"vcs": {"branch": "main", "commit": {"subject": "Fix login", "author": {"name": "Ada"}}}}
        });
        let workflow = Workflow::of_circleci(&fields(body)).unwrap();
        let report = workflow
            .report(Source::Circleci, 1_795_453_200_000)
            .unwrap();
        assert_eq!(report.instances[0].text, "Fix login (Ada)");
        assert_eq!(report.name, "build failed on main of gh/acme/api");
        let app = json!({"pipeline": {"trigger_parameters": {"git": {"branch": "main"}}}, "workflow": {"status": "error"}});
        assert_eq!(Workflow::of_circleci(&fields(app)).unwrap().branch, "main");
        assert_eq!(Workflow::of_circleci(&fields(json!({}))), None);
    }
}
