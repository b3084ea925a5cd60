//! The contract's imports: each turns what a plugin asked into a call of `witbot-core`, and lets the gate decide.

pub(crate) mod chat;
pub(crate) mod ci;
pub(crate) mod config;
pub(crate) mod content;
pub(crate) mod declare;
pub(crate) mod events;
pub(crate) mod flow;
pub(crate) mod github;
pub(crate) mod http;
pub(crate) mod kv;
pub(crate) mod log;
pub(crate) mod permission;
mod say;
pub(crate) mod topics;
pub(crate) mod types;
