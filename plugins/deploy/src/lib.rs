//! Deploys applications through GitHub, from the chat.

mod again;
mod auto;
mod cancel;
mod changes;
mod checks;
mod commits;
mod create;
mod deploy;
mod dry_run;
mod elsewhere;
mod follow;
mod gate;
mod health;
mod history;
mod line;
mod lock;
mod locks;
mod names;
mod order;
mod patience;
mod payload;
mod person;
mod places;
mod progress;
mod room;
mod settings;
mod shown;
mod steps;
mod waiting;
mod words;

use witbot_sdk::{Command, Plugin};

witbot_sdk::plugin!(plugin);

fn plugin() -> Plugin {
    let plugin = Plugin::new("Deploys applications through GitHub.");
    let plugin = auto_deploy(locking(going_back(deploying(plugin))));
    plugin
        .subscribe("github.deployment", elsewhere::created)
        .required_setting(
            "apps",
            "The applications, each with its repository and environments.",
        )
        .setting(
            "timeout_minutes",
            "How long a deployment is followed before it is given up: 60 unless set.",
        )
        .setting(
            "silent_minutes",
            "After how long without news people are told: 10 unless set.",
        )
        .setting("aliases", "Other names for environments.")
        .setting(
            "publish",
            "Whether what was deployed is published in the topic `deployed`: not unless set.",
        )
        .setting("people", "Who somebody in the chat, by id, is at GitHub.")
        .checks_settings(settings::check)
        .wants(
            "github",
            "To look up references and their checks, and to create and follow deployments.",
        )
        .wants("kv", "To remember locks, and what waits in line.")
        .can_use(
            "chat",
            "To announce deployments where nobody asked for them.",
        )
        .can_use(
            "topics",
            "To tell others what was deployed, and to ask whether it is healthy.",
        )
}

fn deploying(plugin: Plugin) -> Plugin {
    plugin
        .command(
            Command::new(
                "deploy <app>[/<ref>] [to|in|on <env>[/<hosts>]]",
                "Deploys an application.",
                deploy::ordinary,
            )
            .id("deploy")
            .dangerous()
            .asks_permission()
            .example("deploy api")
            .example("deploy api to staging")
            .example("deploy api/fix-login to staging")
            .example("deploy api to production/web1,web2")
            .details(DEPLOY),
        )
        .command(
            Command::new(
                "deploy! <app>[/<ref>] [to|in|on <env>[/<hosts>]]",
                "Deploys although checks say no.",
                deploy::forced,
            )
            .id("deploy!")
            .dangerous()
            .asks_permission()
            .example("deploy! api/hotfix to production")
            .details("What is passed over is recorded in the deployment, with who did so."),
        )
        .command(
            // Before the one without `!`, which would take it for a part of the task.
            Command::new(
                "deploy:<task>! <app>[/<ref>] [to|in|on <env>[/<hosts>]]",
                "Deploys with another task although checks say no.",
                deploy::forced,
            )
            .id("deploy:task!")
            .dangerous()
            .asks_permission()
            .example("deploy:migrate! api to staging"),
        )
        .command(
            Command::new(
                "deploy:<task> <app>[/<ref>] [to|in|on <env>[/<hosts>]]",
                "Deploys with another task, such as a migration.",
                deploy::ordinary,
            )
            .id("deploy:task")
            .dangerous()
            .asks_permission()
            .example("deploy:migrate api to staging")
            .details(
                "The task is told to whoever carries the deployment out. The checks are the same.",
            ),
        )
        .command(
            // Keyboards of phones and Macs make one long dash of two short ones.
            Command::new(
                "deploy --dry-run|—dry-run <app>[/<ref>] [to|in|on <env>[/<hosts>]]",
                "Says what a deployment would do, and does nothing.",
                dry_run::dry_run,
            )
            .id("deploy-dry-run")
            .example("deploy --dry-run api/fix-login to production"),
        )
        .command(
            Command::new(
                "deploys <app>[/<ref>] [in <env>]",
                "Shows the last deployments.",
                places::deploys,
            )
            .example("deploys api")
            .example("deploys api/main in production"),
        )
        .command(
            Command::new(
                "where can I deploy <app>",
                "Shows the environments of an application.",
                places::places,
            )
            .example("where can I deploy api"),
        )
}

const DEPLOY: &str = "The reference is a branch, a tag or a commit; without one it is the default branch. \
    First comes what is checked: freezes, locks, the environment before, whether it is behind, and the checks of the \
    commit. What happens is told in a thread. A second deployment to the same place waits for the first.";

fn going_back(plugin: Plugin) -> Plugin {
    plugin
        .command(
            Command::new(
                "cancel deploy <app> [in <env>] [number <number:integer>] [run <run>]",
                "Cancels what is being deployed, or waits to be.",
                cancel::cancel,
            )
            .asks_permission()
            .example("cancel deploy api in staging")
            .details("GitHub is told, and with it whatever carries the deployment out. Buttons name the one they mean."),
        )
        .command(
            Command::new(
                "rollback <app> in <env> [to <ref>]",
                "Deploys what was there before.",
                again::rollback,
            )
            .dangerous()
            .asks_permission()
            .example("rollback api in production")
            .example("rollback api in production to v1.2")
            .details("That is the last version that was there with success, before the one that is there now."),
        )
        .command(
            Command::new(
                "promote <app>[/<ref>] from <from> to <to>",
                "Deploys what is in one environment to another.",
                again::promote,
            )
            .dangerous()
            .asks_permission()
            .example("promote api from staging to production"),
        )
}

fn locking(plugin: Plugin) -> Plugin {
    plugin
        .command(
            Command::new(
                "lock <app> [in <env>] [for <time:duration>] [<reason:text>]",
                "Keeps others from deploying.",
                lock::lock,
            )
            .asks_permission()
            .example("lock api in production for 2h the database is being moved")
            .example("lock api")
            .details(
                "Whoever has the lock can deploy. Without an environment, all of them are locked.",
            ),
        )
        .command(
            Command::new(
                "unlock <app> [in <env>]",
                "Takes a lock away.",
                lock::unlock,
            )
            .asks_permission()
            .example("unlock api in production")
            .details("Somebody else's lock is taken away after a question."),
        )
        .command(Command::new("locks", "Shows what is locked.", lock::list).example("locks"))
        .command(
            Command::new(
                "deploy:lock <app> [to|in|on <env>] [for <time:duration>] [<reason:text>]",
                "The same as `lock`.",
                lock::lock,
            )
            .id("deploy:lock")
            .asks_permission()
            .example("deploy:lock api in production"),
        )
        .command(
            Command::new(
                "deploy:unlock <app> [to|in|on <env>]",
                "The same as `unlock`.",
                lock::unlock,
            )
            .id("deploy:unlock")
            .asks_permission()
            .example("deploy:unlock api in production"),
        )
}

fn auto_deploy(plugin: Plugin) -> Plugin {
    plugin
        .command(
            Command::new(
                "auto-deploy <app> in <env> on",
                "Deploys the default branch by itself when it is green.",
                auto::on,
            )
            .id("auto-deploy-on")
            .dangerous()
            .asks_permission()
            .example("auto-deploy api in staging on"),
        )
        .command(
            Command::new(
                "auto-deploy <app> in <env> off",
                "Deploys only what somebody asks for.",
                auto::off,
            )
            .id("auto-deploy-off")
            .asks_permission()
            .example("auto-deploy api in staging off"),
        )
        .command(
            Command::new(
                "auto-deploy <app> [in <env>] [status]",
                "Shows whether it deploys by itself.",
                auto::status,
            )
            .id("auto-deploy-status")
            .example("auto-deploy api in staging status")
            .example("auto-deploy api"),
        )
        .subscribe("github.status", auto::changed)
        .subscribe("github.check_run", auto::changed)
        .subscribe("github.check_suite", auto::changed)
        .subscribe("github.push", auto::changed)
}
