//! Where events come in.

pub mod connections;
pub mod console;
pub mod hooks;
pub mod http;
pub mod probes;
