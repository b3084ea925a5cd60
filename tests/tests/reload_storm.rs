//! A plugin is replaced again and again while people call it: nobody is left without an answer, each answer is of one version
//! alone, and who asks after a version is live is answered by it or a later one.
//!
//! `WITBOT_RELOADS=50` in the environment has so many versions saved, and prints how it went.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use witbot_tests::bot::Bot;
use witbot_tests::home::{self, Home};

/// How often it is replaced.
const RELOADS: usize = 8;
/// Lines said at a time.
const AT_ONCE: usize = 10;
/// Each says its number.
fn version(number: usize) -> Vec<u8> {
    home::with(home::plugin("hello"), "Hello", &word(number))
}

/// What a version says instead of `Hello`: as long as that.
fn word(number: usize) -> String {
    format!("V{number:04}")
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_is_answered_while_a_plugin_is_replaced_again_and_again() {
    let reloads = std::env::var("WITBOT_RELOADS").map_or(RELOADS, |reloads| {
        reloads.parse().expect("WITBOT_RELOADS is a number")
    });
    let home = Home::new();
    home.put("hello", &version(0));
    let mut bot = Bot::start(home).await;
    let (asked, began) = (AtomicUsize::new(0), Instant::now());
    for number in 1..=reloads {
        bot.home().put("hello", &version(number));
        // Until the version is live, either answers; then only this one does.
        while bot.logged("INFO [hello] the plugin is live").len() <= number {
            ask(&mut bot, &asked, &[word(number - 1), word(number)]).await;
        }
        ask(&mut bot, &asked, &[word(number)]).await;
    }
    let (asked, took) = (asked.into_inner(), began.elapsed());
    assert!(asked >= reloads * AT_ONCE);
    println!("{reloads} versions, {asked} calls in {took:?}, all answered");
    bot.stop().await;
}

/// Says some lines at once, and expects an answer to each, whole and once, that begins with one of these words.
async fn ask(bot: &mut Bot, asked: &AtomicUsize, words: &[String]) {
    const PATIENCE: Duration = Duration::from_secs(60);
    let first = asked.fetch_add(AT_ONCE, Ordering::Relaxed);
    for number in first..first + AT_ONCE {
        bot.say(&format!("hello Ada{number}")).await;
    }
    let mut missing: Vec<usize> = (first..first + AT_ONCE).collect();
    let began = Instant::now();
    while !missing.is_empty() {
        assert!(began.elapsed() < PATIENCE, "{missing:?} were not answered");
        let answer = bot.expect("#console witbot: …").await;
        let place = missing.iter().position(|number| {
            words
                .iter()
                .any(|word| answer == format!("#console witbot: {word}, Ada{number}!"))
        });
        let place = place.unwrap_or_else(|| {
            panic!("`{answer}` answers none of {missing:?}, or not with {words:?}")
        });
        missing.remove(place);
    }
}
