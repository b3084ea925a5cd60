//! What comes in from outside: webhooks of monitoring, and what CI tells.

use witbot_sdk::{Event, Result, chat, config, flow, kv, log};

use crate::pace::{self, Turn};
use crate::receive::receive;
use crate::settings::Settings;
use crate::source::ci::Workflow;
use crate::source::{Source, alertmanager, generic};

/// How often a channel hears that a source cannot be understood.
const TROUBLE_EVERY_MS: u64 = 60 * 60 * 1_000;

pub fn alertmanager(event: &Event) -> Result {
    grouped(Source::Alertmanager, event)
}

pub fn grafana(event: &Event) -> Result {
    grouped(Source::Grafana, event)
}

fn grouped(source: Source, event: &Event) -> Result {
    let report = alertmanager::read(source, &body(event), received());
    let settings: Settings = config::settings()?;
    match report {
        Ok(report) => receive(&report, &settings),
        Err(reason) => trouble(source, &reason, &settings),
    }
}

pub fn generic(event: &Event) -> Result {
    let report = generic::read(&body(event), received());
    let settings: Settings = config::settings()?;
    match report {
        Ok((report, missing)) => {
            if !missing.is_empty() {
                log::warn!("`{}` came without: {}", report.name, missing.join(", "));
            }
            receive(&report, &settings)
        }
        Err(reason) => trouble(Source::Alerts, &reason, &settings),
    }
}

pub fn github(event: &Event) -> Result {
    ci(
        Source::Github,
        Workflow::of_github(&|pointer| field(event, pointer)),
    )
}

pub fn circleci(event: &Event) -> Result {
    ci(
        Source::Circleci,
        Workflow::of_circleci(&|pointer| field(event, pointer)),
    )
}

fn ci(source: Source, workflow: Option<Workflow>) -> Result {
    let Some(workflow) = workflow else {
        return Ok(());
    };
    let received = received();
    let settings: Settings = config::settings()?;
    if !settings.is_watched(&workflow.branch) {
        return Ok(());
    }
    match workflow.report(source, received) {
        Some(report) => receive(&report, &settings),
        None => Ok(()),
    }
}

/// When the event came, as long as nothing else was asked of the bot: after that, it is later.
fn received() -> u64 {
    flow::now().as_millis()
}

fn field(event: &Event, pointer: &str) -> Option<String> {
    event.field(pointer).filter(|value| value != "null")
}

/// All of it, as JSON unless it is a text.
fn body(event: &Event) -> String {
    event.field("").unwrap_or_default()
}

/// Tells that a source cannot be understood: somebody has to look at it, or alerts are missed.
fn trouble(source: Source, reason: &str, settings: &Settings) -> Result {
    log::warn!(
        "what came by the webhook `{}` cannot be read: {reason}",
        source.as_str()
    );
    let (key, now) = (
        format!("trouble/{}", source.as_str()),
        flow::now().as_millis(),
    );
    let told: Option<u64> = kv::get(&key)?;
    if told.is_some_and(|told| now.saturating_sub(told) < TROUBLE_EVERY_MS) {
        return Ok(());
    }
    let (channel, most) = (settings.channel(), settings.cards_per_minute());
    if kv::replace(&key, told.as_ref(), &now)? && pace::take(channel, most, now)? == Turn::Free {
        let text = format!(
            "What came by the webhook `{}` cannot be read, so it is missing here: {reason}. \
             This is said once an hour at the most; the log has each.",
            source.as_str()
        );
        chat::post(channel, text)?;
    }
    Ok(())
}
