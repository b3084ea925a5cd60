//! Plugins that give the host too much of everything: each command costs itself, with its reason, and who asks another plugin
//! meanwhile is answered.

use std::fs;
use std::time::{Duration, Instant};

use witbot_tests::bot::Bot;
use witbot_tests::home::Home;

const SETTINGS: &str = r#"
[plugins.abuses.grants]
kv = [{ max_bytes = 1048576 }, { namespace = "team" }]
http = [{ host = "status.example.com" }]
"#;

/// A command, and what comes of it.
const ABUSES: [(&str, &str); 11] = [
    (
        "handles",
        "`abuses` failed: the run made more than 500 calls to the host. …",
    ),
    (
        "calls",
        "`abuses` failed: the run made more than 500 calls to the host. …",
    ),
    (
        "text",
        "`abuses` failed: it crashed (too much data is being copied between the host and the guest: …",
    ),
    (
        "fields",
        "`abuses` failed: it built requests, cards or declarations of more than 8 MiB; …",
    ),
    ("key", "invalid: a key can have 256 bytes, not 1048576"),
    (
        "value",
        "invalid: a value can have 65536 bytes, not 1048576",
    ),
    ("space", "conflict: the plugin's kv space is full: …"),
    (
        "address",
        "invalid: an address can have 4096 bytes, not 1048603",
    ),
    (
        "headers",
        "invalid: the headers of a request can have 32768 bytes, not 68890",
    ),
    ("line", "I wrote a line."),
    ("mentions", "<!channel> …"),
];

/// The commands that end by themselves of the guest that crashes.
const TRAPS: [&str; 5] = ["panic", "deep", "memory", "calls", "log"];

async fn bot() -> Bot {
    let home = Home::new().with_plugin("hello").with_guest("abuses");
    let mut bot = Bot::start(home.with_guest("traps").with_settings(SETTINGS)).await;
    for record in [
        "ERROR [abuses] …",
        "WARN [abuses] …",
        "ERROR [traps] …",
        "WARN [traps] …",
    ] {
        bot.forgive(record);
    }
    bot
}

#[tokio::test(flavor = "multi_thread")]
async fn each_abuse_costs_its_own_command_and_says_why() {
    let mut bot = bot().await;
    for (what, answer) in ABUSES {
        bot.ask(
            &format!("abuse {what}"),
            &format!("#console witbot: {answer}"),
        )
        .await;
        bot.ask("hello Ada", "#console witbot: Hello, Ada!").await;
    }
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_replies_is_cut_off() {
    let mut bot = bot().await;
    bot.say("abuse replies").await;
    for number in 0..50 {
        bot.expect(&format!("#console witbot: Reply {number}."))
            .await;
    }
    bot.expect("#console witbot: a run may have 50 messages, edits and questions")
        .await;
    bot.ask("hello Ada", "#console witbot: Hello, Ada!").await;
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_terminal_would_obey_reaches_none() {
    let mut bot = bot().await;
    bot.ask(
        "abuse colours",
        "#console witbot: \u{fffd}[2Jcleared\u{fffd}\u{fffd}",
    )
    .await;
    let record = bot.expect_log("WARN [abuses] …[2J…").await;
    let shown = format!("{record:?}");
    assert!(!shown.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{shown}");
    // It is one record, and none of hello.
    assert!(bot.logged("ERROR [hello] …").is_empty());
    let answer = bot
        .ask("abuse error", "#console witbot: \u{fffd}[2J<!channel>xxx…")
        .await;
    assert!(answer.len() < 20_000, "{}", answer.len());
    bot.ask("hello Ada", "#console witbot: Hello, Ada!").await;
    bot.stop().await;
}

/// Every so many questions, all abuses are given.
const EVERY: usize = 20;

/// All at once, again and again. `WITBOT_HELLOS=200` in the environment asks that often; how long it took is printed.
#[tokio::test(flavor = "multi_thread")]
async fn all_abuses_at_once_cost_nobody_else_an_answer() {
    let hellos = std::env::var("WITBOT_HELLOS").map_or(3 * EVERY, |hellos| {
        hellos.parse().expect("WITBOT_HELLOS is a number")
    });
    let mut bot = bot().await;
    let (alone, _) = say_hello(&mut bot, hellos, &[]).await;
    let (memory, before) = (bot.resident_bytes(), threads(&bot));
    let abuses = ABUSES.iter().map(|(what, _)| format!("abuse {what}"));
    let traps = TRAPS.iter().map(|what| format!("trap {what}"));
    let commands: Vec<String> = abuses.chain(traps).collect();
    let (beside, others) = say_hello(&mut bot, hellos, &commands).await;
    // Each has its one line, and be it that its plugin is busy.
    let given = hellos.div_ceil(EVERY) * commands.len();
    for _ in others..given {
        bot.expect("#console witbot: …").await;
    }
    let p99 = |times: &[Duration]| times[(times.len() - 1) * 99 / 100];
    println!(
        "p99 of hello alone {:?}, beside {given} abuses {:?}; memory before {} MiB, after {} MiB",
        p99(&alone),
        p99(&beside),
        memory >> 20,
        bot.resident_bytes() >> 20
    );
    // Room for what allocators keep and for compiled code that was touched. Each of these floods would be more, if it stayed.
    assert!(bot.resident_bytes() < memory + (192 << 20));
    assert!(threads(&bot) <= before + 16, "there were {before}");
    bot.ask("hello Eve", "#console witbot: Hello, Eve!").await;
    bot.stop().await;
}

/// Says hello so often, beside these commands. How long each answer took, in order of time, and how many other lines came.
async fn say_hello(bot: &mut Bot, times: usize, commands: &[String]) -> (Vec<Duration>, usize) {
    let (mut took, mut others) = (Vec::new(), 0);
    for number in 0..times {
        if number % EVERY == 0 {
            for command in commands {
                bot.say(command).await;
            }
        }
        let began = Instant::now();
        let answer = format!("#console witbot: Hello, Ada{number}!");
        bot.say(&format!("hello Ada{number}")).await;
        while bot.expect("#console witbot: …").await != answer {
            others += 1;
        }
        took.push(began.elapsed());
    }
    took.sort();
    (took, others)
}

fn threads(bot: &Bot) -> usize {
    let tasks = fs::read_dir(format!("/proc/{}/task", bot.id()));
    tasks.expect("this is Linux").count()
}
