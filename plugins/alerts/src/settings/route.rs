//! Where alerts with certain labels go.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{is_channel, pattern, wrong_channel};
use crate::source::Source;

/// Stands for where an alert comes from, unless it has a label of that name.
const SOURCE: &str = "source";

/// A route.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    #[serde(rename = "match")]
    labels: BTreeMap<String, String>,
    /// Where they go.
    pub channel: Option<String>,
    /// They go nowhere, and are not kept.
    #[serde(default)]
    pub drop: bool,
}

impl Route {
    /// Whether all labels that it names are as it says.
    pub fn is_about(&self, source: Source, labels: &BTreeMap<String, String>) -> bool {
        self.labels.iter().all(|(name, pattern)| {
            let own = labels.get(name).map(String::as_str);
            let value = own.or_else(|| (name == SOURCE).then(|| source.as_str()));
            pattern::matches(pattern, value.unwrap_or_default())
        })
    }

    /// Keys within the route, each with what is wrong there.
    pub fn mistakes(&self) -> Vec<(Vec<&str>, String)> {
        let mut mistakes = Vec::new();
        if self.labels.is_empty() {
            let reason = "name one label at least; what no route is about goes to `channel`";
            mistakes.push((vec!["match"], reason.to_owned()));
        }
        for (label, value) in &self.labels {
            if let Some(reason) = pattern::mistake(value) {
                mistakes.push((vec!["match", label], reason));
            }
        }
        match &self.channel {
            Some(_) if self.drop => {
                let reason = "what is dropped goes to no channel: leave one of them out";
                mistakes.push((vec!["drop"], reason.to_owned()));
            }
            Some(channel) if !is_channel(channel) => {
                mistakes.push((vec!["channel"], wrong_channel(channel)));
            }
            None if !self.drop => {
                let reason = "say where they go, `channel = \"ops\"`, or `drop = true`";
                mistakes.push((Vec::new(), reason.to_owned()));
            }
            Some(_) | None => {}
        }
        mistakes
    }
}
