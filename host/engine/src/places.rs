//! Who runs, and who waits for a place: some for each plugin, and fewer than the pool has for all.
//!
//! A place that becomes free goes to the plugin that has the fewest. Some are kept for plugins that have next to none, so
//! that others at their limits cannot keep them out, however many these are.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Semaphore, oneshot};
use witbot_core::ids::PluginName;
use witbot_core::limits;
use witbot_core::limits::plugin::PluginLimits;

use crate::turns::{self, Turns};

/// A plugin has as many calls as it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Busy {
    /// Calls that run.
    pub running: usize,
    /// Calls that wait for one of them to end.
    pub waiting: usize,
}

impl fmt::Display for Busy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Busy { running, waiting } = self;
        write!(f, "{running} calls of it run and {waiting} wait")
    }
}

/// All places. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Places {
    taken: Arc<Mutex<Taken>>,
    /// The turns of long calls of all plugins.
    computing: Arc<Semaphore>,
}

#[derive(Default)]
struct Taken {
    running: usize,
    /// Those that run or wait, and no others.
    plugins: HashMap<PluginName, OfPlugin>,
}

struct OfPlugin {
    running: usize,
    running_max: usize,
    waiting: VecDeque<oneshot::Sender<()>>,
    computing: Arc<Semaphore>,
}

/// A place, or the claim to one. It is given back when it is dropped.
pub struct Place {
    places: Places,
    plugin: PluginName,
    granted: oneshot::Receiver<()>,
    has_it: bool,
    computing: Arc<Semaphore>,
}

impl Places {
    pub(crate) fn new() -> Places {
        Places {
            taken: Arc::default(),
            computing: Arc::new(Semaphore::new(turns::of_all())),
        }
    }

    /// Lines up for a place of a plugin.
    pub(crate) fn enter(&self, plugin: &PluginName, limits: &PluginLimits) -> Result<Place, Busy> {
        let mut taken = self.taken();
        let of_plugin = taken
            .plugins
            .entry(plugin.clone())
            .or_insert_with(OfPlugin::new);
        of_plugin.running_max = limits.instances as usize;
        let computing = of_plugin.computing.clone();
        let (grant, granted) = oneshot::channel();
        of_plugin.waiting.push_back(grant);
        taken.settle();
        let place = Place {
            places: self.clone(),
            plugin: plugin.clone(),
            granted,
            has_it: false,
            computing,
        };
        let full = taken.plugins.get(plugin).and_then(|of_plugin| {
            (of_plugin.waiting.len() > limits.waiting as usize).then(|| Busy {
                running: of_plugin.running,
                waiting: of_plugin.waiting.len() - 1,
            })
        });
        // The place itself is given back, which needs the lock.
        drop(taken);
        full.map_or(Ok(place), Err)
    }

    /// The turns of a plugin that is not counted here, as it only describes itself.
    pub(crate) fn turns(&self) -> Turns {
        Turns::new(vec![self.computing.clone()])
    }

    /// What runs and waits of each plugin of which anything does.
    pub(crate) fn now(&self) -> Vec<(PluginName, Busy)> {
        let taken = self.taken();
        let plugins = taken.plugins.iter().map(|(name, of_plugin)| {
            let busy = Busy {
                running: of_plugin.running,
                waiting: of_plugin.waiting.len(),
            };
            (name.clone(), busy)
        });
        plugins.collect()
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OfPlugin {
    fn new() -> OfPlugin {
        OfPlugin {
            running: 0,
            running_max: 0,
            waiting: VecDeque::new(),
            computing: Arc::new(Semaphore::new(turns::of_one())),
        }
    }

    fn may_run(&self, free: usize) -> bool {
        let from_reserve = self.running < limits::RUNS_FROM_RESERVE_MAX;
        !self.waiting.is_empty()
            && self.running < self.running_max
            && (free > limits::RUNS_RESERVED || from_reserve)
    }
}

impl Taken {
    /// Gives out the places that are free.
    fn settle(&mut self) {
        loop {
            let free = limits::RUNS_AT_ONCE_MAX.saturating_sub(self.running);
            if free == 0 {
                return;
            }
            let waiting = self.plugins.values_mut();
            let next = waiting
                .filter(|of_plugin| of_plugin.may_run(free))
                .min_by_key(|of_plugin| of_plugin.running);
            let Some(next) = next else {
                return;
            };
            let grant = next.waiting.pop_front();
            if grant.is_some_and(|grant| grant.send(()).is_ok()) {
                next.running += 1;
                self.running += 1;
            }
        }
    }
}

impl Place {
    /// Waits until it is there.
    pub(crate) async fn ready(&mut self) {
        if !self.has_it {
            // The other end is not dropped while somebody waits at this one.
            self.has_it = (&mut self.granted).await.is_ok();
        }
    }

    pub(crate) fn turns(&self) -> Turns {
        Turns::new(vec![self.computing.clone(), self.places.computing.clone()])
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        self.granted.close();
        let had_it = self.has_it || self.granted.try_recv().is_ok();
        taken.running -= usize::from(had_it);
        if let Some(of_plugin) = taken.plugins.get_mut(&self.plugin) {
            of_plugin.running -= usize::from(had_it);
            of_plugin.waiting.retain(|grant| !grant.is_closed());
            if of_plugin.running == 0 && of_plugin.waiting.is_empty() {
                taken.plugins.remove(&self.plugin);
            }
        }
        taken.settle();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn enter(places: &Places, plugin: &str, limits: PluginLimits) -> Result<Place, Busy> {
        places.enter(&plugin.parse().unwrap(), &limits)
    }

    fn has_one(place: &mut Place) -> bool {
        place.has_it |= place.granted.try_recv().is_ok();
        place.has_it
    }

    const SMALL: PluginLimits = PluginLimits {
        memory_mib: 1,
        call_seconds: 1,
        wall_seconds: 1,
        calls: 1,
        log_kib: 1,
        messages: 1,
        http_requests: 1,
        instances: 1,
        waiting: 1,
    };

    #[test]
    fn the_queue_is_bounded_and_moves_on_when_a_place_is_free() {
        let places = Places::new();
        let mut first = enter(&places, "one", SMALL).unwrap();
        let mut second = enter(&places, "one", SMALL).unwrap();
        assert!(has_one(&mut first) && !has_one(&mut second));
        let busy = enter(&places, "one", SMALL).err().unwrap();
        assert_eq!((busy.running, busy.waiting), (1, 1));
        assert!(has_one(&mut enter(&places, "other", SMALL).unwrap()));
        drop(first);
        assert!(has_one(&mut second));
        let third = enter(&places, "one", SMALL).unwrap();
        drop(third);
        let mut fourth = enter(&places, "one", SMALL).unwrap();
        drop(second);
        assert!(has_one(&mut fourth));
        drop(fourth);
        let taken = places.taken();
        assert!(taken.running == 0 && taken.plugins.is_empty());
    }

    #[test]
    fn whoever_gives_up_while_waiting_leaves_nothing_behind() {
        let places = Places::new();
        let first = enter(&places, "one", SMALL).unwrap();
        for _ in 0..10 {
            drop(enter(&places, "one", SMALL).unwrap());
        }
        drop(first);
        assert!(places.taken().plugins.is_empty());
    }

    #[test]
    fn plugins_at_their_limits_leave_room_for_others() {
        let places = Places::new();
        let greedy = PluginLimits {
            instances: 24,
            waiting: 100,
            ..SMALL
        };
        let mut held = Vec::new();
        for number in 0..1_000 {
            let name = format!("greedy-{}", number % 10);
            held.push(enter(&places, &name, greedy).unwrap());
        }
        let taken = places.taken().running;
        assert!(taken < limits::RUNS_AT_ONCE_MAX, "{taken}");
        assert!(has_one(&mut enter(&places, "hello", SMALL).unwrap()));
        // What is not kept back is shared alike.
        let shares: Vec<usize> = places
            .taken()
            .plugins
            .values()
            .map(|one| one.running)
            .collect();
        assert!(shares.iter().all(|share| *share >= 2), "{shares:?}");
    }
}
