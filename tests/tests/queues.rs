//! Runs stand in a line and have their turn one after the other, whatever becomes of those before them.

use std::time::Duration;

use tokio::time::{Instant, sleep};
use witbot_store::Store;
use witbot_store::invocations::{Filter, Invocation};
use witbot_tests::bot::Bot;
use witbot_tests::home::Home;

const CHANGE_TIME_MAX: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(20);

const TURN: &str = "#ops witbot: My turn. [Finish / Leave / Fail / Panic]";
const ANSWERED: &str = "#ops witbot (edited): My turn.";

/// Ada has her turn, bob and cy wait, in that order. All of it is in one channel, so that it is said in order.
async fn three() -> Bot {
    let mut bot = Bot::start(Home::new().with_guest("queues")).await;
    bot.ask("@ada #ops: queue up", "#ops witbot: 0 before me.")
        .await;
    bot.expect(TURN).await;
    bot.ask("@bob #ops: queue up", "#ops witbot: 1 before me.")
        .await;
    bot.ask("@cy #ops: queue up", "#ops witbot: 2 before me.")
        .await;
    bot
}

async fn answer(bot: &mut Bot, user: &str, choice: &str) {
    bot.ask(&format!("@{user} #ops: {choice}"), ANSWERED).await;
    bot.expect(&format!("    {choice}, said @{user}.")).await;
}

async fn finish(bot: &mut Bot, user: &str) {
    answer(bot, user, "Finish").await;
    bot.expect("#ops witbot: Finished.").await;
}

/// The runs that are parked, the newest first, as soon as there are so many.
async fn parked(home: &Home, count: usize) -> Vec<Invocation> {
    let until = Instant::now() + CHANGE_TIME_MAX;
    loop {
        let store = Store::open_to_read(&home.data()).expect("there is a store");
        let filter = Filter {
            plugin: None,
            status: None,
            limit: 10,
        };
        let mut runs = store.invocations(filter).await.expect("it can be read");
        runs.retain(|run| run.status.as_str() == "parked");
        if runs.len() == count {
            return runs;
        }
        assert!(
            Instant::now() < until,
            "never {count} are parked: {runs:#?}"
        );
        sleep(LOOK_EVERY).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_has_its_turn_at_a_time_in_order_also_after_a_kill() {
    let mut bot = three().await;
    let waiting = parked(bot.home(), 3).await;
    let shown = bot.home().witbot(&["runs", waiting[0].id.short()]).await;
    let shown = shown.ok();
    assert!(
        shown.contains("in the line `only` with 2 before it"),
        "{shown}"
    );
    bot.kill9_and_restart().await;
    bot.say("@ada #ops: Finish").await;
    // What was said but perhaps not yet crossed off is said again.
    bot.expect_soon("#ops witbot: Finished.").await;
    bot.expect(TURN).await;
    finish(&mut bot, "bob").await;
    bot.expect(TURN).await;
    finish(&mut bot, "cy").await;
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_lets_the_next_one_go_on_while_it_goes_on_itself() {
    let mut bot = three().await;
    answer(&mut bot, "ada", "Leave").await;
    bot.expect_soon(TURN).await;
    finish(&mut bot, "bob").await;
    bot.expect(TURN).await;
    finish(&mut bot, "cy").await;
    bot.ask("@ada #ops: Yes", "#ops witbot (edited): I have left.")
        .await;
    bot.expect("    Yes, said @ada.").await;
    bot.expect("#ops witbot: Finished.").await;
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn those_who_fail_or_crash_hold_nobody_up() {
    let mut bot = three().await;
    bot.forgive("ERROR …");
    answer(&mut bot, "ada", "Fail").await;
    bot.expect("#ops witbot: I have failed.").await;
    bot.expect(TURN).await;
    answer(&mut bot, "bob", "Panic").await;
    bot.expect("#ops witbot: `queues` failed: it crashed …")
        .await;
    bot.expect(TURN).await;
    finish(&mut bot, "cy").await;
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_canceled_while_it_waits_is_passed_over() {
    let mut bot = three().await;
    let waiting = parked(bot.home(), 3).await;
    let bob = waiting[1].id.clone();
    bot.home()
        .witbot(&["runs", "cancel", bob.short()])
        .await
        .ok();
    bot.expect("#ops witbot: `queues` (run …) was canceled by an operator.")
        .await;
    bot.expect("#ops witbot: No turn: canceled.").await;
    parked(bot.home(), 2).await;
    finish(&mut bot, "ada").await;
    bot.expect(TURN).await;
    finish(&mut bot, "cy").await;
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_cancels_another_one_once() {
    let mut bot = three().await;
    let waiting = parked(bot.home(), 3).await;
    let bob = waiting[1].id.clone();
    bot.say(&format!("@dee #home: queue cancel {bob}")).await;
    bot.expect_soon("#ops witbot: No turn: canceled.").await;
    parked(bot.home(), 2).await;
    bot.say(&format!("@dee #home: queue cancel {bob}")).await;
    bot.expect_soon("#home witbot: It was over.").await;
    finish(&mut bot, "ada").await;
    bot.expect(TURN).await;
    finish(&mut bot, "cy").await;
    bot.stop().await;
}
