//! {{name}}: what it is good for, in one line.

use witbot_sdk::{Command, Event, Plugin, Result, config};

witbot_sdk::plugin!(plugin);

/// What the plugin can do. Called when it is loaded; nothing is granted here.
fn plugin() -> Plugin {
    Plugin::new("What it is good for, in one line.")
        .command(
            Command::new("{{name}} [<who>]", "Greets somebody, or else you.", greet)
                .example("{{name}} Ada"),
        )
        .setting("greeting", "What it says instead of `Hello`.")
}

/// Answers the command. It may wait for hours, and is then run again with the answers that it already had: so time and
/// chance come from `witbot_sdk::flow`, and what has to last goes into `witbot_sdk::kv`.
fn greet(event: &Event) -> Result {
    let greeting = config::get("/greeting").unwrap_or_else(|| "Hello".to_owned());
    let who = event.argument("who").unwrap_or_else(|| event.user_name());
    event.reply(format!("{greeting}, {who}!"))?;
    Ok(())
}
