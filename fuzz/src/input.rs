//! Inputs as text: a few lines with fields in them, so that seeds can be read, written and mended by hand.

use witbot_core::declaration::{
    CommandDeclaration, Declaration, ListenerDeclaration, ScheduleDeclaration, SettingDeclaration,
    SubscriptionDeclaration, WebhookDeclaration,
};
use witbot_core::hubot::{Hubot, Method};

/// The first line, and what follows it.
pub fn line(text: &str) -> (&str, &str) {
    text.split_once('\n').unwrap_or((text, ""))
}

/// What a plugin could say of itself: a line for each thing, with the word for it and its fields, all with tabs between
/// them. What is not known is left out.
pub fn declaration(text: &str) -> Declaration {
    let mut declaration = Declaration::default();
    for line in text.lines() {
        let mut fields = line.split('\t');
        let word = fields.next().unwrap_or_default();
        let mut next = || fields.next().unwrap_or_default().to_owned();
        match word {
            "summary" => declaration.summary = next(),
            "version" => declaration.version = next(),
            "command" | "dangerous" | "asks" => declaration.commands.push(CommandDeclaration {
                dangerous: word == "dangerous",
                asks_permission: word == "asks",
                id: next(),
                usage: next(),
                summary: next(),
                details: next(),
                examples: fields.map(str::to_owned).collect(),
            }),
            "listen" => declaration.listeners.push(ListenerDeclaration {
                id: next(),
                pattern: next(),
                summary: next(),
                hubot: None,
            }),
            "hear" | "respond" => declaration.listeners.push(ListenerDeclaration {
                id: next(),
                pattern: next(),
                summary: next(),
                hubot: Some(Hubot {
                    method: match word {
                        "hear" => Method::Hear,
                        _ => Method::Respond,
                    },
                    flags: next(),
                }),
            }),
            "subscribe" => declaration.subscriptions.push(SubscriptionDeclaration {
                id: next(),
                kind: next(),
            }),
            "schedule" => declaration.schedules.push(ScheduleDeclaration {
                id: next(),
                when: next(),
                summary: next(),
            }),
            "webhook" => declaration.webhooks.push(WebhookDeclaration {
                id: next(),
                name: next(),
                summary: next(),
            }),
            "setting" => declaration.settings.push(SettingDeclaration {
                name: next(),
                summary: next(),
                required: next() == "required",
            }),
            "wants" => declaration.wants.push((next(), next())),
            "can-use" => declaration.can_use.push((next(), next())),
            "checks" => declaration.checks_settings = Some(next()),
            "migrates" => declaration.migrates = Some(next()),
            _ => {}
        }
    }
    declaration
}
