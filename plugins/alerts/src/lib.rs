//! Brings what monitoring says into channels, and keeps track of it.

mod alert;
mod card;
mod commands;
mod hooks;
mod pace;
mod receive;
mod report;
mod settings;
mod silence;
mod source;
mod store;
mod storm;
mod sweep;
mod tell;
mod words;

use witbot_sdk::{Command, Plugin};

use crate::settings::Settings;

witbot_sdk::plugin!(plugin);

fn plugin() -> Plugin {
    let plugin = Plugin::new("Brings what monitoring says into channels, and keeps track of it.");
    let plugin = with_needs(with_commands(with_sources(plugin)));
    plugin
        .required_setting("channel", "Where alerts go that no route is about.")
        .setting("routes", "Which alerts go elsewhere, by their labels.")
        .setting("alertmanager_url", "Where Alertmanager is, for silences.")
        .setting("branches", "Branches whose failures in CI are told.")
        .setting(
            "max_messages_per_minute",
            "How many messages a channel sees in a minute at the most.",
        )
        .checks_settings(|settings: &Settings| settings.wrong())
}

fn with_sources(plugin: Plugin) -> Plugin {
    plugin
        .webhook(
            "alertmanager",
            "Takes what Prometheus Alertmanager sends.",
            hooks::alertmanager,
        )
        .webhook(
            "grafana",
            "Takes what the alerting of Grafana sends.",
            hooks::grafana,
        )
        .webhook(
            "alerts",
            "Takes alerts of anybody who sends webhooks.",
            hooks::generic,
        )
        .subscribe("github.workflow_run", hooks::github)
        .subscribe("circleci.workflow-completed", hooks::circleci)
        .schedule(
            "sweep",
            "every 1m",
            "Tells what was snoozed or too much, and forgets what is long over.",
            sweep::sweep,
        )
}

fn with_commands(plugin: Plugin) -> Plugin {
    plugin
        .command(
            Command::new("alerts", "Shows the alerts that are open.", commands::list)
                .example("alerts"),
        )
        .command(
            Command::new("alerts show <number:integer>", "Shows an alert.", commands::show)
                .example("alerts show 12"),
        )
        .command(
            Command::new(
                "alerts ack <number:integer>",
                "Says that you have seen an alert.",
                commands::acknowledge,
            )
            .example("alerts ack 12"),
        )
        .command(
            Command::new(
                "alerts assign <number:integer> to <person:user>",
                "Says who is to look at an alert.",
                commands::assign,
            )
            .example("alerts assign 12 to @ada"),
        )
        .command(
            Command::new(
                "alerts snooze <number:integer> for <duration:duration>",
                "Says nothing of an alert for a while.",
                commands::snooze,
            )
            .example("alerts snooze 12 for 1h")
            .details("If it still fires then, it is told again. Monitoring does not hear of it."),
        )
        .command(
            Command::new(
                "alerts silence <number:integer> for <duration:duration>",
                "Has Alertmanager say nothing of an alert for a while.",
                silence::silence,
            )
            .example("alerts silence 12 for 2h")
            .details("The silence is about the labels that all of what fires under this number have in common."),
        )
}

fn with_needs(plugin: Plugin) -> Plugin {
    plugin
        .wants("chat", "To tell of alerts in their channels.")
        .wants(
            "kv",
            "To know the alerts that are open, and what people did about them.",
        )
        .wants(
            "schedules",
            "To tell again what was snoozed, and what was too much at once.",
        )
        .can_use(
            "webhooks",
            "To hear of alerts of Alertmanager, Grafana and others, each by a webhook of its own.",
        )
        .can_use(
            "github",
            "To hear of workflows of GitHub Actions that failed.",
        )
        .can_use("ci", "To hear of workflows of CircleCI that failed.")
        .can_use("http", "To make silences at Alertmanager.")
}
