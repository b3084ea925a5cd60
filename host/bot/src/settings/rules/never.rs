//! Rules that never decide anything: those above them do.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use witbot_core::chat::{ChannelKind, Standing};
use witbot_core::policy::{Origin, Pattern, Policy, Role, Rule, Verdict};

use crate::settings::problem::{Problem, Problems};

/// Reports them.
pub(super) fn check(
    rules: &[Rule],
    places: &[Range<usize>],
    roles: &BTreeMap<String, Role>,
    problems: &mut Problems,
) {
    for (index, (rule, place)) in rules.iter().zip(places).enumerate() {
        if let Some(above) = rules[..index].iter().find(|above| covers(above, rule)) {
            problems.add(covered(above, rule, place));
        }
        if let Some(reason) = contradicts_itself(rule) {
            let message = format!("{} can never match: {reason}", rule.called());
            problems
                .add(Problem::at(place.clone(), message, "never").help("take one of the two out"));
        }
        if let Some(reason) = never_enough(rule, roles) {
            let message = format!("what {} wants can never be had: {reason}", rule.called());
            let help = "name a role with more people or with a group, or want fewer approvals";
            problems.add(Problem::at(place.clone(), message, "too few").help(help));
        }
    }
}

fn covered(above: &Rule, rule: &Rule, place: &Range<usize>) -> Problem {
    let (message, help) = if covers(rule, above) && above.verdict != rule.verdict {
        (
            format!(
                "{} and {} are about the same and decide differently",
                above.called(),
                rule.called()
            ),
            "the one above decides: take one of them out",
        )
    } else {
        (
            format!(
                "{} can never match: {} matches before it whenever it would",
                rule.called(),
                above.called()
            ),
            "put it above that one, or take it out",
        )
    };
    Problem::at(place.clone(), message, "never").help(help)
}

fn contradicts_itself(rule: &Rule) -> Option<&'static str> {
    let only_terminal = rule.origins.as_deref() == Some(&[Origin::Console]);
    let shared = rule.kinds.as_deref() == Some(&[ChannelKind::Shared]);
    let strangers = rule.standings.as_ref().is_some_and(|standings| {
        standings
            .iter()
            .all(|standing| *standing == Standing::Stranger)
    });
    if only_terminal && (shared || strangers) {
        return Some("nobody of another organisation is at the terminal");
    }
    None
}

fn never_enough(rule: &Rule, roles: &BTreeMap<String, Role>) -> Option<String> {
    let Verdict::Approve {
        approvals,
        approvers,
        ..
    } = &rule.verdict
    else {
        return None;
    };
    let policy = Policy::new(roles.clone(), Vec::new());
    let members = |names: &[String]| {
        let (mut users, mut groups) = (BTreeSet::new(), BTreeSet::new());
        for name in names {
            let (more_users, more_groups) = policy.members_of(name);
            users.extend(more_users);
            groups.extend(more_groups);
        }
        (users, groups)
    };
    let (users, groups) = members(approvers);
    if !groups.is_empty() || approvers.iter().any(|role| !roles.contains_key(role)) {
        return None;
    }
    let has = users.len();
    if has < *approvals as usize {
        return Some(format!("{approvals} have to approve, and there are {has}"));
    }
    // Nobody approves what they asked for: if only one person may ask, that one does not count.
    let (askers, asking) = rule.who.as_deref().map(members)?;
    let alone = asking.is_empty() && askers.len() == 1 && askers.is_subset(&users);
    (alone && has == *approvals as usize)
        .then(|| "the only one who may ask is needed to approve it".to_owned())
}

/// Whether one rule matches whenever another one does.
fn covers(above: &Rule, rule: &Rule) -> bool {
    let patterns = |above: &[Pattern], below: &[Pattern]| {
        below
            .iter()
            .all(|below| above.iter().any(|above| above.covers(below)))
    };
    let commands = match (&above.commands, &rule.commands) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(above), Some(below)) => patterns(above, below),
    };
    let arguments = above.arguments.iter().all(|(name, above)| {
        let same = rule.arguments.iter().find(|(below, _)| below == name);
        same.is_some_and(|(_, below)| patterns(above, below))
    });
    (above.plugin.is_none() || above.plugin == rule.plugin)
        && commands
        && arguments
        && within(&above.who, &rule.who)
        && standings(rule)
            .iter()
            .all(|standing| standings(above).contains(standing))
        && within(&above.channels, &rule.channels)
        && within(&above.kinds, &rule.kinds)
        && within(&above.origins, &rule.origins)
        && (above.when.is_none() || above.when == rule.when)
}

fn within<T: PartialEq>(above: &Option<Vec<T>>, below: &Option<Vec<T>>) -> bool {
    match (above, below) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(above), Some(below)) => below.iter().all(|below| above.contains(below)),
    }
}

fn standings(rule: &Rule) -> Vec<Standing> {
    match &rule.standings {
        Some(standings) => standings.clone(),
        None if rule.verdict == Verdict::Deny => vec![
            Standing::Member,
            Standing::Guest,
            Standing::Stranger,
            Standing::Bot,
        ],
        None => vec![Standing::Member, Standing::Guest],
    }
}
