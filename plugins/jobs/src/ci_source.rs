//! A project of a CI service: its runs are the jobs.

use std::time::Duration;

use witbot_sdk::ci::{self, Ability, Project, RecentRun, RunStatus};
use witbot_sdk::{Code, Error, Result};

use crate::job::{Failure, Job, is_plain};

/// What is listed, and what is looked through for a number.
const LISTED_MAX: u32 = 30;

/// A project.
#[derive(Debug)]
pub struct CiSource<'a> {
    /// As people call it.
    pub name: &'a str,
    /// The service.
    pub provider: &'a str,
    /// As the service calls it.
    pub project: &'a str,
}

impl CiSource<'_> {
    /// The newest runs.
    pub fn list(&self) -> Result<Vec<Job>> {
        let runs = self.open()?.recent(LISTED_MAX)?;
        Ok(runs.iter().map(|run| self.of_recent(run)).collect())
    }

    /// A run by its number, or by its id.
    pub fn job(&self, asked: &str) -> Result<(Job, Vec<Failure>)> {
        let project = self.open()?;
        let plain = asked.trim_start_matches('#');
        let number: Option<u64> = plain.parse().ok();
        let runs = project.recent(LISTED_MAX)?;
        let by_number = |run: &&RecentRun| number.is_some() && run.number() == number;
        let by_id = runs.iter().find(|run| run.id() == plain);
        let numbered: Vec<&RecentRun> = runs.iter().filter(by_number).collect();
        let found = match (by_id, numbered.as_slice()) {
            (Some(run), _) => Some(run),
            (None, [several @ .., last]) if !several.is_empty() => {
                return Err(self.several(asked, several, last));
            }
            (None, numbered) => numbered.first().copied(),
        };
        if let Some(run) = found {
            let mut job = self.of_recent(run);
            let status = project.run(&job.id)?.status()?;
            standing(&mut job, &status);
            return Ok((job, failures(&status)));
        }
        // An older one. By its number it cannot be found; numbers with a `#` are no ids.
        if asked.starts_with('#') || !is_plain(plain) {
            return Err(self.unknown(asked));
        }
        let run = project.run(plain)?;
        let status = match run.status() {
            Ok(status) => status,
            Err(error) if matches!(error.code, Code::NotFound | Code::Invalid) => {
                return Err(self.unknown(asked));
            }
            Err(error) => return Err(error),
        };
        let mut job = Job {
            source: self.name.to_owned(),
            id: plain.to_owned(),
            number: None,
            title: String::new(),
            state: String::new(),
            running: false,
            owner: None,
            reference: None,
            url: Some(status.url()),
            created: None,
        };
        standing(&mut job, &status);
        Ok((job, failures(&status)))
    }

    /// Asks for it to be stopped.
    pub fn cancel(&self, job: &Job) -> Result {
        self.open()?.run(&job.id)?.cancel()
    }

    /// Has what failed of it run once more, or all of it where the service can only do that.
    pub fn retry(&self, job: &Job) -> Result {
        let project = self.open()?;
        let only_failed = project.can(Ability::RerunFailed) && job.state == "failed";
        project.run(&job.id)?.rerun(only_failed)
    }

    /// Waits until it is over, and says in a word how it ended.
    pub fn ended(&self, job: &Job, within: Duration) -> Result<String> {
        let status = self.open()?.run(&job.id)?.finished(within)?;
        Ok(status.phase().to_string())
    }

    fn open(&self) -> Result<Project> {
        ci::open(self.provider, self.project)
    }

    fn of_recent(&self, run: &RecentRun) -> Job {
        let phase = run.phase();
        Job {
            source: self.name.to_owned(),
            id: run.id(),
            number: run.number().filter(|_| self.numbers_are_names()),
            title: run.title(),
            running: goes_on(phase.as_str()),
            state: phase.to_string(),
            owner: run.actor(),
            reference: run.reference(),
            url: Some(run.url()),
            created: Some(run.created_at()),
        }
    }

    /// GitHub counts the runs of each workflow by themselves:
    /// <https://docs.github.com/en/actions/reference/workflows-and-actions/contexts#github-context>.
    fn numbers_are_names(&self) -> bool {
        self.provider != "github-actions"
    }

    fn several(&self, asked: &str, runs: &[&RecentRun], last: &RecentRun) -> Error {
        let shown = |run: &&RecentRun| format!("`{}` ({})", run.id(), run.title());
        let runs: Vec<String> = runs.iter().map(shown).collect();
        Error::new(
            Code::Conflict,
            format!(
                "Several runs of {} have the number `{asked}`. Name one by its id: {} or {}.",
                self.name,
                runs.join(", "),
                shown(&last)
            ),
        )
    }

    fn unknown(&self, asked: &str) -> Error {
        let name = self.name;
        Error::not_found(format!(
            "There is no run `{asked}` among the newest of {name}. `jobs {name}` lists them; older ones are known by their ids."
        ))
    }
}

fn goes_on(phase: &str) -> bool {
    matches!(phase, "queued" | "running" | "blocked")
}

fn standing(job: &mut Job, status: &RunStatus) {
    job.state = status.phase().to_string();
    job.running = !status.is_finished();
}

fn failures(status: &RunStatus) -> Vec<Failure> {
    let failures = status.failures();
    let failures = failures.iter().map(|failure| Failure {
        what: match &failure.step {
            Some(step) => format!("{} at {step}", failure.job),
            None => failure.job.clone(),
        },
        url: failure.url.clone(),
    });
    failures.collect()
}
