//! One application that can have environments.

use std::time::Duration;

use serde::Deserialize;
use witbot_sdk::config::Wrong;
use witbot_sdk::{Error, Result, duration};

use crate::template::{self, Values};

use super::pipeline::Pipeline;

const DAY: Duration = Duration::from_secs(24 * 3_600);
/// What stays for longer is no environment of a branch.
const DURATION_MAX: Duration = Duration::from_secs(365 * 24 * 3_600);
/// What a name can be made of: it must be the same each time.
const NAMED_BY: [&str; 4] = ["{app}", "{branch}", "{owner}", "{repository}"];

/// An application, and how its environments are made.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct App {
    /// `owner/name`, at GitHub.
    pub repository: String,
    /// Makes an environment.
    pub create: Pipeline,
    /// Takes it away.
    pub destroy: Pipeline,
    #[serde(default = "name_default")]
    name: String,
    #[serde(default = "environment_default")]
    environment: String,
    url: Option<String>,
    #[serde(default = "default_duration_default", with = "duration")]
    default_duration: Duration,
    #[serde(default = "max_duration_default", with = "duration")]
    max_duration: Duration,
    /// How long before the end its owner is warned.
    #[serde(default = "warn_before_default", with = "duration")]
    pub warn_before: Duration,
    /// How many environments one person can have.
    #[serde(default = "quota_default")]
    pub quota: usize,
    /// Where is told what has no card any more.
    pub channel: Option<String>,
}

fn name_default() -> String {
    "{app}-{branch}".to_owned()
}

fn environment_default() -> String {
    "{name}".to_owned()
}

fn default_duration_default() -> Duration {
    3 * DAY
}

fn max_duration_default() -> Duration {
    14 * DAY
}

fn warn_before_default() -> Duration {
    Duration::from_secs(3_600)
}

fn quota_default() -> usize {
    3
}

impl App {
    /// The text of which the name of an environment is made.
    pub fn name(&self, values: &Values) -> Result<String> {
        template::fill(&self.name, values)
    }

    /// What GitHub calls the environment of the deployment.
    pub fn environment(&self, values: &Values) -> Result<String> {
        template::fill(&self.environment, values)
    }

    /// Where an environment can be seen.
    pub fn url(&self, values: &Values) -> Result<Option<String>> {
        let url = self.url.as_deref();
        url.map(|url| template::fill(url, values)).transpose()
    }

    /// How long an environment is to stay for which this was asked.
    ///
    /// # Errors
    /// `invalid`: it cannot stay so long, or so shortly.
    pub fn duration(&self, asked: Option<Duration>) -> Result<Duration> {
        let asked = asked.unwrap_or(self.default_duration);
        let max = self.max_duration;
        match asked {
            Duration::ZERO => Err(Error::invalid(format!(
                "An environment cannot stay for no time at all. Write how long, such as `for {}`.",
                duration::shown(self.default_duration)
            ))),
            asked if asked > max => Err(Error::invalid(format!(
                "An environment can stay for {max} at the most, not for {}. Write `for {max}` or less; it can be extended later.",
                duration::shown(asked),
                max = duration::shown(max)
            ))),
            asked => Ok(asked),
        }
    }

    /// The longest that an environment can stay from now on.
    pub fn max_duration(&self) -> Duration {
        self.max_duration
    }

    /// By how much the button extends an environment.
    pub fn extension(&self) -> Duration {
        DAY.min(self.max_duration)
    }

    pub(super) fn wrong(&self, app: &str) -> Vec<Wrong> {
        let mut wrong = Vec::new();
        let mut check = |setting, reason: Option<String>| {
            let at = |reason| Wrong::at(&["apps", app, setting], reason);
            wrong.extend(reason.map(at));
        };
        check("repository", self.wrong_repository());
        check("name", self.wrong_name());
        check("environment", template::wrong(&self.environment));
        check("url", self.url.as_deref().and_then(wrong_url));
        check("default_duration", self.wrong_default());
        check("max_duration", self.wrong_maximum());
        let none = self.quota == 0;
        check(
            "quota",
            none.then(|| "nobody could have an environment: write 1 or more".to_owned()),
        );
        for (setting, pipeline) in [("create", &self.create), ("destroy", &self.destroy)] {
            wrong.extend(pipeline.wrong(&["apps", app, setting]));
        }
        wrong
    }

    fn wrong_repository(&self) -> Option<String> {
        let parts: Vec<&str> = self.repository.split('/').collect();
        let is_right = parts.len() == 2 && parts.iter().all(|part| !part.is_empty());
        (!is_right).then(|| "a repository is written as `owner/name`".to_owned())
    }

    fn wrong_name(&self) -> Option<String> {
        let left = NAMED_BY
            .iter()
            .fold(self.name.clone(), |left, place| left.replace(place, ""));
        let is_right = template::fill(&left, &Values::default()).is_ok_and(|text| text == left);
        (!is_right).then(|| {
            "a name can be made of {app}, {branch}, {owner} and {repository} alone".to_owned()
        })
    }

    fn wrong_default(&self) -> Option<String> {
        let is_right =
            (1..=self.max_duration.as_millis()).contains(&self.default_duration.as_millis());
        (!is_right).then(|| {
            format!(
                "write a length of time up to `max_duration`, which is {}",
                duration::shown(self.max_duration)
            )
        })
    }

    fn wrong_maximum(&self) -> Option<String> {
        (self.max_duration > DURATION_MAX).then(|| "write 365d or less".to_owned())
    }
}

fn wrong_url(url: &str) -> Option<String> {
    let is_web = url.starts_with("https://") || url.starts_with("http://");
    match is_web {
        true => template::wrong(url),
        false => Some("an address begins with https:// or http://".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::example;
    use super::*;

    #[test]
    fn durations_are_bounded() {
        let settings = example();
        let (_, web) = settings.chosen(Some("web")).unwrap();
        let hours = |hours: u64| Duration::from_secs(hours * 3_600);
        assert_eq!(web.duration(None), Ok(hours(24)));
        assert_eq!(web.duration(Some(hours(48))), Ok(hours(48)));
        assert_eq!(
            web.duration(Some(hours(49))).unwrap_err().message,
            "An environment can stay for 2d at the most, not for 2d1h. Write `for 2d` or less; it can be extended later."
        );
        assert_eq!(
            web.duration(Some(Duration::ZERO)).unwrap_err().message,
            "An environment cannot stay for no time at all. Write how long, such as `for 1d`."
        );
        assert_eq!(web.extension(), hours(24));
    }

    #[test]
    fn names_and_addresses_are_filled() {
        let settings = example();
        let (_, api) = settings.chosen(Some("api")).unwrap();
        let values = template::example();
        assert_eq!(api.name(&values).unwrap(), "api-feature/login");
        assert_eq!(
            api.url(&values).unwrap().unwrap(),
            "https://api-feature-login.preview.example"
        );
    }
}
