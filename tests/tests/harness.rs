//! The harness fails when it should: what no test looked at is not passed over.

use witbot_tests::bot::Bot;
use witbot_tests::conversation::{self, Chat};
use witbot_tests::home::Home;

#[tokio::test(flavor = "multi_thread")]
#[should_panic(
    expected = "expected `#console witbot: Hello, Bob!`, not `#console witbot: Hello, Ada!`"
)]
async fn another_line_than_the_expected_one_fails() {
    let mut bot = Bot::start(Home::new().with_plugin("hello")).await;
    bot.ask("hello Ada", "#console witbot: Hello, Bob!").await;
}

#[tokio::test(flavor = "multi_thread")]
#[should_panic(expected = "nobody expected `      For example: `hello Ada``")]
async fn a_line_that_nobody_expected_fails() {
    let mut bot = Bot::start(Home::new().with_plugin("hello")).await;
    bot.ask("help hello", "#console witbot: - `hello [<name>]` …")
        .await;
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
#[should_panic(expected = "an error: ERROR [traps] panicked at")]
async fn an_error_that_nobody_forgave_fails() {
    let mut bot = Bot::start(Home::new().with_guest("traps")).await;
    bot.ask("trap panic", "#console witbot: `traps` failed: …")
        .await;
    bot.expect_log("ERROR [traps] panicked at …").await;
}

#[tokio::test(flavor = "multi_thread")]
#[should_panic(expected = "the bot ended: Ok(ExitStatus(unix_wait_status(16384)))")]
async fn a_bot_that_does_not_start_fails() {
    Bot::start(Home::new().with_settings("no settings")).await;
}

const SETTINGS: &str = include_str!("../conversations/witbot.toml");
const GREETS: &str = "# Greets.\n> hello Ada\n#console witbot: Hello, Ada!\n";

#[tokio::test(flavor = "multi_thread")]
#[should_panic(
    expected = "greets.chat:3 (console): expected:\n#console witbot: Hello, Bob!\nand not:\n#console witbot: Hello, Ada!"
)]
async fn a_conversation_that_goes_another_way_fails() {
    let script = GREETS.replace("Hello, Ada", "Hello, Bob");
    conversation::hold(Chat::Console, "greets.chat", &script, SETTINGS).await;
}

#[tokio::test(flavor = "multi_thread")]
#[should_panic(
    expected = "greets.chat:3 (slack): expected:\n#console witbot: Hello, Bob!\nand not:\n#console witbot: Hello, Ada!"
)]
async fn a_conversation_that_goes_another_way_in_slack_fails() {
    let script = GREETS.replace("Hello, Ada", "Hello, Bob");
    conversation::hold(Chat::Slack, "greets.chat", &script, SETTINGS).await;
}

#[tokio::test(flavor = "multi_thread")]
#[should_panic(expected = "(console): nobody expected:\n#console witbot: Hello, Ada!")]
async fn a_message_that_nobody_expected_fails() {
    // It is said before the one that is expected: in another place, where nobody looks.
    let script = "> hello Ada\n> @bob #ops: hello\n#ops witbot: Hello, bob!\n";
    conversation::hold(Chat::Console, "greets.chat", script, SETTINGS).await;
}

#[tokio::test(flavor = "multi_thread")]
#[should_panic(expected = "greets.chat:1: nothing is expected of the bot")]
async fn a_conversation_of_which_nothing_is_expected_fails() {
    conversation::hold(Chat::Console, "greets.chat", "> hello Ada\n", SETTINGS).await;
}
