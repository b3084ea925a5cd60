//! Which runs stand in lines, so that those behind hear at once when one leaves. The store knows the lines themselves: what is
//! missed here, such as a run that is put aside, is seen when the next look at them comes around.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc;
use witbot_core::call::{Operation, line_key};
use witbot_core::ids::{InvocationId, PluginName};
use witbot_engine::Caller;

use crate::wake::Wake;

/// The keys of the lines in which each run stands.
#[derive(Default)]
pub struct Lines {
    of_run: Mutex<HashMap<InvocationId, BTreeSet<String>>>,
}

impl Lines {
    /// Those of the store, at the start.
    pub fn new(standing: Vec<(PluginName, String, InvocationId)>) -> Lines {
        let mut of_run: HashMap<_, BTreeSet<_>> = HashMap::new();
        for (plugin, line, run) in standing {
            of_run
                .entry(run)
                .or_default()
                .insert(line_key(&plugin, &line));
        }
        Lines {
            of_run: Mutex::new(of_run),
        }
    }

    /// Follows a run that has lined up or left, as is stored by now.
    pub async fn recorded(
        &self,
        caller: &Caller,
        operation: &Operation,
        wakes: &mpsc::Sender<Wake>,
    ) {
        match operation {
            Operation::LineUp(call) => {
                let key = line_key(&caller.plugin, &call.line);
                let mut of_run = self.lock();
                of_run
                    .entry(caller.invocation.clone())
                    .or_default()
                    .insert(key);
            }
            Operation::LeaveLine(call) => {
                let key = line_key(&caller.plugin, &call.line);
                if let Some(keys) = self.lock().get_mut(&caller.invocation) {
                    keys.remove(&key);
                }
                let _ = wakes.send(Wake::Moved(key)).await;
            }
            _ => {}
        }
    }

    /// Tells those behind a run that has ended.
    pub async fn ended(&self, run: &InvocationId, wakes: &mpsc::Sender<Wake>) {
        let keys = self.lock().remove(run);
        for key in keys.into_iter().flatten() {
            let _ = wakes.send(Wake::Moved(key)).await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<InvocationId, BTreeSet<String>>> {
        self.of_run.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
