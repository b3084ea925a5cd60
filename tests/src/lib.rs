//! Whole-bot tests, and what they and the demo run against: stand-ins for the services that witbot speaks to.

pub mod alertmanager;
pub mod bomb;
pub mod bot;
pub mod card;
pub mod conversation;
pub mod crowd;
pub mod exposition;
pub mod fakes;
pub mod home;
pub mod isolated;
pub mod local_slack;
pub mod manifest;
pub mod outside;
pub mod services;
pub mod slack;
pub mod transcript;
