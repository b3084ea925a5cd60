//! Webhooks of Prometheus Alertmanager, and of Grafana, which sends the same with a few fields more.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::{Source, moment};
use crate::report::{Instance, Report};
use crate::words;

const NAME: &str = "alertname";
const NAME_CHARS_MAX: usize = 100;
/// Annotations that say what is wrong, the shortest first.
const TEXTS: [&str; 3] = ["summary", "message", "description"];

/// A webhook.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payload {
    group_key: String,
    #[serde(default)]
    receiver: String,
    #[serde(default, deserialize_with = "lenient")]
    group_labels: BTreeMap<String, String>,
    #[serde(default, deserialize_with = "lenient")]
    common_labels: BTreeMap<String, String>,
    #[serde(default, deserialize_with = "lenient")]
    common_annotations: BTreeMap<String, String>,
    #[serde(rename = "externalURL")]
    external_url: Option<String>,
    #[serde(default)]
    truncated_alerts: u64,
    alerts: Vec<Alert>,
}

/// One of its alerts.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Alert {
    status: String,
    #[serde(default, deserialize_with = "lenient")]
    labels: BTreeMap<String, String>,
    #[serde(default, deserialize_with = "lenient")]
    annotations: BTreeMap<String, String>,
    #[serde(default)]
    starts_at: String,
    #[serde(default)]
    fingerprint: String,
    #[serde(rename = "generatorURL")]
    generator_url: Option<String>,
    #[serde(rename = "silenceURL")]
    silence_url: Option<String>,
    #[serde(rename = "dashboardURL")]
    dashboard_url: Option<String>,
    #[serde(rename = "panelURL")]
    panel_url: Option<String>,
}

/// Go writes an empty map as `null` now and then.
fn lenient<'de, D: serde::Deserializer<'de>>(
    from: D,
) -> Result<BTreeMap<String, String>, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

/// What a webhook says, or why it cannot be read.
pub fn read(source: Source, body: &str, now: u64) -> Result<Report, String> {
    let body: Value = serde_json::from_str(body).map_err(|_| not_an_object("text"))?;
    let Value::Object(fields) = &body else {
        return Err(not_an_object(kind(&body)));
    };
    let known = match source {
        Source::Grafana => "1",
        _ => "4",
    };
    match fields.get("version") {
        Some(Value::String(version)) if version == known => {}
        Some(version) => {
            let version = words::line(&version.to_string(), 50);
            return Err(format!(
                "it is of version {version}, and only \"{known}\" is known"
            ));
        }
        None => return Err("it has no `version`".to_owned()),
    }
    let payload: Payload =
        serde_json::from_value(body).map_err(|error| words::line(&format!("{error}"), 200))?;
    Ok(payload.report(source, now))
}

fn not_an_object(what: &str) -> String {
    format!("it is {what}, and no JSON object")
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

impl Payload {
    fn report(self, source: Source, now: u64) -> Report {
        let mut report = Report {
            source,
            key: format!("{} {}", self.receiver, self.group_key),
            name: self.name(),
            text: text(&self.common_annotations),
            instances: Vec::with_capacity(self.alerts.len()),
            omitted: self.truncated_alerts,
            links: Vec::new(),
            at: now,
        };
        self.links(&mut report);
        let instances = self.alerts.into_iter().map(|alert| alert.instance(now));
        report.instances.extend(instances);
        report
    }

    /// What its alerts have in common: their name, or else what they are grouped by.
    fn name(&self) -> String {
        let named = [&self.group_labels, &self.common_labels];
        let named = named.iter().find_map(|labels| labels.get(NAME));
        let name = named.cloned().unwrap_or_else(|| {
            let labels = self.group_labels.iter();
            let labels = labels.map(|(name, value)| format!("{name}={value}"));
            labels.collect::<Vec<_>>().join(" ")
        });
        match words::line(&name, NAME_CHARS_MAX) {
            name if name.is_empty() => "Several alerts".to_owned(),
            name => name,
        }
    }

    fn links(&self, report: &mut Report) {
        let annotation = |name: &str| self.common_annotations.get(name).map(String::as_str);
        report.link("Runbook", annotation("runbook_url"));
        let first = self.alerts.iter().find(|alert| alert.is_firing());
        if let Some(first) = first.or(self.alerts.first()) {
            report.link("Panel", first.panel_url.as_deref());
            let dashboard = first.dashboard_url.as_deref();
            report.link("Dashboard", dashboard.or(annotation("dashboard_url")));
            report.link("Source", first.generator_url.as_deref());
            report.link("Silence", first.silence_url.as_deref());
        }
        report.link(report.source.title(), self.external_url.as_deref());
    }
}

impl Alert {
    fn is_firing(&self) -> bool {
        self.status != "resolved"
    }

    fn instance(self, now: u64) -> Instance {
        let (firing, text) = (self.is_firing(), text(&self.annotations));
        let since = moment::read(&self.starts_at, now).unwrap_or(now);
        let id = if self.fingerprint.is_empty() {
            let labels = self.labels.iter();
            labels
                .map(|(name, value)| format!("{name}={value},"))
                .collect()
        } else {
            self.fingerprint
        };
        Instance::new(id, firing, since, self.labels, &text)
    }
}

fn text(annotations: &BTreeMap<String, String>) -> String {
    let text = TEXTS.iter().find_map(|name| annotations.get(*name));
    text.cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_795_453_200_000;

    /// As Alertmanager 0.25 sends it.
    const WEBHOOK: &str = r#"{
        "receiver": "witbot", "status": "firing",
        "alerts": [
            {"status": "firing", "labels": {"alertname": "InstanceDown", "instance": "a:9100", "job": "node", "severity": "critical"},
             "annotations": {"summary": "a:9100 is down"}, "startsAt": "2026-11-23T16:58:02.517Z", "endsAt": "0001-01-01T00:00:00Z",
             "generatorURL": "http://prometheus.example:9090/graph?g0.expr=up+%3D%3D+0&g0.tab=1", "fingerprint": "7ae9d0fea7c5e7a5"},
            {"status": "resolved", "labels": {"alertname": "InstanceDown", "instance": "b:9100", "job": "node", "severity": "critical"},
             "annotations": {"summary": "b:9100 is down"}, "startsAt": "2026-11-23T16:50:02.517Z", "endsAt": "2026-11-23T16:57:02.517Z",
             "generatorURL": "http://prometheus.example:9090/graph?g0.expr=up+%3D%3D+0&g0.tab=1", "fingerprint": "c0ffee00a7c5e7a5"}
        ],
        "groupLabels": {"alertname": "InstanceDown"},
        "commonLabels": {"alertname": "InstanceDown", "job": "node", "severity": "critical"},
        "commonAnnotations": {"runbook_url": "https://wiki.example/down"},
        "externalURL": "http://alertmanager.example:9093", "version": "4",
        "groupKey": "{}:{alertname=\"InstanceDown\"}", "truncatedAlerts": 0
    }"#;

    #[test]
    fn a_webhook_becomes_a_report() {
        let report = read(Source::Alertmanager, WEBHOOK, NOW).unwrap();
        assert_eq!(report.name, "InstanceDown");
        assert_eq!(report.key, "witbot {}:{alertname=\"InstanceDown\"}");
        let [down, back] = report.instances.as_slice() else {
            panic!("{:?}", report.instances)
        };
        assert_eq!((down.firing, down.since), (true, 1_795_453_082_517));
        assert_eq!(down.text, "a:9100 is down");
        assert_eq!((back.firing, back.id.as_str()), (false, "c0ffee00a7c5e7a5"));
        let labels: Vec<&str> = report
            .links
            .iter()
            .map(|link| link.label.as_str())
            .collect();
        assert_eq!(labels, ["Runbook", "Source", "Alertmanager"]);
        assert_eq!(report.omitted, 0);
    }

    #[test]
    fn grafana_says_more() {
        let body = r#"{"receiver": "witbot", "status": "firing", "orgId": 1, "version": "1", "groupKey": "{}:{}", "truncatedAlerts": 0,
            "title": "[FIRING:1] ", "state": "alerting", "message": "**Firing**",
            "groupLabels": {}, "commonLabels": null, "commonAnnotations": {}, "externalURL": "https://grafana.example/",
            "alerts": [{"status": "firing", "labels": {"alertname": "Latency"}, "annotations": {"description": "p99 is 2 s"},
                "startsAt": "2026-11-23T16:58:00Z", "endsAt": "0001-01-01T00:00:00Z", "values": {"B": 2.1}, "fingerprint": "1",
                "generatorURL": "https://grafana.example/alerting/1/edit", "silenceURL": "https://grafana.example/silence",
                "dashboardURL": "", "panelURL": ""}]}"#;
        let report = read(Source::Grafana, body, NOW).unwrap();
        assert_eq!(report.name, "Several alerts");
        assert_eq!(report.instances[0].text, "p99 is 2 s");
        let labels: Vec<&str> = report
            .links
            .iter()
            .map(|link| link.label.as_str())
            .collect();
        assert_eq!(labels, ["Source", "Silence", "Grafana"]);
    }

    #[test]
    fn what_cannot_be_read_is_told() {
        for (body, expected) in [
            ("[]", "it is a list, and no JSON object"),
            ("disk full", "it is text, and no JSON object"),
            ("{}", "it has no `version`"),
            (
                r#"{"version": "5"}"#,
                r#"it is of version "5", and only "4" is known"#,
            ),
            (
                r#"{"version": 4}"#,
                r#"it is of version 4, and only "4" is known"#,
            ),
            (r#"{"version": "4"}"#, "missing field 'groupKey'"),
            (
                r#"{"version": "4", "groupKey": "a", "alerts": 7}"#,
                "invalid type: integer '7', expected a sequence",
            ),
        ] {
            assert_eq!(
                read(Source::Alertmanager, body, NOW).unwrap_err(),
                expected,
                "{body}"
            );
        }
    }

    #[test]
    fn strange_times_and_names_do_no_harm() {
        let body = r#"{"version": "4", "groupKey": "k", "alerts": [
            {"status": "firing", "labels": {"alertname": "x"}, "startsAt": "0001-01-01T00:00:00Z"},
            {"status": "firing", "labels": {"alertname": "y"}, "startsAt": "2999-01-01T00:00:00Z"}
        ], "groupLabels": {"alertname": "<!channel>\n`rm`"}}"#;
        let report = read(Source::Alertmanager, body, NOW).unwrap();
        assert_eq!(report.name, "<!channel> 'rm'");
        let found: Vec<(&str, u64)> = report
            .instances
            .iter()
            .map(|one| (one.id.as_str(), one.since))
            .collect();
        assert_eq!(found, [("alertname=x,", NOW), ("alertname=y,", NOW)]);
    }
}
