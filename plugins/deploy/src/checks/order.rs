//! Has the commit been where it has to be first?

use witbot_sdk::Result;

use super::{Check, Refusal, Subject, Way};
use crate::history;
use crate::names;

pub(super) fn look(subject: &Subject<'_>) -> Result<Option<Refusal>> {
    let app = subject.app;
    let at = app.at(subject.environment);
    let Some(after) = at.and_then(|environment| environment.after.as_deref()) else {
        return Ok(None);
    };
    let was_there = history::success(subject.repository, app.name, after, subject.sha)?;
    Ok(decide(
        was_there.is_some(),
        app.name,
        after,
        subject.reference,
        subject.sha,
    ))
}

fn decide(was_there: bool, app: &str, after: &str, reference: &str, sha: &str) -> Option<Refusal> {
    if was_there {
        return None;
    }
    let short = names::short(sha);
    let mut refusal = Refusal::new(
        Check::Order,
        format!(
            "{short} has to be deployed to {after} first, and has not been, or without success."
        ),
    );
    refusal.way = Way::Command(
        format!("Deploy to {after}"),
        format!("deploy {app}/{reference} to {after}"),
    );
    Some(refusal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_before_comes_first() {
        assert_eq!(decide(true, "api", "staging", "main", "1a2b3c4d"), None);
        let refusal = decide(false, "api", "staging", "main", "1a2b3c4d").unwrap();
        assert_eq!(
            refusal.reason,
            "1a2b3c4 has to be deployed to staging first, and has not been, or without success."
        );
        let way = Way::Command(
            "Deploy to staging".to_owned(),
            "deploy api/main to staging".to_owned(),
        );
        assert_eq!(refusal.way, way);
    }
}
