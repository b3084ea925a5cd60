//! The card of an environment: how it stands, and what can be done about it.

use witbot_sdk::chat::{Card, State, Style, Text};
use witbot_sdk::duration;

use crate::environment::{Environment, Phase, Why};
use crate::settings::App;
use crate::words::{at, cut, short, stopped};

/// Longer reasons are not read on a card; the log has them.
const REASON_CHARS_MAX: usize = 500;

/// The card of an environment as it stands.
pub fn of(name: &str, app_name: &str, environment: &Environment, app: &App) -> Card {
    let card = Card::new(name);
    let card = match &environment.phase {
        Phase::Creating => creating(card, environment),
        Phase::Ready => return ready(card, name, app_name, environment, app),
        Phase::Failed(reason) => failed(card, reason, environment),
        Phase::Destroying { why, .. } => card
            .state(State::Running)
            .text(format!("Being destroyed{}.", why.words())),
        Phase::Stuck {
            reason, again_at, ..
        } => stuck(card, reason, *again_at),
    };
    let card = linked(
        detailed(card, environment),
        "Log",
        environment.log.as_deref(),
    );
    match environment.phase {
        Phase::Creating | Phase::Stuck { .. } => destroyable(card, name),
        Phase::Failed(_) => {
            let card = card.button("Try again", again(app_name, environment));
            if environment.begun {
                destroyable(card, name)
            } else {
                card
            }
        }
        Phase::Ready | Phase::Destroying { .. } => card,
    }
}

/// The card of an environment that is no more.
pub fn destroyed(name: &str, environment: &Environment, why: &Why) -> Card {
    let card = Card::new(name)
        .state(State::Canceled)
        .text(format!("Destroyed{}.", why.words()));
    described(card, environment)
}

/// The card of an environment that failed, when somebody has it made again elsewhere.
pub fn given_up(name: &str, environment: &Environment, by: &str) -> Card {
    let card = Card::new(name)
        .state(State::Canceled)
        .text(format!("It failed, and is tried again for {by}."));
    let card = described(card, environment);
    linked(card, "Log", environment.log.as_deref())
}

/// The warning that the time of an environment is nearly over.
pub fn warning(name: &str, environment: &Environment, app: &App) -> Card {
    let text = Text::new().user(&environment.owner.id).plain(format!(
        ", this will be destroyed at {}.",
        at(environment.until)
    ));
    let card = Card::new(format!("{name} goes away"))
        .state(State::Warning)
        .text(text);
    destroyable(extensible(card, name, app), name)
}

fn creating(card: Card, environment: &Environment) -> Card {
    let text = match environment.log {
        Some(_) => "Being created.",
        None => "About to be created.",
    };
    card.state(State::Running).text(text)
}

fn ready(card: Card, name: &str, app_name: &str, environment: &Environment, app: &App) -> Card {
    let url = app.url(&environment.values(app_name, name)).ok().flatten();
    let card = detailed(card.state(State::Success).text("Ready."), environment);
    let card = linked(card, "Open", url.as_deref());
    let card = linked(card, "Log", environment.log.as_deref());
    destroyable(extensible(card, name, app), name)
}

fn failed(card: Card, reason: &str, environment: &Environment) -> Card {
    let text = match environment.begun {
        true => format!(
            "It was not created: {} Something of it may be there.",
            stopped(&cut(reason, REASON_CHARS_MAX))
        ),
        false => format!(
            "It was not created: {}",
            stopped(&cut(reason, REASON_CHARS_MAX))
        ),
    };
    card.state(State::Failure).text(text)
}

fn stuck(card: Card, reason: &str, again_at: Option<u64>) -> Card {
    let next = match again_at {
        Some(time) => format!("I try again at {}.", at(time)),
        None => "I do not try again by myself: somebody has to look.".to_owned(),
    };
    let reason = stopped(&cut(reason, REASON_CHARS_MAX));
    card.state(State::Warning)
        .text(format!("It could not be destroyed: {reason} {next}"))
}

fn described(card: Card, environment: &Environment) -> Card {
    card.field(
        "Branch",
        Text::new()
            .code(&environment.branch)
            .plain(format!(" ({})", short(&environment.sha))),
    )
    .field("Owner", Text::new().user(&environment.owner.id))
}

fn detailed(card: Card, environment: &Environment) -> Card {
    let card = described(card, environment);
    match environment.phase {
        Phase::Creating | Phase::Ready => card.field("Until", at(environment.until)),
        Phase::Failed(_) | Phase::Destroying { .. } | Phase::Stuck { .. } => card,
    }
}

fn linked(card: Card, label: &str, url: Option<&str>) -> Card {
    let is_web = |url: &&str| url.starts_with("https://") || url.starts_with("http://");
    match url.filter(is_web) {
        Some(url) => card.link(label, url),
        None => card,
    }
}

fn extensible(card: Card, name: &str, app: &App) -> Card {
    let by = duration::shown(app.extension());
    card.button(
        format!("Extend {by}"),
        format!("env extend {name} for {by}"),
    )
}

fn destroyable(card: Card, name: &str) -> Card {
    card.styled_button("Destroy", format!("env destroy {name}"), Style::Danger)
}

/// The command by which it is tried again.
fn again(app: &str, environment: &Environment) -> String {
    let by = std::time::Duration::from_millis(environment.duration_ms);
    let by = duration::shown(by);
    format!("env create {} of {app} for {by}", environment.branch)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environment::example;
    use crate::settings;

    fn shown(environment: &Environment) -> Card {
        let settings = settings::example();
        of("x", "api", environment, settings.of("api").unwrap())
    }

    fn described(card: Card) -> Card {
        card.field(
            "Branch",
            Text::new().code("feature/login").plain(" (1a2b3c4)"),
        )
        .field("Owner", Text::new().user("U1"))
    }

    #[test]
    fn what_is_ready_can_be_opened_extended_and_destroyed() {
        let card = described(Card::new("x").state(State::Success).text("Ready."))
            .field("Until", "2026-11-22 18:35 UTC")
            .link("Open", "https://x.preview.example")
            .link("Log", "https://ci.example/12")
            .button("Extend 1d", "env extend x for 1d")
            .styled_button("Destroy", "env destroy x", Style::Danger);
        assert_eq!(shown(&example(Phase::Ready)), card);
    }

    #[test]
    fn what_failed_can_be_tried_again() {
        let environment = Environment {
            begun: false,
            log: None,
            ..example(Phase::Failed("CI has no such branch".to_owned()))
        };
        let card = described(
            Card::new("x")
                .state(State::Failure)
                .text("It was not created: CI has no such branch."),
        )
        .button("Try again", "env create feature/login of api for 3d");
        assert_eq!(shown(&environment), card);
    }

    #[test]
    fn what_is_stuck_says_when_it_is_tried_again() {
        let stuck = |again_at| {
            let card = Card::new("x");
            stuck(card, "no answer", again_at)
        };
        let card = |text: &str| Card::new("x").state(State::Warning).text(text);
        assert_eq!(
            stuck(Some(1_795_372_500_000)),
            card("It could not be destroyed: no answer. I try again at 2026-11-22 18:35 UTC.")
        );
        assert_eq!(
            stuck(None),
            card(
                "It could not be destroyed: no answer. I do not try again by myself: somebody has to look."
            )
        );
    }
}
