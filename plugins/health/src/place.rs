//! An environment of an application, as it is watched.

use std::fmt;

use crate::settings::Environment;

/// An environment of an application.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The application, as the settings spell it.
    pub app: &'a str,
    /// The environment, likewise.
    pub environment: &'a str,
    /// Where people are told about it.
    pub channel: &'a str,
    /// How it is watched.
    pub settings: &'a Environment,
}

impl Place<'_> {
    /// By what it is remembered, and asked about in topics: `api/production`.
    pub fn key(&self) -> String {
        format!("{}/{}", self.app, self.environment)
    }

    /// A command about it, as it is typed.
    pub fn command(&self, verb: &str, end: &str) -> String {
        let Place {
            app, environment, ..
        } = self;
        format!("health {verb} {app} in {environment}{end}")
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {}", self.app, self.environment)
    }
}
