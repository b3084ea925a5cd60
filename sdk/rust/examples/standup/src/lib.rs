//! Notes of the daily stand-up: kept for a day, and posted at its end.

use serde::{Deserialize, Serialize};
use witbot_sdk::flow::Timestamp;
use witbot_sdk::{Command, Error, Event, Plugin, Result, chat, config, flow, kv};

witbot_sdk::plugin!(plugin);

const NOTHING: &str = "Nothing noted today.";

fn plugin() -> Plugin {
    Plugin::new("Notes of the daily stand-up.")
        .command(
            Command::new("standup <text:text>", "Notes what you are working on.", note)
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
        .schedule("summary", "0 17 * * mon-fri", "Posts the notes of the day.", post)
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
    kv::update(&today(), |notes: Option<Vec<Note>>| {
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
    event.reply(lines(&notes(&today())?).unwrap_or_else(|| NOTHING.to_owned()))?;
    Ok(())
}

fn clear(event: &Event) -> Result {
    let day = today();
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
    if let Some(lines) = lines(&notes(&today())?) {
        chat::post(&channel, lines)?;
    }
    Ok(())
}

fn notes(day: &str) -> Result<Vec<Note>> {
    Ok(kv::get(day)?.unwrap_or_default())
}

/// One for each person, if there are any.
fn lines(notes: &[Note]) -> Option<String> {
    let lines = notes.iter().map(|note| format!("{}: {}", note.name, note.text));
    let lines: Vec<String> = lines.collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// The key of today, in UTC.
fn today() -> String {
    key(flow::now())
}

/// By the calendar: <https://howardhinnant.github.io/date_algorithms.html#civil_from_days>.
fn key(time: Timestamp) -> String {
    let days = time.as_millis() / 86_400_000 + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year + era * 400 + u64::from(month <= 2);
    format!("day/{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_a_day() {
        for (time, day) in [
            (0, "day/1970-01-01"),
            (951_782_400_000, "day/2000-02-29"),
            (1_795_391_999_999, "day/2026-11-22"),
        ] {
            assert_eq!(key(Timestamp::from_millis(time)), day);
        }
    }
}
