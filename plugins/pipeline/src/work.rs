//! What the plugin is at work on: which run belongs to which deployment. It is remembered so that a status that somebody
//! else adds to the deployment can stop the run.

use serde::{Deserialize, Serialize};
use witbot_sdk::{Result, kv, log};

/// The work on one deployment, from before its run is started until its end is told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Work {
    /// The run, once it is started.
    pub run: Option<Run>,
    /// Whether somebody canceled the deployment.
    pub canceled: bool,
}

/// A run, by what finds it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// `circleci`.
    pub provider: String,
    /// As the service names it.
    pub project: String,
    /// The service's id.
    pub id: String,
}

/// The deployment that work is done on.
pub struct Place {
    key: String,
}

impl Place {
    /// GitHub's names of repositories are the same in any case of letters.
    pub fn of(repository: &str, deployment: u64) -> Place {
        Place {
            key: format!("deployment {} {deployment}", repository.to_lowercase()),
        }
    }

    /// Begins the work.
    pub fn begin(&self) -> Result {
        kv::set(&self.key, &Work::default())
    }

    /// The work, if there is any.
    pub fn work(&self) -> Result<Option<Work>> {
        kv::get(&self.key)
    }

    /// Whether the deployment was canceled since the work was begun.
    pub fn is_canceled(&self) -> Result<bool> {
        Ok(self.work()?.is_some_and(|work| work.canceled))
    }

    /// Remembers the run.
    pub fn started(&self, run: &Run) -> Result<Work> {
        kv::update(&self.key, |work: Option<Work>| Work {
            run: Some(run.clone()),
            ..work.unwrap_or_default()
        })
    }

    /// Remembers that the deployment was canceled, if anything is being done for it, and gives what that is.
    pub fn canceled(&self) -> Result<Option<Work>> {
        while let Some(before) = self.work()? {
            let canceled = Work {
                canceled: true,
                ..before.clone()
            };
            if kv::replace(&self.key, Some(&before), &canceled)? {
                return Ok(Some(canceled));
            }
        }
        Ok(None)
    }

    /// Ends the work. The last status is told after this, so that it is not taken for somebody else's. What could not be
    /// forgotten does no harm: a run that is over cannot be stopped.
    pub fn end(&self) {
        if let Err(error) = kv::delete(&self.key) {
            log::warn!("`{}` could not be forgotten: {error}", self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_is_the_same_in_any_case_of_letters() {
        assert_eq!(Place::of("Acme/API", 7).key, "deployment acme/api 7");
    }

    #[test]
    fn work_is_read_back() {
        let work = Work {
            run: Some(Run {
                provider: "circleci".to_owned(),
                project: "gh/acme/api".to_owned(),
                id: "0b1c".to_owned(),
            }),
            canceled: true,
        };
        let text = serde_json::to_string(&work).unwrap();
        assert_eq!(serde_json::from_str::<Work>(&text).unwrap(), work);
        assert_eq!(serde_json::from_str::<Work>("{}").unwrap(), Work::default());
    }
}
