//! Remembers a number from one call to the next.

use witbot_sdk::{Command, Event, Plugin, Result, kv};

witbot_sdk::plugin!(plugin);

fn plugin() -> Plugin {
    Plugin::new("Counts.")
        .command(Command::new("count", "Counts one further.", count))
        .command(Command::new("recall", "Shows the count.", recall))
        .wants("kv", "To keep the count.")
}

fn count(event: &Event) -> Result {
    let count = kv::update("count", |count: Option<u64>| count.unwrap_or(0) + 1)?;
    event.reply(format!("Count: {count}."))?;
    Ok(())
}

fn recall(event: &Event) -> Result {
    let count: Option<u64> = kv::get("count")?;
    event.reply(format!("I remember {}.", count.unwrap_or(0)))?;
    Ok(())
}
