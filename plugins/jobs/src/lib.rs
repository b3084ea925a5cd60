//! Lists, shows, cancels and retries running work: at CI services, and at any service that tells of its jobs by HTTP.

mod ci_source;
mod commands;
mod found;
mod job;
mod settings;
mod shown;
mod source;
mod web_source;

use witbot_sdk::{Command, Plugin};

use crate::settings::Settings;

witbot_sdk::plugin!(plugin);

fn plugin() -> Plugin {
    Plugin::new("Lists, shows, cancels and retries running work.")
        .required_setting("sources", "Where the work is, each with a name.")
        .checks_settings(|settings: &Settings| settings.wrong())
        .can_use("ci", "To list, cancel and retry runs of CI services.")
        .can_use(
            "http",
            "To ask job services, and to have them cancel and retry.",
        )
        .command(
            Command::new("jobs", "What is running everywhere.", commands::running)
                .id("jobs")
                .example("jobs"),
        )
        .command(
            Command::new(
                "jobs <source>",
                "What is running, and what ended lately, in one place.",
                commands::recent,
            )
            .id("jobs-of")
            .example("jobs api"),
        )
        .command(
            Command::new(
                "job <source> <id>",
                "One job, with what failed.",
                commands::job,
            )
            .id("job")
            .example("job api #12")
            .details("CI runs can be named by the number that people see, or by their id."),
        )
        .command(
            Command::new("cancel job <source> <id>", "Stops a job.", commands::cancel)
                .id("cancel-job")
                .asks_permission()
                .example("cancel job api #12")
                .details(
                    "Before somebody else's job is stopped, you are asked whether you mean it.",
                ),
        )
        .command(
            Command::new(
                "retry job <source> <id>",
                "Runs a job once more.",
                commands::retry,
            )
            .id("retry-job")
            .asks_permission()
            .example("retry job api #12")
            .details("Of a CI run, only what failed, where the service can do that."),
        )
}
