//! The line in which deployments of one application to one environment wait for each other.

use std::time::Duration;

use witbot_sdk::{Result, chat, flow};

use crate::commits;
use crate::deploy::Work;
use crate::gate::{self, Verdict};
use crate::patience::patiently;
use crate::shown::News;
use crate::words;

/// A line moves on when the deployment in front is over, and each of them is over in time. No wait can be longer.
const TIME_MAX: Duration = Duration::from_secs(30 * 24 * 3_600);

/// Waits until no other deployment of this application to this environment is under way, and has everything checked again if
/// there was one. False: it came to nothing, which is told.
///
/// # Errors
/// `canceled`; `rate-limited` (too many stand there already); what could not be asked.
pub fn wait(work: &mut Work<'_>) -> Result<bool> {
    let turn = flow::line_up(&work.order.line())?;
    if turn.ahead() == 0 {
        return Ok(true);
    }
    work.now_waits()?;
    while turn.ahead() > 0 {
        let text = format!(
            "{}: another deployment of {} is under way.",
            words::place(turn.ahead()),
            work.order.line()
        );
        let news = News::text(text).button("Cancel", work.cancel_command());
        work.progress.step("in line", chat::State::Waiting, &news);
        turn.closer(TIME_MAX)?;
    }
    let again = News::text("Checking again.");
    work.progress.step("checks", chat::State::Waiting, &again);
    Ok(is_still_there(work)? && gate::pass(work)? == Verdict::Go)
}

/// Whether what was asked for is still there. What moved on is deployed as it was shown; and who named a commit does not care
/// for branches.
fn is_still_there(work: &mut Work<'_>) -> Result<bool> {
    if work.order.sha.is_some() {
        return Ok(true);
    }
    let (reference, sha) = (&work.chosen.reference, &work.chosen.sha);
    let there = patiently("looking for the reference again", || {
        commits::is_still(&work.repository, reference, sha)
    })?;
    if there.is_some() {
        return Ok(true);
    }
    let text = format!(
        "Not deployed: `{reference}` was deleted at GitHub meanwhile. To deploy the commit all the same: `deploy {}/{sha} to {}`.",
        work.order.app.name, work.order.environment
    );
    work.refuse(&News::text(text))?;
    Ok(false)
}
