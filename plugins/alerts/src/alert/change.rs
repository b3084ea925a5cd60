//! What a report changes.

use std::collections::{BTreeMap, BTreeSet};

use super::{Alert, severity};
use crate::report::{Instance, Report};
use crate::store;

/// So many instances of one alert are kept, far more than a webhook has. The newest stay.
const INSTANCES_MAX: usize = 10_000;

/// What is to be done about a report.
#[derive(Debug, PartialEq)]
pub enum Change {
    /// It says nothing new.
    Nothing,
    /// It says that something is over which nobody knows of: perhaps what came before it is not kept yet.
    Unknown,
    /// What is known is still so, at a later time.
    Heard(u64),
    /// It is about something new.
    Begun(Alert),
    /// What is known has changed.
    Changed(Alert),
}

/// What a report changes about what is known under its key.
pub fn of(known: Option<&Alert>, report: &Report, channel: &str, now: u64) -> Change {
    let fires = report.firing().next().is_some();
    let Some(known) = known else {
        return match fires {
            true => Change::Begun(begun(report, channel, now)),
            false if report.instances.is_empty() => Change::Nothing,
            false => Change::Unknown,
        };
    };
    if report.at < known.heard {
        return Change::Nothing;
    }
    if !is_same(known, now) {
        return match fires {
            true => Change::Begun(begun(report, channel, now)),
            false => heard(known, report),
        };
    }
    let mut changed = known.clone();
    update(&mut changed, report, now);
    if changed == *known {
        return heard(known, report);
    }
    changed.heard = report.at;
    changed.revision += 1;
    Change::Changed(changed)
}

fn heard(known: &Alert, report: &Report) -> Change {
    if report.at > known.heard {
        Change::Heard(report.at)
    } else {
        Change::Nothing
    }
}

/// Whether what fires now is what is known, and nothing new: it is not over, or nobody wants to hear of it yet.
fn is_same(known: &Alert, now: u64) -> bool {
    known.resolved.is_none() || known.is_snoozed(now)
}

/// A new alert, without a number.
pub fn begun(report: &Report, channel: &str, now: u64) -> Alert {
    let firing: Vec<Instance> = report.firing().cloned().collect();
    let since = firing.iter().map(|instance| instance.since).min();
    let began_as = severity::short(severity::worst(firing.iter()).unwrap_or_default());
    Alert {
        number: 0,
        revision: 1,
        source: report.source,
        key: store::key(report.source, &report.key),
        channel: channel.to_owned(),
        name: report.name.clone(),
        began_as,
        text: report.text.clone(),
        instances: newest(report.instances.clone()),
        omitted: report.omitted,
        links: report.links.clone(),
        since: since.unwrap_or(now),
        heard: report.at,
        resolved: None,
        message: None,
        acknowledged: None,
        assigned: None,
        snoozed: None,
        silenced: None,
        pages: None,
    }
}

fn update(alert: &mut Alert, report: &Report, now: u64) {
    let known_of_omitted = untold(&alert.instances, report).len() as u64;
    alert.instances = newest(merged(&alert.instances, report));
    let fires = alert.firing().next().is_some();
    alert.omitted = if fires {
        report.omitted.saturating_sub(known_of_omitted)
    } else {
        0
    };
    alert.resolved = match alert.resolved {
        _ if fires => None,
        Some(resolved) => Some(resolved),
        None => Some(now),
    };
    if fires {
        alert.text.clone_from(&report.text);
        alert.links.clone_from(&report.links);
    }
}

/// What is told, and what is not told any more: that is over, unless it was left out.
fn merged(known: &[Instance], report: &Report) -> Vec<Instance> {
    let before: BTreeMap<&str, &Instance> =
        known.iter().map(|one| (one.id.as_str(), one)).collect();
    let told = report
        .instances
        .iter()
        .map(|one| match before.get(one.id.as_str()) {
            Some(before) => followed(before, one),
            None => one.clone(),
        });
    let untold = untold(known, report).into_iter().map(|one| Instance {
        firing: report.omitted > 0,
        ..one.clone()
    });
    told.chain(untold).collect()
}

/// An instance that was told before.
fn followed(before: &Instance, now: &Instance) -> Instance {
    match (before.firing, now.firing) {
        (false, true) => now.clone(),
        // A source that tells no time would begin anew each time.
        (true, true) => Instance {
            since: before.since,
            ..now.clone()
        },
        // Of what is over, a source often says less.
        (_, false) => Instance {
            firing: false,
            ..before.clone()
        },
    }
}

/// What fired, and is not told any more.
fn untold<'a>(known: &'a [Instance], report: &Report) -> Vec<&'a Instance> {
    let told: BTreeSet<&str> = report.instances.iter().map(|one| one.id.as_str()).collect();
    let untold = known
        .iter()
        .filter(|one| one.firing && !told.contains(one.id.as_str()));
    untold.collect()
}

fn newest(mut instances: Vec<Instance>) -> Vec<Instance> {
    if instances.len() > INSTANCES_MAX {
        instances.sort_by_key(|one| (!one.firing, std::cmp::Reverse(one.since)));
        instances.truncate(INSTANCES_MAX);
    }
    instances
}

#[cfg(test)]
mod tests {
    use super::super::Pause;
    use super::super::example::ada;
    use super::*;
    use crate::report::example as report;

    const NOW: u64 = 100_000;

    fn two() -> Report {
        report(&[&[("instance", "a")], &[("instance", "b")]])
    }

    fn known() -> Alert {
        begun(&two(), "ops", NOW)
    }

    fn resolved(mut report: Report) -> Report {
        report
            .instances
            .iter_mut()
            .for_each(|one| one.firing = false);
        report
    }

    #[track_caller]
    fn changed(known: &Alert, report: &Report) -> Alert {
        match of(Some(known), report, "ops", NOW) {
            Change::Changed(alert) => alert,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn only_what_fires_begins() {
        assert!(matches!(of(None, &two(), "ops", NOW), Change::Begun(_)));
        assert_eq!(of(None, &resolved(two()), "ops", NOW), Change::Unknown);
        let dropped = Report {
            instances: Vec::new(),
            ..two()
        };
        assert_eq!(of(None, &dropped, "ops", NOW), Change::Nothing);
    }

    #[test]
    fn the_same_again_changes_nothing() {
        let mut again = two();
        again.instances[0].since = 50_000;
        assert_eq!(of(Some(&known()), &again, "ops", NOW), Change::Nothing);
        again.at = NOW;
        assert_eq!(of(Some(&known()), &again, "ops", NOW), Change::Heard(NOW));
    }

    #[test]
    fn instances_join_and_resolve() {
        let mut more = two();
        more.instances.push(Instance {
            id: "f9".to_owned(),
            ..more.instances[0].clone()
        });
        more.instances[0].firing = false;
        let alert = changed(&known(), &more);
        assert_eq!(
            (alert.firing_count(), alert.resolved, alert.revision),
            (2, None, 2)
        );
        let over = changed(&alert, &resolved(more));
        assert_eq!((over.firing_count(), over.resolved), (0, Some(NOW)));
    }

    #[test]
    fn what_is_not_told_any_more_is_over() {
        let mut one = two();
        one.instances.pop();
        let alert = changed(&known(), &one);
        assert_eq!((alert.firing_count(), alert.instances.len()), (1, 2));
        // It is forgotten when it is not told again.
        assert_eq!(
            changed(
                &alert,
                &Report {
                    text: "x".to_owned(),
                    ..one.clone()
                }
            )
            .instances
            .len(),
            1
        );
        // Of the seven that are left out, one is known.
        one.omitted = 7;
        assert_eq!(changed(&known(), &one).firing_count(), 8);
    }

    #[test]
    fn what_fires_again_is_new() {
        let over = changed(&known(), &resolved(two()));
        assert!(matches!(
            of(Some(&over), &two(), "ops", NOW),
            Change::Begun(_)
        ));
        assert_eq!(
            of(Some(&over), &resolved(two()), "ops", NOW),
            Change::Nothing
        );
    }

    #[test]
    fn what_is_snoozed_is_not_new() {
        let mut over = changed(&known(), &resolved(two()));
        over.snoozed = Some(Pause {
            until: NOW + 1,
            by: ada(),
        });
        assert_eq!(changed(&over, &two()).resolved, None);
    }

    #[test]
    fn what_is_overtaken_changes_nothing() {
        let at = |at: u64| Report { at, ..two() };
        let Change::Begun(alert) = of(None, &at(500), "ops", NOW) else {
            panic!()
        };
        let earlier = of(Some(&alert), &resolved(at(400)), "ops", NOW);
        assert_eq!(earlier, Change::Nothing);
        let over = changed(&alert, &resolved(at(600)));
        assert_eq!(of(Some(&over), &at(550), "ops", NOW), Change::Nothing);
        let again = of(Some(&over), &resolved(at(800)), "ops", NOW);
        assert_eq!(again, Change::Heard(800));
        let anew = of(Some(&over), &at(700), "ops", NOW);
        assert!(matches!(anew, Change::Begun(_)));
    }

    #[test]
    fn no_more_instances_are_kept_than_fit() {
        let mut many = report(&[&[]]);
        many.instances = vec![many.instances[0].clone(); INSTANCES_MAX + 5];
        assert_eq!(begun(&many, "ops", NOW).instances.len(), INSTANCES_MAX);
    }
}
