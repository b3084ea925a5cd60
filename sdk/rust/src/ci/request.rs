//! A run to be started.

use crate::bindings::witbot::ci::ci;

/// A run to be started. With neither branch nor tag, the service takes the project's default branch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunRequest {
    branch: Option<String>,
    tag: Option<String>,
    definition: Option<String>,
    parameters: Vec<(String, Parameter)>,
    correlate_by: Option<String>,
}

impl RunRequest {
    /// A run of the default branch, without parameters.
    pub fn new() -> RunRequest {
        RunRequest::default()
    }

    /// Of this branch.
    pub fn branch(mut self, name: impl Into<String>) -> RunRequest {
        self.branch = Some(name.into());
        self
    }

    /// Of this tag.
    pub fn tag(mut self, name: impl Into<String>) -> RunRequest {
        self.tag = Some(name.into());
        self
    }

    /// The pipeline definition, for projects that have several. CircleCI: its UUID; needed by projects that are
    /// connected through the GitHub App. GitHub Actions: the file of the workflow, such as `deploy.yml`, or its number;
    /// always needed, and the workflow must have the trigger `workflow_dispatch`.
    pub fn definition(mut self, id: impl Into<String>) -> RunRequest {
        self.definition = Some(id.into());
        self
    }

    /// A parameter, declared in the pipeline's configuration; an input of the workflow at GitHub Actions. At most 100
    /// (GitHub Actions: 25); name 128 and text 512 characters at most.
    pub fn parameter(mut self, name: impl Into<String>, value: impl Into<Parameter>) -> RunRequest {
        self.parameters.push((name.into(), value.into()));
        self
    }

    /// The name of a declared text parameter in which the bot puts the id of this call, to find the run again after a
    /// crash. Recommended.
    pub fn correlate_by(mut self, name: impl Into<String>) -> RunRequest {
        self.correlate_by = Some(name.into());
        self
    }

    pub(crate) fn raw(&self) -> ci::RunRequest {
        let request = ci::RunRequest::new();
        self.branch.iter().for_each(|name| request.branch(name));
        self.tag.iter().for_each(|name| request.tag(name));
        self.definition.iter().for_each(|id| request.definition(id));
        self.parameters
            .iter()
            .for_each(|(name, value)| request.parameter(name, &value.raw()));
        self.correlate_by
            .iter()
            .for_each(|name| request.correlate_by(name));
        request
    }
}

/// The value of a parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parameter {
    /// A text.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// True or false.
    Boolean(bool),
}

impl Parameter {
    fn raw(&self) -> ci::Parameter {
        match self {
            Parameter::Text(text) => ci::Parameter::Text(text.clone()),
            Parameter::Integer(number) => ci::Parameter::Integer(*number),
            Parameter::Boolean(yes) => ci::Parameter::Boolean(*yes),
        }
    }
}

impl From<&str> for Parameter {
    fn from(text: &str) -> Parameter {
        Parameter::Text(text.to_owned())
    }
}

impl From<String> for Parameter {
    fn from(text: String) -> Parameter {
        Parameter::Text(text)
    }
}

impl From<i64> for Parameter {
    fn from(number: i64) -> Parameter {
        Parameter::Integer(number)
    }
}

impl From<bool> for Parameter {
    fn from(yes: bool) -> Parameter {
        Parameter::Boolean(yes)
    }
}
