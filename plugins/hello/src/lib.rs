//! Says hello.

use witbot_sdk::{Command, Event, Plugin, Result};

witbot_sdk::plugin!(plugin);

fn plugin() -> Plugin {
    Plugin::new("Says hello.").command(
        Command::new("hello [<name>]", "Greets somebody, or else you.", hello).example("hello Ada"),
    )
}

fn hello(event: &Event) -> Result {
    let name = event.argument("name").unwrap_or_else(|| event.user_name());
    event.reply(format!("Hello, {name}!"))?;
    Ok(())
}
