//! Says things in every way that there is.

use std::time::Duration;

use witbot_sdk::chat::{self, Audience, Card, State, Style, Text};
use witbot_sdk::flow::{self, Question};
use witbot_sdk::{Command, Event, Plugin, Result};

witbot_sdk::plugin!(plugin);

const HOUR: Duration = Duration::from_secs(3_600);

fn plugin() -> Plugin {
    Plugin::new("Says things.")
        .command(Command::new("echo <text:text>", "Says it again.", echo))
        .command(Command::new(
            "count <number:integer>",
            "Answers twice.",
            count,
        ))
        .command(Command::new(
            "rest <milliseconds:integer>",
            "Answers late.",
            rest,
        ))
        .command(Command::new("name", "Says who you are.", name))
        .command(Command::new("login", "Says who you are at GitHub.", login))
        .command(Command::new("card <text:text>", "Shows a card.", card))
        .command(Command::new(
            "board <text:text>",
            "Shows a card, and changes it.",
            board,
        ))
        .command(Command::new(
            "wall <fields:integer>",
            "Shows a card with much on it.",
            wall,
        ))
        .command(Command::new(
            "pick <text:text>",
            "Says what was picked.",
            pick,
        ))
        .command(Command::new("vote <who>", "Asks some people.", vote))
        .command(Command::new(
            "poll <milliseconds:integer>",
            "Asks anybody who is quick.",
            poll,
        ))
        .command(Command::new(
            "whisper <text:text>",
            "Says it to you.",
            whisper,
        ))
        .command(Command::new("thread <text:text>", "Says it below.", thread))
        .command(Command::new("tidy", "Takes back what it said.", tidy))
        .command(Command::new("like", "Likes what you said.", like))
        .command(Command::new(
            "progress <steps:integer>",
            "Changes what it said.",
            progress,
        ))
        .command(Command::new("long <lines:integer>", "Says much.", long))
        .command(Command::new(
            "grow <lines:integer>",
            "Says little, and then much.",
            grow,
        ))
        .command(Command::new(
            "mention <user:user> <text:text>",
            "Calls somebody.",
            mention,
        ))
        .command(Command::new("shout <text:text>", "Calls everybody.", shout))
        .command(Command::new(
            "post <channel:channel> <text:text>",
            "Says it there.",
            post,
        ))
        .command(Command::new(
            "direct <user:user> <text:text>",
            "Says it to somebody.",
            direct,
        ))
        .command(Command::new(
            "flood <channel:channel> <number:integer>",
            "Says too much.",
            flood,
        ))
}

fn echo(event: &Event) -> Result {
    event.reply(event.required("text")?)?;
    Ok(())
}

fn count(event: &Event) -> Result {
    let number = event.required("number")?;
    event.reply(format!("{number} a"))?;
    event.reply(format!("{number} b"))?;
    Ok(())
}

fn rest(event: &Event) -> Result {
    let milliseconds: u64 = event.required("milliseconds")?.parse()?;
    flow::sleep(Duration::from_millis(milliseconds))?;
    event.reply("Rested.")?;
    Ok(())
}

fn name(event: &Event) -> Result {
    let standing = event.user_standing()?;
    let standing = standing.map_or("nobody".to_owned(), |standing| standing.to_string());
    event.reply(format!("You are {}, a {standing}.", event.user_name()))?;
    Ok(())
}

fn login(event: &Event) -> Result {
    let login = event.user_github_login()?;
    let login = login.unwrap_or_else(|| "nobody".to_owned());
    event.reply(format!("You are {login} at GitHub."))?;
    Ok(())
}

fn card(event: &Event) -> Result {
    let text = event.required("text")?;
    let card = Card::new(text.as_str())
        .state(State::Running)
        .text(Text::new().plain("It goes on."))
        .field("Version", "v1 <b>")
        .link("Log", "https://ci.example/1")
        .button("Again", "echo again")
        .button("Who", "name")
        .styled_button("Other", "hello", Style::Danger)
        .menu("Pick one", [("One", "pick one"), ("Two", "pick two")])
        .footer("Small print.");
    event.reply(card)?;
    Ok(())
}

fn board(event: &Event) -> Result {
    let text = event.required("text")?;
    let card = Card::new("Board").text(Text::new().code(text.as_str()));
    let message = event.reply(
        card.clone()
            .state(State::Running)
            .button("Stop", "echo stop"),
    )?;
    message.edit(card.state(State::Success).field("Result", text))
}

fn wall(event: &Event) -> Result {
    let fields: u32 = event.required("fields")?.parse()?;
    // Slack counts what they are escaped to.
    let value = "<&>".repeat(230);
    let card = (1..=fields).fold(Card::new("Wall"), |card, field| {
        card.field(format!("Field {field}"), value.as_str())
    });
    let card = (1..=10).fold(card, |card, number| {
        card.button(format!("Button {number}"), "tidy")
    });
    let options = (1..=100).map(|number| (format!("Option {number}"), format!("pick {number}")));
    event.reply(card.menu("Pick one", options))?;
    Ok(())
}

fn pick(event: &Event) -> Result {
    event.reply(format!("Picked {}.", event.required("text")?))?;
    Ok(())
}

fn vote(event: &Event) -> Result {
    let question = Question::new("Ship it?").choice("Yes").choice("No");
    let question = match event.required("who")?.as_str() {
        "me" => question,
        "anyone" => question.anyone(),
        user => question.answered_by(user),
    };
    let answer = question.ask(HOUR)?;
    event.reply(format!("{} it is.", answer.choice()))?;
    Ok(())
}

fn poll(event: &Event) -> Result {
    let milliseconds: u64 = event.required("milliseconds")?.parse()?;
    let question = Question::new("Quick!").choice("Yes").choice("No").anyone();
    let answer = match question.ask(Duration::from_millis(milliseconds)) {
        Ok(answer) => answer.choice(),
        Err(error) => error.code.to_string(),
    };
    event.reply(format!("It ended with {answer}."))?;
    Ok(())
}

fn whisper(event: &Event) -> Result {
    event.whisper(event.required("text")?)
}

fn thread(event: &Event) -> Result {
    event.reply_in_thread(event.required("text")?)?;
    Ok(())
}

fn tidy(event: &Event) -> Result {
    let message = event.reply("Oops.")?;
    message.delete()?;
    event.reply("Tidy.")?;
    Ok(())
}

fn like(event: &Event) -> Result {
    event.react("eyes")?;
    event.reply("Seen.")?.react("white_check_mark")
}

fn progress(event: &Event) -> Result {
    let steps: u32 = event.required("steps")?.parse()?;
    let message = event.reply("Step 0.")?;
    for step in 1..=steps {
        message.edit(format!("Step {step}."))?;
    }
    Ok(())
}

fn long(event: &Event) -> Result {
    let lines: u32 = event.required("lines")?.parse()?;
    event.reply(lines_of(lines))?;
    Ok(())
}

fn grow(event: &Event) -> Result {
    let lines: u32 = event.required("lines")?.parse()?;
    event.reply("Little.")?.edit(lines_of(lines))
}

fn lines_of(lines: u32) -> String {
    (1..=lines)
        .map(|line| format!("This is line {line} of a long text.\n"))
        .collect()
}

fn mention(event: &Event) -> Result {
    let text = Text::new()
        .user(event.required("user")?)
        .plain(format!(": {}", event.required("text")?));
    event.reply(text)?;
    Ok(())
}

fn shout(event: &Event) -> Result {
    let text = Text::new()
        .everyone(Audience::Channel)
        .plain(format!(" {}", event.required("text")?));
    event.reply(text)?;
    Ok(())
}

fn post(event: &Event) -> Result {
    chat::post(&event.required("channel")?, event.required("text")?)?;
    Ok(())
}

fn direct(event: &Event) -> Result {
    chat::direct(&event.required("user")?, event.required("text")?)?;
    Ok(())
}

fn flood(event: &Event) -> Result {
    let channel = event.required("channel")?;
    let number: u32 = event.required("number")?.parse()?;
    for said in 0..number {
        if let Err(error) = chat::post(&channel, format!("Number {said}.")) {
            event.reply(format!("After {said}: {}: {error}", error.code))?;
            return Ok(());
        }
    }
    event.reply(format!("All {number}."))?;
    Ok(())
}
