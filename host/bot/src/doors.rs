//! Where events come in.

pub mod console;
pub mod hooks;
pub mod http;
pub mod probes;
