//! Texts of the settings with places in which the values of an environment are put: `{name}`, `{sha}`.

use serde::Deserialize;
use witbot_sdk::ci::Parameter;
use witbot_sdk::{Error, Result};

/// What can be put in.
#[derive(Debug, Clone, Default)]
pub struct Values {
    /// `{app}`
    pub app: String,
    /// `{branch}`
    pub branch: String,
    /// `{deployment_id}`
    pub deployment_id: u64,
    /// `{name}`
    pub name: String,
    /// `{owner}`
    pub owner: String,
    /// `{repository}`
    pub repository: String,
    /// `{sha}`
    pub sha: String,
}

impl Values {
    fn get(&self, name: &str) -> Result<String> {
        match name {
            "app" => Ok(self.app.clone()),
            "branch" => Ok(self.branch.clone()),
            "deployment_id" => Ok(self.deployment_id.to_string()),
            "name" => Ok(self.name.clone()),
            "owner" => Ok(self.owner.clone()),
            "repository" => Ok(self.repository.clone()),
            "sha" => Ok(self.sha.clone()),
            other => Err(Error::invalid(format!(
                "`{{{other}}}` is none of {{app}}, {{branch}}, {{deployment_id}}, {{name}}, {{owner}}, {{repository}} and {{sha}}"
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

/// What is wrong with a text, if it has names that are not known.
pub fn wrong(template: &str) -> Option<String> {
    let error = fill(template, &Values::default()).err()?;
    Some(error.message)
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
    /// `replicas = 3`
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
        branch: "feature/login".to_owned(),
        deployment_id: 5_000_000_001,
        name: "api-feature-login".to_owned(),
        owner: "ada".to_owned(),
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
            filled("https://{name}.preview.example"),
            "https://api-feature-login.preview.example"
        );
        assert_eq!(
            filled("{app} {repository}@{branch}#{deployment_id} {owner}"),
            "api acme/api@feature/login#5000000001 ada"
        );
    }

    #[test]
    fn other_braces_stay() {
        assert_eq!(filled(r#"{"app": "{app}"}"#), r#"{"app": "api"}"#);
        assert_eq!(filled("{} { {{app}} } {"), "{} { {api} } {");
    }

    #[test]
    fn unknown_names_are_told() {
        assert_eq!(wrong("{name}"), None);
        assert_eq!(
            wrong("{commit}").unwrap(),
            "`{commit}` is none of {app}, {branch}, {deployment_id}, {name}, {owner}, {repository} and {sha}"
        );
    }

    #[test]
    fn parameters_keep_their_types() {
        let typed =
            |json: &str| parameter(&serde_json::from_str(json).unwrap(), &example()).unwrap();
        assert_eq!(typed("true"), Parameter::Boolean(true));
        assert_eq!(typed("3"), Parameter::Integer(3));
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
