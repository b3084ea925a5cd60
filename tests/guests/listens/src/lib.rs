//! Listens by the rules of Hubot, and says what it heard.

use witbot_sdk::{Event, Plugin, Result};

witbot_sdk::plugin!(plugin);

fn plugin() -> Plugin {
    Plugin::new("Listens.")
        .hubot_hear(r"OPS-(\d+)", "gi", "Hears of tickets.", ticket)
        .hubot_respond("open the (.*) doors( now)?", "i", "Opens doors.", open)
}

fn ticket(event: &Event) -> Result {
    event.reply(format!("Heard of {}.", event.required("1")?))?;
    Ok(())
}

fn open(event: &Event) -> Result {
    let when = match event.argument("2") {
        Some(_) => "at once",
        None => "some day",
    };
    let (all, doors) = (event.required("0")?, event.required("1")?);
    event.reply(format!("{}: {all}: {doors}, {when}.", event.kind()))?;
    Ok(())
}
