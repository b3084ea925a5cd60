//! Asks for things and says what it was told: the code of the error and its message.

use witbot_sdk::chat::{self, Audience, Card, Content, Text};
use witbot_sdk::github::Deploy;
use witbot_sdk::{Command, Event, Plugin, Result, github, http};

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
        .command(Command::new("grab person <id>", "Writes to somebody.", person).id("person"))
        .command(Command::new("grab everyone", "Notifies everybody.", everyone).id("everyone"))
        .command(Command::new("grab screen", "Shows too many cards.", screen).id("screen"))
        .command(Command::new("grab space", "Says absurd things.", space).id("space"))
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

fn person(event: &Event) -> Result {
    tell(event, chat::direct(&event.required("id")?, "Hear me!"))
}

fn everyone(event: &Event) -> Result {
    let call = |text: Text| text.everyone(Audience::Channel).plain(" hear me!");
    tell(event, event.reply(call(Text::new())))?;
    // Wherever else it stands.
    let card = Card::new("Hear me").field("Who", call(Text::new()));
    tell(event, event.reply(card))
}

/// What is left of the budget is too little to tell of it, so it is told as an error.
fn screen(event: &Event) -> Result {
    for number in 0..1_000 {
        event.reply(Card::new(format!("Card {number}")))?;
    }
    Ok(())
}

/// Says everything that cannot be said, and then why not.
fn space(event: &Event) -> Result {
    let long = "x".repeat(20_000);
    let cards = [
        Card::new(""),
        Card::new("two\nlines"),
        Card::new(&long),
        Card::new("t").text(&long),
        (0..21).fold(Card::new("t"), |card, _| card.field("n", "v")),
        (0..11).fold(Card::new("t"), |card, _| card.button("b", "c")),
        Card::new("t").button("b", &long),
        Card::new("t").link("l", "javascript:alert(1)"),
        Card::new("t").menu("m", [("", ""); 0]),
        Card::new("t").menu("m", [("o", "c"); 101]),
    ];
    let texts = [
        Text::new(),
        Text::new().user("no such id"),
        Text::new().link("l", "no address"),
        (0..501).fold(Text::new(), |text, _| text.user("U1")),
    ];
    let contents = cards
        .map(Content::from)
        .into_iter()
        .chain(texts.map(Content::from));
    let mut refusals = Vec::new();
    for content in contents {
        refusals.push(event.reply(content).map(drop));
    }
    refusals.push(event.reply("Listen!")?.react(":eyes:"));
    let told = refusals.into_iter().map(|refusal| match refusal {
        Ok(()) => "It was said.".to_owned(),
        Err(error) => format!("{}: {}", error.code, error.message),
    });
    event.reply(told.collect::<Vec<_>>().join("\n"))?;
    Ok(())
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
