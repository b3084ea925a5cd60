//! What others wrote about GitHub, which `cargo xtask test` fetches: GitHub's own description of its interface, and
//! samples of its webhooks. They tell what our stand-in alone cannot: that it is not wrong in the same way as the bot.

use std::path::PathBuf;

use crate::home;

pub mod description;
pub mod prism;
pub mod samples;
pub mod schema;
pub mod witness;

/// What can be asked of GitHub, as GitHub writes it down for programs.
const DESCRIPTION: &str = "@octokit/openapi/generated/api.github.com.json";

/// A file of a package of npm.
fn file(path: &str) -> PathBuf {
    PathBuf::from(home::from_environment("WITBOT_OUTSIDE"))
        .join("node_modules")
        .join(path)
}
