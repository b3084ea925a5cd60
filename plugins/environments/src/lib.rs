//! Makes environments for branches, and takes them away again: when somebody says so, when their pull request is closed, and
//! when their time is over.

mod card;
mod closed;
mod create;
mod deployment;
mod destroy;
mod environment;
mod extend;
mod list;
mod making;
mod name;
mod patience;
mod registry;
mod removal;
mod rounds;
mod run;
mod settings;
mod store;
mod tell;
mod template;
mod words;

use witbot_sdk::{Command, Plugin};

use crate::settings::Settings;

witbot_sdk::plugin!(plugin);

fn plugin() -> Plugin {
    let plugin = Plugin::new("Makes environments for branches, and takes them away again.")
        .subscribe("github.pull_request", closed::closed)
        .schedule(
            "rounds",
            "every 1m",
            "Warns of environments whose time is nearly over, and destroys those whose time is.",
            rounds::rounds,
        )
        .required_setting(
            "apps",
            "The applications that can have environments, and the pipelines that create and destroy them.",
        )
        .checks_settings(|settings: &Settings| settings.wrong())
        .wants(
            "github",
            "To find branches, to show environments as deployments, and to hear of closed pull requests.",
        )
        .wants("ci", "To run the pipelines, and to stop what is not wanted any more.")
        .wants("kv", "To know which environments there are.")
        .wants("schedules", "To destroy environments when their time is over.")
        .can_use(
            "chat",
            "To tell in `channel` of an environment whose card is not known any more.",
        );
    commands(plugin)
}

fn commands(plugin: Plugin) -> Plugin {
    plugin
        .command(
            Command::new(
                "env create <branch> [of <app>] [for <duration:duration>]",
                "Makes an environment for a branch.",
                create::create,
            )
            .asks_permission()
            .example("env create feature/login")
            .example("env create feature/login of api for 2d")
            .details("The application can be left out when there is only one. The environment goes away when the pull request of its branch is closed, or when its time is over."),
        )
        .command(
            Command::new(
                "env list [of <app>]",
                "Shows which environments there are.",
                list::list,
            )
            .example("env list"),
        )
        .command(
            Command::new("envs", "Shows which environments there are.", list::list).example("envs"),
        )
        .command(
            Command::new(
                "env extend <name> for <duration:duration>",
                "Lets an environment stay for longer.",
                extend::extend,
            )
            .asks_permission()
            .example("env extend api-feature-login for 1d"),
        )
        .command(
            Command::new(
                "env destroy <name>",
                "Takes an environment away.",
                destroy::destroy,
            )
            .asks_permission()
            .example("env destroy api-feature-login"),
        )
}
