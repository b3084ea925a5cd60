//! Webhooks of anybody, in the form of Standard Webhooks. Whatever is missing is made up for, and told in the log.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{Source, moment};
use crate::report::{Instance, Report};
use crate::words;

const NAME_CHARS_MAX: usize = 100;
const KEY_CHARS_MAX: usize = 500;

/// What a webhook says, with what is missing in it; or why it cannot be read.
pub fn read(body: &str, now: u64) -> Result<(Report, Vec<&'static str>), String> {
    let Ok(Value::Object(body)) = serde_json::from_str(body) else {
        return Err("it is no JSON object".to_owned());
    };
    let mut missing = Vec::new();
    let data = match body.get("data") {
        Some(Value::Object(data)) => data,
        _ => {
            missing.push("data");
            &body
        }
    };
    let kind = text(&body, "type");
    let title = required(data, "title", &mut missing)
        .or(kind.clone())
        .unwrap_or_else(|| "Alert".to_owned());
    let key = required(data, "key", &mut missing).unwrap_or_else(|| title.clone());
    let firing = is_firing(data, kind.as_deref(), &mut missing);
    let at = required(&body, "timestamp", &mut missing).and_then(|time| moment::read(&time, now));
    let at = at.unwrap_or(now);
    let said = text(data, "text").unwrap_or_default();
    let instance = Instance::new(key.clone(), firing, at, labels(data), &said);
    let mut report = Report {
        source: Source::Alerts,
        key: words::clipped(&key, KEY_CHARS_MAX),
        name: name(&title),
        text: String::new(),
        instances: vec![instance],
        omitted: 0,
        links: Vec::new(),
        at,
    };
    report.link("Source", text(data, "url").as_deref());
    Ok((report, missing))
}

fn name(title: &str) -> String {
    match words::line(title, NAME_CHARS_MAX) {
        name if name.is_empty() => "Alert".to_owned(),
        name => name,
    }
}

fn is_firing(
    data: &Map<String, Value>,
    kind: Option<&str>,
    missing: &mut Vec<&'static str>,
) -> bool {
    match text(data, "status").as_deref() {
        Some("resolved") => false,
        Some("firing") => true,
        _ => {
            missing.push("status");
            !kind.is_some_and(|kind| kind.ends_with("resolved"))
        }
    }
}

/// Its labels, with the severity as one of them, as Prometheus has it.
fn labels(data: &Map<String, Value>) -> BTreeMap<String, String> {
    let given = data.get("labels").and_then(Value::as_object);
    let given = given.into_iter().flatten();
    let mut labels: BTreeMap<String, String> = given
        .filter(|(name, _)| !name.trim().is_empty())
        .filter_map(|(name, value)| Some((name.clone(), plain(value)?)))
        .collect();
    if let Some(severity) = text(data, "severity") {
        labels.insert("severity".to_owned(), severity);
    }
    labels
}

fn required(
    from: &Map<String, Value>,
    name: &'static str,
    missing: &mut Vec<&'static str>,
) -> Option<String> {
    let found = text(from, name);
    if found.is_none() {
        missing.push(name);
    }
    found
}

fn text(from: &Map<String, Value>, name: &str) -> Option<String> {
    from.get(name)
        .and_then(plain)
        .filter(|text| !text.trim().is_empty())
}

fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_795_453_200_000;

    #[test]
    fn a_whole_webhook_lacks_nothing() {
        let body = r#"{"type": "alert.firing", "timestamp": "2026-11-23T16:58:00Z", "data": {
            "title": "Backup failed", "severity": "critical", "status": "firing", "key": "backup/db", "url": "https://backup.example/7",
            "labels": {"team": "data", "tries": 3}, "text": "No space left."}}"#;
        let (report, missing) = read(body, NOW).unwrap();
        assert!(missing.is_empty(), "{missing:?}");
        assert_eq!(
            (report.name.as_str(), report.key.as_str()),
            ("Backup failed", "backup/db")
        );
        let [instance] = report.instances.as_slice() else {
            panic!()
        };
        let labels = [("severity", "critical"), ("team", "data"), ("tries", "3")];
        let labels = labels.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(instance.labels, BTreeMap::from(labels));
        assert_eq!((instance.firing, instance.since), (true, NOW - 120_000));
        assert_eq!(report.links.len(), 1);
    }

    #[test]
    fn what_is_missing_is_made_up_for() {
        let (report, missing) = read(r#"{"type": "backup.resolved"}"#, NOW).unwrap();
        assert_eq!(missing, ["data", "title", "key", "status", "timestamp"]);
        assert_eq!(
            (report.name.as_str(), report.key.as_str()),
            ("backup.resolved", "backup.resolved")
        );
        assert!(!report.instances[0].firing);
        let (report, _) = read(r#"{"title": "Disk full"}"#, NOW).unwrap();
        assert_eq!((report.name.as_str(), report.at), ("Disk full", NOW));
        assert!(report.instances[0].firing);
    }

    #[test]
    fn what_is_no_object_is_refused() {
        for body in ["[1]", "7", "disk full", ""] {
            assert_eq!(read(body, NOW).unwrap_err(), "it is no JSON object");
        }
    }
}
