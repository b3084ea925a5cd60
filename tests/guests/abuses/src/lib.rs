//! Gives the host too much of everything that it takes, and says what came of it, if it still can.

use witbot_sdk::chat::Card;
use witbot_sdk::kv::{self, Namespace};
use witbot_sdk::{Command, Error, Event, Plugin, Result, http, log};

witbot_sdk::plugin!(plugin);

/// More than the host takes in one call, and less than a plugin may have in memory.
const MUCH: usize = 24 << 20;
/// More handles than there can be, and more calls.
const MANY: usize = 100_000;

fn plugin() -> Plugin {
    let abuse = |what: &str, how: fn(&Event) -> Result| {
        Command::new(format!("abuse {what}"), "Takes too much.", how).id(what)
    };
    Plugin::new("Abuses what it gets.")
        .command(abuse("handles", handles))
        .command(abuse("calls", calls))
        .command(abuse("text", text))
        .command(abuse("fields", fields))
        .command(abuse("key", key))
        .command(abuse("value", value))
        .command(abuse("space", space))
        .command(abuse("address", address))
        .command(abuse("headers", headers))
        .command(abuse("replies", replies))
        .command(abuse("line", line))
        .command(abuse("colours", colours))
        .command(abuse("mentions", mentions))
        .command(abuse("error", error))
        .wants("kv", "To fill it.")
        .wants("http", "To flood it.")
}

/// None is ever given back.
fn handles(event: &Event) -> Result {
    for _ in 0..MANY {
        std::mem::forget(Namespace::open("team")?);
    }
    event.reply("All of them are mine.")?;
    Ok(())
}

fn calls(event: &Event) -> Result {
    for _ in 0..MANY {
        let _ = kv::get_bytes("none");
    }
    event.reply("I called.")?;
    Ok(())
}

fn text(event: &Event) -> Result {
    tell(event, event.reply("x".repeat(MUCH)).map(drop))
}

/// Many small things, each of which costs more on the other side.
fn fields(event: &Event) -> Result {
    let card = (0..MANY).fold(Card::new("t"), |card, _| card.field("", ""));
    tell(event, event.reply(card).map(drop))
}

fn key(event: &Event) -> Result {
    tell(event, kv::set_bytes(&"k".repeat(1 << 20), b""))
}

fn value(event: &Event) -> Result {
    tell(event, kv::set_bytes("k", &vec![1; 1 << 20]))
}

fn space(event: &Event) -> Result {
    let value = vec![1; 60 << 10];
    for number in 0..MANY {
        if let Err(error) = kv::set_bytes(&format!("key-{number}"), &value) {
            return tell(event, Err(error));
        }
    }
    event.reply("All of it is mine.")?;
    Ok(())
}

fn address(event: &Event) -> Result {
    let address = format!("https://status.example.com/{}", "x".repeat(1 << 20));
    tell(event, http::get(address).send().map(drop))
}

fn headers(event: &Event) -> Result {
    let request = http::get("https://status.example.com/");
    let request = (0..10_000).fold(request, |request, number| {
        request.header(format!("x-{number}"), "y")
    });
    tell(event, request.send().map(drop))
}

fn replies(event: &Event) -> Result {
    for number in 0..MANY {
        event.reply(format!("Reply {number}."))?;
    }
    Ok(())
}

fn line(event: &Event) -> Result {
    log::info!("{}", "x".repeat(1 << 20));
    event.reply("I wrote a line.")?;
    Ok(())
}

/// What a terminal would obey, and what turns the direction of a text.
fn colours(event: &Event) -> Result {
    log::warn!("\u{1b}[2J\u{1b}]0;mine\u{7}\r\nERROR [hello] forged\u{202e}");
    event.reply("\u{1b}[2Jcleared\u{7}\u{202e}")?;
    Ok(())
}

fn mentions(event: &Event) -> Result {
    event.reply("<!channel> <!here> <@U0ADA> <#C0OPS> @everyone ".repeat(20))?;
    Ok(())
}

fn error(_: &Event) -> Result {
    Err(Error::invalid(format!(
        "\u{1b}[2J<!channel>{}",
        "x".repeat(1 << 20)
    )))
}

fn tell(event: &Event, outcome: Result) -> Result {
    let text = match outcome {
        Ok(()) => "It was taken.".to_owned(),
        Err(error) => format!("{}: {}", error.code, error.message),
    };
    event.reply(text)?;
    Ok(())
}
