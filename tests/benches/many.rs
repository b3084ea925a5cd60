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
    let used = bot.resident_bytes();
    bot.stop().await;
    times.sort();
    println!(
        "{count:5} plugins: ready after {:?} (median of {STARTS}; the slowest {:?}), all compiled in {first:?}; \
         {} MiB resident, {} MiB after a call",
        times[STARTS / 2],
        times[STARTS - 1],
        bytes >> 20,
        used >> 20,
    );
}

/// A plugin of its own: a custom section, which is no part of its code, makes its bytes differ from those of all others.
fn version(number: usize) -> Vec<u8> {
    let mut plugin = home::guest("listens");
    let digit = |number: usize| u8::try_from(number % 128).expect("it is small");
    plugin.extend([0, 3, 1, digit(number / 128), digit(number)]);
    plugin
}
