//! The card in the channel in which a deployment was asked for, when somebody there can do something about it: give an
//! approval, or run again what failed.

use std::cell::RefCell;

use witbot_sdk::chat::{self, Card, Message, State, Style};
use witbot_sdk::ci::{self, Ability, Phase};
use witbot_sdk::log;

use crate::outcome::{Look, named};
use crate::settings::Pipeline;
use crate::template::Values;

/// More buttons than this fit on no card.
const BUTTONS_MAX: usize = 10;
/// Longer labels are refused.
const LABEL_CHARS_MAX: usize = 75;

/// Where the card is shown, and how to say what it is about.
pub struct Board {
    channel: Option<String>,
    title: String,
    /// What names the deployment in a command.
    deployment: String,
    /// The message, and the card that it is by now.
    shown: RefCell<Option<(Message, Option<Card>)>>,
}

impl Board {
    /// Nothing is shown for a deployment that was asked for elsewhere than in a chat.
    pub fn new(channel: Option<String>, values: &Values) -> Board {
        Board {
            channel,
            title: format!("{} to {}", values.app, values.environment),
            deployment: format!(
                "deployment {} in {}",
                values.deployment_id, values.repository
            ),
            shown: RefCell::new(None),
        }
    }

    /// Shows everything in this message from now on.
    pub fn adopt(&self, message: Message) {
        *self.shown.borrow_mut() = Some((message, None));
    }

    /// Shows what can be done about a run that stands like this, and takes away what cannot be done any more. Not being
    /// able to is no reason to leave the deployment.
    pub fn show(&self, look: &Look, pipeline: &Pipeline) {
        let can = |ability| {
            ci::open(&pipeline.provider, &pipeline.project)
                .is_ok_and(|project| project.can(ability))
        };
        let card = match look.phase {
            Phase::Blocked if !look.approvals.is_empty() && can(Ability::Approve) => {
                Some(self.approvals(look))
            }
            Phase::Failed if can(Ability::RerunFailed) => Some(self.failure(look)),
            _ => None,
        };
        if let Err(error) = self.say(card, look) {
            log::warn!(
                "what can be done about {} cannot be shown: {error}",
                self.deployment
            );
        }
    }

    fn say(&self, card: Option<Card>, look: &Look) -> witbot_sdk::Result {
        let mut shown = self.shown.borrow_mut();
        match (card, shown.as_mut(), &self.channel) {
            (Some(card), None, Some(channel)) => {
                let message = chat::post(channel, card.clone())?;
                *shown = Some((message, Some(card)));
            }
            // What cannot be done any more has no button, and the card stays as a record.
            (card, Some((message, before)), _) => {
                let card = card.unwrap_or_else(|| self.past(look));
                if before.as_ref() != Some(&card) {
                    message.edit(card.clone())?;
                    *before = Some(card);
                }
            }
            (_, None, _) => {}
        }
        Ok(())
    }

    fn approvals(&self, look: &Look) -> Card {
        let card = Card::new(&self.title)
            .state(State::Waiting)
            .text("It waits for an approval in CI.");
        let buttons = look.approvals.iter().take(BUTTONS_MAX);
        let card = buttons.fold(linked(card, look), |card, approval| {
            let label = short(&format!("Approve {}", approval.name));
            let command = format!("approve {} of {}", approval.id, self.deployment);
            card.styled_button(label, command, Style::Primary)
        });
        card.footer(&*self.deployment)
    }

    fn failure(&self, look: &Look) -> Card {
        let failed: Vec<String> = look.failures.iter().map(named).collect();
        let text = match failed.is_empty() {
            true => "It failed in CI.".to_owned(),
            false => format!("It failed in CI: {}.", failed.join("; ")),
        };
        linked(
            Card::new(&self.title).state(State::Failure).text(text),
            look,
        )
        .button("Re-run failed", format!("rerun {}", self.deployment))
        .footer(&*self.deployment)
    }

    fn past(&self, look: &Look) -> Card {
        let (state, text) = match look.phase {
            Phase::Canceled => (State::Canceled, "It was canceled in CI."),
            Phase::Failed | Phase::Errored => (State::Failure, "It failed in CI."),
            Phase::Succeeded => (State::Success, "It went well."),
            _ => (State::Running, "It goes on."),
        };
        linked(Card::new(&self.title).state(state).text(text), look).footer(&*self.deployment)
    }
}

fn linked(card: Card, look: &Look) -> Card {
    let url = look
        .failures
        .first()
        .map_or(&look.url, |failure| &failure.url);
    match url.starts_with("https://") || url.starts_with("http://") {
        true => card.link("Log", url),
        false => card,
    }
}

fn short(label: &str) -> String {
    label.chars().take(LABEL_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use witbot_sdk::ci::{Approval, Failure};

    use super::*;
    use crate::outcome::example;
    use crate::template;

    fn board() -> Board {
        Board::new(Some("C1".to_owned()), &template::example())
    }

    #[test]
    fn approvals_have_buttons() {
        let look = Look {
            approvals: vec![Approval {
                id: "0b1c".to_owned(),
                name: "ship it".to_owned(),
            }],
            ..example(Phase::Blocked)
        };
        let expected = Card::new("api to staging")
            .state(State::Waiting)
            .text("It waits for an approval in CI.")
            .link("Log", "https://ci.example/12")
            .styled_button(
                "Approve ship it",
                "approve 0b1c of deployment 5000000001 in acme/api",
                Style::Primary,
            )
            .footer("deployment 5000000001 in acme/api");
        assert_eq!(board().approvals(&look), expected);
    }

    #[test]
    fn what_failed_can_be_run_again() {
        let look = Look {
            failures: vec![Failure {
                job: "deploy".to_owned(),
                step: Some("Ship".to_owned()),
                url: "https://ci.example/12/3".to_owned(),
            }],
            ..example(Phase::Failed)
        };
        let expected = Card::new("api to staging")
            .state(State::Failure)
            .text("It failed in CI: deploy, step Ship.")
            .link("Log", "https://ci.example/12/3")
            .button("Re-run failed", "rerun deployment 5000000001 in acme/api")
            .footer("deployment 5000000001 in acme/api");
        assert_eq!(board().failure(&look), expected);
    }
}
