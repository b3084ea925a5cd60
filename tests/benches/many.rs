//! How long a bot with many plugins takes from its start to its `ready`, with their compiled code in the cache, and how much of
//! it is in memory then. `WITBOT_MANY=1000` in the environment has so many more plugins tried.
//!
//! Run it with `WITBOT_BIN`, `WITBOT_PLUGINS` and `WITBOT_GUESTS` set as `cargo xtask test` sets them.

use std::time::{Duration, Instant};

use witbot_tests::bot::Bot;
use witbot_tests::home::{self, Home};

const STARTS: usize = 7;
const BATCH: usize = 100;

#[tokio::main]
async fn main() {
    let more = std::env::var("WITBOT_MANY").ok();
    let more = more.map(|more| more.parse().expect("WITBOT_MANY is a number of plugins"));
    for count in [2, 100].into_iter().chain(more) {
        measure(count).await;
    }
}

async fn measure(count: usize) {
    let mut bot = Bot::start(Home::new().with_plugin("hello")).await;
    let began = Instant::now();
    for number in 1..count {
        bot.home().put(&format!("many-{number}"), &version(number));
        // Not all at once: what is waited for has to come within a minute.
        if number % BATCH == 0 || number + 1 == count {
            bot.expect_logs("INFO [many-…] the plugin is live", number)
                .await;
        }
    }
    let first = began.elapsed();
    let mut times: Vec<Duration> = Vec::new();
    let mut bytes = 0;
    for _ in 0..STARTS {
        bot.stop().await;
        let began = Instant::now();
        bot.restart().await;
        times.push(began.elapsed());
        bytes = bot.resident_bytes();
    }
    bot.ask("hello Ada", "#console witbot: Hello, Ada!").await;
    for number in (1..count).step_by(count.div_ceil(20)) {
        let line = format!("{} Ada{number}", command(number));
        let answer = format!("#console witbot: Hello, Ada{number}!");
        bot.ask(&line, &answer).await;
    }
    let used = bot.resident_bytes();
    bot.stop().await;
    times.sort();
    println!(
        "{count:5} plugins: ready after {:?} (median of {STARTS}; the slowest {:?}), all compiled in {first:?}; \
         {} MiB resident, {} MiB after calls of twenty of them",
        times[STARTS / 2],
        times[STARTS - 1],
        bytes >> 20,
        used >> 20,
    );
}

/// A plugin with a command of its own, which is as long as `hello`.
fn version(number: usize) -> Vec<u8> {
    home::with(home::plugin("hello"), "hello", &command(number))
}

fn command(number: usize) -> String {
    format!("h{number:04}")
}
