//! An environment, as it is remembered.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use witbot_sdk::flow::Timestamp;

use crate::template::Values;

/// All that is known of an environment. Times are milliseconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Environment {
    pub branch: String,
    /// `owner/name`, at GitHub.
    pub repository: String,
    /// The commit that it was made of.
    pub sha: String,
    pub owner: Person,
    pub phase: Phase,
    /// The run of the plugin that is at work on it, or was last. Only that one says how it went.
    pub holder: String,
    /// When it goes away.
    pub until: u64,
    /// For how long it was asked.
    pub duration_ms: u64,
    /// When its owner is to be warned, unless that was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warn_at: Option<u64>,
    /// Its message in the chat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card: Option<String>,
    /// GitHub's number of its deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deployment: Option<u64>,
    /// Whether CI was asked to make it, so that something of it may be there.
    #[serde(default)]
    pub begun: bool,
    /// The run of CI that made it, or makes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made_by: Option<CiRun>,
    /// The run of this plugin that was making it when somebody wanted it away, until it was seen to end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maker: Option<String>,
    /// The page of the run that says the most about how it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<String>,
}

/// Somebody in the chat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    pub id: String,
    /// For showing.
    pub name: String,
}

/// A run of CI, by what finds it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CiRun {
    pub provider: String,
    pub project: String,
    pub id: String,
}

/// How an environment stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    Creating,
    Ready,
    /// It was not made, but something of it may be there.
    Failed(String),
    /// It is being taken away.
    Destroying {
        why: Why,
        /// The first is 1.
        attempt: u32,
        /// When the attempt has surely ended, however it did.
        over_at: u64,
    },
    /// It could not be taken away.
    Stuck {
        why: Why,
        attempts: u32,
        reason: String,
        /// When it is tried again. None: not by itself.
        again_at: Option<u64>,
    },
}

/// Why an environment is taken away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// Somebody, by name, wants it.
    Wanted(String),
    Expired,
    PullRequest {
        number: u64,
        merged: bool,
    },
}

impl Environment {
    /// What is put into the texts of the settings.
    pub fn values(&self, app: &str, name: &str) -> Values {
        Values {
            app: app.to_owned(),
            branch: self.branch.clone(),
            deployment_id: self.deployment.unwrap_or_default(),
            name: name.to_owned(),
            owner: self.owner.name.clone(),
            repository: self.repository.clone(),
            sha: self.sha.clone(),
        }
    }

    /// Whether it is one of those that its owner can have only so many of.
    pub fn counts(&self) -> bool {
        !matches!(self.phase, Phase::Failed(_))
    }

    /// Lets it stay until then, and has its owner warned if there is time for that.
    pub fn stay(&mut self, until: Timestamp, now: Timestamp, warn_before: Duration) {
        let warn_at = until - warn_before;
        self.until = until.as_millis();
        self.warn_at = (warn_at > now).then(|| warn_at.as_millis());
    }
}

impl Why {
    /// As the end of a sentence, from the blank or the comma before it.
    pub fn words(&self) -> String {
        match self {
            Why::Wanted(name) => format!(" for {name}"),
            Why::Expired => ", as its time is over".to_owned(),
            Why::PullRequest { number, merged } => {
                let end = if *merged { "merged" } else { "closed" };
                format!(", as pull request #{number} was {end}")
            }
        }
    }
}

#[cfg(test)]
pub fn example(phase: Phase) -> Environment {
    Environment {
        branch: "feature/login".to_owned(),
        repository: "acme/api".to_owned(),
        sha: "1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d".to_owned(),
        owner: Person {
            id: "U1".to_owned(),
            name: "ada".to_owned(),
        },
        phase,
        holder: "run-1".to_owned(),
        until: 1_795_372_500_000,
        duration_ms: 3 * 86_400_000,
        warn_at: Some(1_795_368_900_000),
        card: None,
        deployment: Some(7),
        begun: true,
        made_by: None,
        maker: None,
        log: Some("https://ci.example/12".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn environments_are_read_back() {
        for phase in [
            Phase::Creating,
            Phase::Failed("No room.".to_owned()),
            Phase::Destroying {
                why: Why::Expired,
                attempt: 1,
                over_at: 5,
            },
            Phase::Stuck {
                why: Why::PullRequest {
                    number: 7,
                    merged: true,
                },
                attempts: 2,
                reason: "No.".to_owned(),
                again_at: None,
            },
        ] {
            let environment = example(phase);
            let text = serde_json::to_string(&environment).unwrap();
            assert_eq!(
                serde_json::from_str::<Environment>(&text).unwrap(),
                environment
            );
        }
    }

    #[test]
    fn nobody_is_warned_at_once() {
        let mut environment = example(Phase::Ready);
        let (now, hour) = (
            Timestamp::from_millis(1_000_000),
            Duration::from_secs(3_600),
        );
        environment.stay(now + 2 * hour, now, hour);
        assert_eq!(environment.warn_at, Some((now + hour).as_millis()));
        environment.stay(now + hour, now, hour);
        assert_eq!(environment.warn_at, None);
        assert_eq!(environment.until, (now + hour).as_millis());
    }
}
