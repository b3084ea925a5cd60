//! A question to a server on this machine.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, bail};

/// Whoever is on the same machine and well answers in far less.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(5);

/// What is at a path.
pub fn get(address: SocketAddr, path: &str) -> Result<String> {
    let answer = ask(address, path).with_context(|| format!("no answer from {address}"))?;
    let (head, body) = answer
        .split_once("\r\n\r\n")
        .with_context(|| format!("{address} does not speak HTTP"))?;
    if head.split(' ').nth(1) != Some("200") {
        bail!(
            "{address}{path}: {}",
            head.lines().next().unwrap_or_default()
        );
    }
    Ok(body.to_owned())
}

/// HTTP 1.0: the answer comes in one piece, and ends with the connection.
fn ask(address: SocketAddr, path: &str) -> Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, ANSWER_TIME_MAX)?;
    stream.set_read_timeout(Some(ANSWER_TIME_MAX))?;
    stream.set_write_timeout(Some(ANSWER_TIME_MAX))?;
    write!(
        stream,
        "GET {path} HTTP/1.0\r\nHost: {address}\r\nUser-Agent: xtask\r\n\r\n"
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

/// An address on loopback that nobody listens at. Somebody else could still come first.
pub fn free_address() -> Result<SocketAddr> {
    TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .context("there is no free port on 127.0.0.1")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::BufRead as _;
    use std::io::BufReader;
    use std::thread;

    /// A server that gives one answer.
    fn serve(answer: &'static str) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let lines = BufReader::new(stream.try_clone().unwrap()).lines();
            lines
                .map(Result::unwrap)
                .take_while(|line| !line.is_empty())
                .for_each(drop);
            stream.write_all(answer.as_bytes()).unwrap();
        });
        address
    }

    #[test]
    fn the_body_is_what_is_asked_for() {
        let address = serve("HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\n{}");
        assert_eq!(get(address, "/").unwrap(), "{}");
    }

    #[test]
    fn a_refusal_is_an_error() {
        let address = serve("HTTP/1.0 503 Service Unavailable\r\n\r\nnot yet");
        let error = format!("{:#}", get(address, "/readyz").unwrap_err());
        assert_eq!(
            error,
            format!("{address}/readyz: HTTP/1.0 503 Service Unavailable")
        );
    }

    #[test]
    fn nobody_there_is_an_error() {
        let error = format!("{:#}", get(free_address().unwrap(), "/").unwrap_err());
        assert!(error.starts_with("no answer from 127.0.0.1:"), "{error}");
    }
}
