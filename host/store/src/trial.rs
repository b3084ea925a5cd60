//! How the first runs of a version went, from the runs themselves: whatever happened to the bot in between, all are counted.

use witbot_core::ids::{Digest, PluginName};
use witbot_core::limits::{TRIAL_CRASHES, TRIAL_LOOKED_AT_MAX, TRIAL_RUNS};

use crate::Store;
use crate::column::first;
use crate::error::StoreError;

/// The runs of one version that came to an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trial {
    /// How many: one more than [`TRIAL_RUNS`] stands for more.
    pub ended: u32,
    /// How many of these crashed, or took more than they may.
    pub crashed: u32,
}

impl Trial {
    /// Whether the version should make way for the one before it.
    pub fn is_lost(self) -> bool {
        self.ended <= TRIAL_RUNS
            && self.crashed >= TRIAL_CRASHES
            && self.crashed.saturating_mul(2) >= self.ended
    }
}

impl Store {
    /// How the runs of a version went. Those that were canceled or gave up by themselves ended well enough.
    pub async fn trial(&self, plugin: &PluginName, digest: Digest) -> Result<Trial, StoreError> {
        let plugin = plugin.clone();
        self.read(move |db| {
            let sql = "SELECT count(*), count(report) FROM
                (SELECT report FROM invocations
                 WHERE run > (SELECT max(run) FROM invocations) - ?3 AND plugin = ?1 AND digest = ?2
                     AND state IN ('done', 'failed')
                 ORDER BY run DESC LIMIT ?4)";
            let found = first(
                db,
                sql,
                (
                    plugin.as_str(),
                    digest.as_bytes(),
                    TRIAL_LOOKED_AT_MAX,
                    TRIAL_RUNS + 1,
                ),
                |row| {
                    Ok(Trial {
                        ended: row.get(0)?,
                        crashed: row.get(1)?,
                    })
                },
            )?;
            Ok(found.unwrap_or(Trial {
                ended: 0,
                crashed: 0,
            }))
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trial_is_lost_by_crashes_that_are_no_exception() {
        for (ended, crashed, lost) in [
            (2, 2, false),
            (3, 3, true),
            (6, 3, true),
            (7, 3, false),
            (20, 10, true),
            (20, 9, false),
            (21, 21, false),
        ] {
            assert_eq!(
                Trial { ended, crashed }.is_lost(),
                lost,
                "{crashed} of {ended}"
            );
        }
    }
}
