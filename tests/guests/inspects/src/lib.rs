//! Looks at all that a repository shows, and merges in it. What it saw it says in one message.

use witbot_sdk::github::{self, Commit};
use witbot_sdk::{Command, Error, Event, Plugin, Result};

witbot_sdk::plugin!(plugin);

const REPOSITORY: &str = "acme/api";

fn plugin() -> Plugin {
    Plugin::new("Looks at a repository, and merges in it.")
        .command(Command::new("inspect commit <reference>", "A commit.", commit).id("commit"))
        .command(
            Command::new("inspect branches <limit:integer>", "Branches.", branches).id("branches"),
        )
        .command(Command::new("inspect checks <reference>", "Checks.", checks).id("checks"))
        .command(Command::new("inspect changes <base> <head>", "Commits.", changes).id("changes"))
        .command(
            Command::new("inspect deployments", "How many there are.", deployments)
                .id("deployments"),
        )
        .command(Command::new("merge <head> into <base>", "Merges.", merge).id("merge"))
        .wants("github", "To look, and to merge.")
}

fn commit(event: &Event) -> Result {
    let reference = event.required("reference")?;
    let told = github::open(REPOSITORY)?.commit(&reference);
    say(event, told.map(|commit| line(&commit)))
}

fn branches(event: &Event) -> Result {
    let limit: u32 = event.required("limit")?.parse()?;
    let repository = github::open(REPOSITORY)?;
    let (default, branches) = (repository.default_branch()?, repository.branches(limit)?);
    say(event, Ok(format!("{default} of {}", branches.join(", "))))
}

fn checks(event: &Event) -> Result {
    let checks = github::open(REPOSITORY)?.checks(&event.required("reference")?)?;
    let all = checks.all();
    let all: Vec<String> = all
        .iter()
        .map(|check| {
            let shown = check.url().map_or("", |_| " with a page");
            format!("{} {}{shown}", check.name(), check.state())
        })
        .collect();
    say(event, Ok(format!("{}: {}", checks.state(), all.join(", "))))
}

fn changes(event: &Event) -> Result {
    let (base, head) = (event.required("base")?, event.required("head")?);
    let compared = github::open(REPOSITORY)?.compare(&base, &head)?;
    let commits: Vec<String> = compared.commits().iter().map(line).collect();
    let (ahead, behind) = (compared.ahead_by(), compared.behind_by());
    say(
        event,
        Ok(format!(
            "{ahead} ahead, {behind} behind: {}",
            commits.join(", ")
        )),
    )
}

fn deployments(event: &Event) -> Result {
    let listed = github::open(REPOSITORY)?.deployments(None, 100)?;
    say(event, Ok(format!("{} deployments", listed.len())))
}

fn merge(event: &Event) -> Result {
    let (base, head) = (event.required("base")?, event.required("head")?);
    let made = github::open(REPOSITORY)?.merge(&base, &head, "As asked");
    say(
        event,
        made.map(|sha| sha.unwrap_or_else(|| "nothing".to_owned())),
    )
}

fn line(commit: &Commit) -> String {
    let known = commit.url().ends_with(&commit.sha()) && commit.committed_at().as_millis() > 0;
    let of = if known { "by" } else { "oddly by" };
    format!("{} {of} {}", commit.title(), commit.author())
}

fn say(event: &Event, told: std::result::Result<String, Error>) -> Result {
    let text = told.unwrap_or_else(|error| format!("{}: {error}", error.code));
    event.reply(text)?;
    Ok(())
}
