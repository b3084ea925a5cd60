//! Chance that can be repeated.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A generator of numbers: SplitMix64, which needs no more than a seed.
#[derive(Debug)]
pub struct Dice {
    seed: u64,
    state: u64,
}

impl Dice {
    /// With the seed that the variable `WITBOT_SEED` names, or another one each time. It is printed, also when the test
    /// fails.
    pub fn new() -> Dice {
        let named = std::env::var("WITBOT_SEED").ok();
        let seed = named.map_or_else(now, |seed| seed.parse().expect("the seed is a number"));
        println!("WITBOT_SEED={seed}");
        Dice { seed, state: seed }
    }

    /// One of `0..below`.
    pub fn below(&mut self, below: u64) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % below
    }

    /// One of these.
    pub fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as u64) as usize]
    }

    /// A time up to this.
    pub fn within(&mut self, most: Duration) -> Duration {
        Duration::from_millis(self.below(most.as_millis() as u64 + 1))
    }
}

impl Drop for Dice {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("to do the same again: WITBOT_SEED={}", self.seed);
        }
    }
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_millis() as u64)
}
