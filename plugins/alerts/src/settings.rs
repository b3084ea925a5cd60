//! What the operator wrote: which alerts go to which channel.

mod pattern;
mod route;

use serde::Deserialize;
use witbot_sdk::config::Wrong;

use crate::report::{Instance, Report};
use crate::source::Source;

pub use pattern::matches;
pub use route::Route;

/// A channel sees no more new messages than this in a minute, whatever comes.
const MESSAGES_MAX: usize = 10;
/// As keys of what is kept have the name of a channel in them. No chat has longer names.
const CHANNEL_BYTES_MAX: usize = 80;

/// All settings of the plugin.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    channel: String,
    #[serde(default)]
    routes: Vec<Route>,
    alertmanager_url: Option<String>,
    #[serde(default = "branches_default")]
    branches: Vec<String>,
    #[serde(default = "messages_default")]
    max_messages_per_minute: usize,
}

fn branches_default() -> Vec<String> {
    vec!["main".to_owned(), "master".to_owned()]
}

fn messages_default() -> usize {
    8
}

impl Settings {
    /// Where alerts go that no route is about.
    pub fn channel(&self) -> &str {
        without_sign(&self.channel)
    }

    /// Where the card of a report goes: by the first route that is about one of its firing instances.
    pub fn channel_of(&self, report: &Report) -> &str {
        let firing: Vec<&Instance> = report.firing().collect();
        let about = |route: &&Route| {
            let mut firing = firing.iter();
            firing.any(|one| route.is_about(report.source, &one.labels))
        };
        let route = self.routes.iter().filter(|route| !route.drop).find(about);
        let channel = route.and_then(|route| route.channel.as_deref());
        channel.map_or_else(|| self.channel(), without_sign)
    }

    /// Whether nobody wants to hear of an instance.
    pub fn drops(&self, source: Source, instance: &Instance) -> bool {
        let mut routes = self.routes.iter();
        let route = routes.find(|route| route.is_about(source, &instance.labels));
        route.is_some_and(|route| route.drop)
    }

    /// The address of Alertmanager, without a slash at its end.
    pub fn alertmanager_url(&self) -> Option<&str> {
        let url = self.alertmanager_url.as_deref()?;
        Some(url.trim_end_matches('/'))
    }

    /// Whether failures of CI on a branch are told.
    pub fn is_watched(&self, branch: &str) -> bool {
        self.branches.iter().any(|pattern| matches(pattern, branch))
    }

    /// How many cards a channel sees in a minute. One message is left for what comes on top.
    pub fn cards_per_minute(&self) -> usize {
        self.max_messages_per_minute.min(MESSAGES_MAX - 1)
    }

    /// What is wrong with them although they can be read.
    pub fn wrong(&self) -> Vec<Wrong> {
        let mut wrong = Vec::new();
        if !is_channel(&self.channel) {
            wrong.push(Wrong::at(&["channel"], wrong_channel(&self.channel)));
        }
        for (index, route) in self.routes.iter().enumerate() {
            let index = index.to_string();
            for (keys, reason) in route.mistakes() {
                let place = ["routes", index.as_str()].into_iter().chain(keys);
                wrong.push(Wrong::at(&place.collect::<Vec<_>>(), reason));
            }
        }
        wrong.extend(self.wrong_url());
        for (index, branch) in self.branches.iter().enumerate() {
            if let Some(reason) = pattern::mistake(branch) {
                wrong.push(Wrong::at(&["branches", &index.to_string()], reason));
            }
        }
        if !(1..=MESSAGES_MAX).contains(&self.max_messages_per_minute) {
            let reason = format!("write 1 to {MESSAGES_MAX} messages");
            wrong.push(Wrong::at(&["max_messages_per_minute"], reason));
        }
        wrong
    }

    fn wrong_url(&self) -> Option<Wrong> {
        let url = self.alertmanager_url.as_deref()?;
        let is_address = crate::words::address(url).is_some() && !url.contains(['?', '#']);
        (!is_address).then(|| {
            let reason = format!(
                "`{url}` is no address of Alertmanager: write it such as `http://alertmanager.example:9093`"
            );
            Wrong::at(&["alertmanager_url"], reason)
        })
    }
}

fn without_sign(channel: &str) -> &str {
    channel.strip_prefix('#').unwrap_or(channel)
}

fn is_channel(channel: &str) -> bool {
    let name = without_sign(channel);
    let strange = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '#' | '/');
    !name.is_empty() && name.len() <= CHANNEL_BYTES_MAX && !name.contains(strange)
}

fn wrong_channel(channel: &str) -> String {
    format!("`{channel}` is no channel: write its name, such as `ops`, or its id")
}

#[cfg(test)]
pub fn example(document: &str) -> Settings {
    witbot_sdk::config::parse(document).expect("the example fits the settings")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::example as report;

    fn routed() -> Settings {
        example(
            r##"{"channel": "#ops", "routes": [
                {"match": {"severity": "info"}, "drop": true},
                {"match": {"severity": "critical", "team": "web|data-*"}, "channel": "#oncall"},
                {"match": {"source": "github|circleci"}, "channel": "builds"}
            ]}"##,
        )
    }

    #[test]
    fn the_first_route_decides() {
        let settings = routed();
        let channel = |labels: &[(&str, &str)]| {
            let report = report(&[labels]);
            settings.channel_of(&report).to_owned()
        };
        assert_eq!(
            channel(&[("severity", "critical"), ("team", "web")]),
            "oncall"
        );
        assert_eq!(
            channel(&[("severity", "critical"), ("team", "data-lake")]),
            "oncall"
        );
        assert_eq!(channel(&[("severity", "critical"), ("team", "api")]), "ops");
        assert_eq!(channel(&[("severity", "critical")]), "ops");
        let failed = Report {
            source: Source::Github,
            ..report(&[&[]])
        };
        assert_eq!(settings.channel_of(&failed), "builds");
    }

    #[test]
    fn one_instance_takes_its_group_along() {
        let mixed = report(&[
            &[("severity", "warning")],
            &[("severity", "critical"), ("team", "web")],
        ]);
        assert_eq!(routed().channel_of(&mixed), "oncall");
    }

    #[test]
    fn some_are_dropped() {
        let report = report(&[&[("severity", "info")], &[("severity", "warning")]]);
        let dropped: Vec<bool> = report
            .instances
            .iter()
            .map(|one| routed().drops(report.source, one))
            .collect();
        assert_eq!(dropped, [true, false]);
    }

    #[test]
    fn defaults_are_as_the_readme_says() {
        let settings = example(r#"{"channel": "ops"}"#);
        assert!(settings.wrong().is_empty());
        assert!(settings.is_watched("main") && settings.is_watched("master"));
        assert!(!settings.is_watched("fix/login"));
        assert_eq!(settings.cards_per_minute(), 8);
        assert_eq!(settings.alertmanager_url(), None);
    }

    #[test]
    fn the_last_message_of_ten_is_left_for_storms() {
        let settings = example(r#"{"channel": "ops", "max_messages_per_minute": 10}"#);
        assert!(settings.wrong().is_empty());
        assert_eq!(settings.cards_per_minute(), 9);
    }

    #[test]
    fn every_mistake_has_its_place() {
        let settings = example(
            r#"{"channel": "", "alertmanager_url": "alertmanager:9093", "max_messages_per_minute": 11,
                "branches": ["main", "release-*-x"],
                "routes": [
                    {"match": {"a": "b"}},
                    {"match": {"a": "b"}, "channel": "x", "drop": true},
                    {"match": {"a": "b*c"}, "channel": "two words"},
                    {"match": {"a": "b||c"}, "drop": true},
                    {"match": {}, "drop": true}
                ]}"#,
        );
        let places: Vec<String> = settings
            .wrong()
            .into_iter()
            .map(|wrong| wrong.pointer)
            .collect();
        assert_eq!(
            places,
            [
                "/channel",
                "/routes/0",
                "/routes/1/drop",
                "/routes/2/match/a",
                "/routes/2/channel",
                "/routes/3/match/a",
                "/routes/4/match",
                "/alertmanager_url",
                "/branches/1",
                "/max_messages_per_minute",
            ]
        );
    }
}
