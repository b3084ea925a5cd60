//! Keeps a note in a space that it shares with others.

use witbot_sdk::{Command, Event, Plugin, Result, kv};

witbot_sdk::plugin!(plugin);

const KEY: &str = "note";

fn plugin() -> Plugin {
    Plugin::new("Keeps a note.")
        .command(Command::new("note <text>", "Changes the note.", note))
        .command(Command::new("note", "Shows the note.", show))
        .wants("kv", "To keep the note.")
}

fn note(event: &Event) -> Result {
    let text = event.required("text")?;
    let note = kv::Namespace::open("team")?.update(KEY, |_: Option<String>| text.clone())?;
    event.reply(format!("Noted: {note}."))?;
    Ok(())
}

fn show(event: &Event) -> Result {
    let note: Option<String> = kv::Namespace::open("team")?.get(KEY)?;
    event.reply(format!("The note is {}.", note.unwrap_or_default()))?;
    Ok(())
}
