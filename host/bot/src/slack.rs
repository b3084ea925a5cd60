//! Slack. What Slack calls things, and the types of its client, do not leave this room.

pub mod connect;
pub mod envelope;
pub mod incoming;
pub mod manifest;
pub mod online;
pub mod socket;

mod yaml;
