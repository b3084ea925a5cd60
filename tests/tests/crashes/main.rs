//! The whole bot is killed, again and again, and what it was to do is done once all the same.
//!
//! `points` kills it at each point of each effect: before it is recorded that it will be done, after that, after it was
//! done, and after it was recorded what came of it. `storm` kills it anywhere, while much is going on. Both judge by what
//! the services have seen, and need no help from the bot: they stop it by not answering.
//!
//! `WITBOT_KILLS=500 cargo xtask test -- -E 'binary(crashes)'` kills it more often than usual, for ten minutes. A failure
//! names a seed: with it as `WITBOT_SEED` the same is done again, as far as the bot's own timing allows.

mod dice;
mod effect;
mod lanes;
mod points;
mod stage;
mod storm;
mod work;
