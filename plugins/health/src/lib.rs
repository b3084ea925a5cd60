//! Watches services, and tells when they fail and recover.

mod card;
mod gone;
mod judge;
mod limits;
mod look;
mod mute;
mod names;
mod place;
mod rounds;
mod series;
mod settings;
mod show;
mod standing;
mod state;
mod tell;
mod wanted;
mod warning;
mod watch;
mod words;

use witbot_sdk::{Command, Plugin};

witbot_sdk::plugin!(plugin);

fn plugin() -> Plugin {
    let plugin = Plugin::new("Watches services, and tells when they fail and recover.");
    muting(showing(plugin))
        .schedule(
            "watch",
            "every 30s",
            "Checks the environments that are due.",
            watch::watch,
        )
        .subscribe("topic.health-wanted", wanted::wanted)
        .setting(
            "channel",
            "Where failures are told, unless an environment names another channel.",
        )
        .required_setting(
            "apps",
            "The applications, each with its environments and their checks.",
        )
        .checks_settings(settings::check)
        .wants("http", "To ask the services how they are.")
        .wants(
            "kv",
            "To remember what fails since when, and what is muted.",
        )
        .wants("schedules", "To check by itself.")
        .wants(
            "chat",
            "To tell in the channel what fails and what recovers.",
        )
        .can_use(
            "topics",
            "To answer other plugins that want to know whether what they deployed is healthy.",
        )
}

fn showing(plugin: Plugin) -> Plugin {
    plugin
        .command(
            Command::new("health", "Shows how all that is watched stands.", show::all)
                .id("health")
                .example("health"),
        )
        .command(
            Command::new(
                "health <app> [in|on <env>]",
                "Checks an application now.",
                show::now,
            )
            .id("health-now")
            .example("health api")
            .example("health api in production")
            .details("What is found is shown, and changes nothing: incidents begin and end by the checks that are made regularly."),
        )
}

fn muting(plugin: Plugin) -> Plugin {
    plugin
        .command(
            Command::new(
                "health mute <app> [in|on <env>] for <duration:duration> [because <reason:text>]",
                "Has nothing told about an application for a while.",
                mute::mute,
            )
            .example("health mute api in production for 2h because the database is being moved")
            .example("health mute api for 30m")
            .details(
                "Checks go on. What still fails when the time is over is told then. \
                 Without an environment, all of them are muted.",
            ),
        )
        .command(
            Command::new(
                "health unmute <app> [in|on <env>]",
                "Has everything told again.",
                mute::unmute,
            )
            .example("health unmute api in production"),
        )
}
