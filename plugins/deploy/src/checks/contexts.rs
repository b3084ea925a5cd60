//! Are the statuses and check runs of the commit green?

use witbot_sdk::Result;
use witbot_sdk::github::CheckState;

use super::{Check, Refusal, Subject, Way};
use crate::names;
use crate::words::joined;

/// As many links as are useful.
const LINKS_MAX: usize = 5;

/// One status context or check run.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Found {
    name: String,
    is: Is,
    url: Option<String>,
}

/// How one stands, as far as it matters. What was skipped is as good as green, as it is at GitHub.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Is {
    Green,
    Pending,
    Failed,
}

pub(super) fn look(subject: &Subject<'_>) -> Result<Option<Refusal>> {
    let required = subject.app.contexts(subject.environment);
    // Nothing is asked where nothing is required.
    if required.is_some_and(<[String]>::is_empty) {
        return Ok(None);
    }
    Ok(decide(
        required,
        &found(subject)?,
        names::short(subject.sha),
    ))
}

/// Whether all that is required is there and green; where nothing is named, one at least.
pub(super) fn is_green(subject: &Subject<'_>) -> Result<bool> {
    let required = subject.app.contexts(subject.environment);
    if required.is_some_and(<[String]>::is_empty) {
        return Ok(true);
    }
    let found = found(subject)?;
    Ok(!found.is_empty() && decide(required, &found, "").is_none())
}

fn found(subject: &Subject<'_>) -> Result<Vec<Found>> {
    let checks = subject.repository.checks(subject.sha)?;
    let all = checks.all().into_iter().map(|check| Found {
        name: check.name(),
        is: match check.state() {
            CheckState::Success | CheckState::Neutral => Is::Green,
            CheckState::Failure => Is::Failed,
            // One that this version does not know is not green yet.
            _ => Is::Pending,
        },
        url: check.url(),
    });
    Ok(all.collect())
}

fn decide(required: Option<&[String]>, found: &[Found], commit: &str) -> Option<Refusal> {
    let counts = |one: &&Found| required.is_none_or(|names| names.contains(&one.name));
    let those = |is: Is| {
        let those = found.iter().filter(counts).filter(move |one| one.is == is);
        those.map(|one| one.name.clone()).collect::<Vec<_>>()
    };
    let missing: Vec<String> = required
        .unwrap_or_default()
        .iter()
        .filter(|name| found.iter().all(|one| one.name != **name))
        .cloned()
        .collect();
    let (failed, pending) = (those(Is::Failed), those(Is::Pending));
    if failed.is_empty() && pending.is_empty() && missing.is_empty() {
        return None;
    }
    let parts = [
        ("Failed", &failed),
        ("Not over", &pending),
        ("Missing", &missing),
    ];
    let parts = parts.into_iter().filter(|(_, names)| !names.is_empty());
    let parts: Vec<String> = parts
        .map(|(word, names)| format!("{word}: {}.", joined(names)))
        .collect();
    let mut refusal = Refusal::new(
        Check::Contexts,
        format!("Not all checks of {commit} are green. {}", parts.join(" ")),
    );
    let red = found
        .iter()
        .filter(counts)
        .filter(|one| one.is != Is::Green);
    refusal.links = red
        .filter_map(|one| Some((one.name.clone(), one.url.clone()?)))
        .take(LINKS_MAX)
        .collect();
    if failed.is_empty() {
        refusal.way = Way::Wait;
    }
    Some(refusal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(all: &[(&str, Is)]) -> Vec<Found> {
        let all = all.iter().map(|(name, is)| Found {
            name: (*name).to_owned(),
            is: *is,
            url: Some(format!("https://ci.example/{name}")),
        });
        all.collect()
    }

    #[test]
    fn what_is_not_green_is_named() {
        let all = found(&[
            ("build", Is::Green),
            ("lint", Is::Failed),
            ("e2e", Is::Pending),
        ]);
        type Case<'a> = (Option<&'a [&'a str]>, &'a [Found], Option<&'a str>);
        let table: [Case<'_>; 8] = [
            (None, &[], None),
            (None, &all[..1], None),
            (None, &all, Some("Failed: lint. Not over: e2e.")),
            (Some(&[]), &all, None),
            (Some(&["build"]), &all, None),
            (Some(&["build", "e2e"]), &all, Some("Not over: e2e.")),
            (Some(&["build", "scan"]), &all, Some("Missing: scan.")),
            (
                Some(&["lint", "scan", "audit"]),
                &all,
                Some("Failed: lint. Missing: scan and audit."),
            ),
        ];
        for (required, found, expected) in table {
            let names = required.map(|names| {
                let names = names.iter().map(|&name| name.to_owned());
                names.collect::<Vec<_>>()
            });
            let refusal = decide(names.as_deref(), found, "1a2b3c4");
            let reason = refusal.map(|refusal| refusal.reason);
            let expected =
                expected.map(|parts| format!("Not all checks of 1a2b3c4 are green. {parts}"));
            assert_eq!(reason, expected, "{required:?}");
        }
    }

    #[test]
    fn only_what_has_not_failed_can_be_waited_for() {
        let way = |all: &[(&str, Is)]| decide(None, &found(all), "").unwrap();
        assert_eq!(way(&[("e2e", Is::Pending)]).way, Way::Wait);
        let failed = way(&[("e2e", Is::Pending), ("lint", Is::Failed)]);
        assert_eq!(failed.way, Way::None);
        let link = ("e2e".to_owned(), "https://ci.example/e2e".to_owned());
        assert_eq!(failed.links[0], link);
    }
}
