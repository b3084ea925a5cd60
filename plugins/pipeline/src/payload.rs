//! What the creator of a deployment has written into it.

use serde::Deserialize;

/// The parts of a payload that matter here. Whoever creates a deployment can write anything there, or nothing.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Payload {
    app: Option<String>,
    #[serde(rename = "ref")]
    reference: Option<String>,
    /// The channel in which it was asked for.
    pub channel: Option<String>,
}

impl Payload {
    /// Reads a payload. One of another form is as good as none.
    pub fn read(payload: &str) -> Payload {
        serde_json::from_str(payload).unwrap_or_default()
    }

    /// The branch or tag that was asked for. A deployment of a branch that has moved on since names its commit, and only the
    /// payload knows the branch.
    pub fn reference(&self, reference: String, sha: &str) -> String {
        match &self.reference {
            Some(asked) if reference == sha => asked.clone(),
            Some(_) | None => reference,
        }
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

    #[test]
    fn the_branch_of_a_commit_is_in_the_payload() {
        let payload = Payload::read(r#"{"ref": "main"}"#);
        let reference = |payload: &Payload, text: &str| payload.reference(text.to_owned(), "1a2b");
        assert_eq!(reference(&payload, "1a2b"), "main");
        assert_eq!(reference(&payload, "v1.2"), "v1.2");
        assert_eq!(reference(&Payload::default(), "1a2b"), "1a2b");
    }
}
