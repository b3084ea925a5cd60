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
        .command(Command::new(
            "scan <reversed>",
            "Looks for a text in all of its memory.",
            scan,
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

/// Says how often a text is in the memory of this instance. It comes in reverse, and is never put together.
fn scan(event: &Event) -> Result {
    let reversed = event.required("reversed")?.into_bytes();
    // What uses the bot's credentials could bring them along.
    let merged = merge()?;
    let found = found(&reversed);
    // Two lines above there is one that can be found.
    let own: Vec<u8> = merged.bytes().rev().collect();
    event.reply(format!("found {found} and {}", found_at_all(&own)))?;
    Ok(())
}

fn found_at_all(reversed: &[u8]) -> &'static str {
    if found(reversed) > 0 {
        "itself"
    } else {
        "not even itself"
    }
}

fn found(reversed: &[u8]) -> usize {
    let (first, last) = (8, memory_bytes().saturating_sub(reversed.len()));
    let here = |start: &usize| {
        let bytes = reversed.iter().rev().enumerate();
        bytes
            .into_iter()
            .all(|(offset, byte)| byte_at(start + offset) == *byte)
    };
    (first..last).filter(here).count()
}

#[cfg(target_arch = "wasm32")]
fn memory_bytes() -> usize {
    core::arch::wasm32::memory_size(0) << 16
}

#[cfg(not(target_arch = "wasm32"))]
fn memory_bytes() -> usize {
    0
}

#[expect(
    unsafe_code,
    reason = "all of the linear memory is looked at, whatever lies there"
)]
fn byte_at(address: usize) -> u8 {
    unsafe { core::ptr::read_volatile(address as *const u8) }
}

fn merge() -> Result<String, Error> {
    let made = github::open(REPOSITORY)?.merge("fix-login", "main", "As asked")?;
    Ok(made.unwrap_or_else(|| "nothing".to_owned()))
}
