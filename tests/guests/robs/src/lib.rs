//! Tries what each capability can be tricked into, and says what came of it: what it got, or the code of the error and its
//! message. It serves without any grant, so that each attempt can be made with and without.

mod ci;
mod github;
mod http;
mod kv;

use witbot_sdk::chat::{self, Card, Text};
use witbot_sdk::{Command, Event, Plugin, Result};

witbot_sdk::plugin!(plugin);

const REASON: &str = "To have it.";

fn plugin() -> Plugin {
    let plugin = Plugin::new("Takes what it can get.")
        .command(command(
            "github open <repository>",
            "github-open",
            github::open,
        ))
        .command(command(
            "github deploy <environment>",
            "github-deploy",
            github::deploy,
        ))
        .command(command(
            "github finish <deployment>",
            "github-finish",
            github::finish,
        ))
        .command(command(
            "github merge <head>",
            "github-merge",
            github::merge,
        ))
        .command(command(
            "ci start <project> <parameter>",
            "ci-start",
            ci::start,
        ))
        .command(command("ci stop <project> <run>", "ci-stop", ci::stop))
        .command(command("ci read <project> <run>", "ci-read", ci::read))
        .command(command("chat post <channel>", "chat-post", post))
        .command(command("chat mention", "chat-mention", mention))
        .command(command("chat direct <user>", "chat-direct", direct))
        .command(command("http get <url>", "http-get", http::get))
        .command(command("http post <url>", "http-post", http::post))
        .command(command("http with <header> <url>", "http-with", http::with))
        .command(command("http follow <url>", "http-follow", http::follow))
        .command(command("kv get <key>", "kv-get", kv::get))
        .command(command("kv set <key> <value>", "kv-set", kv::set))
        .command(command("kv get <key> in <space>", "kv-get-in", kv::get_in))
        .command(command(
            "kv set <key> <value> in <space>",
            "kv-set-in",
            kv::set_in,
        ))
        .command(command(
            "kv swap <key> <value> in <space>",
            "kv-swap-in",
            kv::swap_in,
        ))
        .command(command(
            "kv delete <key> in <space>",
            "kv-delete-in",
            kv::delete_in,
        ));
    ["github", "ci", "chat", "http", "kv"]
        .into_iter()
        .fold(plugin, |plugin, capability| {
            plugin.can_use(capability, REASON)
        })
}

/// A command that tells what came of it.
fn command(usage: &str, id: &str, attempt: fn(&Event) -> Result<String>) -> Command {
    let handler = move |event: &Event| {
        let text = match attempt(event) {
            Ok(got) => format!("got {got}"),
            Err(error) => format!("{}: {}", error.code, error.message),
        };
        event.reply(text)?;
        Ok(())
    };
    Command::new(format!("rob {usage}"), "Tries it.", handler).id(id)
}

fn post(event: &Event) -> Result<String> {
    chat::post(&event.required("channel")?, "Hear me!")?;
    Ok("heard".to_owned())
}

/// Whatever a mention stands in.
fn mention(event: &Event) -> Result<String> {
    let text = || Text::new().group("S0PEOPLE").plain(" hear me!");
    event.reply(Card::new("Hear me").field("Who", text()))?;
    event.reply(text())?;
    Ok("heard".to_owned())
}

fn direct(event: &Event) -> Result<String> {
    chat::direct(&event.required("user")?, "Hear me!")?;
    Ok("heard".to_owned())
}
