//! The card of a deployment, as the console prints it below what was answered.

use crate::bot::Bot;
use witbot_core::conversation::pattern::matches;

/// The log of a pipeline, on the card.
pub const LOG: &str = "Log: https://app.circleci.com/pipelines/…";
/// Where what was deployed can be seen.
pub const SEE: &str = "See: https://staging.acme.example";
/// The button, with what it stands for.
pub const CANCEL: &str = "[Cancel] `cancel deploy api in staging number …`";
/// The button that does it again when it did not work.
pub const AGAIN: &str = "[Re-run] `deploy api/main to staging`";
/// The steps, which stand at the end of each card.
const STEPS: &str = "checks …";

/// Expects the card of `api to staging` to be changed soon, in a channel, so that it has this state, this text, and these
/// links and buttons. Whatever comes before it is passed over.
pub async fn expect_soon(bot: &Bot, channel: &str, state: &str, text: &str, rest: &[&str]) {
    let title = format!("  #{channel} witbot (edited): [{state}] api to staging");
    let text = format!("      {text}");
    loop {
        bot.expect_soon(&title).await;
        if matches(&text, &bot.expect("…").await) {
            break;
        }
    }
    bot.expect("      Version: main (…)").await;
    bot.expect("      For: @…").await;
    bot.expect("      Commit: …").await;
    for line in rest {
        bot.expect(&format!("      {line}")).await;
    }
    bot.expect(&format!("      {STEPS}")).await;
}
