//! Where an application can be deployed, and what was.

use witbot_sdk::{Event, Result, github};

use crate::history;
use crate::settings::{Application, Settings};

/// `deploys`: the last deployments.
pub fn deploys(event: &Event) -> Result {
    let settings = Settings::read()?;
    let app = settings.app(&event.required("app")?)?;
    let environment = event.argument("env");
    let environment = environment
        .map(|asked| app.environment(Some(&asked)))
        .transpose()?;
    let repository = github::open(&app.app.repository)?;
    let reference = event.argument("ref");
    let table = history::table(&repository, app.name, environment, reference.as_deref())?;
    event.reply(table)?;
    Ok(())
}

/// `where can I deploy`: the environments.
pub fn places(event: &Event) -> Result {
    let settings = Settings::read()?;
    let app = settings.app(&event.required("app")?)?;
    event.reply(listed(app))?;
    Ok(())
}

fn listed(app: Application<'_>) -> String {
    let environments = app
        .environments()
        .into_iter()
        .map(|name| described(app, name));
    format!(
        "{} ({}) can be deployed to: {}.",
        app.name,
        app.app.repository,
        environments.collect::<Vec<_>>().join(", ")
    )
}

fn described(app: Application<'_>, name: &str) -> String {
    let mut notes = Vec::new();
    if app.app.default_environment.as_deref() == Some(name) {
        notes.push("unless you name another".to_owned());
    }
    if let Some(environment) = app.at(name) {
        notes.extend(
            environment
                .after
                .as_ref()
                .map(|after| format!("after {after}")),
        );
        notes.extend(environment.url.clone());
    }
    match notes.as_slice() {
        [] => name.to_owned(),
        notes => format!("{name} ({})", notes.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings;

    #[test]
    fn environments_are_listed_with_what_is_special() {
        let settings = settings::example();
        let listed = |name: &str| listed(settings.app(name).unwrap());
        assert_eq!(
            listed("api"),
            "api (acme/api) can be deployed to: staging (unless you name another), production."
        );
        assert_eq!(
            listed("shop"),
            "shop (acme/shop) can be deployed to: staging, production (after staging, https://shop.example)."
        );
    }
}
