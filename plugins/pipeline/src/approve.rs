//! The command that gives an approval.

use witbot_sdk::ci::{self, Approval};
use witbot_sdk::{Error, Event, Result, github};

use crate::again;
use crate::work::{Place, Work};

/// `approve <approval> of deployment <id> in <repository>`
pub fn approve(event: &Event) -> Result {
    let repository = event.required("repository")?;
    let id: u64 = event.parse("id")?.unwrap_or_default();
    let asked = event.required("approval")?;
    let missing = || {
        Error::not_found(format!(
            "CI runs nothing for deployment {id} of {repository}."
        ))
    };
    let work = Place::of(&repository, id).work()?;
    let run = work
        .filter(|work: &Work| !work.ended)
        .and_then(|work| work.run);
    let run = run.ok_or_else(missing)?;
    again::permit(&github::open(&repository)?.deployment(id)?, &repository)?;
    let run = ci::open(&run.provider, &run.project)?.run(&run.id)?;
    let waiting = run.status()?.approvals();
    let approval = chosen(&waiting, &asked)?;
    run.approve(&approval.id)?;
    event.reply(format!(
        "Approved {} of deployment {id}, for {}.",
        approval.name,
        event.user_name()
    ))?;
    Ok(())
}

/// The approval that is meant, by its id or its name.
fn chosen<'a>(waiting: &'a [Approval], asked: &str) -> Result<&'a Approval> {
    let is_it =
        |approval: &&Approval| approval.id == asked || approval.name.eq_ignore_ascii_case(asked);
    waiting.iter().find(is_it).ok_or_else(|| {
        let names: Vec<&str> = waiting
            .iter()
            .map(|approval| approval.name.as_str())
            .collect();
        Error::not_found(match names.is_empty() {
            true => "It does not wait for an approval now.".to_owned(),
            false => format!(
                "It does not wait for `{asked}`. It waits for: {}.",
                names.join(", ")
            ),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn approvals_are_found_by_id_and_by_name() {
        let waiting = [Approval {
            id: "0b1c".to_owned(),
            name: "Ship it".to_owned(),
        }];
        assert_eq!(chosen(&waiting, "0b1c"), Ok(&waiting[0]));
        assert_eq!(chosen(&waiting, "ship it"), Ok(&waiting[0]));
        assert_eq!(
            chosen(&waiting, "qa").unwrap_err().message,
            "It does not wait for `qa`. It waits for: Ship it."
        );
        assert_eq!(
            chosen(&[], "qa").unwrap_err().message,
            "It does not wait for an approval now."
        );
    }
}
