//! Requests to a server on this machine.

use std::net::SocketAddr;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{any, get};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::*;

async fn server() -> SocketAddr {
    let echo = |headers: HeaderMap, body: Bytes| async move {
        let mut names: Vec<String> = headers
            .iter()
            .map(|(name, value)| format!("{name}={}", value.to_str().unwrap()))
            .collect();
        names.retain(|name| !name.starts_with("host="));
        names.sort();
        format!("{} {}", names.join(" "), String::from_utf8_lossy(&body))
    };
    let redirect = || async { (StatusCode::FOUND, [("location", "/echo")], "gone there") };
    let large = || async { vec![b'x'; limits::HTTP_RESPONSE_BYTES_MAX + 1] };
    let never = || async { std::future::pending::<()>().await };
    let many = || async {
        (
            [("x-long", "x".repeat(limits::HTTP_HEADERS_BYTES_MAX + 1))],
            "",
        )
    };
    let router = Router::new()
        .route("/echo", any(echo))
        .route("/redirect", get(redirect))
        .route("/large", get(large))
        .route("/never", get(never))
        .route("/many", get(many));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

/// A server whose answer has no length and no end.
async fn endless() -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            stream.read_buf(&mut request).await.unwrap();
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
        while stream.write_all(&[b'x'; 1 << 16]).await.is_ok() {}
    });
    address
}

fn request(method: &str, url: String) -> Request {
    Request {
        method: method.to_owned(),
        url,
        headers: Vec::new(),
        body: Blob::default(),
        timeout_ms: 10_000,
    }
}

fn private() -> Terms {
    Terms {
        private: true,
        ..Terms::default()
    }
}

fn told(result: Result<Response, Error>) -> String {
    match result {
        Ok(response) => format!(
            "{} {}",
            response.status,
            String::from_utf8_lossy(&response.body.0)
        ),
        Err(error) => format!("{}: {error}", error.code.as_str()),
    }
}

#[tokio::test]
async fn a_request_is_sent_as_it_is() {
    let at = server().await;
    let mut request = request("POST", format!("http://{at}/echo"));
    request.headers = vec![
        ("X-One".into(), "1".into()),
        ("x-one".into(), "2".into()),
        ("User-Agent".into(), "me".into()),
    ];
    request.body = Blob(b"hello".to_vec());
    let told = told(Web::new().unwrap().send(&request, &private()).await);
    assert_eq!(
        told,
        "200 accept=*/* content-length=5 user-agent=me x-one=1 x-one=2 hello"
    );
}

#[tokio::test]
async fn redirects_are_answers() {
    let at = server().await;
    let response = Web::new()
        .unwrap()
        .send(&request("GET", format!("http://{at}/redirect")), &private())
        .await
        .unwrap();
    assert_eq!(
        (response.status, response.body.0.as_slice()),
        (302, b"gone there".as_slice())
    );
    assert!(
        response
            .headers
            .contains(&("location".into(), "/echo".into()))
    );
}

#[tokio::test]
async fn private_addresses_are_refused_in_all_forms() {
    let at = server().await;
    let web = Web::new().unwrap();
    let port = at.port();
    for host in [
        "127.0.0.1",
        "127.0.0.1.",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "0",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::7f00:1]",
        "localhost",
        "LOCALHOST",
        "169.254.169.254",
        "１２７.0.0.1",
    ] {
        let told = told(
            web.send(
                &request("GET", format!("http://{host}:{port}/echo")),
                &Terms::default(),
            )
            .await,
        );
        assert!(
            told.starts_with("denied: ") && told.contains("`private = true`"),
            "{host}: {told}"
        );
    }
    for host in ["127.0.0.1", "2130706433", "localhost"] {
        let told = told(
            web.send(
                &request("GET", format!("http://{host}:{port}/echo")),
                &private(),
            )
            .await,
        );
        assert!(told.starts_with("200 "), "{host}: {told}");
    }
}

#[tokio::test]
async fn what_is_no_request_is_refused() {
    let web = Web::new().unwrap();
    let check = async |request: Request, expected: &str| {
        assert_eq!(told(web.send(&request, &Terms::default()).await), expected)
    };
    let good = || request("GET", "https://status.example.com/".into());
    let address = |url: &str| Request {
        url: url.into(),
        ..good()
    };
    check(
        address("ftp://example.com/"),
        "invalid: Requests go to `http` and `https`, not to `ftp`.",
    )
    .await;
    check(
        address("file:///etc/passwd"),
        "invalid: Requests go to `http` and `https`, not to `file`.",
    )
    .await;
    check(
        address("status"),
        "invalid: The address cannot be read: relative URL without a base.",
    )
    .await;
    check(
        address("https://me:secret@example.com/"),
        "invalid: A user name or password in an address would be logged: send it in a header.",
    )
    .await;
    let method = |method: &str| Request {
        method: method.into(),
        ..good()
    };
    for bad in ["get", "", "CONNECT", "TRACE", "GET /\r\n"] {
        check(
            method(bad),
            "invalid: A method is a word in capitals such as `GET`, and not `CONNECT` or `TRACE`.",
        )
        .await;
    }
    let header = |name: &str, value: &str| Request {
        headers: vec![(name.into(), value.into())],
        ..good()
    };
    for name in [
        "Host",
        "content-length",
        "Transfer-Encoding",
        "Connection",
        "TE",
        "Upgrade",
        "Proxy-Authorization",
    ] {
        let lower = name.to_lowercase();
        let expected = format!(
            "invalid: The header `{lower}` cannot be set: the bot sets what a connection needs."
        );
        check(header(name, "x"), &expected).await;
    }
    // A grant of one method and path would be passed by.
    let other = "invalid: The header `x-http-method-override` cannot be set: servers take the request for another one by it, which may not be granted.";
    check(header("X-HTTP-Method-Override", "DELETE"), other).await;
    check(
        header("x y", "1"),
        "invalid: `x y` is not the name of a header.",
    )
    .await;
    check(
        header("x", "1\r\nhost: other"),
        "invalid: The value of the header `x` has characters that no header can have.",
    )
    .await;
    check(
        header("x", &"x".repeat(40_000)),
        "invalid: A request has at most 100 headers of 32 KiB together.",
    )
    .await;
    let body = Blob(vec![0; limits::HTTP_REQUEST_BYTES_MAX + 1]);
    check(
        Request { body, ..good() },
        "invalid: The body of a request has at most 1 MiB.",
    )
    .await;
    let no_time = Request {
        timeout_ms: 0,
        ..good()
    };
    check(
        no_time,
        "invalid: A timeout of 0 ms leaves no time to answer; 10 s is usual.",
    )
    .await;
}

#[tokio::test]
async fn answers_are_bounded() {
    let at = server().await;
    let web = Web::new().unwrap();
    for url in [
        format!("http://{at}/large"),
        format!("http://{}/", endless().await),
    ] {
        let told = told(web.send(&request("GET", url), &private()).await);
        assert_eq!(
            told,
            "invalid: The answer of 127.0.0.1 has more than 4 MiB."
        );
    }
    let told_many = told(
        web.send(&request("GET", format!("http://{at}/many")), &private())
            .await,
    );
    assert_eq!(
        told_many,
        "invalid: The answer has more than 32 KiB of headers."
    );
    let never = Request {
        timeout_ms: 1,
        ..request("GET", format!("http://{at}/never"))
    };
    assert_eq!(
        told(web.send(&never, &private()).await),
        "timeout: 127.0.0.1 did not answer within 1 ms."
    );
}

#[tokio::test]
async fn a_host_that_is_not_there() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    drop(listener);
    let told = told(
        Web::new()
            .unwrap()
            .send(&request("GET", format!("http://{at}/")), &private())
            .await,
    );
    assert!(
        told.starts_with("unavailable: 127.0.0.1 cannot be reached: "),
        "{told}"
    );
}
