//! Asks for things and says what it was told: the code of the error and its message.

use witbot_sdk::github::Deploy;
use witbot_sdk::{Command, Event, Plugin, Result, chat, github, http};

witbot_sdk::plugin!(plugin);

fn plugin() -> Plugin {
    Plugin::new("Wants everything.")
        .command(
            Command::new("grab repository <name>", "Opens a repository.", repository)
                .id("repository"),
        )
        .command(
            Command::new("grab environment <name>", "Deploys acme/api.", environment)
                .id("environment"),
        )
        .command(Command::new("grab channel <name>", "Writes in a channel.", channel).id("channel"))
        .command(Command::new("grab address <url>", "Reads a page.", address).id("address"))
}

fn repository(event: &Event) -> Result {
    tell(event, github::open(&event.required("name")?))
}

fn environment(event: &Event) -> Result {
    let request = Deploy::to(event.required("name")?).reference("main");
    tell(event, github::open("acme/api")?.deploy(&request))
}

fn channel(event: &Event) -> Result {
    tell(event, chat::post(&event.required("name")?, "Hear me!"))
}

fn address(event: &Event) -> Result {
    tell(event, http::get(event.required("url")?).send())
}

fn tell<T>(event: &Event, outcome: Result<T>) -> Result {
    let text = match outcome {
        Ok(_) => "It is mine.".to_owned(),
        Err(error) => format!("{}: {}", error.code, error.message),
    };
    event.reply(text)?;
    Ok(())
}
