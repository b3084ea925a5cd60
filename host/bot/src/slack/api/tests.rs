use serde_json::json;
use tokio::io::AsyncReadExt as _;

use super::double::{Double, Reply, plain, token};
use super::*;

fn raw(status: u16, body: &str) -> Reply {
    Reply::Raw(status, None, "application/json", body.to_owned())
}

async fn written(reply: impl Fn() -> Reply + Send + Sync + 'static) -> Result<Value, Failure> {
    let double = Double::start(move |_| reply()).await;
    double
        .api()
        .write(Method::POST, &json!({ "text": "secret words" }))
        .await
}

#[tokio::test]
async fn who_the_bot_is_and_what_it_may_do() {
    let double = Double::start(|_| Reply::Error("unknown_method")).await;
    let account = double.api().account().await.unwrap();
    let identity = &account.identity;
    assert_eq!(
        (identity.team.as_str(), identity.user.as_str()),
        ("T1", "UBOT1")
    );
    assert_eq!(
        (identity.bot.as_deref(), &identity.enterprise),
        (Some("B1"), &None)
    );
    assert_eq!(account.name, "witbot");
    assert!(account.may("chat:write") && account.may("users:read") && !account.may("files:read"));
    let calls = double.all();
    assert_eq!(
        calls[0].authorization.as_deref(),
        Some("Bearer xoxb-secret")
    );
}

#[tokio::test]
async fn why_nobody_knows_who_the_bot_is() {
    let double = Double::start(|_| Reply::Error("unknown_method")).await;
    let account = async |token: &str| {
        let url = format!("{}/api", double.url);
        let api = Api::new(
            plain(),
            &url,
            &Secret::new(token.to_owned()),
            &Metrics::new(),
        );
        api.account().await.unwrap_err()
    };
    let refused = account("xoxb-wrong").await;
    assert!(
        matches!(&refused, Failure::Refused(refusal) if refusal.is_about_token()),
        "{refused:?}"
    );
    let after = Duration::from_secs(3);
    assert_eq!(account("xoxb-busy").await, Failure::RateLimited { after });
    let broken = account("xoxb-broken").await;
    assert!(matches!(broken, Failure::Unknown(_)), "{broken:?}");
    // What is no header cannot be sent, and is not repeated either.
    let unsendable = account("xoxb-\n").await;
    assert!(
        matches!(&unsendable, Failure::Unreached(why) if !why.contains("xoxb")),
        "{unsendable:?}"
    );
}

#[tokio::test]
async fn what_slack_says_is_told_apart() {
    let ok = json!({ "ok": true, "ts": "1.2" });
    assert_eq!(written(|| Reply::Ok(json!({ "ts": "1.2" }))).await, Ok(ok));

    let body = r#"{"ok":false,"error":"missing_scope","needed":"chat:write","provided":"x"}"#;
    let Err(Failure::Refused(refusal)) = written(move || raw(200, body)).await else {
        panic!("it is refused")
    };
    assert_eq!(
        (refusal.code.as_str(), refusal.needed.as_deref()),
        ("missing_scope", Some("chat:write"))
    );
    assert_eq!(
        refusal.to_string(),
        "Slack answers `missing_scope`, the scope `chat:write` is missing"
    );

    let body = r#"{"ok":false,"error":"invalid_blocks","response_metadata":{"messages":["[ERROR] too long [json-pointer:/blocks/0]"]}}"#;
    let Err(Failure::Refused(refusal)) = written(move || raw(200, body)).await else {
        panic!("it is refused")
    };
    assert_eq!(
        refusal.details,
        ["[ERROR] too long [json-pointer:/blocks/0]"]
    );

    for code in ["fatal_error", "internal_error", "service_unavailable"] {
        let failure = written(move || Reply::Error(code)).await.unwrap_err();
        assert!(matches!(failure, Failure::Unknown(_)), "{failure:?}");
    }
    for (status, body) in [(500, "{}"), (502, "<html>"), (503, ""), (408, "")] {
        let failure = written(move || raw(status, body)).await.unwrap_err();
        assert!(
            matches!(&failure, Failure::Unknown(why) if why.contains(&status.to_string())),
            "{failure:?}"
        );
    }
    for (status, is_taken_up) in [
        (302, false),
        (407, false),
        (400, true),
        (403, true),
        (413, true),
    ] {
        let failure = written(move || raw(status, "words of a proxy"))
            .await
            .unwrap_err();
        match &failure {
            Failure::NotTaken(_) => assert!(is_taken_up, "{failure:?}"),
            Failure::Unreached(_) => assert!(!is_taken_up, "{failure:?}"),
            _ => panic!("{failure:?}"),
        }
        assert!(!failure.to_string().contains("words"), "{failure}");
    }
}

#[tokio::test]
async fn what_is_done_is_done_whatever_else_the_answer_says() {
    // The client reads `warnings` as a list of texts, and gives up here.
    let odd = r#"{"ok":true,"ts":"1.2","warnings":{"a":1}}"#;
    let done = written(move || raw(200, odd)).await.unwrap();
    assert_eq!(done["ts"], "1.2");
    let odd = r#"{"ok":false,"error":"is_archived","warnings":{"a":1}}"#;
    let failure = written(move || raw(200, odd)).await.unwrap_err();
    assert!(matches!(failure, Failure::Refused(refusal) if refusal.code == "is_archived"));
    // Neither yes nor no.
    for (kind, body) in [
        ("text/html", "<html>secret words</html>"),
        ("application/json", "{\"ok\":"),
        ("application/json", "{}"),
    ] {
        let reply = move || Reply::Raw(200, None, kind, body.to_owned());
        let failure = written(reply).await.unwrap_err();
        assert!(matches!(failure, Failure::Unknown(_)), "{failure:?}");
        assert!(!failure.to_string().contains("secret"), "{failure}");
    }
}

#[tokio::test]
async fn too_much_parks_the_method_and_no_other() {
    for (retry_after, seconds) in [(Some(7), 7), (None, 30), (Some(0), 1), (Some(9_000), 600)] {
        let double = Double::start(move |call| match call.method.as_str() {
            "chat.update" => {
                let body = r#"{"ok":false,"error":"ratelimited"}"#.to_owned();
                Reply::Raw(429, retry_after, "application/json", body)
            }
            _ => Reply::Ok(json!({})),
        })
        .await;
        let api = double.api();
        let first = api.write(Method::EDIT, &json!({})).await.unwrap_err();
        let after = Duration::from_secs(seconds);
        assert_eq!(first, Failure::RateLimited { after });
        let second = api.write(Method::EDIT, &json!({})).await.unwrap_err();
        assert!(
            matches!(second, Failure::RateLimited { after: left } if left <= after && left > after / 2)
        );
        assert_eq!(double.calls("chat.update").len(), 1);
        api.write(Method::WHISPER, &json!({})).await.unwrap();
    }
}

#[tokio::test]
async fn a_read_waits_for_its_turn_if_that_is_soon() {
    let tries = std::sync::atomic::AtomicU32::new(0);
    let double = Double::start(move |_| {
        if tries.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 0 {
            return Reply::Raw(429, Some(1), "text/plain", String::new());
        }
        Reply::Ok(json!({ "user": { "id": "U1" } }))
    })
    .await;
    let api = double.api();
    let user: Value = api.read(Method::PERSON, &[("user", "U1")]).await.unwrap();
    assert_eq!(user["user"]["id"], "U1");
    assert_eq!(double.calls("users.info"), vec![json!({ "user": "U1" }); 2]);

    let long = Double::start(|_| Reply::Raw(429, Some(60), "text/plain", String::new())).await;
    let failure = long
        .api()
        .read::<Value>(Method::PERSON, &[])
        .await
        .unwrap_err();
    assert!(
        matches!(failure, Failure::RateLimited { .. }),
        "{failure:?}"
    );
}

#[tokio::test]
async fn what_cannot_be_reached_was_not_done_and_what_breaks_off_perhaps_was() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let api = Api::new(plain(), &url, &token(), &Metrics::new());
    let breaks_off = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let read = stream.read(&mut [0; 64]).await.unwrap();
        assert!(read > 0);
        // The listener goes as well: nobody answers after that.
    });
    let failure = api.write(Method::POST, &json!({})).await.unwrap_err();
    assert!(matches!(failure, Failure::Unknown(_)), "{failure:?}");
    breaks_off.await.unwrap();
    let failure = api.write(Method::POST, &json!({})).await.unwrap_err();
    assert!(matches!(failure, Failure::Unreached(_)), "{failure:?}");
    assert!(matches!(
        api.account().await.unwrap_err(),
        Failure::Unreached(_)
    ));
}

#[tokio::test]
async fn nobody_waits_for_an_answer_for_ever() {
    let (asked, mut was_asked) = tokio::sync::mpsc::channel(1);
    let double = Double::start(move |_| {
        asked.try_send(()).unwrap();
        Reply::Silence
    })
    .await;
    let api = double.api();
    let call = tokio::spawn(async move { api.write(Method::POST, &json!({})).await });
    was_asked.recv().await.unwrap();
    tokio::time::pause();
    tokio::time::advance(limits::SLACK_CALL_TIME_MAX).await;
    let failure = call.await.unwrap().unwrap_err();
    assert_eq!(
        failure,
        Failure::Unknown("Slack did not answer chat.postMessage within 15 s".into())
    );
}

#[tokio::test]
async fn the_address_of_a_socket_or_why_there_is_none() {
    let double = Double::start(|_| Reply::Ok(json!({ "url": "wss://x.example/?ticket=1" }))).await;
    assert_eq!(
        double.api().open_socket_url().await.unwrap(),
        "wss://x.example/?ticket=1"
    );
    let double = Double::start(|_| Reply::Error("invalid_auth")).await;
    let why = double.api().open_socket_url().await.unwrap_err();
    assert!(matches!(why, NoSocket::Refused(_)), "{why:?}");
    let double = Double::start(|_| Reply::Raw(429, Some(3), "text/plain", String::new())).await;
    let why = double.api().open_socket_url().await.unwrap_err();
    let wait = Some(Duration::from_secs(3));
    assert!(matches!(why, NoSocket::Failed { retry_after, .. } if retry_after == wait));
}

#[tokio::test]
async fn an_upload_does_not_show_the_token() {
    let double = Double::start(|_| Reply::Raw(200, None, "text/plain", "OK - 5".into())).await;
    let api = double.api();
    api.upload(&format!("{}/upload/F1", double.url), "w\u{f6}rt")
        .await
        .unwrap();
    let calls = double.all();
    assert_eq!(
        (calls[0].method.as_str(), &calls[0].authorization),
        ("/upload/F1", &None)
    );
    assert_eq!(calls[0].arguments, "w\u{f6}rt");
    assert!(matches!(
        api.upload("no address", "x").await,
        Err(Failure::Unreached(_))
    ));
}
