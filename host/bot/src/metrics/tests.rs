use serde_json::json;
use witbot_core::call::{HttpFetch, KvGet, Operation};
use witbot_core::error::{Code, Error};
use witbot_core::http::Request;
use witbot_core::journal::Blob;

use super::health::Health;
use super::scrape::{Crowded, Scraper};
use super::*;

fn plugin() -> PluginName {
    "hello".parse().unwrap()
}

async fn scraped(metrics: &Metrics) -> String {
    let scraper = Scraper::new(metrics.clone(), Health::new());
    scraper.scrape().await.unwrap()
}

/// The lines that begin with a name.
async fn lines(metrics: &Metrics, name: &str) -> Vec<String> {
    let text = scraped(metrics).await;
    let lines = text.lines().filter(|line| line.starts_with(name));
    let mut lines: Vec<_> = lines.map(str::to_owned).collect();
    lines.sort();
    lines
}

#[tokio::test]
async fn each_ending_has_its_word() {
    let metrics = Metrics::new();
    let refused = |code| Ending::Refused(Error::new(code, "no"));
    for ending in [
        Ending::Done,
        Ending::Done,
        Ending::Parked,
        Ending::Lost(String::new()),
        refused(Code::Conflict),
        refused(Code::Canceled),
    ] {
        metrics.run_ended(&plugin(), &ending, Duration::from_millis(3));
    }
    let of =
        |ending, count| format!(r#"witbot_runs_total{{plugin="hello",ending="{ending}"}} {count}"#);
    let expected = [
        of("canceled", 1),
        of("done", 2),
        of("lost", 1),
        of("parked", 1),
        of("refused", 1),
    ];
    assert_eq!(lines(&metrics, "witbot_runs_total").await, expected);
    assert_eq!(
        lines(&metrics, "witbot_run_duration_seconds_count").await,
        [r#"witbot_run_duration_seconds_count{plugin="hello"} 6"#]
    );
}

#[tokio::test]
async fn calls_are_counted_by_what_the_gate_says_of_them() {
    let metrics = Metrics::new();
    let get = Operation::KvGet(KvGet {
        namespace: None,
        key: "somebody chose this".to_owned(),
    });
    metrics.passed(&plugin(), &Passed::Called(&get));
    metrics.passed(&plugin(), &Passed::Denied(&get));
    metrics.passed(&plugin(), &Passed::OverBudget(&get));
    for line in [
        r#"witbot_calls_total{plugin="hello",interface="kv"} 1"#,
        r#"witbot_denials_total{plugin="hello",capability="kv"} 1"#,
        r#"witbot_calls_over_budget_total{plugin="hello"} 1"#,
    ] {
        let name = line.split('{').next().unwrap();
        assert_eq!(lines(&metrics, name).await, [line]);
    }
    let text = scraped(&metrics).await;
    assert!(!text.contains("somebody chose this"), "{text}");
}

#[tokio::test]
async fn what_comes_is_counted_by_words_of_ours() {
    let metrics = Metrics::new();
    metrics.event(Source::Github, Arrival::Accepted);
    metrics.event(Source::Github, Arrival::Duplicate);
    metrics.event(Source::Slack, Arrival::Failed);
    for status in [401, 413, 418] {
        metrics.webhook_refused(Source::Webhook, status);
    }
    let expected = [
        r#"witbot_events_total{source="github",result="accepted"} 1"#,
        r#"witbot_events_total{source="github",result="duplicate"} 1"#,
        r#"witbot_events_total{source="slack",result="failed"} 1"#,
    ];
    assert_eq!(lines(&metrics, "witbot_events_total").await, expected);
    let expected = [
        r#"witbot_webhooks_refused_total{source="webhook",reason="other"} 1"#,
        r#"witbot_webhooks_refused_total{source="webhook",reason="too_large"} 1"#,
        r#"witbot_webhooks_refused_total{source="webhook",reason="unsigned"} 1"#,
    ];
    assert_eq!(
        lines(&metrics, "witbot_webhooks_refused_total").await,
        expected
    );
}

#[tokio::test]
async fn each_request_is_counted_however_it_ends() {
    let metrics = Metrics::new();
    for status in [200, 204, 404, 429, 503] {
        metrics.ask("github").answered(status);
    }
    metrics.ask("slack").ended("refused");
    drop(metrics.ask("circleci"));
    let of = |service, status, count| {
        format!(r#"witbot_service_requests_total{{service="{service}",status="{status}"}} {count}"#)
    };
    let expected = [
        of("circleci", "lost", 1),
        of("github", "2xx", 2),
        of("github", "429", 1),
        of("github", "4xx", 1),
        of("github", "5xx", 1),
        of("slack", "refused", 1),
    ];
    assert_eq!(
        lines(&metrics, "witbot_service_requests_total").await,
        expected
    );
}

#[tokio::test]
async fn requests_to_the_web_are_counted_when_they_were_sent() {
    let metrics = Metrics::new();
    let fetch = Operation::HttpFetch(HttpFetch {
        request: Request {
            method: "GET".to_owned(),
            url: "https://secret.example.com/".to_owned(),
            headers: Vec::new(),
            body: Blob(Vec::new()),
            timeout_ms: 1_000,
        },
    });
    let error = |code| Outcome::Error(Error::new(code, "no"));
    for outcome in [
        Outcome::Ok(json!({ "status": 301 })),
        error(Code::Timeout),
        error(Code::Denied),
    ] {
        metrics.performed(&fetch, &outcome, Duration::ZERO);
    }
    assert_eq!(
        lines(&metrics, "witbot_service_requests_total").await,
        [
            r#"witbot_service_requests_total{service="web",status="3xx"} 1"#,
            r#"witbot_service_requests_total{service="web",status="lost"} 1"#,
        ]
    );
    assert!(!scraped(&metrics).await.contains("secret"));
}

#[tokio::test]
async fn a_bot_that_has_not_started_says_so() {
    let text = scraped(&Metrics::new()).await;
    assert!(text.contains("\nwitbot_ready 0\n"), "{text}");
    assert!(text.contains("\nwitbot_healthy 1\n"), "{text}");
    assert!(
        !text.contains("witbot_plugins{"),
        "they are not known yet: {text}"
    );
    assert!(text.ends_with("# EOF\n"), "{text}");
}

#[tokio::test]
async fn only_so_many_read_at_once() {
    let scraper = Scraper::new(Metrics::new(), Health::new());
    let reading = scraper.occupy();
    assert_eq!(scraper.scrape().await, Err(Crowded));
    drop(reading);
    assert!(scraper.scrape().await.is_ok());
}

/// Dashboards and alerts are made of these names: to change one is to break them.
#[tokio::test]
async fn the_names_are_these() {
    let metrics = Metrics::new();
    let get = Operation::KvGet(KvGet {
        namespace: None,
        key: "key".to_owned(),
    });
    metrics.run_ended(&plugin(), &Ending::Done, Duration::ZERO);
    metrics.run_put_aside(&plugin());
    metrics.run_turned_away(&plugin());
    metrics.passed(&plugin(), &Passed::Called(&get));
    metrics.passed(&plugin(), &Passed::Denied(&get));
    metrics.passed(&plugin(), &Passed::OverBudget(&get));
    metrics.event(Source::Slack, Arrival::Accepted);
    metrics.webhook_refused(Source::Slack, 401);
    metrics.ask("github").answered(200);
    metrics.rate_limited("github");
    metrics.sent::<()>(&Ok(()), Duration::ZERO);
    metrics.loaded(Load::Ready, Duration::ZERO);
    let text = scraped(&metrics).await;
    let names = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    let names = names.filter_map(|name| name.strip_prefix("witbot_"));
    let expected = [
        "runs counter",
        "run_duration_seconds histogram",
        "answer_duration_seconds histogram",
        "runs_put_aside counter",
        "runs_turned_away counter",
        "calls counter",
        "denials counter",
        "calls_over_budget counter",
        "events counter",
        "webhooks_refused counter",
        "outbox_acts counter",
        "outbox_act_duration_seconds histogram",
        "service_requests counter",
        "service_request_duration_seconds histogram",
        "service_rate_limited counter",
        "plugin_loads counter",
        "plugin_load_duration_seconds histogram",
        "store_write_duration_seconds histogram",
        "store_write_changes histogram",
        "store_writes_failed counter",
        "slack_sockets gauge",
        "slack_sockets_opened counter",
        "build info",
        "ready gauge",
        "healthy gauge",
    ];
    assert_eq!(names.collect::<Vec<_>>(), expected);
}
