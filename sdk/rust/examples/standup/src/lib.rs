//! Notes of the daily stand-up: kept for a day, and posted at its end.

use jiff::Timestamp;
use jiff::tz::Offset;
use serde::{Deserialize, Serialize};
use witbot_sdk::{Command, Error, Event, Plugin, Result, chat, config, flow, kv};

witbot_sdk::plugin!(plugin);

const NOTHING: &str = "Nothing noted today.";

fn plugin() -> Plugin {
    Plugin::new("Notes of the daily stand-up.")
        .command(
            Command::new(
                "standup <text:text>",
                "Notes what you are working on.",
                note,
            )
            .id("note")
            .example("standup reviewing the release"),
        )
        .command(
            Command::new("standup show", "Shows the notes of today.", show)
                .id("show")
                .example("standup show"),
        )
        .command(
            Command::new("standup clear", "Clears the notes of today.", clear)
                .id("clear")
                .example("standup clear"),
        )
        .schedule(
            "summary",
            "0 17 * * mon-fri",
            "Posts the notes of the day.",
            post,
        )
        .required_setting("channel", "Where the summary is posted.")
        .wants("kv", "Keeps the notes of the day.")
        .wants("chat", "Posts the summary.")
        .wants("schedules", "Posts the summary at the end of the day.")
}

/// What one person noted.
#[derive(Serialize, Deserialize)]
struct Note {
    user: String,
    name: String,
    text: String,
}

fn note(event: &Event) -> Result {
    let user = event.user().unwrap_or_default();
    let (name, text) = (event.user_name(), event.required("text")?);
    kv::update(&today()?, |notes: Option<Vec<Note>>| {
        let mut notes = notes.unwrap_or_default();
        let mine = Note {
            user: user.clone(),
            name: name.clone(),
            text: text.clone(),
        };
        // A second note takes the place of the first.
        match notes.iter_mut().find(|note| note.user == user) {
            Some(note) => *note = mine,
            None => notes.push(mine),
        }
        notes
    })?;
    event.reply("Noted.")?;
    Ok(())
}

fn show(event: &Event) -> Result {
    event.reply(lines(&notes(&today()?)?).unwrap_or_else(|| NOTHING.to_owned()))?;
    Ok(())
}

fn clear(event: &Event) -> Result {
    let day = today()?;
    let answer = match notes(&day)?.len() {
        0 => NOTHING,
        count => {
            let what = if count == 1 { "note" } else { "notes" };
            let sure = flow::confirm(&format!("Clear {count} {what} of today?"))?;
            if sure {
                kv::delete(&day)?;
            }
            if sure { "Cleared." } else { "Kept." }
        }
    };
    event.reply(answer)?;
    Ok(())
}

fn post(_: &Event) -> Result {
    let channel = config::get("/channel").ok_or_else(|| Error::invalid("no `channel` is set"))?;
    if let Some(lines) = lines(&notes(&today()?)?) {
        chat::post(&channel, lines)?;
    }
    Ok(())
}

fn notes(day: &str) -> Result<Vec<Note>> {
    Ok(kv::get(day)?.unwrap_or_default())
}

/// One for each person, if there are any.
fn lines(notes: &[Note]) -> Option<String> {
    let lines = notes
        .iter()
        .map(|note| format!("{}: {}", note.name, note.text));
    let lines: Vec<String> = lines.collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// The key of today, in UTC.
fn today() -> Result<String> {
    let now = i64::try_from(flow::now().as_millis()).unwrap_or(i64::MAX);
    let now = Timestamp::from_millisecond(now);
    let now = now.map_err(|error| Error::invalid(error.to_string()))?;
    let day = Offset::UTC.to_datetime(now);
    Ok(format!(
        "day/{:04}-{:02}-{:02}",
        day.year(),
        day.month(),
        day.day()
    ))
}
