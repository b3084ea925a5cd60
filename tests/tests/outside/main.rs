//! The whole bot against stand-ins that we did not write. They need programs that `cargo xtask test` fetches.

mod alertmanager;
mod kubernetes;
mod local_slack;
mod prism;
mod webhook_samples;
