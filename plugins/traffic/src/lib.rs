//! Splits traffic between versions in steps, and takes it back when what is new is not healthy.

mod backend;
mod canary;
mod commands;
mod found;
mod gateway;
mod health;
mod kept;
mod rollouts;
mod service;
mod settings;
mod shown;
mod split;
mod steer;
mod web;

use witbot_sdk::{Command, Plugin};

use crate::settings::Settings;
use crate::steer::What;

witbot_sdk::plugin!(plugin);

fn plugin() -> Plugin {
    let plugin = Plugin::new("Splits traffic between versions in steps.")
        .required_setting("apps", "Where the traffic of each application and environment is split.")
        .checks_settings(|settings: &Settings| settings.wrong())
        .wants("http", "To read the split, and to change it.")
        .wants("kv", "To know which canary runs where.")
        .subscribe("topic.health-verdict", steer::verdict)
        .wants("topics", "To pause, resume, promote and abort a canary that runs, and to ask whether it is healthy.");
    showing(steering(plugin))
}

/// Before the commands that begin with the name of an application, which would take these words for one.
fn steering(plugin: Plugin) -> Plugin {
    plugin
        .command(
            Command::new(
                "traffic canary <app> [in|on <env>] to <version>",
                "Gives a version more and more of the traffic.",
                canary::begin,
            )
            .id("canary")
            .dangerous()
            .asks_permission()
            .example("traffic canary api in production to v42")
            .details("It goes by the `steps` of the settings, and looks between them whether the environment is healthy. It goes on over restarts of the bot."),
        )
        .command(
            Command::new(
                "traffic pause <app> [in|on <env>]",
                "Has a canary stay as it is.",
                |event| steer::command(event, What::Pause),
            )
            .id("pause")
            .asks_permission()
            .example("traffic pause api in production"),
        )
        .command(
            Command::new(
                "traffic resume <app> [in|on <env>]",
                "Has a canary go on.",
                |event| steer::command(event, What::Resume),
            )
            .id("resume")
            .dangerous()
            .asks_permission()
            .example("traffic resume api in production"),
        )
        .command(
            Command::new(
                "traffic promote <app> [in|on <env>]",
                "Gives the version of a canary all of the traffic at once.",
                |event| steer::command(event, What::Promote),
            )
            .id("promote")
            .dangerous()
            .asks_permission()
            .example("traffic promote api in production"),
        )
        .command(
            Command::new(
                "traffic abort <app> [in|on <env>]",
                "Sets the traffic back to what it was before a canary.",
                |event| steer::command(event, What::Abort),
            )
            .id("abort")
            .asks_permission()
            .example("traffic abort api in production"),
        )
}

fn showing(plugin: Plugin) -> Plugin {
    plugin
        .command(
            Command::new("traffic", "How the traffic is split everywhere.", commands::all)
                .id("all")
                .example("traffic"),
        )
        .command(
            Command::new(
                "traffic <app> [in|on <env>]",
                "How the traffic of an application is split.",
                commands::show,
            )
            .id("show")
            .example("traffic api")
            .example("traffic api in production"),
        )
        .command(
            Command::new(
                "traffic <app> [in|on <env>] <split:text>",
                "Splits the traffic of an application.",
                commands::set,
            )
            .id("split")
            .dangerous()
            .asks_permission()
            .example("traffic api in production 10% v42")
            .example("traffic api in production 10% v42 90% v41")
            .details("Of one version alone, the rest goes to the version that has most of it now. Of several, the shares come to 100%."),
        )
}
