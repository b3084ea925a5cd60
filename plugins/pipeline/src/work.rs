//! What the plugin is at work on, and was: which run belongs to which deployment. It is remembered so that one deployment
//! has one run however often it is told, so that a status that somebody else adds can stop the run, and so that people can
//! approve it or have it run again.

use serde::{Deserialize, Serialize};
use witbot_sdk::{Result, kv, log};

/// So many deployments of a repository are remembered: what is older is not told anew, and not run again.
const REMEMBERED_MAX: usize = 200;
/// The longest list of keys.
const KEYS_MAX: u32 = 1_000;

/// The work on one deployment, from before its run is started.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Work {
    /// The run, once it is started.
    pub run: Option<Run>,
    /// Whether somebody canceled the deployment.
    pub canceled: bool,
    /// Whether all is done. It stays here so that nobody begins anew.
    pub ended: bool,
    /// Whether it goes to production.
    pub production: bool,
    /// Statuses up to this one are from before the work was taken up again.
    pub since: Option<u64>,
}

/// A run, by what finds it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// `circleci` or `github-actions`.
    pub provider: String,
    /// As the service names it.
    pub project: String,
    /// The service's id.
    pub id: String,
}

/// The deployment that work is done on.
pub struct Place {
    repository: String,
    key: String,
}

impl Place {
    /// GitHub's names of repositories are the same in any case of letters.
    pub fn of(repository: &str, deployment: u64) -> Place {
        let repository = repository.to_lowercase();
        Place {
            key: format!("{}{deployment}", prefix(&repository)),
            repository,
        }
    }

    /// Begins the work, and says whether that was still to be done. Whoever was first goes on: when it is killed, it is
    /// resumed, and finds here that it was the one.
    pub fn claim(&self, production: bool) -> Result<bool> {
        self.forget_oldest();
        let work = Work {
            production,
            ..Work::default()
        };
        kv::replace(&self.key, None, &work)
    }

    /// Takes up again what has ended, and says whether nobody else did before.
    pub fn resume(&self, since: Option<u64>) -> Result<bool> {
        let Some(before) = self.work()?.filter(|work| work.ended) else {
            return Ok(false);
        };
        let resumed = Work {
            canceled: false,
            ended: false,
            since,
            ..before.clone()
        };
        kv::replace(&self.key, Some(&before), &resumed)
    }

    /// The work, if there is or was any.
    pub fn work(&self) -> Result<Option<Work>> {
        kv::get(&self.key)
    }

    /// Whether the deployment was canceled since the work was begun.
    pub fn is_canceled(&self) -> Result<bool> {
        Ok(self.work()?.is_some_and(|work| work.canceled))
    }

    /// Whether the deployment goes to production.
    pub fn is_of_production(&self) -> Result<bool> {
        Ok(self.work()?.is_some_and(|work| work.production))
    }

    /// Remembers the run.
    pub fn started(&self, run: &Run) -> Result<Work> {
        kv::update(&self.key, |work: Option<Work>| Work {
            run: Some(run.clone()),
            ..work.unwrap_or_default()
        })
    }

    /// Remembers that a status has canceled the deployment, if anything is being done for it, and gives what that is.
    pub fn canceled(&self, status: u64) -> Result<Option<Work>> {
        while let Some(before) = self.work()?.filter(|work| is_stopped_by(work, status)) {
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

    /// Ends the work. The last status is told after this, so that it is not taken for somebody else's.
    pub fn end(&self) {
        let ended = kv::update(&self.key, |work: Option<Work>| Work {
            ended: true,
            ..work.unwrap_or_default()
        });
        if let Err(error) = ended {
            log::warn!("the end of `{}` could not be remembered: {error}", self.key);
        }
    }

    /// Not being able to forget does no harm until the space is full, and then it is told.
    fn forget_oldest(&self) {
        let prefix = prefix(&self.repository);
        let forgotten = kv::keys(&prefix, None, KEYS_MAX).and_then(|keys| {
            oldest(&prefix, keys)
                .iter()
                .try_for_each(|key| kv::delete(key))
        });
        if let Err(error) = forgotten {
            log::warn!("old deployments could not be forgotten: {error}");
        }
    }
}

fn prefix(repository: &str) -> String {
    format!("deployment {repository} ")
}

/// Whether a status of somebody else is about the work as it is now.
fn is_stopped_by(work: &Work, status: u64) -> bool {
    !work.ended && work.since.is_none_or(|since| status > since)
}

/// The keys that are too many. GitHub's numbers of deployments grow.
fn oldest(prefix: &str, mut keys: Vec<String>) -> Vec<String> {
    let number = |key: &str| key.strip_prefix(prefix)?.parse::<u64>().ok();
    keys.sort_by_key(|key| number(key));
    keys.truncate(keys.len().saturating_sub(REMEMBERED_MAX));
    keys
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
            since: Some(1 << 33),
            ..Work::default()
        };
        let text = serde_json::to_string(&work).unwrap();
        assert_eq!(serde_json::from_str::<Work>(&text).unwrap(), work);
        assert_eq!(serde_json::from_str::<Work>("{}").unwrap(), Work::default());
    }

    #[test]
    fn a_status_from_before_stops_nothing() {
        let work = |ended, since| Work {
            ended,
            since,
            ..Work::default()
        };
        assert!(is_stopped_by(&work(false, None), 1));
        assert!(is_stopped_by(&work(false, Some(6)), 7));
        assert!(!is_stopped_by(&work(false, Some(7)), 7));
        assert!(!is_stopped_by(&work(true, None), 7));
    }

    #[test]
    fn the_oldest_are_forgotten() {
        let key = |number: usize| format!("deployment acme/api {number}");
        let all: Vec<String> = (1..=REMEMBERED_MAX + 2).map(key).collect();
        assert_eq!(oldest("deployment acme/api ", all), [key(1), key(2)]);
        assert!(oldest("deployment acme/api ", vec![key(1)]).is_empty());
    }
}
