//! `witbot runs`: what the bot does and did. Works beside a running bot.

use std::process::ExitCode;

use anyhow::bail;
use witbot_core::journal::{Entry, Outcome};
use witbot_core::printable;
use witbot_store::Store;
use witbot_store::invocations::{Filter, Invocation, Status};

use super::{Failure, print};
use crate::settings::Settings;

/// Arguments and answers are cut to this in lists.
const SHOWN_CHARS_MAX: usize = 160;

/// Answers.
pub async fn run(id: Option<String>, limit: u32, settings: &Settings) -> Result<ExitCode, Failure> {
    let store = Store::open_to_read(&settings.data).map_err(anyhow::Error::from)?;
    match id {
        None => list(&store, limit).await?,
        Some(id) => show(&store, &id).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(store: &Store, limit: u32) -> anyhow::Result<()> {
    let runs = store
        .invocations(Filter {
            plugin: None,
            status: None,
            limit,
        })
        .await?;
    if runs.is_empty() {
        print("There are no runs yet.")?;
    }
    for run in runs {
        print(&line(&run))?;
    }
    Ok(())
}

fn line(run: &Invocation) -> String {
    let reason = run
        .reason
        .as_deref()
        .map_or(String::new(), |reason| format!("  {}", cut(reason)));
    format!(
        "{}  {:7}  {} {}{reason}",
        run.id,
        run.status.as_str(),
        run.plugin,
        run.handler
    )
}

async fn show(store: &Store, id: &str) -> anyhow::Result<()> {
    let runs = store.invocations_like(id).await?;
    let run = match runs.as_slice() {
        [run] => run,
        [] => bail!("there is no run whose id begins with `{id}`; `witbot runs` lists them"),
        _ => bail!("several runs begin with `{id}`; write more of it"),
    };
    print(&line(run))?;
    print(&format!("version {}", run.digest.short()))?;
    for (name, value) in &run.arguments {
        print(&format!(
            "  {name} = {}",
            printable::line(&value.to_string())
        ))?;
    }
    for entry in store.journal(&run.id).await? {
        print(&step(&entry))?;
    }
    if run.status == Status::Parked {
        print("waits for the last step")?;
    }
    Ok(())
}

fn step(entry: &Entry) -> String {
    let outcome = match &entry.outcome {
        None => "…".to_owned(),
        Some(Outcome::Ok(value)) => cut(&value.to_string()),
        Some(Outcome::Error(error)) => format!("{}: {}", error.code.as_str(), cut(&error.message)),
    };
    format!(
        "{:>4} {} {} -> {outcome}",
        entry.number,
        entry.name,
        cut(&entry.arguments.to_string())
    )
}

/// A line has to stay a line, and a short one.
fn cut(text: &str) -> String {
    let line = printable::line(text);
    let mut shown: String = line.chars().take(SHOWN_CHARS_MAX).collect();
    if shown.len() < line.len() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_one_short_line_that_cannot_drive_the_terminal() {
        assert_eq!(cut("a\n\u{1b}[2J\u{9b}2J"), "a \u{fffd}[2J\u{fffd}2J");
        let long = cut(&"ü".repeat(SHOWN_CHARS_MAX + 1));
        assert_eq!(long.chars().count(), SHOWN_CHARS_MAX + 1);
        assert!(long.ends_with('…'));
    }
}
