//! The words and decisions of witbot, on plain values.
//!
//! Nothing here does I/O, waits, reads a clock or knows of WebAssembly: everything can be tested as a table.

pub mod limits;
pub mod ids;
pub mod error;
pub mod printable;
pub mod event;
pub mod call;
pub mod ci;
pub mod github;
pub mod http;
pub mod journal;
pub mod audit;
pub mod declaration;
pub mod command;
pub mod route;
pub mod help;
pub mod grants;
