//! Looking at what a deployment would do, and doing nothing.

use witbot_sdk::chat::{self, Card, Text};
use witbot_sdk::{Event, Result, flow, github};

use crate::changes;
use crate::checks::{self, Refusal, Subject, Way};
use crate::commits;
use crate::deploy;
use crate::gate;
use crate::history;
use crate::order::Order;
use crate::settings::Settings;
use crate::waiting;

/// `deploy --dry-run`.
pub fn dry_run(event: &Event) -> Result {
    let settings = Settings::read()?;
    let order = Order::of(event, &settings)?;
    let (app, environment) = (order.app, order.environment);
    let repository = github::open(&app.app.repository)?;
    let chosen = commits::choose(&order, &repository)?;
    let subject = Subject {
        app,
        environment,
        repository: &repository,
        reference: &chosen.reference,
        sha: &chosen.sha,
        by: &order.by,
    };
    let refusals = checks::refusals(&subject)?;
    let news = gate::told(&refusals);
    let shown = deploy::shown(&order, &chosen);
    let state = match refusals.as_slice() {
        [] => chat::State::Success,
        _ => chat::State::Warning,
    };
    let mut card = Card::new(format!("{}: dry run", shown.title()))
        .state(state)
        .text(verdict(&refusals, &news.text))
        .field("Version", shown.version())
        .field("Commit", Text::from(&shown.commit));
    let last = history::present(&repository, app.name, environment)?;
    if let Some(last) = &last
        && let Some(changes) = changes::since(&repository, last, &chosen.sha)?
    {
        card = card
            .field("Changes", changes.text)
            .link("Compare", changes.url);
    }
    let waiting = waiting::all(app.name, environment)?.len();
    if waiting > 0 {
        card = card.field("In line before it", waiting.to_string());
    }
    for (label, url) in news.links {
        card = card.link(crate::names::cut(&label, 75), url);
    }
    event.reply(card.footer(format!("Nothing was done. {} UTC", flow::now())))?;
    Ok(())
}

fn verdict(refusals: &[Refusal], reasons: &str) -> String {
    let merges = |refusal: &Refusal| refusal.way == Way::Merge;
    match refusals {
        [] => "It would be deployed: nothing is in the way.".to_owned(),
        all if all.iter().all(merges) => {
            format!("It would be deployed after a merge. {reasons}")
        }
        _ => format!("It would not be deployed. {reasons}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::Check;

    #[test]
    fn the_verdict_comes_first() {
        let refusal = |way| Refusal {
            check: Check::Behind,
            reason: String::new(),
            links: Vec::new(),
            way,
        };
        assert!(verdict(&[], "").starts_with("It would be deployed: "));
        let merge = verdict(&[refusal(Way::Merge)], "Behind.");
        assert_eq!(merge, "It would be deployed after a merge. Behind.");
        let both = [refusal(Way::Merge), refusal(Way::None)];
        assert_eq!(verdict(&both, "No."), "It would not be deployed. No.");
    }
}
