//! Migrates what it keeps, in the way that it was told to while the version before it served.

use std::hint::black_box;

use witbot_sdk::{Command, Error, Event, Plugin, Result, config, flow, kv, log};

witbot_sdk::plugin!(plugin);

/// Half of them before it computes, half after.
const STEPS: u32 = 100;
/// Long enough for a bot to be killed meanwhile.
const TURNS: u64 = 1_000_000_000;

fn plugin() -> Plugin {
    Plugin::new("Migrates.")
        .command(Command::new("next <how>", "Says how the next version migrates.", next).id("next"))
        .command(Command::new("kept", "Shows what is kept.", kept))
        .setting("word", "A word that the migration reads.")
        .wants("kv", "To keep it.")
        .can_use("chat", "To try what a migration must not.")
        .migrates(migrate)
}

fn next(event: &Event) -> Result {
    kv::set("how", &event.required("how")?)?;
    event.reply("Noted.")?;
    Ok(())
}

fn kept(event: &Event) -> Result {
    let times: u32 = kv::get("times")?.unwrap_or(0);
    let steps: u32 = kv::get("steps")?.unwrap_or(0);
    let word: Option<String> = kv::get("word")?;
    let word = word.unwrap_or_else(|| "none".to_owned());
    event.reply(format!("{times} times, {steps} steps, word {word}."))?;
    Ok(())
}

fn migrate(event: &Event) -> Result {
    log::info!(
        "{} from {} {}",
        event.kind(),
        event.field("/from/digest").unwrap_or_default(),
        event.field("/from/version").unwrap_or_default(),
    );
    kv::update("times", |times: Option<u32>| times.unwrap_or(0) + 1)?;
    let how: Option<String> = kv::get("how")?;
    match how.as_deref() {
        Some("fails") => return Err(Error::invalid("there is a key that I do not know")),
        Some("panics") => panic!("this was to be expected"),
        Some("reaches") => reach(event)?,
        Some("slowly") => slowly()?,
        Some(_) | None => {}
    }
    kv::set("word", &config::get("/word"))
}

/// What is not there before it serves.
fn reach(event: &Event) -> Result {
    let tried = [
        event.reply("hello").err(),
        witbot_sdk::chat::post("ops", "hello").err(),
        flow::sleep(std::time::Duration::from_secs(60)).err(),
    ];
    for error in tried {
        log::info!("tried: {error:?}");
    }
    Ok(())
}

fn slowly() -> Result {
    step_often()?;
    log::info!("half of it");
    let mut turns = 0_u64;
    for turn in 0..TURNS {
        turns = black_box(turns).wrapping_add(turn);
    }
    step_often()
}

fn step_often() -> Result {
    for _ in 0..STEPS / 2 {
        kv::update("steps", |steps: Option<u32>| steps.unwrap_or(0) + 1)?;
    }
    Ok(())
}
