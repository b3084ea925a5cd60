//! Where alerts come from.

pub mod alertmanager;
pub mod ci;
pub mod generic;
pub mod moment;

use serde::{Deserialize, Serialize};

/// A source of alerts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// Prometheus Alertmanager.
    Alertmanager,
    /// The alerting of Grafana.
    Grafana,
    /// Whoever else sends webhooks.
    Alerts,
    /// Workflows of GitHub Actions.
    Github,
    /// Workflows of CircleCI.
    Circleci,
}

impl Source {
    /// As routes name it; for those that send webhooks the name of the webhook.
    pub fn as_str(self) -> &'static str {
        match self {
            Source::Alertmanager => "alertmanager",
            Source::Grafana => "grafana",
            Source::Alerts => "alerts",
            Source::Github => "github",
            Source::Circleci => "circleci",
        }
    }

    /// Whether it tells of nothing but what failed.
    pub fn is_ci(self) -> bool {
        matches!(self, Source::Github | Source::Circleci)
    }

    /// As people call it.
    pub fn title(self) -> &'static str {
        match self {
            Source::Alertmanager => "Alertmanager",
            Source::Grafana => "Grafana",
            Source::Alerts => "the webhook `alerts`",
            Source::Github => "GitHub Actions",
            Source::Circleci => "CircleCI",
        }
    }
}
