//! The sockets against a Slack at the other end of a pipe in memory, on a clock that jumps ahead when all wait.

mod acks;
mod ends;
mod refresh;
mod slack;
mod stop;
mod strange;
