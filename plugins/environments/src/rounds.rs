//! What is done each minute: warning of environments whose time is nearly over, and taking away those whose time is.

use witbot_sdk::flow::{self, Timestamp};
use witbot_sdk::{Event, Result, log};

use crate::card;
use crate::environment::Why;
use crate::removal::{self, Claim};
use crate::settings::{App, Settings};
use crate::store;
use crate::tell::Place;

/// A run can say 50 things. Those that are left come a minute later.
const WARNED_MAX: usize = 10;
/// Each of them takes up to six messages and some dozens of calls.
const TAKEN_AWAY_MAX: usize = 5;

/// An environment that something is to be done about.
struct Due<'a> {
    app_name: String,
    app: &'a App,
    name: String,
    /// None: its owner is to be warned.
    over: Option<Why>,
}

/// Does what is due.
pub fn rounds(event: &Event) -> Result {
    let settings = Settings::read()?;
    let now = flow::now();
    let due = due(&settings, now)?;
    let (over, nearly): (Vec<&Due<'_>>, Vec<&Due<'_>>) =
        due.iter().partition(|due| due.over.is_some());
    for due in nearly.into_iter().take(WARNED_MAX) {
        warn(due, now)?;
    }
    let holder = event.id();
    let mut leaving = Vec::new();
    for due in over {
        if leaving.len() == TAKEN_AWAY_MAX {
            break;
        }
        let why = due.over.clone().unwrap_or(Why::Expired);
        match removal::claim(due.place(), why, &holder, false) {
            Ok(Claim::Mine(mine)) => leaving.push(*mine),
            Ok(Claim::UnderWay(_) | Claim::Gone) => {}
            Err(error) => log::error!("{} is not destroyed yet: {error}", due.name),
        }
    }
    removal::take_away(leaving);
    Ok(())
}

fn due(settings: &Settings, now: Timestamp) -> Result<Vec<Due<'_>>> {
    let mut all = Vec::new();
    for app_name in store::apps()? {
        let registry = store::load(&app_name)?;
        let nearly = registry.nearly_over(now).into_iter();
        let over = registry.over(now).into_iter();
        let due: Vec<(&str, Option<Why>)> = nearly
            .map(|name| (name, None))
            .chain(over.map(|(name, why)| (name, Some(why))))
            .collect();
        if due.is_empty() {
            continue;
        }
        match settings.of(&app_name) {
            Ok(app) => all.extend(due.into_iter().map(|(name, over)| Due {
                app_name: app_name.clone(),
                app,
                name: name.to_owned(),
                over,
            })),
            Err(error) => log::warn!("{error}"),
        }
    }
    Ok(all)
}

fn warn(due: &Due<'_>, now: Timestamp) -> Result {
    let warned = store::change(&due.app_name, |registry| registry.warn(&due.name, now))?;
    if let Some(environment) = warned {
        let card = card::warning(&due.name, &environment, due.app);
        due.place().say(&environment, card);
    }
    Ok(())
}

impl<'a> Due<'a> {
    fn place(&'a self) -> Place<'a> {
        Place {
            name: &self.name,
            app_name: &self.app_name,
            app: self.app,
        }
    }
}
