//! Slack. What Slack calls things, and the types of its client, do not leave this room.

pub mod api;
pub mod blocks;
pub mod chat;
pub mod connect;
pub mod directory;
pub mod door;
pub mod envelope;
pub mod events;
pub mod hooks;
pub mod incoming;
pub mod manifest;
pub mod mrkdwn;
pub mod online;
pub mod send;
pub mod socket;

mod yaml;
