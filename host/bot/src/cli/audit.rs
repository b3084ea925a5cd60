//! `witbot audit`: who did what. Works beside a running bot.

use std::fmt::Write as _;
use std::fs;
use std::io::{IsTerminal as _, stdout};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, anyhow};
use chrono::{DateTime, SecondsFormat};
use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};
use witbot_core::audit::Record;
use witbot_core::ids::{PluginName, UnixMillis, UserId};
use witbot_core::{command, printable};
use witbot_store::Store;
use witbot_store::audit::{Filter, Link};

use super::{Failure, print};
use crate::clock;
use crate::settings::Settings;
use crate::settings::problem::SettingsError;

/// How much of what was done is shown in a line for people.
const DETAIL_CHARS_MAX: usize = 120;

/// What can be asked.
#[derive(Subcommand)]
pub enum Command {
    /// Prints records, the oldest first: a line each for people, or as JSON where nobody looks at a terminal.
    Show(Box<Shown>),
    /// Checks the chain that ties each record to the one before it, and prints its head: keep that elsewhere, and nobody can
    /// change unnoticed what was until then.
    Verify {
        /// The hash of a head that was printed before: checks that it is still part of the chain.
        #[arg(long, value_name = "HASH")]
        head: Option<String>,
        /// Checks a file that `witbot audit show --json` printed instead.
        #[arg(long, value_name = "FILE", conflicts_with = "head")]
        file: Option<PathBuf>,
    },
}

/// Which records are shown, and how.
#[derive(Args)]
pub struct Shown {
    /// How many of the newest.
    #[arg(long, default_value_t = 100)]
    limit: u32,
    /// Only of this plugin.
    #[arg(long)]
    plugin: Option<PluginName>,
    /// Only caused by the person with this id.
    #[arg(long)]
    actor: Option<UserId>,
    /// Only of this action; of all that begin so, when it ends with a dot: `github.`
    #[arg(long)]
    action: Option<String>,
    /// Only what came to this: `ok`, `allowed`, `denied`, `asks`, `failed`, or the code of an error.
    #[arg(long)]
    outcome: Option<String>,
    /// Only of the run, or the incident, whose number begins so.
    #[arg(long, visible_alias = "incident")]
    run: Option<String>,
    /// Only from this time on: `2026-11-23T09:00:00Z`, or so long ago: `30d`.
    #[arg(long, value_parser = time)]
    since: Option<UnixMillis>,
    /// Only before this time, written as with `--since`.
    #[arg(long, value_parser = time)]
    until: Option<UnixMillis>,
    /// As JSON, one record a line, with its place in the chain.
    #[arg(long)]
    json: bool,
}

/// A record as it is printed: with its place in the chain, so that what was printed can be checked.
#[derive(Serialize, Deserialize)]
struct Printed {
    seq: i64,
    #[serde(flatten)]
    record: Record,
    previous: String,
    hash: String,
}

/// Answers.
pub async fn run(command: Command, settings: &Settings) -> Result<ExitCode, Failure> {
    if let Command::Verify {
        file: Some(file), ..
    } = &command
    {
        return verify_file(file);
    }
    let store = Store::open_to_read(&settings.data).map_err(anyhow::Error::from)?;
    match command {
        Command::Show(shown) => show(&store, *shown).await?,
        Command::Verify { head, .. } => {
            let records = store.audit_verify().await.map_err(anyhow::Error::from)?;
            print(&format!("all {records} records are as they were written"))?;
            if let Some(head) = head {
                let place = store.audit_place_of(head.clone()).await;
                let Some(place) = place.map_err(anyhow::Error::from)? else {
                    return Err(Failure::Other(anyhow!(
                        "no record has the hash {head}: what it stood for was changed, or forgotten since"
                    )));
                };
                print(&format!("record {place} is the one of that hash"))?;
            }
            let (seq, hash) = store.audit_head().await.map_err(anyhow::Error::from)?;
            print(&format!("head: {seq} {hash}"))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn show(store: &Store, shown: Shown) -> Result<(), Failure> {
    let json = shown.json || !stdout().is_terminal();
    let filter = Filter {
        plugin: shown.plugin,
        actor: shown.actor,
        action: shown.action,
        outcome: shown.outcome,
        run: shown.run,
        since: shown.since,
        until: shown.until,
    };
    let links = store.audit_tail(shown.limit, filter).await;
    for link in links.map_err(anyhow::Error::from)? {
        if json {
            let printed = Printed {
                seq: link.seq,
                record: link.record,
                previous: link.previous,
                hash: link.hash,
            };
            let json = serde_json::to_string(&printed).map_err(anyhow::Error::from)?;
            print(&escaped(&json))?;
        } else {
            print(&line(&link))?;
        }
    }
    Ok(())
}

/// A record for people: when, who, which plugin, what, what came of it, and the beginning of with what.
fn line(link: &Link) -> String {
    let Record {
        at,
        actor,
        plugin,
        invocation,
        action,
        detail,
        outcome,
        ..
    } = &link.record;
    let at = DateTime::from_timestamp_millis(at.0.cast_signed()).map_or_else(
        || at.0.to_string(),
        |at| at.to_rfc3339_opts(SecondsFormat::Secs, true),
    );
    let actor = actor.as_ref().map_or("-", UserId::as_str);
    let plugin = plugin.as_ref().map_or("-", PluginName::as_str);
    let run = invocation.as_ref().map_or("-", |run| run.short());
    let detail: String = detail.to_string().chars().take(DETAIL_CHARS_MAX).collect();
    printable::line(&format!(
        "{at}  {actor}  {plugin}  {run}  {action}  {outcome}  {detail}"
    ))
    .into_owned()
}

/// Checks each record of an export by itself, and that those that follow each other do so in the chain.
fn verify_file(file: &Path) -> Result<ExitCode, Failure> {
    let shown = file.display();
    let text = fs::read_to_string(file).with_context(|| format!("cannot read `{shown}`"))?;
    let mut before: Option<(i64, String)> = None;
    let (mut records, mut gaps) = (0, 0);
    for (index, line) in text.lines().enumerate() {
        let number = index + 1;
        let printed: Printed = serde_json::from_str(line).map_err(|error| {
            SettingsError::usage(
                format!("line {number} of `{shown}` is no record: {error}"),
                "name a file that `witbot audit show --json` printed",
            )
        })?;
        let broken = |what: &str| {
            let seq = printed.seq;
            Err(Failure::Other(anyhow!(
                "record {seq}, in line {number}: {what}"
            )))
        };
        let follows = before.as_ref().is_none_or(|(seq, hash)| {
            printed.seq > *seq && (printed.seq != seq + 1 || printed.previous == *hash)
        });
        let link = Link {
            seq: printed.seq,
            record: printed.record,
            previous: printed.previous,
            hash: printed.hash,
        };
        if !link.is_whole() {
            return broken("something was changed");
        }
        if !follows {
            return broken("something was removed, added or moved");
        }
        gaps += u32::from(before.is_some_and(|(seq, _)| link.seq != seq + 1));
        before = Some((link.seq, link.hash));
        records += 1;
    }
    print(&format!(
        "all {records} records of the file fit their hashes, and each other where they follow each other"
    ))?;
    if gaps > 0 {
        print(&format!(
            "{gaps} times records are missing in between: what stands at such a gap fits only itself. A file without `--actor`, \
             `--action` and the like has none"
        ))?;
    }
    if let Some((seq, hash)) = before {
        print(&format!("last: {seq} {hash}"))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// A time, or how long ago it was.
fn time(text: &str) -> anyhow::Result<UnixMillis> {
    if let Some(ago) = command::milliseconds(text) {
        return Ok(UnixMillis(clock::now().0.saturating_sub(ago)));
    }
    let time = DateTime::parse_from_rfc3339(text)
        .map_err(|_| anyhow!("write a time such as 2026-11-23T09:00:00Z, or how long ago: 30d"))?;
    Ok(UnixMillis(
        u64::try_from(time.timestamp_millis()).unwrap_or(0),
    ))
}

/// The same JSON, without the control characters that JSON allows in texts and that a terminal obeys.
fn escaped(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for c in json.chars() {
        if c.is_control() {
            let _ = write!(escaped, "\\u{:04x}", u32::from(c));
        } else {
            escaped.push(c);
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_escaped_and_mean_the_same() {
        let text = "a\u{9b}2J\u{7f}\n\u{1b}";
        let shown = escaped(&serde_json::to_string(text).unwrap());
        assert!(!shown.contains(char::is_control), "{shown}");
        assert_eq!(serde_json::from_str::<String>(&shown).unwrap(), text);
    }
}
