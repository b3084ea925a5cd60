//! What people are told who link or unlink an account. All of it is read by them alone.

use witbot_core::limits;
use witbot_store::identities::Identity;

use crate::services::github::device::{Code, Unknown};

pub const NOT_SET_UP: &str = "I cannot link accounts at GitHub yet: whoever runs me has to set `client_id` of `[github]` in my settings, the client id of an app at GitHub that has the device flow turned on.";
pub const TOO_MANY: &str =
    "Too many people link their accounts just now. Try again in a few minutes.";
pub const STORE_FAILED: &str = "I cannot look at my notes just now; the log says why.";
pub const UNLINKED: &str = "I have forgotten your account at GitHub.";
pub const NOTHING_LINKED: &str = "You have no account at GitHub linked. `link github` links one.";

/// What to do with a code.
pub fn code(code: &Code, known: Option<&Identity>) -> String {
    let minutes = (code.expires - tokio::time::Instant::now())
        .as_secs()
        .div_ceil(60);
    let minutes = match minutes {
        0 | 1 => "a minute".to_owned(),
        minutes => format!("{minutes} minutes"),
    };
    let instead = known.map_or(String::new(), |known| {
        format!(" It takes the place of `{}`.", known.login)
    });
    format!(
        "Open {} within {minutes}, and type `{}` there. I learn the name of your account, and get no rights to it.{instead} \
         Never type a code that somebody else gives you.",
        shown(&code.address),
        shown(&code.shown)
    )
}

pub fn linked(login: &str) -> String {
    format!("You are `{login}` at GitHub. `unlink github` has me forget it.")
}

/// Says nothing of who it is.
pub fn taken(login: &str) -> String {
    format!(
        "`{login}` at GitHub is linked to somebody else here, so I did not link it to you. If it is your account, whoever runs me can see in the audit who that is; they have to say `unlink github` first."
    )
}

pub fn unknown(unknown: &Unknown) -> String {
    match unknown {
        Unknown::Declined => {
            "You declined it at GitHub, so nothing is linked.".to_owned()
        }
        Unknown::Expired => {
            "The code was not typed in time, so nothing is linked. `link github` gives you a new one.".to_owned()
        }
        Unknown::App(reason) => format!(
            "I cannot link accounts at GitHub: it does not take the app that I am set up with ({}). Whoever runs me has to look at `client_id` of `[github]` in my settings, and whether the app has the device flow turned on.",
            shown(reason)
        ),
        Unknown::Unreached(_) => {
            "I cannot reach GitHub just now, so nothing is linked. Try again in a while.".to_owned()
        }
    }
}

/// What GitHub wrote, as far as it is shown.
fn shown(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_control() && *c != '`')
        .take(limits::SHOWN_CHARS_MAX)
        .collect()
}
