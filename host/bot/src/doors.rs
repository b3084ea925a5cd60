//! Where events come in.

pub mod console;
pub mod hooks;
pub mod http;
