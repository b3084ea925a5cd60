//! What people ask for, and what they set by hand.

use witbot_sdk::chat::{Card, State};
use witbot_sdk::{Event, Result, permission};

use crate::settings::Settings;
use crate::split::{self, Wanted};
use crate::{backend, kept, shown};

/// `traffic`: everywhere. A place that cannot be asked hides none of the others.
pub fn all(event: &Event) -> Result {
    let settings = Settings::read()?;
    let (mut lines, mut state) = (Vec::new(), State::Success);
    for place in settings.all() {
        let told = match backend::read(place) {
            Ok(standing) => standing.split.to_string(),
            Err(error) => {
                state = State::Warning;
                error.message
            }
        };
        let canary = kept::canary(place)?;
        let canary = canary.map_or(String::new(), |canary| {
            format!(", canary of {}", canary.version)
        });
        lines.push(format!("{}: {told}{canary}", place.title()));
    }
    event.reply(Card::new("Traffic").state(state).text(lines.join("\n")))?;
    Ok(())
}

/// `traffic <app> [in <env>]`
pub fn show(event: &Event) -> Result {
    let settings = Settings::read()?;
    for place in settings.find(&event.required("app")?, event.argument("env").as_deref())? {
        let standing = backend::read(place)?;
        let canary = kept::canary(place)?;
        event.reply(shown::place(place, &standing, canary.as_ref()))?;
    }
    Ok(())
}

/// `traffic <app> [in <env>] 10% v42`
pub fn set(event: &Event) -> Result {
    let settings = Settings::read()?;
    let place = settings.one(&event.required("app")?, event.argument("env").as_deref())?;
    let typed = event.required("split")?;
    let wanted = split::read(&typed)?.named(|typed| backend::version(place, typed))?;
    kept::refuse_another(place)?;
    let shares = shares(&wanted);
    permission::demand([
        ("app", place.app),
        ("env", place.environment),
        ("split", shares.as_str()),
    ])?;
    // Somebody may have taken their time.
    kept::refuse_another(place)?;
    let standing = backend::read(place)?;
    let split = match wanted {
        Wanted::Share(version, share) => standing.split.with(&version, share)?,
        Wanted::All(split) => split,
    };
    for (version, share) in &split.0 {
        if *share > 0 {
            backend::check(place, version, &standing)?;
        }
    }
    if standing.split.is_like(&split) {
        event.reply(format!(
            "The traffic of {} is so already: {split}.",
            place.title()
        ))?;
        return Ok(());
    }
    backend::set(place, &standing.split, &split, 0)?;
    let (title, by) = (place.title(), event.user_name());
    event.reply(format!(
        "The traffic of {title} is now {split}, for {by}. It was {}.",
        standing.split
    ))?;
    Ok(())
}

/// As rules see it: in one order, however it was typed.
fn shares(wanted: &Wanted) -> String {
    match wanted {
        Wanted::Share(version, share) => format!("{share}% {version}"),
        Wanted::All(split) => split.to_string(),
    }
}
