//! What the creator of a deployment has written into it.

use serde::Deserialize;

/// The parts of a payload that matter here. Whoever creates a deployment can write anything there, or nothing.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Payload {
    app: Option<String>,
    /// The channel in which it was asked for.
    pub channel: Option<String>,
}

impl Payload {
    /// Reads a payload. One of another form is as good as none.
    pub fn read(payload: &str) -> Payload {
        serde_json::from_str(payload).unwrap_or_default()
    }

    /// The application: what the payload says, or else the repository's own name.
    pub fn app(&self, repository: &str) -> String {
        let own = || {
            repository
                .rsplit('/')
                .next()
                .unwrap_or(repository)
                .to_owned()
        };
        self.app.clone().unwrap_or_else(own)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_application_is_in_the_payload_or_named_as_the_repository() {
        let app = |payload: &str| Payload::read(payload).app("acme/shop");
        assert_eq!(app(r#"{"app": "web", "more": [1]}"#), "web");
        assert_eq!(app("{}"), "shop");
        assert_eq!(app(""), "shop");
        assert_eq!(app(r#"{"app": 7}"#), "shop");
    }
}
