//! What somebody wants deployed.

use witbot_sdk::{Error, Event, Result, permission};

use crate::checks::Check;
use crate::history;
use crate::person::Person;
use crate::settings::{Application, Settings};

/// What is to be deployed, and for whom.
#[derive(Debug, Clone)]
pub struct Order<'a> {
    /// The application.
    pub app: Application<'a>,
    /// Where.
    pub environment: &'a str,
    /// The branch, tag or commit that was asked for; none: what the settings or the repository have for that.
    pub reference: Option<String>,
    /// The commit that it has to be, where the reference may stand for another one by now.
    pub sha: Option<String>,
    /// What is done: `deploy` for most.
    pub task: String,
    /// On which machines, as it was typed.
    pub hosts: Option<String>,
    /// Whether checks that say no are passed over.
    pub forced: bool,
    /// Checks that mean nothing here.
    pub passes: Vec<Check>,
    /// The command that does the same again, where that is not `deploy` of the reference.
    pub again: Option<String>,
    /// Who wants it.
    pub by: Person,
    /// The channel where they said so.
    pub channel: Option<String>,
}

impl<'a> Order<'a> {
    /// A deployment that a command asks for.
    ///
    /// # Errors
    /// An application, an environment or a channel that the settings do not allow.
    pub fn of(event: &Event, settings: &'a Settings) -> Result<Order<'a>> {
        let app = settings.app(&event.required("app")?)?;
        let environment = app.environment(event.argument("env").as_deref())?;
        let mut order = Order::to(app, environment, event, settings)?;
        order.reference = event.argument("ref");
        order.hosts = event.argument("hosts");
        if let Some(task) = event.argument("task") {
            order.task = task_of(&task)?;
        }
        Ok(order)
    }

    /// A deployment to an environment that somebody asks for in some way, of nothing in particular yet.
    ///
    /// # Errors
    /// `denied`: it may not be deployed from this channel.
    pub fn to(
        app: Application<'a>,
        environment: &'a str,
        event: &Event,
        settings: &Settings,
    ) -> Result<Order<'a>> {
        let channel = event.channel();
        check_channel(app, channel.as_deref())?;
        Ok(Order {
            app,
            environment,
            reference: None,
            sha: None,
            task: history::TASK.to_owned(),
            hosts: None,
            forced: false,
            passes: Vec::new(),
            again: None,
            by: Person::of(event, settings),
            channel,
        })
    }

    /// A deployment that nobody asked for.
    pub fn auto(app: Application<'a>, environment: &'a str, branch: &str, sha: &str) -> Order<'a> {
        Order {
            app,
            environment,
            reference: Some(branch.to_owned()),
            sha: Some(sha.to_owned()),
            task: history::TASK.to_owned(),
            hosts: None,
            forced: false,
            passes: Vec::new(),
            again: None,
            by: Person::bot(),
            channel: None,
        }
    }

    /// The line in which deployments wait for each other.
    pub fn line(&self) -> String {
        format!("{} in {}", self.app.name, self.environment)
    }

    /// What is done, where that is not the usual.
    pub fn special_task(&self) -> Option<&str> {
        Some(self.task.as_str()).filter(|task| *task != history::TASK)
    }
}

/// Tasks as they are told to others. Locks are no tasks.
fn task_of(asked: &str) -> Result<String> {
    let task = asked.to_lowercase();
    match task.as_str() {
        "lock" | "unlock" => Err(Error::invalid(format!(
            "Write `{task} <app> [in <env>]`: that is no deployment."
        ))),
        _ => Ok(task),
    }
}

/// Whether an application may be deployed from a channel.
///
/// # Errors
/// `denied`: it may not. The message says from where it may.
pub fn check_channel(app: Application<'_>, channel: Option<&str>) -> Result {
    if app.is_at_home_in(channel) {
        return Ok(());
    }
    let known = app.app.channels.as_deref().unwrap_or_default();
    Err(Error::new(
        witbot_sdk::Code::Denied,
        format!(
            "{} cannot be deployed from this channel, only from: {}.",
            app.name,
            known.join(", ")
        ),
    ))
}

/// Asks whether it may be done there, by the names that aliases and defaults stand for. Without an environment it is meant for
/// each of them.
///
/// # Errors
/// `denied`, with the rule and who can; `timeout`; `canceled`.
pub fn permit(app: Application<'_>, environment: Option<&str>) -> Result {
    let places = environment.map_or_else(|| app.environments(), |environment| vec![environment]);
    if places.is_empty() {
        permission::demand([("app", app.name)])?;
    }
    for environment in places {
        permission::demand([("app", app.name), ("env", environment)])?;
    }
    Ok(())
}
