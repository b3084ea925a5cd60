//! How long it takes from saving a plugin to its new version answering, in a whole bot.
//!
//! Run it with `WITBOT_BIN` and `WITBOT_PLUGINS` set as `cargo xtask test` sets them.

use std::time::{Duration, Instant};

use sha2::{Digest as _, Sha256};
use witbot_tests::bot::Bot;
use witbot_tests::home::{self, Home};

const SAVES: u8 = 20;

#[tokio::main]
async fn main() {
    let mut bot = Bot::start(Home::new().with_plugin("hello")).await;
    let hello = home::plugin("hello");
    let mut times: Vec<Duration> = Vec::new();
    for save in 0..SAVES {
        // A custom section more: another version for everybody who looks at it, with the same behaviour.
        let mut version = hello.clone();
        version.extend([0, 3, 1, b'v', save]);
        let began = Instant::now();
        bot.home().put("hello", &version);
        let digest = hex::encode(Sha256::digest(&version));
        while !bot
            .ask("plugins", "#console witbot: hello  …  live")
            .await
            .contains(&digest[..12])
        {}
        bot.ask("hello Ada", "#console witbot: Hello, Ada!").await;
        times.push(began.elapsed());
    }
    times.sort();
    println!(
        "save to answer: median {:?}, fastest {:?}, slowest {:?} of {SAVES}",
        times[times.len() / 2],
        times[0],
        times[times.len() - 1]
    );
    bot.stop().await;
}
