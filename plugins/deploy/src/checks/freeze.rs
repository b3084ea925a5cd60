//! Is it a time in which nothing is deployed?

use witbot_sdk::{Result, flow};

use super::{Check, Refusal, Subject};
use crate::settings::Freeze;

pub(super) fn look(subject: &Subject<'_>) -> Result<Option<Refusal>> {
    let freezes = subject.app.freezes(subject.environment);
    Ok(decide(freezes, flow::now().as_millis()))
}

fn decide<'a>(mut freezes: impl Iterator<Item = &'a Freeze>, now: u64) -> Option<Refusal> {
    let freeze = freezes.find(|freeze| freeze.holds_at(now))?;
    let reason = freeze.reason.as_ref();
    let reason = reason.map_or(String::new(), |reason| format!(": {reason}"));
    Some(Refusal::new(
        Check::Freeze,
        format!("Nothing is deployed there {}{reason}.", freeze.when()),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_freeze_that_holds_is_told_with_its_reason() {
        let freezes: Vec<Freeze> = serde_json::from_str(
            r#"[{ "since": "2000-01-01", "until": "2000-01-02" }, { "days": ["thu"], "reason": "we rest" }]"#,
        )
        .unwrap();
        // The first of January 1970 was a Thursday.
        let refusal = decide(freezes.iter(), 0).unwrap();
        assert_eq!(
            refusal.reason,
            "Nothing is deployed there on Thu (UTC): we rest."
        );
        assert_eq!(decide(freezes.iter(), 24 * 3_600_000), None);
    }
}
