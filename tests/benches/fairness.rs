//! How much longer `hello` takes to answer while other plugins are at all of their limits: endless loops, calls to the host
//! without end, and all the memory there is. The 99th percentile alone, under load, and the ratio of both.
//!
//! Run it with `WITBOT_BIN`, `WITBOT_PLUGINS` and `WITBOT_GUESTS` set as `cargo xtask test` sets them.

use std::time::{Duration, Instant};

use witbot_tests::bot::Bot;
use witbot_tests::home::Home;

/// Enough that the 99th percentile is more than the moment when everything begins.
const ASKED: usize = 2_000;
/// Twice what one plugin may have at once, so that it is at its limit and has some wait as well.
const LOOPS: usize = 16;
/// Every so many questions, the commands that end by themselves are given again.
const AGAIN_EVERY: usize = 10;

#[tokio::main]
async fn main() {
    let mut bot = Bot::start(Home::new().with_plugin("hello").with_guest("traps")).await;
    bot.forgive("ERROR [traps] …");
    bot.forgive("WARN [traps] …");
    measure(&mut bot, 20, &[]).await;
    let alone = measure(&mut bot, ASKED, &[]).await;
    report("alone", &alone, &alone);
    for (what, commands) in [
        ("calls to the host", &["trap calls"][..]),
        ("memory", &["trap memory"]),
        ("log", &["trap log"]),
    ] {
        let times = measure(&mut bot, ASKED, commands).await;
        report(what, &times, &alone);
    }
    for _ in 0..LOOPS {
        bot.say("trap loop").await;
    }
    let times = measure(&mut bot, ASKED, &[]).await;
    report("endless loops", &times, &alone);
    let all = ["trap calls", "trap memory", "trap log", "trap loop"];
    let times = measure(&mut bot, ASKED, &all).await;
    report("all of it", &times, &alone);
    // The last commands are still being answered.
    bot.stop_unread().await;
}

/// How long each answer took, in order of time.
async fn measure(bot: &mut Bot, times: usize, commands: &[&str]) -> Vec<Duration> {
    let mut took = Vec::with_capacity(times);
    for number in 0..times {
        if number % AGAIN_EVERY == 0 {
            for command in commands {
                bot.say(command).await;
            }
        }
        let (began, answer) = (
            Instant::now(),
            format!("#console witbot: Hello, Ada{number}!"),
        );
        bot.say(&format!("hello Ada{number}")).await;
        while bot.expect("…").await != answer {}
        took.push(began.elapsed());
    }
    took.sort();
    took
}

fn report(what: &str, times: &[Duration], alone: &[Duration]) {
    let at = |times: &[Duration], percent: usize| times[(times.len() - 1) * percent / 100];
    let ratio = at(times, 99).as_secs_f64() / at(alone, 99).as_secs_f64();
    println!(
        "{what:18} median {:>10.2?}  p99 {:>10.2?}  slowest {:>10.2?}  p99 x{ratio:.2}",
        at(times, 50),
        at(times, 99),
        at(times, 100),
    );
}
