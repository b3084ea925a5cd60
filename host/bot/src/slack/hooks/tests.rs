//! What Slack sends, over real HTTP.

use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::json;
use sha2::Sha256;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::*;

/// Now, in seconds.
const NOW: u64 = 1_700_000_000;
const SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";
const EVENT: &str = r#"{"type": "event_callback", "event_id": "Ev1"}"#;

/// A bot that does nothing but take what comes.
struct Bot {
    at: SocketAddr,
    came: Arc<Mutex<Vec<Envelope>>>,
    store_fails: Arc<AtomicBool>,
}

impl Bot {
    async fn start(secrets: &[&str]) -> Bot {
        Bot::reading_for(secrets, limits::HOOK_READ_TIME_MAX).await
    }

    async fn reading_for(secrets: &[&str], read_time: Duration) -> Bot {
        let came = Arc::new(Mutex::new(Vec::new()));
        let store_fails = Arc::new(AtomicBool::new(false));
        let (list, fails) = (came.clone(), store_fails.clone());
        let handle: Handle = Arc::new(move |envelope| {
            let (list, fails) = (list.clone(), fails.clone());
            Box::pin(async move {
                anyhow::ensure!(!fails.load(Ordering::SeqCst), "the disk is full");
                let payload = (envelope.kind == Kind::SlashCommands)
                    .then(|| json!({ "response_type": "in_channel" }));
                list.lock().unwrap().push(envelope);
                Ok(Ack { payload })
            })
        });
        let hooks = Hooks {
            secrets: secrets
                .iter()
                .map(|text| Secret::new((*text).to_owned()))
                .collect(),
            now: || UnixMillis(NOW * 1_000),
            handle,
            metrics: Metrics::new(),
        };
        let at = serve(routes(hooks, read_time)).await;
        Bot {
            at,
            came,
            store_fails,
        }
    }

    /// Sends something that is signed now.
    async fn signed(&self, route: &str, body: impl AsRef<[u8]>) -> String {
        self.signed_with(SECRET, NOW, route, &[], body).await
    }

    async fn signed_with(
        &self,
        secret: &str,
        time: u64,
        route: &str,
        more: &[(&str, &str)],
        body: impl AsRef<[u8]>,
    ) -> String {
        let (time, signature) = (time.to_string(), sign(secret, time, body.as_ref()));
        let mut headers = vec![
            ("x-slack-request-timestamp", time.as_str()),
            ("X-Slack-Signature", &signature),
        ];
        headers.extend(more);
        send(self.at, route, &headers, body).await
    }

    fn came(&self) -> Vec<Envelope> {
        self.came.lock().unwrap().clone()
    }
}

async fn serve(router: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    at
}

/// Status, the header that forbids another try if it is there, and body of the answer.
async fn send(
    at: SocketAddr,
    route: &str,
    headers: &[(&str, &str)],
    body: impl AsRef<[u8]>,
) -> String {
    let body = body.as_ref();
    let mut head =
        format!("POST /hooks/slack/{route} HTTP/1.1\r\nhost: bot\r\nconnection: close\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str(&format!("content-length: {}\r\n\r\n", body.len()));
    raw(at, &[head.as_bytes(), body].concat()).await
}

async fn raw(at: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(at).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap();
    let no_retry = if head.to_lowercase().contains("\r\nx-slack-no-retry: 1") {
        "no-retry "
    } else {
        ""
    };
    format!("{status} {no_retry}{}", body.trim_end())
}

fn sign(secret: &str, time: u64, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(&[format!("v0:{time}:").as_bytes(), body].concat());
    format!("v0={}", hex::encode(mac.finalize().into_bytes()))
}

#[tokio::test]
async fn what_is_signed_is_handed_on_and_acknowledged() {
    let bot = Bot::start(&[SECRET]).await;
    assert_eq!(bot.signed("events", EVENT).await, "200 ");
    let typed = "trigger_id=1.2&text=deploy+%3C%40U1%3E&user_id=U1";
    assert_eq!(
        bot.signed("commands", typed).await,
        r#"200 {"response_type":"in_channel"}"#
    );
    let pressed = "payload=%7B%22type%22%3A%22block_actions%22%7D";
    assert_eq!(bot.signed("interactions", pressed).await, "200 ");
    let came = bot.came();
    let payloads: Vec<_> = came
        .iter()
        .map(|envelope| (envelope.kind, envelope.payload.clone()))
        .collect();
    assert_eq!(
        payloads,
        [
            (
                Kind::EventsApi,
                json!({ "type": "event_callback", "event_id": "Ev1" })
            ),
            (
                Kind::SlashCommands,
                json!({ "trigger_id": "1.2", "text": "deploy <@U1>", "user_id": "U1" })
            ),
            (Kind::Interactive, json!({ "type": "block_actions" })),
        ]
    );
    assert!(
        came.iter()
            .all(|envelope| envelope.accepts_answer && envelope.retry.is_none())
    );
}

/// `openssl dgst -sha256 -hmac` says so of the same bytes.
#[tokio::test]
async fn a_signature_that_others_computed() {
    let bot = Bot::start(&[SECRET]).await;
    let signature = "v0=f9a85f06a78fb68f66fd81d8797ce784b612c53823a13d642b16c98807e8b702";
    let headers = [
        ("x-slack-request-timestamp", "1700000000"),
        ("x-slack-signature", signature),
    ];
    assert_eq!(send(bot.at, "events", &headers, EVENT).await, "200 ");
    assert_eq!(
        send(bot.at, "events", &headers, EVENT.to_uppercase()).await,
        "401 "
    );
    assert_eq!(bot.came().len(), 1);
}

#[tokio::test]
async fn what_is_not_signed_is_told_nothing() {
    let bot = Bot::start(&[SECRET]).await;
    let time = NOW.to_string();
    let right = sign(SECRET, NOW, EVENT.as_bytes());
    for (time, signature) in [
        (time.as_str(), ""),
        ("", right.as_str()),
        ("1700000001", &right),
        (&time, &right[3..]),
        (&time, &right.replace("v0=", "v1=")),
        (&time, &right[..right.len() - 2]),
        (&time, &sign("other", NOW, EVENT.as_bytes())),
        (&time, &sign("", NOW, EVENT.as_bytes())),
        (&time, &sign(SECRET, NOW, b"{}")),
        // Not even that it is old.
        ("1600000000", &right),
    ] {
        let headers = [
            ("x-slack-request-timestamp", time),
            ("x-slack-signature", signature),
        ];
        for route in ["events", "commands", "interactions"] {
            assert_eq!(
                send(bot.at, route, &headers, EVENT).await,
                "401 ",
                "{time} {signature}"
            );
        }
    }
    assert_eq!(
        send(bot.at, "events", &[("x-slack-signature", &right)], EVENT).await,
        "401 "
    );
    assert_eq!(
        send(
            bot.at,
            "events",
            &[("x-slack-request-timestamp", &time)],
            EVENT
        )
        .await,
        "401 "
    );
    // Nor is it shown the word that it asks for.
    let challenge = r#"{"type": "url_verification", "challenge": "c"}"#;
    assert_eq!(send(bot.at, "events", &[], challenge).await, "401 ");
    assert!(bot.came().is_empty());
}

#[tokio::test]
async fn several_secrets() {
    let bot = Bot::start(&["old", "", "new"]).await;
    for (secret, expected) in [
        ("old", "200 "),
        ("new", "200 "),
        ("", "401 "),
        ("none", "401 "),
    ] {
        assert_eq!(
            bot.signed_with(secret, NOW, "events", &[], EVENT).await,
            expected,
            "{secret}"
        );
    }
    for secrets in [&[][..], &[""]] {
        let bot = Bot::start(secrets).await;
        assert_eq!(
            bot.signed_with("", NOW, "events", &[], EVENT).await,
            "503 witbot cannot verify this: set SLACK_SIGNING_SECRET to the signing secret of the app, and start it again."
        );
        assert!(bot.came().is_empty());
    }
}

#[tokio::test]
async fn what_was_signed_long_ago_or_later_is_refused() {
    let bot = Bot::start(&[SECRET]).await;
    let wrong = "401 It was signed more than 5 minutes before or after now: if Slack sends it, check the clock of the machine \
        that witbot runs on.";
    for (time, expected) in [
        (NOW - 301, wrong),
        (NOW - 300, "200 "),
        (NOW + 300, "200 "),
        (NOW + 301, wrong),
        (0, wrong),
        (u64::MAX, wrong),
    ] {
        assert_eq!(
            bot.signed_with(SECRET, time, "events", &[], EVENT).await,
            expected,
            "{time}"
        );
    }
    assert_eq!(bot.came().len(), 2);
}

#[tokio::test]
async fn an_address_that_is_entered_is_confirmed() {
    let bot = Bot::start(&[SECRET]).await;
    let body = r#"{"token": "t", "challenge": "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P", "type": "url_verification"}"#;
    assert_eq!(
        bot.signed("events", body).await,
        "200 3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"
    );
    assert!(bot.came().is_empty());
}

#[tokio::test]
async fn what_cannot_be_read_is_not_sent_again() {
    let bot = Bot::start(&[SECRET]).await;
    for (route, body) in [
        ("events", &b"{"[..]),
        ("events", b""),
        ("events", b"[]"),
        ("events", b"{\"text\": \"\xff\"}"),
        ("events", "[".repeat(100_000).as_bytes()),
        ("commands", b"text=\xff"),
        ("commands", b"text=%ff"),
        ("commands", b"text=%"),
        ("interactions", b""),
        ("interactions", b"payload"),
        ("interactions", b"payload=%7B"),
        ("interactions", b"payload=7"),
        ("interactions", b"{}"),
    ] {
        let shown = String::from_utf8_lossy(&body[..body.len().min(20)]);
        assert_eq!(
            bot.signed(route, body).await,
            "200 no-retry ",
            "{route} {shown}"
        );
    }
    assert!(bot.came().is_empty());
}

#[tokio::test]
async fn a_store_that_fails_has_slack_send_it_again() {
    let bot = Bot::start(&[SECRET]).await;
    bot.store_fails.store(true, Ordering::SeqCst);
    for (route, body) in [
        ("events", EVENT),
        ("commands", "text=x"),
        ("interactions", "payload={}"),
    ] {
        assert_eq!(
            bot.signed(route, body).await,
            "503 It could not be stored: send it again."
        );
    }
    bot.store_fails.store(false, Ordering::SeqCst);
    assert_eq!(bot.signed("events", EVENT).await, "200 ");
}

#[tokio::test]
async fn what_is_sent_again_says_so() {
    let bot = Bot::start(&[SECRET]).await;
    let long = "x".repeat(1_000);
    for (attempt, reason) in [("2", "http_timeout"), ("1", &long), ("0", "x"), ("x", "x")] {
        let headers = [
            ("x-slack-retry-num", attempt),
            ("x-slack-retry-reason", reason),
        ];
        assert_eq!(
            bot.signed_with(SECRET, NOW, "events", &headers, EVENT)
                .await,
            "200 "
        );
    }
    let retries: Vec<_> = bot
        .came()
        .into_iter()
        .map(|envelope| envelope.retry)
        .collect();
    let retry = |attempt, reason: &str| {
        Some(Retry {
            attempt,
            reason: reason.to_owned(),
        })
    };
    assert_eq!(
        retries,
        [
            retry(2, "http_timeout"),
            retry(1, &long[..limits::SHOWN_CHARS_MAX]),
            None,
            None
        ]
    );
}

#[tokio::test]
async fn bodies_are_bounded() {
    let bot = Bot::start(&[SECRET]).await;
    let too_large = "413 Larger than 1 MiB, which no webhook of this service is.";
    let size = limits::SLACK_HOOK_BYTES_MAX;
    for route in ["events", "commands", "interactions"] {
        let head = format!("POST /hooks/slack/{route} HTTP/1.1\r\nhost: bot\r\n");
        let announced = format!("{head}content-length: {}\r\n\r\n", size + 1);
        assert_eq!(raw(bot.at, announced.as_bytes()).await, too_large);
    }
    let mut chunked =
        b"POST /hooks/slack/events HTTP/1.1\r\nhost: bot\r\ntransfer-encoding: chunked\r\n\r\n"
            .to_vec();
    chunked.extend(format!("{:x}\r\n", size + 1).bytes());
    chunked.extend(std::iter::repeat_n(b'x', size + 1));
    assert_eq!(raw(bot.at, &chunked).await, too_large);
    let empty = r#"{"text": ""}"#;
    let largest = empty.replace("\"\"", &format!("\"{}\"", "x".repeat(size - empty.len())));
    assert_eq!(bot.signed("events", &largest).await, "200 ");

    let bot = Bot::reading_for(&[SECRET], Duration::from_millis(1)).await;
    let half = "POST /hooks/slack/events HTTP/1.1\r\nhost: bot\r\ncontent-length: 100\r\n\r\n{";
    assert_eq!(
        raw(bot.at, half.as_bytes()).await,
        "408 It did not arrive whole within 10 s."
    );
}

#[tokio::test]
async fn a_bot_with_sockets_has_no_such_address() {
    let at = serve(closed()).await;
    for route in ["events", "commands", "interactions"] {
        let answer = send(at, route, &[], EVENT).await;
        assert!(
            answer.starts_with("404 This bot uses Socket Mode"),
            "{answer}"
        );
    }
    let other = send(at, "other", &[], EVENT).await;
    assert_eq!(other, "404 ");
}
