//! Getting past the checks: passing over them, waiting for them, merging, or stopping.

use std::time::Duration;

use witbot_sdk::{Code, Error, Result, chat, flow};

use crate::checks::{self, Check, Refusal, Way};
use crate::commits;
use crate::deploy::Work;
use crate::shown::News;

/// How long somebody can think about whether to deploy anyway. Others may be waiting in line behind.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(15 * 60);

/// How long to wait before checks are looked at again. It doubles, up to the longest.
const PAUSE_FIRST: Duration = Duration::from_secs(2);
const PAUSE_MAX: Duration = Duration::from_secs(60);

/// A card has ten at most, one of which is for what is new.
const LINKS_MAX: usize = 9;

/// So often the default branch is merged in at most: somebody may push to it all the time.
const MERGES_MAX: u32 = 3;

const WAIT: &str = "Wait until green";
const ANYWAY: &str = "Deploy anyway";
const STOP: &str = "Stop";

/// Whether it goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It does.
    Go,
    /// It does not, and that is told.
    Stop,
}

/// Has everything checked, until nothing is in the way, or somebody or something says that it ends here.
///
/// # Errors
/// What could not be asked; `canceled`.
pub fn pass(work: &mut Work<'_>) -> Result<Verdict> {
    let mut merges = 0;
    loop {
        let refusals = refusals(work)?;
        let merged = merges > 0;
        let forced = work.order.forced;
        let may_force = !refusals.is_empty() && may_force(work);
        match plan(
            &refusals,
            forced,
            may_force,
            work.room.has_somebody(),
            merged,
        ) {
            Plan::Go => return Ok(Verdict::Go),
            Plan::PassOver => {
                pass_over(work, &refusals);
                return Ok(Verdict::Go);
            }
            Plan::Merge if merges < MERGES_MAX => {
                merges += 1;
                work.ask_permission()?;
                if !merge(work)? {
                    return Ok(Verdict::Stop);
                }
            }
            Plan::Wait => wait(work, &refusals)?,
            Plan::Ask(choices) => match ask(work, &refusals, &choices)?.as_deref() {
                Some(WAIT) => wait(work, &refusals)?,
                Some(ANYWAY) => {
                    pass_over(work, &refusals);
                    return Ok(Verdict::Go);
                }
                _ => return stop(work, &refusals),
            },
            Plan::Merge | Plan::Stop => return stop(work, &refusals),
        }
    }
}

fn refusals(work: &Work<'_>) -> Result<Vec<Refusal>> {
    let mut refusals = checks::refusals(&work.subject())?;
    let counts =
        |check: &Check| !work.passed_over.contains(check) && !work.order.passes.contains(check);
    refusals.retain(|refusal| counts(&refusal.check));
    Ok(refusals)
}

fn may_force(work: &Work<'_>) -> bool {
    let force = work.order.app.force(work.order.environment);
    force.allows(work.order.by.id.as_deref()) && work.may_be_forced()
}

/// What comes next.
#[derive(Debug, PartialEq, Eq)]
enum Plan {
    Go,
    PassOver,
    Merge,
    Wait,
    Ask(Vec<&'static str>),
    Stop,
}

fn plan(refusals: &[Refusal], forced: bool, may_force: bool, somebody: bool, merged: bool) -> Plan {
    if refusals.is_empty() {
        return Plan::Go;
    }
    if forced && may_force {
        return Plan::PassOver;
    }
    // A commit that is merged in changes what its checks say, and nothing else.
    let merge = refusals.iter().any(|refusal| refusal.way == Way::Merge);
    let rest = |refusal: &Refusal| refusal.way == Way::Merge || refusal.check == Check::Contexts;
    if merge && refusals.iter().all(rest) {
        return Plan::Merge;
    }
    let mut choices = Vec::new();
    if refusals.iter().all(|refusal| refusal.way == Way::Wait) {
        // The checks of a commit that was made here have hardly begun.
        if merged {
            return Plan::Wait;
        }
        choices.push(WAIT);
    }
    // Who said that it is forced and may not has been told enough.
    if may_force {
        choices.push(ANYWAY);
    }
    match (choices.is_empty(), somebody) {
        (true, _) | (_, false) => Plan::Stop,
        (false, true) => {
            choices.push(STOP);
            Plan::Ask(choices)
        }
    }
}

fn pass_over(work: &mut Work<'_>, refusals: &[Refusal]) {
    work.passed_over
        .extend(refusals.iter().map(|refusal| refusal.check));
    let names = work.passed_over.iter().map(|check| check.to_string());
    work.progress.shown.forced = Some((names.collect(), work.order.by.name.clone()));
}

/// All refusals as news.
pub fn told(refusals: &[Refusal]) -> News {
    let reasons: Vec<&str> = refusals
        .iter()
        .map(|refusal| refusal.reason.as_str())
        .collect();
    let mut news = News::text(reasons.join("\n"));
    for refusal in refusals {
        for (label, url) in &refusal.links {
            news = news.link(label, Some(url.clone()));
        }
        if let Way::Command(label, command) = &refusal.way {
            news = news.button(label, command);
        }
    }
    news.links.truncate(LINKS_MAX);
    news
}

fn ask(work: &mut Work<'_>, refusals: &[Refusal], choices: &[&str]) -> Result<Option<String>> {
    work.now_waits()?;
    let news = told(refusals);
    let shown = &work.progress.shown;
    let question = format!("{} {}: {}", shown.title(), shown.version(), news.text);
    let question = crate::names::cut(&question, 2_900);
    work.progress.step("asked", chat::State::Warning, &news);
    match flow::ask(&question, choices, ANSWER_TIME_MAX) {
        Ok(answer) => {
            let checking = News::text("Checking.");
            work.progress
                .step("checks", chat::State::Waiting, &checking);
            Ok(Some(answer.choice()))
        }
        Err(error) if error.code == Code::Timeout => Ok(None),
        Err(error) => Err(error),
    }
}

/// Waits until the checks of the commit are over, or have failed.
fn wait(work: &mut Work<'_>, refusals: &[Refusal]) -> Result {
    work.now_waits()?;
    let end = flow::now() + work.settings.timeout();
    let mut refusals = refusals.to_vec();
    let mut pause = PAUSE_FIRST;
    while refusals.iter().any(|refusal| refusal.way == Way::Wait) {
        if end.since(flow::now()).is_zero() {
            let minutes = crate::words::minutes(work.settings.timeout());
            let text = format!("the checks were not over after {minutes}");
            return Err(Error::new(Code::Timeout, text));
        }
        let mut news = told(&refusals).button("Cancel", work.cancel_command());
        news.text = format!("Waiting. {}", news.text);
        work.progress
            .step("waiting for checks", chat::State::Waiting, &news);
        flow::sleep(pause)?;
        pause = (pause * 2).min(PAUSE_MAX);
        refusals = self::refusals(work)?;
    }
    Ok(())
}

/// Merges the default branch into what is to be deployed. False: that is not possible, which is told.
fn merge(work: &mut Work<'_>) -> Result<bool> {
    let default = work.repository.default_branch()?;
    let reference = work.chosen.reference.clone();
    // What came to the branch meanwhile would be deployed with it, and nobody has seen it.
    if commits::is_still(&work.repository, &reference, &work.chosen.sha)? != Some(true) {
        let text = format!("Not deployed: `{reference}` moved on meanwhile, or was deleted.");
        work.refuse(&News::text(text))?;
        return Ok(false);
    }
    let text = format!("Merging {default} into {reference}.");
    work.progress
        .step("merging", chat::State::Waiting, &News::text(&text));
    let message = format!("Merge {default} into {reference} to deploy it");
    let problem = match work.repository.merge(&reference, &default, &message) {
        Ok(sha) => {
            if let Some(sha) = sha {
                let commit = work.repository.commit(&sha)?;
                work.chosen.about = commits::about(&commit.title(), &commit.author());
                work.chosen.sha = sha;
            } else {
                work.chosen.sha = work.repository.commit(&reference)?.sha();
            }
            work.progress.shown.sha.clone_from(&work.chosen.sha);
            work.progress.shown.commit.clone_from(&work.chosen.about);
            return Ok(true);
        }
        Err(error) if error.code == Code::Conflict => {
            format!(
                "{default} cannot be merged into {reference}: they change the same lines. Merge them by hand."
            )
        }
        Err(error) if error.code == Code::NotFound => {
            format!("{default} cannot be merged into {reference}, which is no branch.")
        }
        Err(error) => return Err(error),
    };
    work.refuse(&News::text(format!("Not deployed. {problem}")))?;
    Ok(false)
}

fn stop(work: &mut Work<'_>, refusals: &[Refusal]) -> Result<Verdict> {
    let mut news = told(refusals);
    news.text = format!("Not deployed. {}", news.text);
    if work.order.forced && !may_force(work) {
        news.text += "\nYou may not pass over the checks here: see the setting `force`.";
    }
    work.refuse(&news)?;
    Ok(Verdict::Stop)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(check: Check, way: Way) -> Refusal {
        Refusal {
            check,
            reason: format!("{check}."),
            links: Vec::new(),
            way,
        }
    }

    #[test]
    fn what_comes_next_depends_on_what_is_in_the_way() {
        let lock = || refusal(Check::Lock, Way::None);
        let pending = || refusal(Check::Contexts, Way::Wait);
        let behind = || refusal(Check::Behind, Way::Merge);
        // What is in the way, whether it is forced, whether that is allowed, whether somebody can be asked.
        let table = [
            (vec![], false, true, true, Plan::Go),
            (vec![lock()], true, true, true, Plan::PassOver),
            (
                vec![lock()],
                false,
                true,
                true,
                Plan::Ask(vec![ANYWAY, STOP]),
            ),
            (vec![lock()], true, false, true, Plan::Stop),
            (vec![lock()], false, true, false, Plan::Stop),
            (
                vec![pending()],
                false,
                true,
                true,
                Plan::Ask(vec![WAIT, ANYWAY, STOP]),
            ),
            (
                vec![pending()],
                false,
                false,
                true,
                Plan::Ask(vec![WAIT, STOP]),
            ),
            (vec![lock(), pending()], false, false, true, Plan::Stop),
            (vec![behind()], false, false, true, Plan::Merge),
            (vec![behind(), pending()], false, true, true, Plan::Merge),
            (vec![behind()], true, true, true, Plan::PassOver),
            (
                vec![lock(), behind()],
                false,
                true,
                true,
                Plan::Ask(vec![ANYWAY, STOP]),
            ),
        ];
        for (refusals, forced, may_force, somebody, expected) in table {
            let plan = plan(&refusals, forced, may_force, somebody, false);
            assert_eq!(plan, expected, "{refusals:?}");
        }
        assert_eq!(plan(&[pending()], false, true, true, true), Plan::Wait);
    }

    #[test]
    fn all_reasons_are_told_at_once() {
        let mut contexts = refusal(Check::Contexts, Way::None);
        contexts
            .links
            .push(("lint".to_owned(), "https://ci.example/lint".to_owned()));
        let way = Way::Command(
            "Deploy to staging".to_owned(),
            "deploy api to staging".to_owned(),
        );
        let news = told(&[contexts, refusal(Check::Order, way)]);
        assert_eq!(news.text, "contexts.\norder.");
        assert_eq!(news.links.len(), 1);
        assert_eq!(news.buttons[0].1, "deploy api to staging");
    }
}
