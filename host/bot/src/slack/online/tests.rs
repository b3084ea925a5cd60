use axum::http::HeaderMap;
use axum::routing::post;
use axum::{Json, Router};
use futures_util::{SinkExt as _, StreamExt as _};
use http::StatusCode;
use hyper_util::client::proxy::matcher::Matcher;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_tungstenite::tungstenite::Message;

use super::*;
use crate::secret::Secret;
use crate::settings::slack::SlackMode;

/// What Slack answers.
#[derive(Clone)]
struct Answers {
    status: StatusCode,
    scopes: Option<String>,
    auth: Value,
    open: Value,
}

/// All is well; the address is that of a server that says hello.
async fn good() -> Answers {
    let scopes: Vec<&str> = SCOPES.iter().map(|scope| scope.name).collect();
    Answers {
        status: StatusCode::OK,
        scopes: Some(scopes.join(",")),
        auth: json!({ "ok": true, "user": "witbot", "team_id": "T1", "user_id": "U1", "url": "https://acme.slack.com/" }),
        open: json!({ "ok": true, "url": hello().await }),
    }
}

/// A server of WebSockets that says hello and then waits for the close.
async fn hello() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/link?ticket=t", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let mut socket = tokio_tungstenite::accept_async(stream).await.unwrap();
            let hello = json!({ "type": "hello", "num_connections": 1 });
            socket.send(Message::text(hello.to_string())).await.unwrap();
            while let Some(Ok(_)) = socket.next().await {}
        }
    });
    url
}

/// Serves the answers, each to its own token only.
async fn serve(answers: Answers) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/api", listener.local_addr().unwrap());
    let answer = |token: &'static str, answer: Value| {
        let Answers { status, scopes, .. } = answers.clone();
        post(async move |headers: HeaderMap| {
            let known = headers["authorization"] == format!("Bearer {token}").as_str();
            let unknown = json!({ "ok": false, "error": "invalid_auth" });
            let mut head = HeaderMap::new();
            if let Some(scopes) = scopes {
                head.insert("x-oauth-scopes", scopes.parse().unwrap());
            }
            (status, head, Json(if known { answer } else { unknown }))
        })
    };
    let router = Router::new()
        .route("/api/auth.test", answer("xoxb-1", answers.auth.clone()))
        .route(
            "/api/apps.connections.open",
            answer("xapp-1", answers.open.clone()),
        );
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    url
}

/// What is found out about an access with these tokens.
async fn found(api_url: String, bot: &str, ear: SlackEar) -> (bool, String) {
    let tls = rustls::ClientConfig::builder_with_provider(Arc::new(
        rustls::crypto::aws_lc_rs::default_provider(),
    ))
    .with_safe_default_protocol_versions()
    .unwrap()
    .with_root_certificates(rustls::RootCertStore::empty())
    .with_no_client_auth();
    let connector = Connector::new(tls, Matcher::builder().build());
    let settings = SlackSettings {
        mode: SlackMode::Socket,
        api_url,
        ..SlackSettings::default()
    };
    let access = SlackAccess {
        bot_token: Secret::new(bot.to_owned()),
        ear,
    };
    let findings = check_over(connector, &settings, &access).await;
    let lines: Vec<String> = findings.iter().map(ToString::to_string).collect();
    (findings.iter().all(Finding::is_good), lines.join("\n"))
}

fn socket_ear(token: &str) -> SlackEar {
    SlackEar::Socket {
        app_token: Secret::new(token.to_owned()),
    }
}

async fn found_with(answers: Answers) -> (bool, String) {
    found(serve(answers).await, "xoxb-1", socket_ear("xapp-1")).await
}

#[tokio::test]
async fn all_that_is_well_is_said() {
    let (well, said) = found_with(good().await).await;
    assert!(well, "{said}");
    insta::assert_snapshot!(said, @r##"
    Slack: SLACK_BOT_TOKEN is good: the bot is @witbot at https://acme.slack.com/
    Slack: all scopes that the bot needs are there
    Slack: SLACK_APP_TOKEN is good: a socket was opened, and closed again
    "##);
}

#[tokio::test]
async fn a_missing_scope_is_named_with_what_it_is_for() {
    let mut answers = good().await;
    answers.scopes = answers
        .scopes
        .map(|all| all.replace("commands,", "").replace("im:write", "im:read"));
    let (well, said) = found_with(answers).await;
    assert!(!well, "{said}");
    insta::assert_snapshot!(said, @r##"
    Slack: SLACK_BOT_TOKEN is good: the bot is @witbot at https://acme.slack.com/
    Slack: the bot token lacks 2 of the scopes that the bot needs:
      - commands, to have a slash command
      - im:write, to begin direct messages (conversations.open)
      help: add them at https://api.slack.com/apps under `OAuth & Permissions`, and install the app again
    Slack: SLACK_APP_TOKEN is good: a socket was opened, and closed again
    "##);
}

#[tokio::test]
async fn tokens_that_slack_does_not_know_are_told_apart() {
    let url = serve(good().await).await;
    let (well, said) = found(url.clone(), "xoxb-2", socket_ear("xapp-1")).await;
    assert!(!well, "{said}");
    insta::assert_snapshot!(said, @r##"
    Slack: SLACK_BOT_TOKEN is of no use: Slack answers `invalid_auth`
      help: install the app at https://api.slack.com/apps and copy the `Bot User OAuth Token` of `OAuth & Permissions` again
    Slack: SLACK_APP_TOKEN is good: a socket was opened, and closed again
    "##);
    let (well, said) = found(url, "xoxb-1", socket_ear("xapp-2")).await;
    assert!(!well && !said.contains("xapp-2"), "{said}");
    insta::assert_snapshot!(said, @r##"
    Slack: SLACK_BOT_TOKEN is good: the bot is @witbot at https://acme.slack.com/
    Slack: all scopes that the bot needs are there
    Slack: there is no socket: Slack does not know the app-level token (`invalid_auth`): set SLACK_APP_TOKEN to a token that begins with `xapp-` and has the scope `connections:write`; at https://api.slack.com/apps it is under Basic Information, App-Level Tokens
      help: mend that, and run this again
    "##);
}

#[tokio::test]
async fn a_socket_that_cannot_be_had_says_why() {
    for (answer, why) in [
        (
            json!({ "ok": false, "error": "link_disabled" }),
            "Socket Mode is switched off",
        ),
        (
            json!({ "ok": false, "error": "too_many_websockets" }),
            "slack.connections",
        ),
        (json!({ "ok": true }), "no address for a socket"),
        // Nobody listens there.
        (
            json!({ "ok": true, "url": "ws://127.0.0.1:1/" }),
            "has to let WebSockets",
        ),
    ] {
        let mut answers = good().await;
        answers.open = answer;
        let (well, said) = found_with(answers).await;
        assert!(!well && said.contains(why), "{why}: {said}");
        assert!(said.contains("SLACK_BOT_TOKEN is good"), "{said}");
    }
}

#[tokio::test]
async fn what_cannot_be_asked_is_said() {
    let mut answers = good().await;
    answers.scopes = None;
    let (well, said) = found_with(answers.clone()).await;
    assert!(well && said.contains("they are not compared"), "{said}");

    answers.status = StatusCode::BAD_GATEWAY;
    let (well, said) = found_with(answers).await;
    assert!(!well && said.contains("HTTP status 502"), "{said}");
    assert!(said.contains("HTTPS_PROXY"), "{said}");

    let nobody = "http://127.0.0.1:1/api".to_owned();
    let (well, said) = found(nobody, "xoxb-1", socket_ear("xapp-1")).await;
    assert!(
        !well && said.contains("SLACK_BOT_TOKEN cannot be tried"),
        "{said}"
    );
}

#[tokio::test]
async fn with_requests_there_is_no_socket_to_try() {
    let ear = SlackEar::Http {
        signing_secrets: vec![Secret::new("s".to_owned())],
    };
    let (well, said) = found(serve(good().await).await, "xoxb-1", ear).await;
    assert!(
        well && said.contains("SLACK_SIGNING_SECRET is not tried"),
        "{said}"
    );
    assert!(!said.contains("a socket was opened"), "{said}");
}
