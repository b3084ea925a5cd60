//! Telling other plugins what happened, by the name of a topic, and being told.
//!
//! Nobody is called, and nobody answers: whoever has subscribed to `topic.NAME`, or waits for it by
//! [`flow::await_event`](crate::flow::await_event), is told. So plugins work together that do not know each other.
//!
//! Grant: `topics = [{ name = "deployed" }]` to be told, `topics = [{ name = "deployed", publish = true }]` to tell others as
//! well.
//!
//! ```no_run
//! use witbot_sdk::{Event, Plugin, Result, log, topics};
//!
//! witbot_sdk::plugin!(plugin);
//!
//! fn plugin() -> Plugin {
//!     Plugin::new("Notes what was deployed.").subscribe("topic.deployed", deployed)
//! }
//!
//! fn deployed(event: &Event) -> Result {
//!     let commit = event.field("/commit").unwrap_or_default();
//!     log::info!("{} is at {commit}", event.subject());
//!     topics::publish("noted", &event.subject(), &serde_json::json!({ "commit": commit }))
//! }
//! ```

use serde::Serialize;

use crate::bindings::witbot::topics::topics;
use crate::error::Result;

/// Publishes an event of the kind `topic.NAME`. The name is 1 to 40 small letters, digits and hyphens, with a letter first.
/// The subject, of 1 to 256 bytes, says what it is about, such as `api/production`: who waits for one, waits for its subject.
/// The body becomes JSON of at most 64 KiB, which [`Event::field`](crate::Event::field) looks into. It is told exactly once,
/// also to the plugin itself if that has subscribed. A topic that nobody has subscribed to is no error.
///
/// # Errors
/// `denied`, `invalid` (such a name, subject or body), `rate-limited` (50 in this run, or 1,000 of this topic wait),
/// `conflict` (plugins answer each other in topics without an end).
pub fn publish<T: Serialize + ?Sized>(name: &str, subject: &str, body: &T) -> Result {
    Ok(topics::publish(
        name,
        subject,
        &serde_json::to_string(body)?,
    )?)
}
