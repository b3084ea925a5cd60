//! Webhooks that GitHub could not deliver. It does not try again by itself, but keeps them for some days and sends one again
//! when it is asked to: <https://docs.github.com/en/webhooks/using-webhooks/handling-failed-webhook-deliveries>.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value;
use witbot_core::error::Error;
use witbot_core::ids::{Repository, UnixMillis};
use witbot_core::limits;

use super::asked::Asked;
use super::connection::{Connection, PAGE, Unwritten};
use super::time;

/// Where a webhook of ours ends.
const OURS: &str = "/hooks/github";

#[derive(Deserialize)]
struct Hook {
    id: u64,
    #[serde(default)]
    active: bool,
    #[serde(default)]
    config: Config,
}

#[derive(Default, Deserialize)]
struct Config {
    #[serde(default)]
    url: String,
}

impl Hook {
    fn is_ours(&self) -> bool {
        self.active && self.config.url.trim_end_matches('/').ends_with(OURS)
    }
}

/// One attempt. All attempts at the same thing have the same `guid`.
#[derive(Deserialize)]
struct Attempt {
    id: u64,
    guid: String,
    #[serde(deserialize_with = "time::unix_millis")]
    delivered_at: UnixMillis,
    /// 0 when nobody answered.
    status_code: u16,
}

/// Has GitHub send again what it could not deliver since a time, and says how much that is. What was tried often enough is
/// left.
pub async fn redeliver(
    connection: &Connection,
    repository: &Repository,
    since: UnixMillis,
) -> Result<u32, Error> {
    let asked = Asked {
        action: format!("list the webhooks of {repository}"),
        thing: format!("list of webhooks of {repository} that the bot may see"),
    };
    let path = format!("/repos/{repository}/hooks");
    let hooks = connection
        .all(repository, &path, &asked, |hooks: Vec<Hook>| hooks)
        .await?;
    let mut count = 0;
    for hook in hooks.iter().filter(|hook| hook.is_ours()) {
        let path = format!("{path}/{}/deliveries", hook.id);
        for lost in lost(&attempts(connection, repository, &path, since).await?) {
            send_again(connection, repository, &format!("{path}/{lost}/attempts")).await?;
            count += 1;
        }
    }
    Ok(count)
}

/// The attempts since a time, newest first. GitHub pages them by a cursor.
async fn attempts(
    connection: &Connection,
    repository: &Repository,
    path: &str,
    since: UnixMillis,
) -> Result<Vec<Attempt>, Error> {
    let asked = Asked {
        action: format!("list the deliveries of a webhook of {repository}"),
        thing: format!("list of deliveries of a webhook of {repository}"),
    };
    let mut all: Vec<Attempt> = Vec::new();
    let mut page = format!("{path}?per_page={PAGE}");
    for _ in 0..limits::GITHUB_PAGES_MAX {
        let answer = connection.get(repository, &page, &asked).await?;
        let attempts: Vec<Attempt> = answer.read(&asked.thing)?;
        let older = attempts.iter().any(|attempt| attempt.delivered_at < since);
        let more = answer.goes_on(attempts.len(), PAGE);
        all.extend(
            attempts
                .into_iter()
                .filter(|attempt| attempt.delivered_at >= since),
        );
        let Some(cursor) = answer.cursor().filter(|_| more && !older) else {
            break;
        };
        page = format!("{path}?per_page={PAGE}&cursor={cursor}");
    }
    Ok(all)
}

/// The newest attempt of each thing that never arrived and was not tried too often.
fn lost(attempts: &[Attempt]) -> Vec<u64> {
    let mut things: HashMap<&str, (u64, u32, bool)> = HashMap::new();
    let mut order = Vec::new();
    for attempt in attempts {
        let thing = things.entry(&attempt.guid).or_insert_with(|| {
            order.push(attempt.guid.as_str());
            (attempt.id, 0, false)
        });
        thing.1 += 1;
        thing.2 |= (200..300).contains(&attempt.status_code);
    }
    // Oldest first, as they happened.
    let lost = order.into_iter().rev().filter_map(|guid| {
        let (newest, tries, arrived) = things[guid];
        (!arrived && tries < limits::REDELIVERIES_MAX).then_some(newest)
    });
    lost.collect()
}

async fn send_again(
    connection: &Connection,
    repository: &Repository,
    path: &str,
) -> Result<(), Error> {
    let asked = Asked {
        action: format!("send a webhook of {repository} again"),
        thing: format!("such a delivery of a webhook of {repository}"),
    };
    match connection
        .post(repository, path, &Value::Null, &asked)
        .await
    {
        Ok(answer) if answer.status.is_success() => Ok(()),
        Ok(answer) => Err(connection.refused(&answer, &asked)),
        Err(Unwritten::No(error)) => Err(error),
        // It is seen at the next look whether it was.
        Err(Unwritten::Perhaps(seen)) => {
            tracing::debug!(seen, "a webhook was perhaps not sent again");
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempts(given: &[(u64, &str, u16)]) -> Vec<Attempt> {
        let attempt = |(id, guid, status_code): &(u64, &str, u16)| Attempt {
            id: *id,
            guid: (*guid).to_owned(),
            delivered_at: UnixMillis(*id),
            status_code: *status_code,
        };
        given.iter().map(attempt).collect()
    }

    #[test]
    fn what_never_arrived_is_lost() {
        let newest_first = attempts(&[
            (9, "d", 0),
            (8, "c", 502),
            (7, "b", 202),
            (6, "b", 503),
            (5, "a", 200),
            (4, "c", 500),
        ]);
        assert_eq!(lost(&newest_first), [8, 9]);
    }

    #[test]
    fn what_was_tried_too_often_is_left() {
        let tried: Vec<_> = (0..u64::from(limits::REDELIVERIES_MAX))
            .map(|id| (id, "a", 500))
            .collect();
        assert_eq!(lost(&attempts(&tried)), [] as [u64; 0]);
        assert_eq!(lost(&attempts(&tried[1..])), [1]);
    }

    #[test]
    fn other_hooks_are_none_of_ours() {
        let hook = |active, url: &str| {
            let config = Config {
                url: url.to_owned(),
            };
            Hook {
                id: 1,
                active,
                config,
            }
            .is_ours()
        };
        assert!(hook(true, "https://bot.example/hooks/github"));
        assert!(!hook(false, "https://bot.example/hooks/github"));
        assert!(!hook(true, "https://bot.example/hooks/other"));
    }
}
