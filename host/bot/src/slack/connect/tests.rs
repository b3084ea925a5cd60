//! Connections to servers of our own, which prove who they are with a certificate that is made for these tests alone.

mod server;

use std::sync::Arc;

use axum::Json;
use axum::routing::post;
use hyper_util::client::proxy::matcher::Matcher;
use rustls::crypto::CryptoProvider;
use rustls::{ClientConfig, RootCertStore};
use serde_json::json;
use slack_morphism::prelude::{SlackApiTestRequest, SlackClientHyperConnector};
use slack_morphism::{SlackApiToken, SlackApiTokenValue, SlackClient};
use tokio::sync::watch;

use super::*;
use crate::slack::connect::tests::server::{Proxy, TlsServer};
use crate::slack::envelope::Ack;
use crate::slack::socket::{SocketMode, dial};

/// Trusts the certificate of these tests, and takes the provider of the process, as the bot does.
fn tls() -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(server::certificate()).unwrap();
    // This panics if two providers are compiled in and none was chosen.
    ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth()
}

fn straight() -> Connector {
    Connector::new(tls(), Matcher::builder().build())
}

fn through(proxy: &str) -> Connector {
    Connector::new(tls(), Matcher::builder().https(proxy.to_owned()).build())
}

/// Runs Socket Mode until the server has its acknowledgement.
async fn acknowledges(connector: Connector, url: String, mut server: TlsServer) {
    let (stop, stopping) = watch::channel(false);
    let mode = SocketMode {
        sockets: 1,
        fetch_url: Arc::new(move || {
            let url = url.clone();
            Box::pin(async { Ok(url) })
        }),
        dial: dial(connector),
        handle: Arc::new(|_| Box::pin(async { Ok(Ack::default()) })),
        connected: watch::Sender::new(0),
    };
    let running = tokio::spawn(mode.run(stopping));
    assert_eq!(server.heard().await, r#"{"envelope_id":"e1"}"#);
    stop.send_replace(true);
    running.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_socket_speaks_tls_with_the_one_provider() {
    let server = TlsServer::start();
    let url = format!("wss://localhost:{}/link/?ticket=sesame", server.port);
    acknowledges(straight(), url, server).await;
    let provider = CryptoProvider::get_default().unwrap();
    assert_eq!(format!("{:?}", provider.key_provider), "AwsLcRs");
}

#[tokio::test]
async fn a_socket_goes_through_a_proxy() {
    let server = TlsServer::start();
    // The name leads nowhere but through the proxy.
    let proxy = Proxy::start(server.port, "200 Connection established").await;
    let address = format!("http://wit:b%20t@127.0.0.1:{}", proxy.port);
    let url = "wss://slack.test/link/?ticket=sesame".to_owned();
    acknowledges(through(&address), url, server).await;
    let asked = proxy.asked().await;
    assert!(
        asked.starts_with("CONNECT slack.test:443 HTTP/1.1\r\n"),
        "{asked}"
    );
    assert!(
        asked.contains("Proxy-Authorization: Basic d2l0OmIgdA==\r\n"),
        "{asked}"
    );
    assert!(!asked.contains("sesame"), "{asked}");
}

#[tokio::test]
async fn what_needs_no_proxy_gets_none() {
    let server = TlsServer::start();
    let url = format!("wss://localhost:{}/", server.port);
    let matcher = Matcher::builder()
        .https("http://127.0.0.1:1")
        .no("localhost,example.com")
        .build();
    acknowledges(Connector::new(tls(), matcher), url, server).await;
}

#[tokio::test]
async fn the_web_api_works_with_it() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let routes = axum::Router::new().route(
        "/api/api.test",
        post(async |Json(body): Json<serde_json::Value>| {
            Json(json!({ "ok": true, "args": { "foo": body["foo"] } }))
        }),
    );
    let server = tokio::spawn(axum::serve(listener, routes).into_future());

    // A proxy for `http` is none for Slack.
    let proxies = Matcher::builder().all("http://127.0.0.1:1").build();
    let client = SlackClient::new(
        SlackClientHyperConnector::with_connector(Connector::new(tls(), proxies))
            .with_slack_api_url(&format!("http://127.0.0.1:{port}/api")),
    );
    let token = SlackApiToken::new(SlackApiTokenValue::new("xoxb-test".to_owned()));
    let session = client.open_session(&token);
    let request = SlackApiTestRequest::new().with_foo("bar".to_owned());
    let answer = session.api_test(&request).await.unwrap();
    assert_eq!(
        serde_json::to_value(answer).unwrap(),
        json!({ "args": { "foo": "bar" } })
    );
    server.abort();
}

#[tokio::test]
async fn a_proxy_that_refuses_is_named_without_its_password() {
    for (status, said) in [
        (
            "407 Proxy Authentication Required",
            "authorization required",
        ),
        ("403 Forbidden", "unsuccessful"),
    ] {
        let proxy = Proxy::start(1, status).await;
        let address = format!("http://wit:sesame@127.0.0.1:{}", proxy.port);
        let error = refused(through(&address), "wss://slack.test/link/?ticket=open").await;
        for part in [said, "no way through the proxy", &proxy.port.to_string()] {
            assert!(error.contains(part), "{error}");
        }
        assert!(
            !error.contains("sesame") && !error.contains("ticket"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_proxy_of_another_kind_is_refused_with_advice() {
    let error = refused(through("socks5://127.0.0.1:1"), "wss://slack.test/").await;
    assert!(error.contains("HTTPS_PROXY"), "{error}");
}

#[tokio::test]
async fn a_server_that_proves_nothing_is_not_spoken_to() {
    let server = TlsServer::start();
    let nobody = ClientConfig::builder()
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    let connector = Connector::new(nobody, Matcher::builder().build());
    let error = refused(connector, &format!("wss://localhost:{}/", server.port)).await;
    assert!(error.contains("UnknownIssuer"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_answer_is_given_up() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let error = refused(straight(), &format!("wss://127.0.0.1:{port}/?ticket=1")).await;
    assert!(
        error.contains("no connection to 127.0.0.1 within 10 s"),
        "{error}"
    );
}

#[tokio::test]
async fn addresses_of_sockets_are_those_of_the_web_without_their_path() {
    for (given, expected) in [
        ("wss://a.example/link/?ticket=1", Some("https://a.example/")),
        ("https://a.example:8443/x", Some("https://a.example:8443/")),
        ("ws://[::1]:9/link", Some("http://[::1]:9/")),
        ("http://a.example", Some("http://a.example/")),
        ("ftp://a.example/", None),
        ("/link/?ticket=1", None),
    ] {
        let server = server_of(&given.parse().unwrap());
        assert_eq!(
            server.ok().map(|server| server.to_string()).as_deref(),
            expected
        );
    }
}

#[test]
fn variables_that_name_no_proxy_are_found() {
    for (value, names) in [
        ("", true),
        ("http://proxy.example:3128", true),
        ("https://wit:b@proxy.example", true),
        ("proxy.example:3128", true),
        ("socks5://proxy.example", true),
        ("ftp://proxy.example", false),
        ("http://", false),
        ("http://proxy example", false),
    ] {
        assert_eq!(names_proxy(value), names, "{value}");
    }
}

async fn refused(connector: Connector, url: &str) -> String {
    match connector.connect(&url.parse().unwrap()).await {
        Ok(_) => panic!("connected to {url}"),
        Err(error) => format!("{error:#}"),
    }
}
