//! Texts of the settings with places in which the values of a deployment are put: `{sha}`, `{environment}`.

use serde::Deserialize;
use witbot_sdk::ci::Parameter;
use witbot_sdk::{Error, Result};

/// What can be put in.
#[derive(Debug, Clone)]
pub struct Values {
    /// `{app}`
    pub app: String,
    /// `{deployment_id}`
    pub deployment_id: u64,
    /// `{environment}`
    pub environment: String,
    /// `{ref}`
    pub reference: String,
    /// `{repository}`
    pub repository: String,
    /// `{sha}`
    pub sha: String,
}

impl Values {
    fn get(&self, name: &str) -> Result<String> {
        match name {
            "app" => Ok(self.app.clone()),
            "deployment_id" => Ok(self.deployment_id.to_string()),
            "environment" => Ok(self.environment.clone()),
            "ref" => Ok(self.reference.clone()),
            "repository" => Ok(self.repository.clone()),
            "sha" => Ok(self.sha.clone()),
            other => Err(Error::invalid(format!(
                "the settings have `{{{other}}}`, which is none of \
                 {{app}}, {{deployment_id}}, {{environment}}, {{ref}}, {{repository}} and {{sha}}"
            ))),
        }
    }
}

/// A text with the values put in. Braces around anything but a name stay as they are.
pub fn fill(template: &str, values: &Values) -> Result<String> {
    let mut text = String::new();
    let mut rest = template;
    while let Some(start) = rest.find('{') {
        text.push_str(&rest[..start]);
        rest = &rest[start + 1..];
        match rest.split_once('}') {
            Some((name, after)) if is_name(name) => {
                text.push_str(&values.get(name)?);
                rest = after;
            }
            Some(_) | None => text.push('{'),
        }
    }
    text.push_str(rest);
    Ok(text)
}

/// Whether all names in a text are known.
pub fn check(template: &str) -> Result<()> {
    let nothing = Values {
        app: String::new(),
        deployment_id: 0,
        environment: String::new(),
        reference: String::new(),
        repository: String::new(),
        sha: String::new(),
    };
    fill(template, &nothing).map(|_| ())
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase() || c == '_')
}

/// A parameter as the settings have it.
#[derive(Debug, Deserialize)]
#[serde(
    untagged,
    expecting = "expected a text, a whole number, or true or false"
)]
pub enum Given {
    /// `verbose = true`
    Boolean(bool),
    /// `retries = 3`
    Integer(i64),
    /// `version = "{sha}"`
    Text(String),
}

/// A parameter with the values put in. The number of a deployment, when it stands alone, is a number.
pub fn parameter(given: &Given, values: &Values) -> Result<Parameter> {
    match given {
        Given::Boolean(yes) => Ok(Parameter::from(*yes)),
        Given::Integer(number) => Ok(Parameter::from(*number)),
        Given::Text(text) if text == "{deployment_id}" => {
            Ok(Parameter::from(i64::try_from(values.deployment_id)?))
        }
        Given::Text(text) => Ok(Parameter::from(fill(text, values)?)),
    }
}

#[cfg(test)]
pub fn example() -> Values {
    Values {
        app: "api".to_owned(),
        deployment_id: 5_000_000_001,
        environment: "staging".to_owned(),
        reference: "main".to_owned(),
        repository: "acme/api".to_owned(),
        sha: "1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(template: &str) -> String {
        fill(template, &example()).unwrap()
    }

    #[test]
    fn values_are_put_in() {
        assert_eq!(
            filled("https://{app}.{environment}.example"),
            "https://api.staging.example"
        );
        assert_eq!(
            filled("{repository}@{ref}#{deployment_id}"),
            "acme/api@main#5000000001"
        );
        assert_eq!(filled("plain"), "plain");
    }

    #[test]
    fn other_braces_stay() {
        assert_eq!(filled(r#"{"app": "{app}"}"#), r#"{"app": "api"}"#);
        assert_eq!(filled("{} { {{app}} }"), "{} { {api} }");
        assert_eq!(filled("ends in {"), "ends in {");
    }

    #[test]
    fn unknown_names_are_refused() {
        let error = fill("{commit}", &example()).unwrap_err();
        assert_eq!(
            error.message,
            "the settings have `{commit}`, which is none of \
             {app}, {deployment_id}, {environment}, {ref}, {repository} and {sha}"
        );
    }

    #[test]
    fn parameters_keep_their_types() {
        let typed =
            |json: &str| parameter(&serde_json::from_str(json).unwrap(), &example()).unwrap();
        assert_eq!(typed("true"), Parameter::Boolean(true));
        assert_eq!(typed("3"), Parameter::Integer(3));
        assert_eq!(typed(r#""3""#), Parameter::Text("3".to_owned()));
        assert_eq!(
            typed(r#""{deployment_id}""#),
            Parameter::Integer(5_000_000_001)
        );
        assert_eq!(
            typed(r#""d-{deployment_id}""#),
            Parameter::Text("d-5000000001".to_owned())
        );
    }
}
