//! What the clock does: tells what could not be told at once and what was snoozed, and forgets what is long over.

use witbot_sdk::{Event, Result, config, flow, log};

use crate::pace::{self, Pace, Storm, Turn};
use crate::settings::Settings;
use crate::store::index::{self, Untold};
use crate::storm::{self, Told};
use crate::{store, tell};

/// A run can make 500 calls and write 50 messages: all of these together stay below.
const CARDS_MAX: usize = 15;
const SNOOZES_MAX: usize = 8;
const FORGOTTEN_MAX: u32 = 25;
/// Snoozes that are looked at, of which some may not be due.
const SNOOZES_LISTED: u32 = 50;
/// What cannot be told when its snooze is over, as its channel is gone or full, is told after this.
const TOLD_AGAIN_MS: u64 = 5 * 60 * 1_000;
/// A storm lasts for this long at the least, so that there are not several in a minute.
const STORM_MS_MIN: u64 = 90_000;
/// After this, nobody is about to post the message of a storm any more.
const STORM_POSTED_MS: u64 = 30_000;
/// How long what is over is kept.
const KEPT_MS: u64 = 7 * 24 * 60 * 60 * 1_000;

/// Called every minute.
pub fn sweep(_: &Event) -> Result {
    // Two at once would tell the same twice.
    if flow::line_up("sweep")?.ahead() > 0 {
        return Ok(());
    }
    let settings: Settings = config::settings()?;
    note("what was snoozed", wake(&settings));
    let mut cards_left = CARDS_MAX;
    for channel in pace::channels()? {
        note(&channel, look_at(&channel, &settings, &mut cards_left));
    }
    forget()
}

/// What went wrong with one thing is no reason to leave the others.
fn note(what: &str, result: Result) {
    if let Err(error) = result {
        log::error!("{what}: {error}");
    }
}

/// Tells once more what still fires when its snooze is over.
fn wake(settings: &Settings) -> Result {
    let now = flow::now().as_millis();
    let due = index::snoozed(SNOOZES_LISTED)?.into_iter();
    let mut left = SNOOZES_MAX;
    for (until, number) in due.take_while(|(until, _)| *until <= now) {
        if left == 0 {
            break;
        }
        left -= 1;
        note(&format!("#{number}"), end(until, number, settings, now));
    }
    Ok(())
}

/// Ends one snooze. What cannot be told just now makes room for the others.
fn end(until: u64, number: u64, settings: &Settings, now: u64) -> Result {
    if !is_awake(until, number, settings, now)? {
        let again = now + TOLD_AGAIN_MS;
        index::add_snoozed(again, number)?;
        store::update(number, |alert| {
            if let Some(pause) = &mut alert.snoozed {
                pause.until = again;
            }
            Ok(())
        })?;
    }
    index::remove_snoozed(until, number)
}

/// Tells of an alert whose snooze is over. False: it could not be told.
fn is_awake(until: u64, number: u64, settings: &Settings, now: u64) -> Result<bool> {
    let kept = store::load(number)?;
    let Some(alert) = kept.map(|kept| kept.alert) else {
        return Ok(true);
    };
    if alert
        .snoozed
        .as_ref()
        .is_none_or(|pause| pause.until != until)
    {
        return Ok(true);
    }
    if alert.resolved.is_some() {
        store::update(number, |alert| {
            alert.snoozed = None;
            Ok(())
        })?;
        return Ok(true);
    }
    match pace::take(&alert.channel, settings.cards_per_minute(), now)? {
        Turn::Free => tell::again(&alert, settings),
        Turn::Over(_) | Turn::Busy => Ok(false),
    }
}

/// Tells what a channel was not told.
fn look_at(channel: &str, settings: &Settings, cards_left: &mut usize) -> Result {
    let now = flow::now().as_millis();
    let pace = pace::of(channel)?;
    let untold = index::untold(channel, pace.told)?;
    if let Some(storm) = &pace.storm {
        return follow(channel, &pace, storm, &untold, now);
    }
    let Some(first) = untold.first() else {
        return Ok(());
    };
    let free = pace.free(settings.cards_per_minute(), now);
    if untold.len() > free {
        return storm::begin(channel, first.number, now);
    }
    for one in untold.iter().take(*cards_left) {
        *cards_left -= 1;
        if !told(channel, one, settings, now)? {
            break;
        }
    }
    Ok(())
}

/// Tells of one alert by a card of its own, and says whether that is done.
fn told(channel: &str, untold: &Untold, settings: &Settings, now: u64) -> Result<bool> {
    let kept = store::load(untold.number)?;
    if let Some(kept) = kept.filter(|kept| kept.alert.is_untold()) {
        let free = pace::take(channel, settings.cards_per_minute(), now)? == Turn::Free;
        if !free || !tell::post(&kept.alert, settings)? {
            return Ok(false);
        }
    }
    index::remove_listed(channel, untold)?;
    Ok(true)
}

/// Brings the message of a storm up to date, and ends the storm when no more came.
fn follow(channel: &str, pace: &Pace, storm: &Storm, untold: &[Untold], now: u64) -> Result {
    if storm.message.is_none() {
        let is_lost = now.saturating_sub(storm.began) > STORM_POSTED_MS;
        return if is_lost {
            storm::post(channel, pace)
        } else {
            Ok(())
        };
    }
    let next = next(storm, untold, now);
    match next {
        Next::Over => storm::edit(storm, untold, Told::Over),
        Next::Growing if untold.len() != storm.count => storm::edit(storm, untold, Told::Growing),
        Next::Growing => {}
    }
    let last = last(storm, untold);
    storm::change(channel, |pace| {
        match next {
            Next::Over => {
                pace.storm = None;
                pace.told = last;
            }
            Next::Growing => {
                if let Some(storm) = &mut pace.storm {
                    storm.last = last;
                    storm.count = untold.len();
                }
            }
        }
        true
    })?;
    Ok(())
}

/// How a storm goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Growing,
    Over,
}

fn next(storm: &Storm, untold: &[Untold], now: u64) -> Next {
    let is_young = now.saturating_sub(storm.began) < STORM_MS_MIN;
    if is_young || last(storm, untold) > storm.last {
        Next::Growing
    } else {
        Next::Over
    }
}

fn last(storm: &Storm, untold: &[Untold]) -> u64 {
    let last = untold.last().map_or(0, |one| one.number);
    last.max(storm.last)
}

fn forget() -> Result {
    let now = flow::now().as_millis();
    let over = index::resolved(FORGOTTEN_MAX)?.into_iter();
    for (resolved, number) in
        over.take_while(|(resolved, _)| now.saturating_sub(*resolved) > KEPT_MS)
    {
        store::forget(number, resolved)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn storm() -> Storm {
        Storm {
            first: 9,
            began: 0,
            message: Some("m".to_owned()),
            last: 20,
            count: 12,
        }
    }

    fn untold(number: u64) -> Vec<Untold> {
        vec![Untold {
            number,
            severity: String::new(),
            name: "x".to_owned(),
        }]
    }

    #[test]
    fn a_storm_is_over_when_no_more_came() {
        assert_eq!(next(&storm(), &untold(20), 1_000), Next::Growing);
        assert_eq!(next(&storm(), &untold(21), STORM_MS_MIN), Next::Growing);
        assert_eq!(next(&storm(), &untold(20), STORM_MS_MIN), Next::Over);
        // All are resolved.
        assert_eq!(next(&storm(), &[], STORM_MS_MIN), Next::Over);
        assert_eq!(last(&storm(), &[]), 20);
    }
}
