//! The real bot, as a process of its own, with a test at its keyboard.

use std::fs;
use std::process::Stdio;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStdin, Command};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::home::Home;
use crate::services::Services;
use crate::slack::{Mode, Workspace};
use crate::transcript::{Record, Transcript};
use witbot_core::conversation::pattern::matches;

/// Process supervisors send SIGKILL after about this time.
const STOP_TIME_MAX: Duration = Duration::from_secs(30);

/// As much fits into a pipe on Linux.
const PIPE_BYTES: usize = 65_536;

/// A bot holds so many sockets open, if its settings do not say otherwise.
const SOCKETS: usize = 2;

/// A bot that runs in a folder of its own. It is killed when it is dropped.
///
/// A line that it prints and nobody expects fails the test, and so does an error in its log that nobody forgave.
#[derive(Debug)]
pub struct Bot {
    home: Home,
    around: Around,
    transcript: Arc<Transcript>,
    process: Option<Process>,
    forgiven: Vec<String>,
}

/// What knows where the bot is, and is told again after every start.
#[derive(Debug, Default)]
struct Around {
    services: Option<Arc<Services>>,
    workspace: Option<(Arc<Workspace>, Mode)>,
}

#[derive(Debug)]
struct Process {
    child: Child,
    keyboard: ChildStdin,
    url: String,
    readers: [JoinHandle<()>; 2],
}

impl Bot {
    /// Starts a bot that has no services, and waits until it is ready.
    pub async fn start(home: Home) -> Bot {
        Bot::start_with(home, Around::default()).await
    }

    /// Starts a bot for these services, whose webhooks it gets, and waits until it is ready.
    pub async fn start_for(home: Home, services: &Arc<Services>) -> Bot {
        let around = Around {
            services: Some(services.clone()),
            workspace: None,
        };
        Bot::start_with(services.known_to(home), around).await
    }

    /// Starts a bot whose home a workspace has made, and waits until it hears what is said there.
    pub async fn start_in(home: Home, workspace: &Arc<Workspace>, mode: Mode) -> Bot {
        let around = Around {
            services: None,
            workspace: Some((workspace.clone(), mode)),
        };
        Bot::start_with(home, around).await
    }

    /// The same for a bot that has services as well.
    pub async fn start_in_for(
        home: Home,
        workspace: &Arc<Workspace>,
        mode: Mode,
        services: &Arc<Services>,
    ) -> Bot {
        let around = Around {
            services: Some(services.clone()),
            workspace: Some((workspace.clone(), mode)),
        };
        Bot::start_with(services.known_to(home), around).await
    }

    async fn start_with(home: Home, around: Around) -> Bot {
        let mut bot = Bot {
            home,
            around,
            transcript: Arc::new(Transcript::new()),
            process: None,
            forgiven: Vec::new(),
        };
        bot.begin().await;
        bot
    }

    /// Where it lives.
    pub fn home(&self) -> &Home {
        &self.home
    }

    /// The address that its webhooks are served at.
    pub fn url(&self) -> &str {
        self.process.as_ref().map_or("", |process| &process.url)
    }

    /// The number of its process.
    ///
    /// # Panics
    ///
    /// When it does not run.
    pub fn id(&self) -> u32 {
        let process = self.process.as_ref();
        let id = process.and_then(|process| process.child.id());
        id.expect("the bot runs")
    }

    /// How much memory it has in use.
    ///
    /// # Panics
    ///
    /// When it does not run, or where the system does not say.
    pub fn resident_bytes(&self) -> u64 {
        let status = format!("/proc/{}/status", self.id());
        let status = fs::read_to_string(status).expect("this is Linux");
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = resident.and_then(|text| text.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        kib.expect("the system says it in KiB") * 1024
    }

    /// Types a line.
    pub async fn say(&mut self, line: &str) {
        self.transcript.note(line);
        self.tell(line).await;
    }

    /// Writes a line into its standard input.
    pub(crate) async fn tell(&mut self, line: &str) {
        let Some(process) = &mut self.process else {
            self.transcript.fail("the bot does not run")
        };
        let typed = format!("{line}\n");
        if let Err(error) = process.keyboard.write_all(typed.as_bytes()).await {
            self.transcript
                .fail(&format!("the bot does not read: {error}"));
        }
    }

    /// Expects the next line that it prints to be this one; `…` stands for anything.
    pub async fn expect(&self, pattern: &str) -> String {
        let line = self.next(pattern).await;
        if !matches(pattern, &line) {
            self.transcript
                .fail(&format!("expected `{pattern}`, not `{line}`"));
        }
        line
    }

    /// Expects it to print this line soon, and is content with whatever comes before it.
    pub async fn expect_soon(&self, pattern: &str) -> String {
        loop {
            let line = self.next(pattern).await;
            if matches(pattern, &line) {
                return line;
            }
        }
    }

    /// Expects the next lines that it prints to be these, in any order: what is said in several channels has none.
    pub async fn expect_each(&self, patterns: &[&str]) {
        let mut left = patterns.to_vec();
        while let Some(last) = left.last() {
            let line = self.next(last).await;
            match left.iter().position(|pattern| matches(pattern, &line)) {
                Some(at) => drop(left.swap_remove(at)),
                None => self
                    .transcript
                    .fail(&format!("expected one of {left:?}, not `{line}`")),
            }
        }
    }

    async fn next(&self, pattern: &str) -> String {
        let what = format!("a line like `{pattern}`");
        self.transcript
            .until(&what, || self.transcript.next())
            .await
    }

    /// All lines that it printed so far, but for empty ones.
    pub(crate) fn printed(&self) -> Vec<String> {
        self.transcript.lines()
    }

    /// Looks after everything that it prints or logs, until there is something to see or the time is over.
    pub(crate) async fn until_printed<T>(
        &self,
        limit: Duration,
        look: impl FnMut() -> Option<T>,
    ) -> Option<T> {
        self.transcript.seen_within(limit, look).await
    }

    /// Puts in what the test itself did, for whoever reads about its failure.
    pub(crate) fn note(&self, line: &str) {
        self.transcript.note(line);
    }

    /// Everything that was said, printed and logged, in order.
    pub fn everything(&self) -> String {
        self.transcript.everything()
    }

    /// Says something, and expects the answer.
    pub async fn ask(&mut self, line: &str, answer: &str) -> String {
        self.say(line).await;
        self.expect(answer).await
    }

    /// Expects a record in the log whose text, with level and plugin as [`Record::shown`] has them, is this one. It may
    /// be there already.
    pub async fn expect_log(&self, pattern: &str) -> Record {
        let what = format!("a record like `{pattern}`");
        let found = || self.logged(pattern).pop();
        self.transcript.until(&what, found).await
    }

    /// Expects another record of this text besides the first.
    pub async fn expect_again(&self, pattern: &str) -> Record {
        let what = format!("another record like `{pattern}`");
        let found = || self.logged(pattern).into_iter().nth(1);
        self.transcript.until(&what, found).await
    }

    /// Expects so many records of this text.
    pub async fn expect_logs(&self, pattern: &str, count: usize) {
        let what = format!("{count} records like `{pattern}`");
        let found = || (self.logged(pattern).len() >= count).then_some(());
        self.transcript.until(&what, found).await;
    }

    /// The records whose text is this one.
    pub fn logged(&self, pattern: &str) -> Vec<Record> {
        let mut log = self.transcript.log();
        log.retain(|record| matches(pattern, &record.shown()));
        log
    }

    /// Lets errors be whose text is this one.
    pub fn forgive(&mut self, pattern: &str) {
        self.forgiven.push(pattern.to_owned());
    }

    /// Kills it in the middle of whatever it does.
    pub async fn kill9(&mut self) {
        let Some(mut process) = self.process.take() else {
            self.transcript.fail("the bot does not run")
        };
        self.transcript.note("kill -9");
        if let Err(error) = process.child.kill().await {
            self.transcript
                .fail(&format!("cannot kill the bot: {error}"));
        }
        finish_reading(process.readers).await;
        if let Some((workspace, _)) = &self.around.workspace {
            // What were given to a socket of the dead would be lost, if Slack does not send it twice.
            workspace.slack.connected(0).await;
        }
    }

    /// Starts it again in the same folder, and kills it this much later, ready or not.
    pub async fn start_and_kill9(&mut self, life: Duration) {
        self.transcript.note("a short life");
        let (mut child, _keyboard, readers) = self.spawn();
        tokio::time::sleep(life).await;
        if let Err(error) = child.kill().await {
            self.transcript
                .fail(&format!("cannot kill the bot: {error}"));
        }
        finish_reading(readers).await;
        if let Some((workspace, _)) = &self.around.workspace {
            workspace.slack.connected(0).await;
        }
    }

    /// Kills it, and starts it again in the same folder.
    pub async fn kill9_and_restart(&mut self) {
        self.kill9().await;
        self.begin().await;
    }

    /// Starts it again in the same folder.
    pub async fn restart(&mut self) {
        self.begin().await;
    }

    /// Stops it as a process supervisor does, and expects that it went well and that nothing was left unread.
    pub async fn stop(&mut self) {
        self.stop_unread().await;
        if let Some(line) = self.transcript.next() {
            self.transcript.fail(&format!("nobody expected `{line}`"));
        }
    }

    /// The same, whatever it printed.
    pub async fn stop_unread(&mut self) {
        let Some(mut process) = self.process.take() else {
            self.transcript.fail("the bot does not run")
        };
        self.transcript.note("SIGTERM");
        terminate(&process.child).await;
        let code = match timeout(STOP_TIME_MAX, process.child.wait()).await {
            Ok(Ok(status)) => status.code(),
            Ok(Err(error)) => self
                .transcript
                .fail(&format!("cannot wait for it: {error}")),
            Err(_) => self
                .transcript
                .fail(&format!("it did not stop within {STOP_TIME_MAX:?}")),
        };
        finish_reading(process.readers).await;
        if code != Some(0) {
            self.transcript.fail(&format!("it ended with {code:?}"));
        }
        self.check_log();
    }

    /// Expects it to end by itself, with this exit code.
    pub async fn expect_end(&mut self, code: i32) {
        let Some(mut process) = self.process.take() else {
            self.transcript.fail("the bot does not run")
        };
        match timeout(STOP_TIME_MAX, process.child.wait()).await {
            Ok(Ok(status)) if status.code() == Some(code) => {}
            ended => self.transcript.fail(&format!(
                "it was to end with {code}, and this came within {STOP_TIME_MAX:?}: {ended:?}"
            )),
        }
        finish_reading(process.readers).await;
    }

    async fn begin(&mut self) {
        let before = self.logged(READY).len();
        let (mut child, keyboard, readers) = self.spawn();
        let ready = self.transcript.until("the bot's being ready", || {
            self.logged(READY).get(before).map(url)
        });
        let url = tokio::select! {
            url = ready => url,
            ended = child.wait() => {
                finish_reading(readers).await;
                self.transcript.fail(&format!("the bot ended: {ended:?}"))
            }
        };
        self.around.meet(&url).await;
        self.process = Some(Process {
            child,
            keyboard,
            url,
            readers,
        });
    }

    fn spawn(&self) -> (Child, ChildStdin, [JoinHandle<()>; 2]) {
        let arguments = self.home.arguments();
        let mut child = self
            .home
            .command(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program that WITBOT_BIN names can be started");
        let (keyboard, output, log) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (printed, logged) = (self.transcript.clone(), self.transcript.clone());
        let readers = [
            read(output.expect("it is piped"), move |lines| {
                printed.printed(lines)
            }),
            read(log.expect("it is piped"), move |lines| {
                lines.iter().for_each(|line| logged.logged(line))
            }),
        ];
        (child, keyboard.expect("it is piped"), readers)
    }

    fn check_log(&self) {
        let errors = self.logged("ERROR…");
        let unforgiven = errors.iter().find(|record| {
            let shown = record.shown();
            !self.forgiven.iter().any(|pattern| matches(pattern, &shown))
        });
        if let Some(record) = unforgiven {
            self.transcript
                .fail(&format!("an error: {}", record.shown()));
        }
    }
}

impl Around {
    /// Has all of them find the bot.
    async fn meet(&self, url: &str) {
        if let Some(services) = &self.services {
            services.send_webhooks_to(url);
        }
        match &self.workspace {
            Some((workspace, Mode::Socket)) => workspace.slack.connected(SOCKETS).await,
            Some((workspace, Mode::Http)) => workspace.slack.deliver_to(url),
            None => {}
        }
    }
}

impl Drop for Bot {
    fn drop(&mut self) {
        if !thread::panicking() {
            self.check_log();
        } else if self.around.workspace.is_some() {
            // Who waits at the stand-in in vain does not see what the bot had to say about it.
            eprintln!("{}", self.transcript.everything());
        }
    }
}

/// What was still in the pipes belongs to this process and not to the one after it.
async fn finish_reading(readers: [JoinHandle<()>; 2]) {
    for reader in readers {
        // It ends with the pipe, and cannot panic.
        let _ = reader.await;
    }
}

const READY: &str = "INFO ready: …, listening at http://…";

fn url(ready: &Record) -> String {
    let message = &ready.message;
    message[message.rfind("http://").unwrap_or(0)..].to_owned()
}

/// Gives lines that were written at once to `take` at once, so that nobody sees half of a message.
fn read(
    pipe: impl AsyncRead + Unpin + Send + 'static,
    mut take: impl FnMut(Vec<String>) + Send + 'static,
) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut lines = BufReader::with_capacity(PIPE_BYTES, pipe).lines();
        let mut together = Vec::new();
        while let Ok(Some(line)) = lines.next_line().await {
            together.push(line);
            if !lines.get_ref().buffer().contains(&b'\n') {
                take(std::mem::take(&mut together));
            }
        }
    })
}

/// Through the shell, which can do it everywhere: the standard library only kills.
async fn terminate(child: &Child) {
    let id = child.id().expect("it was not waited for yet");
    let told = Command::new("sh")
        .args(["-c", &format!("kill -TERM {id}")])
        .status()
        .await;
    assert!(
        told.is_ok_and(|status| status.success()),
        "SIGTERM could not be sent"
    );
}
