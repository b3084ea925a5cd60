//! What a source says about one thing, in our own words: each source is turned into this.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::source::Source;
use crate::words;

/// Labels of one instance in all; what is longer is cut, so that nobody can fill what is kept.
const LABELS_BYTES_MAX: usize = 8 << 10;
const LABEL_CHARS_MAX: usize = 200;
/// What is said of an instance: a few sentences.
const TEXT_CHARS_MAX: usize = 500;

/// What a source says.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// Who says it.
    pub source: Source,
    /// By what the source tells it from others. What has the same key has one card.
    pub key: String,
    /// What people call it.
    pub name: String,
    /// What is said of all of it.
    pub text: String,
    /// All that belongs to it, as far as it is told.
    pub instances: Vec<Instance>,
    /// How many more there are that were left out. Without any, what is not told any more is over.
    pub omitted: u64,
    /// Where to read on.
    pub links: Vec<Link>,
    /// When it happened, or else came, in milliseconds since 1970: what came first can be read last.
    pub at: u64,
}

/// An address with its label.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// What is shown.
    pub label: String,
    /// Where it leads.
    pub url: String,
}

/// One of those that make up an alert: one set of labels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instance {
    /// By what the source tells it from others.
    pub id: String,
    /// Whether it fires, or is over.
    pub firing: bool,
    /// Since when, in milliseconds since 1970.
    pub since: u64,
    /// What it is about.
    pub labels: BTreeMap<String, String>,
    /// Whether the labels are not all of them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cut: bool,
    /// What is said of it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
}

impl Report {
    /// Those that fire.
    pub fn firing(&self) -> impl Iterator<Item = &Instance> {
        self.instances.iter().filter(|instance| instance.firing)
    }

    /// Adds an address, if it is one.
    pub fn link(&mut self, label: &str, url: Option<&str>) {
        let url = url.and_then(words::address);
        self.links.extend(url.map(|url| Link {
            label: label.to_owned(),
            url,
        }));
    }
}

impl Instance {
    /// An instance that is no larger than can be kept.
    pub fn new(
        id: String,
        firing: bool,
        since: u64,
        labels: BTreeMap<String, String>,
        text: &str,
    ) -> Instance {
        let bytes: usize = labels
            .iter()
            .map(|(name, value)| name.len() + value.len())
            .sum();
        let cut = bytes > LABELS_BYTES_MAX;
        let labels = if cut { shortened(labels) } else { labels };
        Instance {
            id: words::clipped(&id, LABEL_CHARS_MAX),
            firing,
            since,
            labels,
            cut,
            text: words::clipped(text.trim(), TEXT_CHARS_MAX),
        }
    }
}

fn shortened(labels: BTreeMap<String, String>) -> BTreeMap<String, String> {
    let each_max = LABELS_BYTES_MAX / (LABEL_CHARS_MAX * 2);
    let first = labels.into_iter().take(each_max);
    first
        .map(|(name, value)| {
            (
                words::clipped(&name, LABEL_CHARS_MAX),
                words::clipped(&value, LABEL_CHARS_MAX),
            )
        })
        .collect()
}

#[cfg(test)]
pub fn example(labels: &[&[(&str, &str)]]) -> Report {
    let instance = |(index, labels): (usize, &&[(&str, &str)])| {
        let labels = labels
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Instance::new(format!("f{index}"), true, 1_000, labels.collect(), "")
    };
    Report {
        source: Source::Alertmanager,
        key: "{}:{alertname=\"DiskFull\"}".to_owned(),
        name: "DiskFull".to_owned(),
        text: String::new(),
        instances: labels.iter().enumerate().map(instance).collect(),
        omitted: 0,
        links: Vec::new(),
        at: 1_000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_large_is_cut() {
        let labels = |size: usize| BTreeMap::from([("a".to_owned(), "x".repeat(size))]);
        let whole = Instance::new("1".to_owned(), true, 0, labels(1_000), "");
        assert!(!whole.cut);
        assert_eq!(whole.labels["a"].len(), 1_000);
        let cut = Instance::new("1".to_owned(), true, 0, labels(10_000), &"y".repeat(600));
        assert!(cut.cut);
        assert_eq!(cut.labels["a"].chars().count(), LABEL_CHARS_MAX);
        assert_eq!(cut.text.chars().count(), TEXT_CHARS_MAX);
    }

    #[test]
    fn links_are_only_those_that_can_be_followed() {
        let mut report = example(&[]);
        report.link("Source", Some("https://prometheus.example/graph"));
        report.link("Panel", Some("javascript:alert(1)"));
        report.link("Dashboard", None);
        assert_eq!(report.links.len(), 1);
    }
}
