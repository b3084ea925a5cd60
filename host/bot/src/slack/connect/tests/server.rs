//! A server that speaks TLS, and a proxy.

use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::{self, Message};

/// Far longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// For `localhost` and `slack.test`, until the year 2120. Its key is beside it: it proves nothing to anybody else.
pub(super) fn certificate() -> CertificateDer<'static> {
    CertificateDer::from_pem_slice(include_bytes!("localhost.cert.pem")).unwrap()
}

/// Takes one socket, says hello, sends an envelope `e1` and hands over what is answered.
pub(super) struct TlsServer {
    pub port: u16,
    heard: mpsc::Receiver<String>,
}

impl TlsServer {
    pub(super) fn start() -> TlsServer {
        let key = PrivateKeyDer::from_pem_slice(include_bytes!("localhost.key.pem")).unwrap();
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![certificate()], key)
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (hear, heard) = mpsc::channel(1);
        std::thread::spawn(move || {
            let (tcp, _) = listener.accept().unwrap();
            // It ends by itself when the other end is gone.
            let _ = serve(tcp, Arc::new(config), &hear);
        });
        TlsServer { port, heard }
    }

    pub(super) async fn heard(&mut self) -> String {
        let heard = timeout(PATIENCE, self.heard.recv()).await;
        heard.expect("nothing was heard").unwrap()
    }
}

fn serve(
    tcp: TcpStream,
    config: Arc<ServerConfig>,
    hear: &mpsc::Sender<String>,
) -> Result<(), Box<dyn std::error::Error>> {
    let tls = StreamOwned::new(ServerConnection::new(config)?, tcp);
    let mut socket = tungstenite::accept(tls)?;
    socket.send(Message::text(r#"{"type":"hello"}"#))?;
    socket.send(Message::text(r#"{"type":"events_api","envelope_id":"e1"}"#))?;
    loop {
        if let Message::Text(text) = socket.read()? {
            hear.blocking_send(text.to_string())?;
        }
    }
}

/// Gives one answer to one request, and if that is yes, leads it to a server whatever the request says.
pub(super) struct Proxy {
    pub port: u16,
    asked: tokio::task::JoinHandle<String>,
}

impl Proxy {
    pub(super) async fn start(leads_to: u16, status: &'static str) -> Proxy {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = tokio::spawn(async move {
            let (mut near, _) = listener.accept().await.unwrap();
            let mut asked = Vec::new();
            while !asked.ends_with(b"\r\n\r\n") {
                asked.push(near.read_u8().await.unwrap());
            }
            let answer = format!("HTTP/1.1 {status}\r\n\r\n");
            near.write_all(answer.as_bytes()).await.unwrap();
            if status.starts_with("200") {
                tokio::spawn(async move {
                    let mut far = tokio::net::TcpStream::connect(("127.0.0.1", leads_to))
                        .await
                        .unwrap();
                    let _ = copy_bidirectional(&mut near, &mut far).await;
                });
            }
            String::from_utf8(asked).unwrap()
        });
        Proxy { port, asked }
    }

    /// The request.
    pub(super) async fn asked(self) -> String {
        timeout(PATIENCE, self.asked).await.unwrap().unwrap()
    }
}
