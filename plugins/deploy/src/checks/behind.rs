//! Does the reference have all commits of the default branch?

use witbot_sdk::Result;

use super::{Check, Refusal, Subject, Way};
use crate::names;
use crate::settings::Behind;
use crate::words::counted;

pub(super) fn look(subject: &Subject<'_>) -> Result<Option<Refusal>> {
    let setting = subject.app.behind(subject.environment);
    if setting == Behind::Ignore {
        return Ok(None);
    }
    let default = subject.repository.default_branch()?;
    if subject.reference == default {
        return Ok(None);
    }
    let comparison = subject.repository.compare(&default, subject.sha)?;
    let version = names::version(subject.reference, subject.sha);
    let refusal = decide(setting, comparison.behind_by(), &version, &default);
    Ok(refusal.map(|refusal| Refusal {
        links: vec![("Compare".to_owned(), comparison.url())],
        ..refusal
    }))
}

fn decide(setting: Behind, behind_by: u32, version: &str, default: &str) -> Option<Refusal> {
    if behind_by == 0 {
        return None;
    }
    let commits = counted(u64::from(behind_by), "commit");
    let mut refusal = Refusal::new(
        Check::Behind,
        format!("{version} lacks {commits} of {default}."),
    );
    match setting {
        Behind::Ignore => return None,
        Behind::Refuse => refusal.reason += &format!(" Merge {default} into it first."),
        Behind::Merge => refusal.way = Way::Merge,
    }
    Some(refusal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_behind_is_refused_or_merged_by_setting() {
        let decide = |setting, behind| {
            decide(setting, behind, "old (1a2b3c4)", "main").map(|one| (one.reason, one.way))
        };
        for setting in [Behind::Ignore, Behind::Refuse, Behind::Merge] {
            assert_eq!(decide(setting, 0), None);
        }
        assert_eq!(decide(Behind::Ignore, 3), None);
        assert_eq!(
            decide(Behind::Refuse, 1),
            Some((
                "old (1a2b3c4) lacks 1 commit of main. Merge main into it first.".to_owned(),
                Way::None
            ))
        );
        assert_eq!(
            decide(Behind::Merge, 3),
            Some((
                "old (1a2b3c4) lacks 3 commits of main.".to_owned(),
                Way::Merge
            ))
        );
    }
}
