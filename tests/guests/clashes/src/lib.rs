//! Has the command of the plugin hello. Under another name it clashes with hello; under the name `hello` it is a newer
//! version of it, which greets in other words.

use witbot_sdk::{Command, Event, Plugin, Result};

witbot_sdk::plugin!(plugin);

fn plugin() -> Plugin {
    Plugin::new("Says good day.").command(Command::new(
        "hello [<name>]",
        "Greets somebody, or else you.",
        hello,
    ))
}

fn hello(event: &Event) -> Result {
    let name = event.argument("name").unwrap_or_else(|| event.user_name());
    event.reply(format!("Good day, {name}!"))?;
    Ok(())
}
