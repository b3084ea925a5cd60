//! An alert as it is kept: one number, one card, and all instances that belong to it.

pub mod change;
pub mod severity;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::report::{Instance, Link};
use crate::source::Source;

/// An alert.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// What people call it by.
    pub number: u64,
    /// Counts its changes.
    pub revision: u64,
    /// Who said it.
    pub source: Source,
    /// What the source calls it, as it is kept: see [`crate::store::key`].
    pub key: String,
    /// Where its card is.
    pub channel: String,
    /// What it is about, as it was called when it began.
    pub name: String,
    /// How bad it was when it began.
    pub began_as: String,
    /// What is said of all of it.
    pub text: String,
    /// What belongs to it. Kept in pages of their own when they are many.
    pub instances: Vec<Instance>,
    /// How many more the source left out.
    pub omitted: u64,
    /// Where to read on.
    pub links: Vec<Link>,
    /// Since when, in milliseconds since 1970, as all times here.
    pub since: u64,
    /// When it happened what was heard last.
    pub heard: u64,
    /// When it was over, if it is.
    pub resolved: Option<u64>,
    /// The message that has its card.
    pub message: Option<String>,
    /// Who has seen it.
    pub acknowledged: Option<Deed>,
    /// Who is to look at it.
    pub assigned: Option<Assignment>,
    /// Nothing is said before that.
    pub snoozed: Option<Pause>,
    /// Alertmanager says nothing before that.
    pub silenced: Option<Pause>,
    /// Where the instances are that do not fit in here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pages: Option<Pages>,
}

/// That somebody did something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deed {
    /// Who, by id.
    pub by: String,
    /// What they are called.
    pub name: String,
}

/// That somebody is to look at it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assignment {
    /// Whom, by id.
    pub to: String,
    /// Who said so.
    pub by: Deed,
}

/// That it is quiet for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// Until when.
    pub until: u64,
    /// Who said so.
    pub by: Deed,
}

/// Pages of instances.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pages {
    /// What their keys begin with.
    pub prefix: String,
    /// How many there are.
    pub count: usize,
}

impl Alert {
    /// Those that fire.
    pub fn firing(&self) -> impl Iterator<Item = &Instance> {
        self.instances.iter().filter(|instance| instance.firing)
    }

    /// How many fire, with those that the source left out.
    pub fn firing_count(&self) -> usize {
        let omitted = usize::try_from(self.omitted).unwrap_or(usize::MAX);
        self.firing().count().saturating_add(omitted)
    }

    /// How bad it is now: as the worst of those that fire.
    pub fn severity(&self) -> &str {
        severity::worst(self.firing()).unwrap_or(&self.began_as)
    }

    /// What all that fire have in common; of what is over, what all of it had.
    pub fn common_labels(&self) -> BTreeMap<&str, &str> {
        let firing = self.firing().next().is_some();
        let mut meant = self.instances.iter().filter(|one| one.firing == firing);
        let Some(first) = meant.next() else {
            return BTreeMap::new();
        };
        let labels = first.labels.iter();
        let mut common: BTreeMap<&str, &str> = labels
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        for one in meant {
            common.retain(|name, value| one.labels.get(*name).map(String::as_str) == Some(value));
        }
        common
    }

    /// Whether nothing is to be said now.
    pub fn is_snoozed(&self, now: u64) -> bool {
        self.snoozed.as_ref().is_some_and(|pause| pause.until > now)
    }

    /// Whether people in the channel do not know of it, and should.
    pub fn is_untold(&self) -> bool {
        self.resolved.is_none()
            && self.message.is_none()
            && self.acknowledged.is_none()
            && self.snoozed.is_none()
    }
}

#[cfg(test)]
pub mod example {
    use super::*;
    use crate::report;

    /// An alert with the labels of each instance.
    pub fn alert(labels: &[&[(&str, &str)]]) -> Alert {
        let report = report::example(labels);
        let mut alert = change::begun(&report, "ops", 1_000);
        alert.number = 12;
        alert
    }

    pub fn ada() -> Deed {
        Deed {
            by: "U0ADA".to_owned(),
            name: "ada".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::example::alert;

    #[test]
    fn common_labels_are_those_of_all_that_fire() {
        let mut alert = alert(&[
            &[("job", "node"), ("instance", "a")],
            &[("job", "node"), ("instance", "b")],
            &[("job", "api"), ("instance", "c")],
        ]);
        assert!(alert.common_labels().is_empty());
        alert.instances[2].firing = false;
        let common: Vec<(&str, &str)> = alert.common_labels().into_iter().collect();
        assert_eq!(common, [("job", "node")]);
    }

    #[test]
    fn what_was_left_out_counts() {
        let mut alert = alert(&[&[], &[]]);
        alert.omitted = 3;
        assert_eq!(alert.firing_count(), 5);
    }
}
