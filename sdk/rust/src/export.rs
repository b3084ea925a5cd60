//! The exported side of a plugin, called by what the macro [`plugin!`](crate::plugin) writes.

use std::panic;

use crate::bindings::exports::witbot::plugin::handler;
use crate::bindings::witbot::plugin::{declare, events};
use crate::error::{Error, Result};
use crate::event::Event;
use crate::log;
use crate::plugin::{Entry, Hubot, Plugin, Trigger};

pub use crate::bindings::exports::witbot::plugin::handler::Guest;

/// The type of the errors that are handed to the host.
pub type HostError = handler::Error;

/// Tells the host what a plugin can do.
pub fn describe(plugin: fn() -> Plugin, version: &str, declaration: &declare::Declaration) {
    log_panics();
    let plugin = plugin();
    declaration.summary(&plugin.summary);
    declaration.version(version);
    for entry in &plugin.entries {
        declare_entry(entry, declaration);
    }
    for setting in &plugin.settings {
        declaration.setting(&setting.name, &setting.summary, setting.required);
    }
    for (capability, reason) in &plugin.wants {
        declaration.wants(capability, reason);
    }
    for (capability, reason) in &plugin.can_use {
        declaration.can_use(capability, reason);
    }
}

fn declare_entry(entry: &Entry, declaration: &declare::Declaration) {
    match &entry.trigger {
        Trigger::Command {
            usage,
            summary,
            examples,
            details,
            danger,
        } => {
            let command = declaration.command(&entry.id, usage, summary);
            for example in examples {
                command.example(example);
            }
            if !details.is_empty() {
                command.details(details);
            }
            if danger.dangerous {
                command.dangerous();
            }
            if danger.asks_permission {
                command.asks_permission();
            }
        }
        Trigger::Listener {
            pattern,
            summary,
            hubot,
        } => match hubot {
            None => declaration.listener(&entry.id, pattern, summary),
            Some((Hubot::Hear, flags)) => {
                declaration.hubot_hear(&entry.id, pattern, flags, summary);
            }
            Some((Hubot::Respond, flags)) => {
                declaration.hubot_respond(&entry.id, pattern, flags, summary);
            }
        },
        Trigger::Subscription { kind } => declaration.subscribe(&entry.id, kind),
        Trigger::Schedule { when, summary } => declaration.schedule(&entry.id, when, summary),
        Trigger::Webhook { name, summary } => declaration.webhook(&entry.id, name, summary),
        Trigger::Settings => declaration.checks_settings(&entry.id),
        Trigger::Migration => declaration.migrates(&entry.id),
    }
}

/// Runs the handler that was declared for an event.
pub fn handle(plugin: fn() -> Plugin, event: &events::Event) -> Result<(), HostError> {
    log_panics();
    let event = Event::new(event);
    let plugin = plugin();
    let id = event.handler();
    match plugin.entries.iter().find(|entry| entry.id == id) {
        Some(entry) => Ok((entry.handler)(&event)?),
        None => Err(Error::not_found(format!("this plugin has no handler `{id}`")).into()),
    }
}

/// A panic ends the instance, and nothing of its message would be left: there is no standard error in here.
fn log_panics() {
    panic::set_hook(Box::new(|information| {
        log::write(log::Level::Error, information)
    }));
}
