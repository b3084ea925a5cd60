//! `env create <branch> [of <app>] [for <duration>]`: whether it can be done, and what is answered when it cannot.

use witbot_sdk::chat::{Card, State, Style, Text};
use witbot_sdk::{Code, Error, Event, Result, flow, github, permission};

use crate::card;
use crate::environment::{Environment, Person, Phase};
use crate::making;
use crate::name;
use crate::registry::{Claim, ENVIRONMENTS_MAX, Wanted};
use crate::settings::{App, Settings};
use crate::store;
use crate::tell::Place;
use crate::words::{self, at, short};

/// Among so many branches a name is looked for that may have been meant.
const BRANCHES_MAX: u32 = 1_000;
/// A longer reference that begins the commit is that commit.
const ABBREVIATED_SHA_MIN: usize = 7;
/// A card has room for so many buttons.
const BUTTONS_MAX: usize = 10;

/// Makes an environment for a branch, unless there is one.
pub fn create(event: &Event) -> Result {
    let settings = Settings::read()?;
    let (app_name, app) = settings.chosen(event.argument("app").as_deref())?;
    let mut wanted = wanted(event, app)?;
    let named = app.name(&wanted.values(app_name, ""))?;
    let names = [
        name::safe(&named, &wanted.branch),
        name::distinct(&named, &wanted.branch),
    ];
    let has_waited = permission::demand([
        ("app", app_name),
        ("branch", wanted.branch.as_str()),
        ("name", names[0].as_str()),
    ])?;
    if has_waited {
        wanted = self::wanted(event, app)?;
    }
    match claim(app_name, app, &wanted, &names)? {
        Claim::New { name, failed } => {
            let place = Place {
                name: &name,
                app_name,
                app,
            };
            if let Some(failed) = failed {
                let by = &wanted.owner.name;
                place.replace(&failed, card::given_up(&name, &failed, by));
            }
            making::make(event, &place)
        }
        Claim::There(name, there) => event.reply(already(&name, &there, &wanted)).map(drop),
        Claim::Quota(own) => event.reply(too_many(app_name, &own)).map(drop),
        Claim::Clash => Err(clash(app_name, &names[0])),
        Claim::Full => Err(full(app_name)),
    }
}

/// What is asked for, as far as it can be.
fn wanted(event: &Event, app: &App) -> Result<Environment> {
    let duration = app.duration(event.duration("duration")?)?;
    let branch = event.required("branch")?;
    let sha = commit(&app.repository, &branch)?;
    let owner = Person {
        id: event
            .user()
            .ok_or_else(|| Error::invalid("An environment needs somebody who owns it."))?,
        name: event.user_name(),
    };
    let now = flow::now();
    let mut environment = Environment {
        branch,
        repository: app.repository.clone(),
        sha,
        owner,
        phase: Phase::Creating,
        holder: event.id(),
        until: 0,
        duration_ms: u64::try_from(duration.as_millis())?,
        warn_at: None,
        card: None,
        deployment: None,
        begun: false,
        made_by: None,
        maker: None,
        log: None,
    };
    environment.stay(now + duration, now, app.warn_before);
    Ok(environment)
}

/// The commit that a branch is at.
fn commit(repository: &str, branch: &str) -> Result<String> {
    let opened = github::open(repository)?;
    match opened.resolve(branch) {
        Ok(sha) if branch.len() >= ABBREVIATED_SHA_MIN && sha.starts_with(branch) => {
            Err(Error::invalid(format!(
                "`{branch}` is a commit, and an environment is made for a branch."
            )))
        }
        Ok(sha) => Ok(sha),
        Err(error) if error.code == Code::NotFound => {
            let branches = opened.branches(BRANCHES_MAX)?;
            Err(unknown(repository, branch, &branches))
        }
        Err(error) => Err(error),
    }
}

fn unknown(repository: &str, branch: &str, branches: &[String]) -> Error {
    let near = words::near(branch, branches.iter().map(String::as_str));
    Error::not_found(match near {
        Some(near) => format!("{repository} has no branch `{branch}`. Did you mean {near}?"),
        None => format!("{repository} has no branch `{branch}`. Has it been pushed?"),
    })
}

/// Takes a name that no other application has, and a place among those of the owner.
fn claim(app_name: &str, app: &App, wanted: &Environment, names: &[String; 2]) -> Result<Claim> {
    let taken = store::names_of_others(app_name)?;
    let names = [names[0].as_str(), names[1].as_str()];
    let claim = store::change(app_name, |registry| {
        registry.claim(&Wanted {
            environment: wanted,
            names,
            taken: &taken,
            quota: app.quota,
        })
    })?;
    // Another application may have taken it in this very moment.
    if let Claim::New { name, .. } = &claim
        && store::names_of_others(app_name)?.contains(name)
    {
        store::change(app_name, |registry| registry.forget(name, &wanted.holder))?;
        return Err(Error::new(
            Code::Conflict,
            format!("Another application has just taken `{name}`. Try again."),
        ));
    }
    Ok(claim)
}

fn clash(app: &str, name: &str) -> Error {
    let text = format!(
        "`{name}` is taken by another branch. Destroy that environment, or have my operator put {{branch}} into `apps.{app}.name`."
    );
    Error::new(Code::Conflict, text)
}

fn full(app: &str) -> Error {
    let text = format!(
        "{app} has {ENVIRONMENTS_MAX} environments, and I can keep no more. `env list of {app}` shows what can be destroyed."
    );
    Error::new(Code::Conflict, text)
}

/// What is answered when a branch has an environment.
fn already(name: &str, there: &Environment, wanted: &Environment) -> Text {
    let text = Text::new()
        .code(&there.branch)
        .plain(" has an environment: ")
        .code(name)
        .plain(format!(", of {}, ", there.owner.name));
    match &there.phase {
        Phase::Creating => text.plain("which is being created."),
        Phase::Destroying { .. } => {
            text.plain("which is being destroyed. Try again when that is done.")
        }
        Phase::Stuck { .. } => text
            .plain("which could not be destroyed. Destroy it first: ")
            .code(format!("env destroy {name}")),
        Phase::Ready | Phase::Failed(_) => {
            let text = text.plain(format!("until {}.", at(there.until)));
            match there.sha == wanted.sha {
                true => text,
                false => text.plain(format!(
                    " It was made of {}; the branch is at {} by now.",
                    short(&there.sha),
                    short(&wanted.sha)
                )),
            }
        }
    }
}

/// What is answered to somebody who has enough of them.
fn too_many(app: &str, own: &[(String, Environment)]) -> Card {
    let count = match own.len() {
        1 => "an environment".to_owned(),
        count => format!("{count} environments"),
    };
    let card = Card::new(format!("You have {count} of {app}"))
        .state(State::Warning)
        .text("You cannot have more at once. Destroy one that you do not need any more:");
    own.iter()
        .take(BUTTONS_MAX)
        .fold(card, |card, (name, one)| {
            let text = Text::new()
                .code(&one.branch)
                .plain(format!(", until {}", at(one.until)));
            card.field(name, text).styled_button(
                format!("Destroy {name}"),
                format!("env destroy {name}"),
                Style::Danger,
            )
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environment::example;

    #[test]
    fn unknown_branches_are_told_with_near_ones() {
        let branches = ["feature/login".to_owned(), "main".to_owned()];
        let message = |branch| unknown("acme/api", branch, &branches).message;
        assert_eq!(
            message("feature/logn"),
            "acme/api has no branch `feature/logn`. Did you mean `feature/login`?"
        );
        assert_eq!(
            message("x"),
            "acme/api has no branch `x`. Has it been pushed?"
        );
    }

    #[test]
    fn what_is_there_is_told_with_its_commit() {
        let there = example(Phase::Ready);
        let moved = Environment {
            sha: "5d6e7f8091a2b3c4d1a2b3c4d5e6f708192a3b4c".to_owned(),
            ..there.clone()
        };
        let text = Text::new()
            .code("feature/login")
            .plain(" has an environment: ")
            .code("x")
            .plain(", of ada, ")
            .plain("until 2026-11-22 18:35 UTC.");
        assert_eq!(already("x", &there, &there), text);
        assert_eq!(
            already("x", &there, &moved),
            text.plain(" It was made of 1a2b3c4; the branch is at 5d6e7f8 by now.")
        );
    }

    #[test]
    fn whoever_has_enough_can_destroy_some() {
        let own = [("x".to_owned(), example(Phase::Ready))];
        let card = Card::new("You have an environment of api")
            .state(State::Warning)
            .text("You cannot have more at once. Destroy one that you do not need any more:")
            .field(
                "x",
                Text::new()
                    .code("feature/login")
                    .plain(", until 2026-11-22 18:35 UTC"),
            )
            .styled_button("Destroy x", "env destroy x", Style::Danger);
        assert_eq!(too_many("api", &own), card);
    }
}
