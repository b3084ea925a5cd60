//! Does dangerous things: with permission, without, and as the host asks for it.

use witbot_sdk::{Command, Error, Event, Plugin, Result, github, permission};

witbot_sdk::plugin!(plugin);

const REPOSITORY: &str = "acme/api";

fn plugin() -> Plugin {
    Plugin::new("Asks whether it may, or does not.")
        .command(Command::new("wipe <what>", "Does what it is told.", wipe).dangerous())
        .command(Command::new("look <what>", "Does nothing.", look))
        .command(
            Command::new("ship [<env>]", "Asks, and merges.", ship)
                .dangerous()
                .asks_permission(),
        )
        .command(
            Command::new("sneak [<env>]", "Merges without asking.", sneak)
                .dangerous()
                .asks_permission(),
        )
        .command(Command::new(
            "may <command> <env>",
            "Whether they may.",
            may,
        ))
        .listener("launch (?<env>\\w+)", "Does what it hears.", launch)
        .wants("github", "To merge.")
}

fn wipe(event: &Event) -> Result {
    let what = event.required("what")?;
    event.reply(format!("wiped {what} with {}", merge()?))?;
    Ok(())
}

fn look(event: &Event) -> Result {
    event.reply(format!("looked at {}", event.required("what")?))?;
    Ok(())
}

fn ship(event: &Event) -> Result {
    let env = match event.argument("env").as_deref() {
        None | Some("prod") => "production".to_owned(),
        Some(env) => env.to_owned(),
    };
    let asked = permission::demand([("env", env.as_str()), ("commit", "c0ffee")])?;
    let how = if asked { "after asking" } else { "at once" };
    event.reply(format!("shipped to {env} {how} with {}", merge()?))?;
    Ok(())
}

fn sneak(event: &Event) -> Result {
    match merge() {
        Ok(sha) => event.reply(format!("sneaked {sha}"))?,
        Err(error) => event.reply(format!("caught: {}", error.code))?,
    };
    Ok(())
}

fn may(event: &Event) -> Result {
    let (command, env) = (event.required("command")?, event.required("env")?);
    match permission::may(&command, [("env", env.as_str())]) {
        Ok(may) => event.reply(format!("{command} {env}: {may}"))?,
        Err(error) => event.reply(format!("{command} {env}: {error}"))?,
    };
    Ok(())
}

fn launch(event: &Event) -> Result {
    event.reply(format!("launched {}", event.required("env")?))?;
    Ok(())
}

fn merge() -> Result<String, Error> {
    let made = github::open(REPOSITORY)?.merge("fix-login", "main", "As asked")?;
    Ok(made.unwrap_or_else(|| "nothing".to_owned()))
}
