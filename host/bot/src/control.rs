//! The way from the command line to the bot that runs: a socket in the data folder, which only its owner can open. An
//! order is a line of JSON, and so is its answer.

use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail, ensure};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::time::timeout;
use witbot_core::limits;

use crate::orders::Order;
use crate::orders::plugins::PluginOrder;
use crate::wake::Wake;

const SOCKET: &str = "control.sock";

/// What can be ordered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Demand {
    /// Something with a run.
    Run(Order),
    /// Something with a plugin.
    Plugin(PluginOrder),
}

/// What became of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// Whether it was carried out.
    pub well: bool,
    /// A sentence about it.
    pub text: String,
}

/// The bot's end. The socket is removed with it.
pub struct Control {
    listener: UnixListener,
    path: PathBuf,
}

impl Control {
    /// Makes the socket in a data folder that is ours: one that is there already is what a killed bot has left.
    pub fn open(data: &Path) -> io::Result<Control> {
        let path = data.join(SOCKET);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        let listener = UnixListener::bind(&path)?;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
        Ok(Control { listener, path })
    }

    /// Takes orders for as long as the bot runs.
    pub async fn run(self, wakes: mpsc::Sender<Wake>) {
        let at_once = Arc::new(Semaphore::new(limits::CONTROL_AT_ONCE_MAX));
        loop {
            // It is never closed, so that this cannot fail.
            let Ok(permit) = at_once.clone().acquire_owned().await else {
                return;
            };
            match self.listener.accept().await {
                Ok((stream, _)) => {
                    let wakes = wakes.clone();
                    tokio::spawn(async move {
                        let served = timeout(limits::CONTROL_TIME_MAX, serve(stream, &wakes)).await;
                        if let Ok(Err(error)) = served {
                            tracing::warn!("an order could not be taken: {error:#}");
                        }
                        drop(permit);
                    });
                }
                Err(error) => {
                    tracing::warn!("orders cannot be taken: {error}");
                    tokio::time::sleep(limits::STORE_AGAIN).await;
                }
            }
        }
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        // What is left of it is removed at the next start.
        let _ = std::fs::remove_file(&self.path);
    }
}

async fn serve(mut stream: UnixStream, wakes: &mpsc::Sender<Wake>) -> anyhow::Result<()> {
    let order: Demand = read(&mut stream).await?;
    let (answer, answered) = oneshot::channel();
    wakes
        .send(Wake::Ordered { order, answer })
        .await
        .context("the bot is stopping")?;
    let answer = answered.await.context("the bot is stopping")?;
    write(&mut stream, &answer).await
}

/// Gives an order to the bot that uses a data folder. None: there is none.
pub async fn give(data: &Path, order: &Demand) -> anyhow::Result<Option<Answer>> {
    let mut stream = match UnixStream::connect(data.join(SOCKET)).await {
        Ok(stream) => stream,
        Err(error) if is_nobody(&error) => return Ok(None),
        Err(error) => return Err(error).context("cannot speak to the bot that runs"),
    };
    let given = timeout(limits::CONTROL_TIME_MAX, async {
        write(&mut stream, order).await?;
        read(&mut stream).await
    });
    match given.await {
        Ok(answer) => answer.map(Some).context("the bot that runs did not answer"),
        Err(_) => bail!(
            "the bot that runs did not answer within {} s; look with `witbot runs` whether it did it",
            limits::CONTROL_TIME_MAX.as_secs()
        ),
    }
}

fn is_nobody(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused
    )
}

async fn write(stream: &mut UnixStream, value: &impl Serialize) -> anyhow::Result<()> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    Ok(stream.write_all(&line).await?)
}

async fn read<T: for<'de> Deserialize<'de>>(stream: &mut UnixStream) -> anyhow::Result<T> {
    let mut line = Vec::new();
    let most = limits::CONTROL_LINE_BYTES_MAX as u64;
    let mut bounded = BufReader::new(stream).take(most);
    bounded.read_until(b'\n', &mut line).await?;
    ensure!(
        line.ends_with(b"\n"),
        "a line is cut off, or longer than {most} bytes"
    );
    Ok(serde_json::from_slice(&line)?)
}

#[cfg(test)]
mod tests {
    use witbot_core::ids::InvocationId;

    use super::*;
    use crate::orders::What;

    fn order() -> Demand {
        let run: InvocationId = "00112233445566778899".parse().unwrap();
        Demand::Run(Order {
            what: What::Cancel,
            run,
            by: "an operator".to_owned(),
            person: None,
            by_plugin: false,
        })
    }

    #[tokio::test]
    async fn an_order_is_given_and_answered_and_the_socket_is_ours_alone() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(give(folder.path(), &order()).await.unwrap(), None);
        // What a killed bot leaves behind.
        drop(std::os::unix::net::UnixListener::bind(folder.path().join(SOCKET)).unwrap());
        assert_eq!(give(folder.path(), &order()).await.unwrap(), None);

        let control = Control::open(folder.path()).unwrap();
        let mode = folder.path().join(SOCKET).metadata().unwrap().permissions();
        assert_eq!(mode.mode() & 0o777, 0o600);
        let (wakes, mut woken) = mpsc::channel(1);
        let running = tokio::spawn(control.run(wakes));
        let bot = tokio::spawn(async move {
            let Some(Wake::Ordered { order, answer }) = woken.recv().await else {
                panic!("an order was given")
            };
            let (well, text) = (true, "it is done".to_owned());
            answer.send(Answer { well, text }).unwrap();
            order
        });
        let answer = give(folder.path(), &order()).await.unwrap().unwrap();
        assert_eq!((answer.well, answer.text.as_str()), (true, "it is done"));
        assert_eq!(bot.await.unwrap(), order());
        running.abort();
        let _ = running.await;
        assert!(!folder.path().join(SOCKET).exists());
    }

    #[tokio::test]
    async fn what_is_no_order_or_too_long_reaches_nobody() {
        for line in [
            "{}\n".to_owned(),
            r#"{"run":{},"plugin":{}}"#.to_owned() + "\n",
            "x".repeat(limits::CONTROL_LINE_BYTES_MAX + 1),
        ] {
            let (mut ours, theirs) = UnixStream::pair().unwrap();
            let (wakes, mut woken) = mpsc::channel(1);
            ours.write_all(line.as_bytes()).await.unwrap();
            assert!(serve(theirs, &wakes).await.is_err());
            assert!(woken.try_recv().is_err());
        }
    }
}
