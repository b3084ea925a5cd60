//! Waits: for an answer, for time, for an event. It also gives up, if it is asked to. When it is canceled, it does what
//! handlers do then: end, clean up, or wait on.

use std::time::Duration;

use witbot_sdk::{Code, Command, Error, Event, Plugin, Result, flow, log};

witbot_sdk::plugin!(plugin);

const HOUR: Duration = Duration::from_secs(3_600);

fn plugin() -> Plugin {
    Plugin::new("Waits.")
        .command(Command::new("wait answer", "Asks a question.", answer))
        .command(Command::new(
            "wait time <milliseconds:integer>",
            "Sleeps.",
            time,
        ))
        .command(Command::new(
            "wait event <kind> <subject>",
            "Waits for an event from outside.",
            event,
        ))
        .command(
            Command::new(
                "wait often <times:integer>",
                "Sleeps for a moment so often, and then asks.",
                often,
            )
            .id("often"),
        )
        .command(Command::new("wait not", "Gives up.", not).id("not"))
        .command(Command::new("wait tidily", "Cleans up when it is canceled.", tidily).id("tidily"))
        .command(
            Command::new(
                "wait stubbornly",
                "Waits on when it is canceled.",
                stubbornly,
            )
            .id("stubbornly"),
        )
}

fn answer(event: &Event) -> Result {
    let answer = flow::ask("Tea or coffee?", &["Tea", "Coffee"], HOUR)?;
    event.reply(format!("{} chose {}.", answer.user(), answer.choice()))?;
    Ok(())
}

fn time(event: &Event) -> Result {
    let milliseconds: u64 = event.required("milliseconds")?.parse()?;
    let began = flow::now();
    event.reply("Good night.")?;
    flow::sleep(Duration::from_millis(milliseconds))?;
    let slept = flow::now().since(began).as_millis() >= u128::from(milliseconds);
    event.reply(if slept {
        "Good morning."
    } else {
        "It is still dark."
    })?;
    Ok(())
}

fn event(event: &Event) -> Result {
    let (kind, subject) = (event.required("kind")?, event.required("subject")?);
    event.reply(format!("Waiting for {kind} of {subject}."))?;
    let came = flow::await_event(&kind, &subject, HOUR)?;
    let what = came.field("/deployment/environment").unwrap_or_default();
    event.reply(format!("It came: {what}."))?;
    Ok(())
}

fn often(event: &Event) -> Result {
    let times: u32 = event.required("times")?.parse()?;
    for _ in 0..times {
        flow::sleep(Duration::from_millis(1))?;
    }
    answer(event)
}

fn not(_: &Event) -> Result {
    Err(Error::new(Code::Conflict, "I would rather not wait."))
}

fn tidily(event: &Event) -> Result {
    event.reply("Waiting tidily.")?;
    match flow::sleep(HOUR) {
        Err(error) if error.code == Code::Canceled => {
            event.reply(format!("Cleaned up: {error}."))?;
            Ok(())
        }
        other => other,
    }
}

fn stubbornly(event: &Event) -> Result {
    event.reply("Waiting stubbornly.")?;
    loop {
        if let Err(error) = flow::sleep(HOUR) {
            log::info!("I do not care: {error}");
        }
    }
}
