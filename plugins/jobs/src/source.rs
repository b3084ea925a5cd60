//! Where work is, whichever service does it.

use std::time::Duration;

use witbot_sdk::{Event, Result};

use crate::ci_source::CiSource;
use crate::job::{Failure, Job};
use crate::settings::Written;
use crate::web_source::WebSource;

/// A source of jobs.
#[derive(Debug)]
pub enum Source<'a> {
    /// A project of a CI service.
    Ci(CiSource<'a>),
    /// A service that tells of its jobs by HTTP.
    Web(WebSource<'a>),
}

impl<'a> Source<'a> {
    /// What the settings call so.
    pub fn of(name: &'a str, written: &'a Written) -> Source<'a> {
        match (&written.provider, &written.project) {
            (Some(provider), Some(project)) => Source::Ci(CiSource {
                name,
                provider,
                project,
            }),
            _ => Source::Web(WebSource { name, written }),
        }
    }

    /// As people call it.
    pub fn name(&self) -> &'a str {
        match self {
            Source::Ci(ci) => ci.name,
            Source::Web(web) => web.name,
        }
    }

    /// The newest jobs, newest first.
    pub fn list(&self) -> Result<Vec<Job>> {
        match self {
            Source::Ci(ci) => ci.list(),
            Source::Web(web) => web.list(),
        }
    }

    /// A job by what people call it, with what failed in it.
    pub fn job(&self, asked: &str) -> Result<(Job, Vec<Failure>)> {
        match self {
            Source::Ci(ci) => ci.job(asked),
            Source::Web(web) => Ok((web.job(asked)?, Vec::new())),
        }
    }

    /// Whether a job can be stopped here.
    pub fn can_cancel(&self) -> bool {
        match self {
            Source::Ci(_) => true,
            Source::Web(web) => web.written.cancel.is_some(),
        }
    }

    /// Whether a job can be run once more here.
    pub fn can_retry(&self) -> bool {
        match self {
            Source::Ci(_) => true,
            Source::Web(web) => web.written.retry.is_some(),
        }
    }

    /// Asks for a job to be stopped.
    pub fn cancel(&self, job: &Job) -> Result {
        match self {
            Source::Ci(ci) => ci.cancel(job),
            Source::Web(web) => web.act(web.written.cancel.as_ref(), job, "canceled"),
        }
    }

    /// Has a job run once more.
    pub fn retry(&self, job: &Job) -> Result {
        match self {
            Source::Ci(ci) => ci.retry(job),
            Source::Web(web) => web.act(web.written.retry.as_ref(), job, "retried"),
        }
    }

    /// Waits until a job is over, and says how it stands then. None: that cannot be waited for here.
    pub fn ended(&self, job: &Job, within: Duration) -> Result<Option<String>> {
        match self {
            Source::Ci(ci) => ci.ended(job, within).map(Some),
            Source::Web(_) => Ok(None),
        }
    }

    /// Whether a job is that of whoever asks. Whose job it is can be unknown: then it is somebody else's.
    pub fn is_own(&self, job: &Job, event: &Event) -> Result<bool> {
        let Some(owner) = &job.owner else {
            return Ok(false);
        };
        Ok(match self {
            Source::Ci(_) => event
                .user_github_login()?
                .is_some_and(|login| login.eq_ignore_ascii_case(owner)),
            Source::Web(web) => {
                let known = web.written.owners.get(owner);
                known.is_some() && known == event.user().as_ref()
            }
        })
    }
}
