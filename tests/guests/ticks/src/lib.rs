//! Is called by the clock, and says so in a channel. It also tries to answer, though nobody asked.

use witbot_sdk::{Event, Plugin, Result, chat};

witbot_sdk::plugin!(plugin);

fn plugin() -> Plugin {
    Plugin::new("Is called by the clock.")
        .wants("schedules", "Says what time it is.")
        .wants("chat", "Says it in a channel.")
        .schedule(
            "yearly",
            "0 0 1 1 * Europe/Berlin",
            "Says that it is a new year.",
            tick,
        )
        .schedule("often", "every 7d", "Says that it is later.", tick)
}

fn tick(event: &Event) -> Result {
    let field = |pointer| event.field(pointer).unwrap_or_else(|| "-".to_owned());
    let (due, missed) = (field("/due"), field("/missed"));
    let answered = match event.reply("Yes?") {
        Ok(_) => "answered".to_owned(),
        Err(error) => format!("{:?}", error.code),
    };
    let (kind, subject) = (event.kind(), event.subject());
    chat::post(
        "ops",
        format!("{kind} {subject}: due {due}, missed {missed}, answer {answered}"),
    )?;
    Ok(())
}
