//! Plugins are compiled in a process of their own: what takes too long or too much there costs nobody else anything, and is
//! not tried twice. Compiled code heals, whatever happens to it on the disk.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant, SystemTime};

use witbot_tests::bomb;
use witbot_tests::bot::Bot;
use witbot_tests::home::{self, Home};

/// Compiling has a limit of 60 s, and the machine may be busy.
const COMPILED_WITHIN: Duration = Duration::from_secs(150);

/// Waits until there is something.
async fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    const PAUSE: Duration = Duration::from_millis(5);
    let began = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        let waited = began.elapsed();
        assert!(waited < COMPILED_WITHIN, "not within {waited:?}: {what}");
        tokio::time::sleep(PAUSE).await;
    }
}

/// The number of the process in which this bot compiles now.
fn compiling(bot: &Bot) -> Option<u32> {
    let parent = format!("PPid:\t{}", bot.id());
    let processes = fs::read_dir("/proc").expect("this is Linux").flatten();
    let mut numbers = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    numbers.find(|number: &u32| {
        let read = |name| fs::read_to_string(format!("/proc/{number}/{name}")).unwrap_or_default();
        read("status").lines().any(|line| line == parent)
            && read("cmdline").contains("compile-plugin")
    })
}

/// Whether a process works no more.
fn is_gone(number: u32) -> bool {
    let Ok(status) = fs::read_to_string(format!("/proc/{number}/status")) else {
        return true;
    };
    // Nobody has asked yet what became of it.
    status.contains("State:\tZ")
}

async fn hello() -> Bot {
    Bot::start(Home::new().with_plugin("hello")).await
}

async fn says_hello(bot: &mut Bot) {
    bot.ask("hello Ada", "#console witbot: Hello, Ada!").await;
}

const REFUSED: &str = "WARN [bomb] the plugin is refused…";

async fn refused(bot: &Bot, reason: &str) {
    let record = until(REFUSED, || bot.logged(REFUSED).pop()).await;
    assert!(record.message.contains(reason), "{}", record.message);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_compiler_makes_is_refused_by_a_look_at_it() {
    for (bytes, reason) in [
        (bomb::loops(), "it has loops within loops, 101 or more deep"),
        (
            bomb::functions(),
            "it has 200000 functions, and a plugin can have 100000",
        ),
        (
            bomb::giant_locals(),
            "it has a function with 50000 or more variables",
        ),
    ] {
        let mut bot = hello().await;
        bot.home().put("bomb", &bytes);
        refused(&bot, reason).await;
        says_hello(&mut bot).await;
        bot.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bomb_costs_its_limit_once_and_nobody_waits_for_it() {
    let mut bot = hello().await;
    bot.home().put("bomb", &bomb::memory());
    let process = until("it is being compiled", || compiling(&bot)).await;
    says_hello(&mut bot).await;
    assert!(bot.logged(REFUSED).is_empty(), "hello waited for the bomb");
    // Out of memory on this machine; on another, time may be up first.
    refused(&bot, "it takes more than ").await;
    assert!(is_gone(process));
    let kept = refusal(&bot);
    let (kept_at, count) = (modified(&kept), bot.logged(REFUSED).len());
    says_hello(&mut bot).await;

    bot.stop().await;
    bot.restart().await;
    says_hello(&mut bot).await;
    let again = until(REFUSED, || bot.logged(REFUSED).into_iter().nth(count)).await;
    assert!(
        again.message.contains("it takes more than "),
        "{}",
        again.message
    );
    // Had it been compiled again, it would have been remembered again.
    assert_eq!(refusal(&bot), kept);
    assert_eq!(modified(&kept), kept_at);
    bot.stop().await;
}

/// The file that says why a plugin is refused.
fn refusal(bot: &Bot) -> PathBuf {
    let mut refusals = compiled(bot.home(), "refused");
    assert_eq!(refusals.len(), 1);
    refusals.remove(0)
}

fn modified(file: &Path) -> SystemTime {
    let data = fs::metadata(file).expect("it is there");
    data.modified().expect("the system says when")
}

/// The files of a kind among those of compiled code.
fn compiled(home: &Home, kind: &str) -> Vec<PathBuf> {
    let files = fs::read_dir(home.data().join("compiled")).expect("the bot makes it");
    let mut files: Vec<PathBuf> = files.flatten().map(|file| file.path()).collect();
    files.retain(|file| file.extension().is_some_and(|end| end == kind));
    files
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_does_not_wait_for_a_compile() {
    let mut bot = hello().await;
    bot.home().put("bomb", &bomb::time());
    let process = until("it is being compiled", || compiling(&bot)).await;
    let began = Instant::now();
    bot.stop().await;
    until("the compiler is gone", || is_gone(process).then_some(())).await;
    assert!(
        began.elapsed() < Duration::from_secs(15),
        "{:?}",
        began.elapsed()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_compile_does_not_outlive_a_bot_that_is_killed() {
    let mut bot = hello().await;
    bot.home().put("bomb", &bomb::time());
    let process = until("it is being compiled", || compiling(&bot)).await;
    bot.kill9().await;
    let began = Instant::now();
    until("the compiler is gone", || is_gone(process).then_some(())).await;
    assert!(
        began.elapsed() < Duration::from_secs(15),
        "{:?}",
        began.elapsed()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_compiler_that_is_killed_costs_nothing_else() {
    let mut bot = hello().await;
    bot.home().put("bomb", &bomb::time());
    let process = until("it is being compiled", || compiling(&bot)).await;
    let kill = Command::new("sh")
        .args(["-c", &format!("kill -KILL {process}")])
        .status();
    assert!(kill.is_ok_and(|status| status.success()));
    let failed = "WARN [bomb] the plugin is refused: its compiler was killed, …";
    until(failed, || bot.logged(failed).pop()).await;
    says_hello(&mut bot).await;
    assert!(compiled(bot.home(), "refused").is_empty());
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn compiled_code_that_was_damaged_is_made_anew() {
    const ANEW: &str = "WARN compiled code of … is damaged and is made anew";
    let mut bot = hello().await;
    let folder = bot.home().data().join("compiled");
    let mode = fs::metadata(&folder)
        .expect("it is there")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o700);
    for (damages, kind) in [(1, "code"), (2, "mac")] {
        bot.stop().await;
        for file in compiled(bot.home(), kind) {
            let mut bytes = fs::read(&file).expect("it is there");
            bytes.truncate(bytes.len() / 2);
            fs::write(file, bytes).expect("it can be written");
        }
        bot.restart().await;
        bot.expect_logs(ANEW, damages).await;
        says_hello(&mut bot).await;
        bot.stop().await;
        bot.restart().await;
        says_hello(&mut bot).await;
        assert_eq!(bot.logged(ANEW).len(), damages);
    }
    bot.stop().await;
}

/// The process that compiles, as the bot starts it, but with limits of a test, in a folder with settings that nobody can read.
struct Compiler {
    process: Child,
    _home: Home,
}

impl Compiler {
    fn start(arguments: &[&str]) -> Compiler {
        let home = Home::new();
        home.write_settings("this is = no settings file");
        let process =
            Command::new(std::env::var_os("WITBOT_BIN").expect("cargo xtask test sets it"))
                .arg("compile-plugin")
                .args(arguments)
                .current_dir(home.folder())
                .env_clear()
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .expect("it can be started");
        Compiler {
            process,
            _home: home,
        }
    }

    fn give(&mut self, bytes: &[u8]) {
        let input = self.process.stdin.as_mut().expect("it is open");
        let length = (bytes.len() as u64).to_le_bytes();
        // It may have ended before it has read all.
        let _ = input
            .write_all(&length)
            .and_then(|()| input.write_all(bytes));
    }

    async fn ended(&mut self) -> ExitStatus {
        until("its end", || self.process.try_wait().expect("it is ours")).await
    }

    fn said(&mut self) -> String {
        let error = self.process.stderr.take().expect("nobody has read it");
        std::io::read_to_string(error).expect("it is text")
    }
}

impl Drop for Compiler {
    fn drop(&mut self) {
        // Nobody is there to be told.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

const GIB: &str = "1073741824";

#[tokio::test]
async fn the_compiler_ends_at_its_limit_of_time() {
    const SIGXCPU: i32 = 24;
    let mut compiler = Compiler::start(&["1", GIB, "0"]);
    compiler.give(&bomb::time());
    assert_eq!(compiler.ended().await.signal(), Some(SIGXCPU));
}

#[tokio::test]
async fn the_compiler_ends_at_its_limit_of_memory() {
    const SIGABRT: i32 = 6;
    let mut compiler = Compiler::start(&["60", "41943040", "0"]);
    compiler.give(&home::plugin("pipeline"));
    assert_eq!(compiler.ended().await.signal(), Some(SIGABRT));
    let said = compiler.said();
    assert!(said.contains("memory allocation of"), "{said}");
}

#[tokio::test]
async fn the_compiler_ends_with_its_input() {
    const HOST: i32 = 71;
    // In the middle of the file, and in the middle of the work.
    let mut compiler = Compiler::start(&["60", GIB, "0"]);
    let input = compiler.process.stdin.as_mut().expect("it is open");
    input.write_all(&[1, 0, 0]).expect("it reads");
    drop(compiler.process.stdin.take());
    assert_eq!(compiler.ended().await.code(), Some(HOST));

    let mut compiler = Compiler::start(&["60", GIB, "0"]);
    compiler.give(&bomb::time());
    drop(compiler.process.stdin.take());
    assert_eq!(compiler.ended().await.code(), Some(HOST));
}

#[tokio::test]
async fn the_compiler_does_nothing_for_others() {
    for arguments in [&[][..], &["60"], &["sixty", GIB]] {
        let mut compiler = Compiler::start(arguments);
        assert_eq!(compiler.ended().await.code(), Some(71));
        assert_eq!(compiler.said(), "this is for witbot itself\n");
    }
}
