//! Conversations in text files, for tests that need no Rust.
//!
//! A line with `> ` before it is typed; any other is the next that the bot prints, with `…` for anything. A line that
//! is only `…` stands for any number of lines. Empty lines and those with `# ` before them are for readers.

use crate::bot::Bot;

const TYPED: &str = "> ";

/// Has a conversation with a bot, to its end.
pub async fn hold(bot: &mut Bot, script: &str) {
    let mut skip = false;
    for line in script.lines().filter(|line| !is_for_readers(line)) {
        if let Some(typed) = line.strip_prefix(TYPED) {
            bot.say(typed).await;
        } else if line.trim() == "…" {
            skip = true;
            continue;
        } else if skip {
            bot.expect_soon(line).await;
        } else {
            bot.expect(line).await;
        }
        skip = false;
    }
}

/// Channels begin with `#` as well, but no space follows.
fn is_for_readers(line: &str) -> bool {
    line.trim().is_empty() || line.starts_with("# ")
}
