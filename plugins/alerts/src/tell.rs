//! Says in a channel what became of an alert.

use witbot_sdk::chat::{self, Message};
use witbot_sdk::{Result, flow, log};

use crate::alert::Alert;
use crate::pace::{self, Turn};
use crate::settings::Settings;
use crate::store::{self, index};
use crate::{card, storm};

/// How often a card is looked at again. Somebody else has changed the alert meanwhile.
const LOOKS_MAX: usize = 3;

/// Tells of a new alert: by a card, or with others when there are too many. What cannot be told now is told by the clock.
pub fn begun(alert: &Alert, settings: &Settings) -> Result {
    let now = flow::now().as_millis();
    match pace::take(&alert.channel, settings.cards_per_minute(), now)? {
        Turn::Free => {
            if !post(alert, settings)? {
                leave(alert)?;
            }
            Ok(())
        }
        Turn::Over(pace) => {
            leave(alert)?;
            storm::came(alert, &pace, now)
        }
        Turn::Busy => leave(alert),
    }
}

/// Leaves an alert for the clock, or for the message that tells of many.
fn leave(alert: &Alert) -> Result {
    index::add_untold(alert)?;
    // It can be over by now, and whoever heard so has found nothing to remove.
    match store::load(alert.number)? {
        Some(kept) if kept.alert.resolved.is_some() => index::remove_untold(alert),
        Some(_) | None => Ok(()),
    }
}

/// Posts its card, and says whether that went well. A turn is taken for it.
pub fn post(alert: &Alert, settings: &Settings) -> Result<bool> {
    let message = match chat::post(&alert.channel, shown(alert, settings)) {
        Ok(message) => message.id(),
        Err(error) => {
            log::error!(
                "#{} is not told in #{}: {error}",
                alert.number,
                alert.channel
            );
            return Ok(false);
        }
    };
    let told = store::update(alert.number, |alert| {
        alert.message = Some(message.clone());
        alert.snoozed = alert
            .snoozed
            .take()
            .filter(|pause| pause.until > flow::now().as_millis());
        Ok(())
    })?;
    match told {
        // It was changed while its card was written.
        Some(told) if told.revision > alert.revision + 1 => changed(told, settings)?,
        Some(_) | None => {}
    }
    Ok(true)
}

/// Tells what became of an alert, by its card if it has one.
pub fn changed(mut alert: Alert, settings: &Settings) -> Result {
    let Some(message) = alert.message.clone() else {
        if alert.resolved.is_some() {
            index::remove_untold(&alert)?;
        }
        return Ok(());
    };
    for _ in 0..LOOKS_MAX {
        let edited =
            Message::find(&message).and_then(|message| message.edit(shown(&alert, settings)));
        if let Err(error) = edited {
            log::warn!("the card of #{} stays as it is: {error}", alert.number);
            return Ok(());
        }
        match store::load(alert.number)? {
            Some(kept) if kept.alert.revision != alert.revision => alert = kept.alert,
            Some(_) | None => break,
        }
    }
    Ok(())
}

/// Tells once more of an alert that was snoozed, and says whether that went well. A turn is taken for it.
pub fn again(alert: &Alert, settings: &Settings) -> Result<bool> {
    if !post(alert, settings)? {
        return Ok(false);
    }
    if let Some(before) = &alert.message {
        let edited =
            Message::find(before).and_then(|message| message.edit(card::told_again(alert)));
        if let Err(error) = edited {
            log::info!(
                "the first card of #{} stays as it is: {error}",
                alert.number
            );
        }
    }
    Ok(true)
}

/// Its card.
pub fn shown(alert: &Alert, settings: &Settings) -> chat::Card {
    let silences = settings.alertmanager_url().is_some();
    card::of(alert, silences, flow::now().as_millis())
}
