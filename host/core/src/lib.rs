//! The words and decisions of witbot, on plain values.
//!
//! Nothing here does I/O, waits, reads a clock or knows of WebAssembly: everything can be tested as a table.

pub mod address;
pub mod audit;
pub mod call;
pub mod chat;
pub mod ci;
pub mod command;
pub mod conversation;
pub mod declaration;
pub mod error;
pub mod event;
pub mod failure;
pub mod github;
pub mod grants;
pub mod help;
pub mod http;
pub mod hubot;
pub mod ids;
pub mod inbound;
pub mod journal;
pub mod limits;
pub mod policy;
pub mod printable;
pub mod route;
pub mod schedule;
pub mod usage;
