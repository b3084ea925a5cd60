//! Is called by webhooks, and says in a channel what they say.

use witbot_sdk::{Event, Plugin, Result, chat};

witbot_sdk::plugin!(plugin);

fn plugin() -> Plugin {
    Plugin::new("Is called by webhooks.")
        .wants("webhooks", "Hears of alerts and builds.")
        .wants("chat", "Tells of them.")
        .webhook("alerts", "Tells of an alert.", ring)
        .webhook("builds", "Tells of a build.", ring)
}

fn ring(event: &Event) -> Result {
    let said = ["/title", "/form/title", "/text"];
    let said = said.iter().find_map(|pointer| event.field(pointer));
    let (kind, subject) = (event.kind(), event.subject());
    let said = said.unwrap_or_default();
    chat::post("ops", format!("{kind} of {subject}: {said}"))?;
    Ok(())
}
