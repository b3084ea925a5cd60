//! Webhooks over real HTTP.

use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::json;
use sha2::Sha256;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use witbot_core::event::Source;

use super::*;

/// A bot with nothing behind its doors but a list.
struct Bot {
    at: SocketAddr,
    events: Arc<Mutex<Vec<Event>>>,
    store_fails: Arc<AtomicBool>,
}

impl Bot {
    async fn start(github: &[&str], circleci: &[&str]) -> Bot {
        Bot::reading_for(github, circleci, limits::HOOK_READ_TIME_MAX).await
    }

    async fn reading_for(github: &[&str], circleci: &[&str], read_time: Duration) -> Bot {
        let secrets = |texts: &[&str]| {
            texts
                .iter()
                .map(|text| Secret::new((*text).to_owned()))
                .collect()
        };
        let events = Arc::new(Mutex::new(Vec::<Event>::new()));
        let store_fails = Arc::new(AtomicBool::new(false));
        let (list, fails) = (events.clone(), store_fails.clone());
        let accept = move |event: Event| -> BoxFuture<'static, anyhow::Result<bool>> {
            let (list, fails) = (list.clone(), fails.clone());
            Box::pin(async move {
                anyhow::ensure!(!fails.load(Ordering::SeqCst), "the disk is full");
                let mut list = list.lock().unwrap();
                let new = !list
                    .iter()
                    .any(|other| other.source == event.source && other.key == event.key);
                if new {
                    list.push(event);
                }
                Ok(new)
            })
        };
        let hooks = Hooks {
            github: secrets(github),
            circleci: secrets(circleci),
            inbound: Arc::default(),
            now: || UnixMillis(42),
            accept: Arc::new(accept),
            metrics: Metrics::new(),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let router = routes(hooks, read_time);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Bot {
            at,
            events,
            store_fails,
        }
    }

    /// Sends a webhook, and tells status and body of the answer.
    async fn send(
        &self,
        service: &str,
        headers: &[(&str, &str)],
        body: impl AsRef<[u8]>,
    ) -> String {
        let body = body.as_ref();
        let mut head =
            format!("POST /hooks/{service} HTTP/1.1\r\nhost: bot\r\nconnection: close\r\n");
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str(&format!("content-length: {}\r\n\r\n", body.len()));
        self.raw(&[head.as_bytes(), body].concat()).await
    }

    async fn raw(&self, bytes: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.at).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap();
        format!("{status} {}", body.trim_end())
    }

    async fn github(&self, event: &str, delivery: &str, body: &str) -> String {
        let signature = format!("sha256={}", sign("secret", body));
        let headers = [
            ("x-github-event", event),
            ("x-github-delivery", delivery),
            ("x-hub-signature-256", &signature),
        ];
        self.send("github", &headers, body).await
    }

    async fn circleci(&self, body: &str) -> String {
        let signature = format!("v1={}", sign("secret", body));
        self.send("circleci", &[("circleci-signature", &signature)], body)
            .await
    }

    /// Kind, subject and key of what was stored.
    fn stored(&self) -> Vec<String> {
        let events = self.events.lock().unwrap();
        let line = |event: &Event| match &event.body {
            Body::Webhook(hook) => format!("{} {} {}", hook.kind, hook.subject, event.key),
            Body::Message(_) | Body::Click(_) => panic!("a webhook is no message"),
        };
        events.iter().map(line).collect()
    }
}

fn sign(secret: &str, body: impl AsRef<[u8]>) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body.as_ref());
    hex::encode(mac.finalize().into_bytes())
}

const DEPLOYMENT: &str =
    r#"{"deployment": {"id": 18446744073709551615}, "repository": {"full_name": "acme/api"}}"#;

#[tokio::test]
async fn a_signed_webhook_is_stored_once() {
    let bot = Bot::start(&["secret"], &[]).await;
    for (kind, delivery, answer) in [
        ("push", "d1", "202 accepted"),
        ("push", "d1", "200 received before"),
        ("push", "d2", "202 accepted"),
        // It is created once, whoever tells of it.
        ("deployment", "d3", "202 accepted"),
        ("deployment", "d4", "200 received before"),
    ] {
        assert_eq!(bot.github(kind, delivery, DEPLOYMENT).await, answer);
    }
    assert_eq!(
        bot.stored(),
        [
            "github.push acme/api d1",
            "github.push acme/api d2",
            "github.deployment acme/api deployment 18446744073709551615"
        ]
    );
    let events = bot.events.lock().unwrap();
    assert_eq!(
        (events[0].source, events[0].received),
        (Source::Github, UnixMillis(42))
    );
    let Body::Webhook(hook) = &events[0].body else {
        panic!()
    };
    assert_eq!(hook.body["deployment"]["id"].as_u64(), Some(u64::MAX));
}

#[tokio::test]
async fn what_is_not_signed_is_told_nothing() {
    let bot = Bot::start(&["secret"], &["secret"]).await;
    let right = sign("secret", DEPLOYMENT);
    let kind = [
        ("x-github-event", "deployment"),
        ("x-github-delivery", "d1"),
    ];
    for signature in [
        String::new(),
        right.clone(),
        format!("sha1={right}"),
        format!("SHA256={right}"),
        format!("sha256={}", &right[..62]),
        format!("sha256={right}00"),
        format!("sha256={}", sign("other", DEPLOYMENT)),
        format!("sha256={}", sign("", DEPLOYMENT)),
        format!("sha256={}", sign("secret", "{}")),
    ] {
        let headers = [kind[0], kind[1], ("x-hub-signature-256", &signature)];
        assert_eq!(
            bot.send("github", &headers, DEPLOYMENT).await,
            "401 ",
            "{signature}"
        );
    }
    assert_eq!(bot.send("github", &kind, DEPLOYMENT).await, "401 ");
    // Not even that its headers or its JSON are wrong.
    assert_eq!(bot.send("github", &[], "{").await, "401 ");
    for signature in [
        right.clone(),
        format!("v2={right}"),
        format!("v1={},v2={right}", &right[1..]),
        "v1=".to_owned(),
    ] {
        assert_eq!(
            bot.send(
                "circleci",
                &[("circleci-signature", &signature)],
                DEPLOYMENT
            )
            .await,
            "401 ",
            "{signature}"
        );
    }
    assert_eq!(bot.send("circleci", &[], DEPLOYMENT).await, "401 ");
    assert_eq!(bot.stored(), [""; 0]);
}

#[tokio::test]
async fn what_the_services_document_is_accepted() {
    let bot = Bot::start(&["It's a Secret to Everybody"], &["secret"]).await;
    let signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    let headers = [
        ("x-github-event", "push"),
        ("x-github-delivery", "d1"),
        ("x-hub-signature-256", signature),
    ];
    // It is signed, and read then.
    assert_eq!(
        bot.send("github", &headers, "Hello, World!").await,
        "400 The body is not JSON."
    );
    assert_eq!(bot.send("github", &headers, "Hello, World?").await, "401 ");
    let signature =
        "v1=734cc62f32841568f45715aeb9f4d7891324e6d948e4c6c60c0621cdac48623a,v2=00,v3=...";
    assert_eq!(
        bot.send(
            "circleci",
            &[("circleci-signature", signature)],
            "hello world"
        )
        .await,
        "400 The body is not JSON."
    );
    assert_eq!(
        bot.send(
            "circleci",
            &[("circleci-signature", signature)],
            "hello-world"
        )
        .await,
        "401 "
    );
}

#[tokio::test]
async fn several_secrets_and_large_digits() {
    let bot = Bot::start(&["old", "new"], &["old", "new"]).await;
    for (delivery, secret) in [("d1", "old"), ("d2", "new")] {
        let signature = format!("sha256={}", sign(secret, DEPLOYMENT).to_uppercase());
        let headers = [
            ("x-github-event", "push"),
            ("x-github-delivery", delivery),
            ("x-hub-signature-256", &signature),
        ];
        assert_eq!(
            bot.send("github", &headers, DEPLOYMENT).await,
            "202 accepted"
        );
        let body = json!({"id": delivery, "type": "job-completed"}).to_string();
        let signature = format!("v2=0, v1={}", sign(secret, &body));
        assert_eq!(
            bot.send("circleci", &[("circleci-signature", &signature)], body)
                .await,
            "202 accepted"
        );
    }
}

#[tokio::test]
async fn subjects_of_github_events() {
    let bot = Bot::start(&["secret"], &[]).await;
    for (number, (event, body)) in [
        (
            "push",
            r#"{"repository": {"full_name": "acme/api"}, "organization": {"login": "acme"}}"#,
        ),
        ("membership", r#"{"organization": {"login": "acme"}}"#),
        ("installation", r#"{"action": "created"}"#),
        ("meta", r#"{"repository": {"full_name": 7}}"#),
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(
            bot.github(event, &format!("d{number}"), body).await,
            "202 accepted"
        );
    }
    let expected = [
        "github.push acme/api d0",
        "github.membership acme d1",
        "github.installation  d2",
        "github.meta  d3",
    ];
    assert_eq!(bot.stored(), expected);
}

#[tokio::test]
async fn subjects_of_circleci_events() {
    let bot = Bot::start(&[], &["secret"]).await;
    for (id, kind, slug) in [
        ("1", "workflow-completed", "github/acme/api"),
        ("2", "job-completed", "gh/acme/api"),
        ("3", "job-completed", "bitbucket/acme/api"),
        ("4", "workflow-completed", "circleci/DdaVtNus/6EkDPZoN"),
    ] {
        let body = json!({"id": id, "type": kind, "project": {"slug": slug}}).to_string();
        assert_eq!(bot.circleci(&body).await, "202 accepted");
        assert_eq!(bot.circleci(&body).await, "200 received before");
    }
    assert_eq!(
        bot.stored(),
        [
            "circleci.workflow-completed gh/acme/api 1",
            "circleci.job-completed gh/acme/api 2",
            "circleci.job-completed bb/acme/api 3",
            "circleci.workflow-completed circleci/DdaVtNus/6EkDPZoN 4",
        ]
    );
}

#[tokio::test]
async fn pings_are_answered_and_forgotten() {
    let bot = Bot::start(&["secret"], &["secret"]).await;
    assert_eq!(
        bot.github("ping", "d1", r#"{"zen": "Design for failure."}"#)
            .await,
        "200 pong"
    );
    assert_eq!(
        bot.circleci(r#"{"type": "ping", "id": "1"}"#).await,
        "200 pong"
    );
    assert_eq!(bot.stored(), [""; 0]);
}

#[tokio::test]
async fn what_is_signed_and_not_understood_is_explained() {
    let bot = Bot::start(&["secret"], &["secret"]).await;
    assert_eq!(
        bot.github("push", "d1", "{").await,
        "400 The body is not JSON."
    );
    assert_eq!(
        bot.github("push", "d1", "[]").await,
        "400 The body is not a JSON object."
    );
    assert_eq!(
        bot.github("push", "d1", &"[".repeat(1000)).await,
        "400 The body is not JSON."
    );
    let no_event = "400 The header `X-GitHub-Event` is missing, or is not the name of an event.";
    assert_eq!(bot.github("", "d1", "{}").await, no_event);
    assert_eq!(bot.github("a.b", "d1", "{}").await, no_event);
    let no_delivery =
        "400 The header `X-GitHub-Delivery` is missing, or is not the id of a delivery.";
    assert_eq!(bot.github("push", "", "{}").await, no_delivery);
    assert_eq!(
        bot.circleci(r#"{"id": "1"}"#).await,
        "400 `type` is missing, or is not the name of an event."
    );
    assert_eq!(
        bot.circleci(r#"{"id": 7, "type": "job-completed"}"#).await,
        "400 `id` is missing, or is not the id of an event."
    );
    let form = "payload=%7B%7D";
    let signature = format!("sha256={}", sign("secret", form));
    let headers = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("x-github-event", "push"),
        ("x-github-delivery", "d1"),
        ("x-hub-signature-256", &signature),
    ];
    assert_eq!(
        bot.send("github", &headers, form).await,
        "415 Choose `application/json` as the content type in the settings of the webhook, and redeliver this."
    );
    assert_eq!(bot.stored(), [""; 0]);
}

#[tokio::test]
async fn without_a_secret_nothing_is_accepted() {
    let bot = Bot::start(&[], &[""]).await;
    let signature = format!("sha256={}", sign("", DEPLOYMENT));
    let headers = [
        ("x-github-event", "push"),
        ("x-github-delivery", "d1"),
        ("x-hub-signature-256", &signature),
    ];
    assert_eq!(
        bot.send("github", &headers, DEPLOYMENT).await,
        "503 witbot cannot verify this: set GITHUB_WEBHOOK_SECRET to the webhook's secret, and start it again."
    );
    let body = r#"{"id": "1", "type": "job-completed"}"#;
    let signature = format!("v1={}", sign("", body));
    assert_eq!(
        bot.send("circleci", &[("circleci-signature", &signature)], body)
            .await,
        "503 witbot cannot verify this: set CIRCLECI_WEBHOOK_SECRET to the webhook's secret, and start it again."
    );
    assert_eq!(bot.stored(), [""; 0]);
}

#[tokio::test]
async fn a_store_that_fails_is_not_acknowledged() {
    let bot = Bot::start(&["secret"], &[]).await;
    bot.store_fails.store(true, Ordering::SeqCst);
    assert_eq!(
        bot.github("push", "d1", "{}").await,
        "503 It could not be stored: send it again."
    );
    bot.store_fails.store(false, Ordering::SeqCst);
    assert_eq!(bot.github("push", "d1", "{}").await, "202 accepted");
}

#[tokio::test]
async fn too_large_is_refused_before_it_is_sent() {
    let bot = Bot::start(&["secret"], &["secret"]).await;
    let head = |service: &str, length: usize| {
        format!("POST /hooks/{service} HTTP/1.1\r\nhost: bot\r\ncontent-length: {length}\r\n\r\n")
    };
    let too_large =
        |most: usize| format!("413 Larger than {most} MiB, which no webhook of this service is.");
    assert_eq!(
        bot.raw(head("github", limits::GITHUB_HOOK_BYTES_MAX + 1).as_bytes())
            .await,
        too_large(25)
    );
    assert_eq!(
        bot.raw(head("circleci", limits::CIRCLECI_HOOK_BYTES_MAX + 1).as_bytes())
            .await,
        too_large(1)
    );
}

#[tokio::test]
async fn too_large_is_refused_when_no_length_is_told() {
    let bot = Bot::start(&["secret"], &["secret"]).await;
    let mut request =
        b"POST /hooks/circleci HTTP/1.1\r\nhost: bot\r\ntransfer-encoding: chunked\r\n\r\n"
            .to_vec();
    let size = limits::CIRCLECI_HOOK_BYTES_MAX + 1;
    request.extend(format!("{size:x}\r\n").bytes());
    request.extend(std::iter::repeat_n(b'x', size));
    assert_eq!(
        bot.raw(&request).await,
        "413 Larger than 1 MiB, which no webhook of this service is."
    );
}

#[tokio::test]
async fn the_largest_webhook_is_accepted() {
    let bot = Bot::start(&["secret"], &[]).await;
    let empty = r#"{"text": ""}"#;
    let body = empty.replace(
        "\"\"",
        &format!(
            "\"{}\"",
            "x".repeat(limits::GITHUB_HOOK_BYTES_MAX - empty.len())
        ),
    );
    assert_eq!(body.len(), limits::GITHUB_HOOK_BYTES_MAX);
    assert_eq!(bot.github("push", "d1", &body).await, "202 accepted");
}

#[tokio::test]
async fn a_body_that_does_not_arrive_is_not_waited_for() {
    let bot = Bot::reading_for(&["secret"], &[], Duration::from_millis(1)).await;
    let request = "POST /hooks/github HTTP/1.1\r\nhost: bot\r\ncontent-length: 100\r\n\r\n{";
    assert_eq!(
        bot.raw(request.as_bytes()).await,
        "408 It did not arrive whole within 10 s."
    );
}

#[tokio::test]
async fn other_methods_are_not_for_webhooks() {
    let bot = Bot::start(&["secret"], &[]).await;
    let request = "GET /hooks/github HTTP/1.1\r\nhost: bot\r\nconnection: close\r\n\r\n";
    assert_eq!(bot.raw(request.as_bytes()).await, "405 ");
}
