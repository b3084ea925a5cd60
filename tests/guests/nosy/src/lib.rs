//! Would like to hear of the webhooks of others: it declares them without a grant, which it says that it can do without,
//! and waits for them.

use std::time::Duration;

use witbot_sdk::{Command, Event, Plugin, Result, chat, flow};

witbot_sdk::plugin!(plugin);

fn plugin() -> Plugin {
    Plugin::new("Would like to hear of webhooks of others.")
        .can_use("webhooks", "Hears of what is none of its business.")
        .can_use("schedules", "Comes again and again.")
        .can_use("chat", "Tells of it.")
        .webhook("alerts", "Tells of it.", overheard)
        .schedule(
            "always",
            "every 10s",
            "Tells that it is still there.",
            overheard,
        )
        .command(Command::new(
            "overhear <name>",
            "Waits for a webhook.",
            overhear,
        ))
}

fn overheard(_: &Event) -> Result {
    chat::post("ops", "I overheard it.")?;
    Ok(())
}

fn overhear(event: &Event) -> Result {
    let name = event.required("name")?;
    let hour = Duration::from_secs(3_600);
    let came = flow::await_event(&format!("webhook.{name}"), &name, hour)?;
    let said = came.field("/title").unwrap_or_default();
    event.reply(format!("I overheard {said}."))?;
    Ok(())
}
