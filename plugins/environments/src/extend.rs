//! `env extend <name> for <duration>`.

use std::time::Duration;

use witbot_sdk::{Code, Error, Event, Result, duration, flow, permission};

use crate::registry::Extension;
use crate::settings::Settings;
use crate::store::{self, Found};
use crate::tell::Place;
use crate::words::at;

/// Lets an environment stay for longer.
pub fn extend(event: &Event) -> Result {
    let settings = Settings::read()?;
    let Found {
        app: app_name,
        name,
        environment,
    } = store::find(&event.required("name")?)?;
    let app = settings.of(&app_name)?;
    let by = event.duration("duration")?.unwrap_or_default();
    if by.is_zero() {
        return Err(Error::invalid(format!(
            "For how long? Write such as `env extend {name} for {}`.",
            duration::shown(app.extension())
        )));
    }
    permission::demand([
        ("app", app_name.as_str()),
        ("branch", environment.branch.as_str()),
        ("name", name.as_str()),
        ("owner", environment.owner.id.as_str()),
    ])?;
    let now = flow::now();
    let bounds = (app.max_duration(), app.warn_before);
    let extension = store::change(&app_name, |registry| {
        registry.extend(&name, by, bounds, now)
    })?;
    match extension {
        Extension::Extended(environment) => {
            let place = Place {
                name: &name,
                app_name: &app_name,
                app,
            };
            place.show(&environment);
            let (until, by) = (at(environment.until), event.user_name());
            event.reply(format!("`{name}` stays until {until}, for {by}."))?;
            Ok(())
        }
        Extension::TooLong(max) => Err(too_long(&name, max)),
        Extension::Leaving => Err(leaving(&name)),
        Extension::Gone => Err(Error::not_found(format!("`{name}` is gone already."))),
    }
}

fn leaving(name: &str) -> Error {
    let text = format!(
        "`{name}` failed, or is being destroyed: it cannot be extended. `env list` shows how it stands."
    );
    Error::new(Code::Conflict, text)
}

fn too_long(name: &str, max: Duration) -> Error {
    Error::invalid(format!(
        "`{name}` can stay for {} from now on at the most. Extend it by less, or later.",
        duration::shown(max)
    ))
}
