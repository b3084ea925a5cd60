//! What a deployment tells whoever carries it out, and what we read of it later.

use serde::{Deserialize, Serialize};

use crate::person::Person;

/// What a deployment carries. Those that others created may lack all of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Payload {
    /// The application.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app: Option<String>,
    /// The environment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// What is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
    /// On which machines, as it was typed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hosts: Option<String>,
    /// The branch or tag that was asked for, where the deployment itself has only the commit.
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Who asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requested_by: Option<Person>,
    /// Where they asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// Our id of the message below which the deployment is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thread: Option<String>,
    /// The checks that said no.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub forced: Vec<String>,
    /// Who deployed although they did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forced_by: Option<Person>,
    /// That nobody asked: the checks had become green.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub auto: bool,
}

impl Payload {
    /// What a deployment carries. What is like nothing of ours has nothing in it.
    pub fn read(json: &str) -> Payload {
        serde_json::from_str(json).unwrap_or_default()
    }

    /// Whether it is about an application, as far as it says.
    pub fn is_of(&self, app: &str) -> bool {
        self.app.as_deref().is_none_or(|name| name == app)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_who_asked_and_where() {
        let ada = Person {
            id: Some("U1".to_owned()),
            name: "ada".to_owned(),
            github: None,
        };
        let payload = Payload {
            app: Some("api".to_owned()),
            environment: Some("staging".to_owned()),
            requested_by: Some(ada.clone()),
            channel: Some("C1".to_owned()),
            ..Payload::default()
        };
        let json = serde_json::to_string(&payload).unwrap();
        assert_eq!(
            json,
            r#"{"app":"api","environment":"staging","requested_by":{"id":"U1","name":"ada"},"channel":"C1"}"#
        );
        assert_eq!(Payload::read(&json), payload);
        let forced = Payload {
            forced: vec!["contexts".to_owned()],
            forced_by: Some(ada),
            ..payload
        };
        assert_eq!(
            Payload::read(&serde_json::to_string(&forced).unwrap()),
            forced
        );
    }

    #[test]
    fn foreign_payloads_are_no_obstacle() {
        for foreign in ["", "{}", "\"text\"", "[1]", r#"{"app": 7}"#] {
            assert!(Payload::read(foreign).is_of("api"), "{foreign}");
        }
        assert!(!Payload::read(r#"{"app": "web"}"#).is_of("api"));
    }
}
