//! Publishes in topics, hears of them, and changes what it said in an earlier run.

use std::time::Duration;

use serde_json::json;
use witbot_sdk::chat::{self, Message};
use witbot_sdk::{Command, Event, Plugin, Result, flow, kv, topics};

witbot_sdk::plugin!(plugin);

/// What is kept: the id of the message.
const KEY: &str = "message";

fn plugin() -> Plugin {
    Plugin::new("Tells other plugins, and changes what it said.")
        .command(Command::new(
            "tell <topic> about <subject> <text:text>",
            "Tells it.",
            tell,
        ))
        .command(Command::new("await news about <subject>", "Waits for it.", wait).id("wait"))
        .command(Command::new("note <text:text>", "Says it.", note))
        .command(Command::new("post <text:text>", "Says it in #ops.", post))
        .command(Command::new(
            "change [of <id>] to <text:text>",
            "Changes what it said.",
            change,
        ))
        .subscribe("topic.news", hear)
        .subscribe("topic.echo", echo)
        .subscribe("topic.health-wanted", judge)
        .wants("topics", "To tell, and to hear.")
        .wants("chat", "To say what it hears.")
        .can_use("kv", "To know what it said.")
}

fn tell(event: &Event) -> Result {
    let (topic, subject) = (event.required("topic")?, event.required("subject")?);
    let body = json!({ "text": event.required("text")? });
    topics::publish(&topic, &subject, &body)?;
    event.reply("Told.")?;
    Ok(())
}

fn hear(event: &Event) -> Result {
    let text = event.field("/text").unwrap_or_default();
    chat::post("ops", format!("Heard of {}: {text}", event.subject()))?;
    Ok(())
}

/// Answers each event of a topic with another one.
fn echo(event: &Event) -> Result {
    if let Err(error) = topics::publish("echo", &event.subject(), &json!({})) {
        chat::post("ops", format!("No echo: {}", error.code))?;
    }
    Ok(())
}

/// Says that what is asked about is healthy, unless it is in production.
fn judge(event: &Event) -> Result {
    let id = event.field("/id").unwrap_or_default();
    let healthy = !event.subject().ends_with("/production");
    let verdict = json!({ "known": true, "healthy": healthy, "summary": "1 of 1 checks fail: web: answered 502" });
    topics::publish("health-verdict", &id, &verdict)
}

fn wait(event: &Event) -> Result {
    event.reply("Waiting.")?;
    let subject = event.required("subject")?;
    let news = flow::await_event("topic.news", &subject, Duration::from_secs(3_600))?;
    event.reply(format!(
        "It came: {}",
        news.field("/text").unwrap_or_default()
    ))?;
    Ok(())
}

fn note(event: &Event) -> Result {
    let message = event.reply(event.required("text")?)?;
    kv::set(KEY, &message.id())
}

fn post(event: &Event) -> Result {
    let message = chat::post("ops", event.required("text")?)?;
    kv::set(KEY, &message.id())
}

fn change(event: &Event) -> Result {
    let id = match event.argument("id") {
        Some(id) => id,
        None => kv::get(KEY)?.unwrap_or_default(),
    };
    Message::find(&id)?.edit(event.required("text")?)
}
