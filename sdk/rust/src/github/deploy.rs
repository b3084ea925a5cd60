//! A deployment to be created.

use serde::Serialize;

use crate::bindings::witbot::github::github;
use crate::error::Result;

/// A deployment to be created: of `HEAD`, the default branch, unless a reference is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deploy {
    environment: String,
    reference: String,
    task: Option<String>,
    description: Option<String>,
    payload: Option<String>,
    production: Option<bool>,
    transient: Option<bool>,
    auto_merge: Option<bool>,
    required_contexts: Vec<String>,
}

impl Deploy {
    /// A deployment to an environment.
    pub fn to(environment: impl Into<String>) -> Deploy {
        Deploy {
            environment: environment.into(),
            reference: "HEAD".to_owned(),
            task: None,
            description: None,
            payload: None,
            production: None,
            transient: None,
            auto_merge: None,
            required_contexts: Vec::new(),
        }
    }

    /// The branch, tag or SHA to deploy.
    pub fn reference(mut self, reference: impl Into<String>) -> Deploy {
        self.reference = reference.into();
        self
    }

    /// What is done: `deploy` unless set.
    pub fn task(mut self, task: impl Into<String>) -> Deploy {
        self.task = Some(task.into());
        self
    }

    /// A description of at most 140 characters: longer ones are cut.
    pub fn description(mut self, text: impl Into<String>) -> Deploy {
        self.description = Some(text.into());
        self
    }

    /// What whoever runs the deployment reads: a value that is a JSON object, at most 16 KiB.
    ///
    /// # Errors
    /// `invalid`: the value cannot be written as JSON.
    pub fn payload<T: Serialize + ?Sized>(mut self, value: &T) -> Result<Deploy> {
        self.payload = Some(serde_json::to_string(value)?);
        Ok(self)
    }

    /// Marks the environment as one that users see. GitHub's own default is true for `production` alone.
    pub fn production(mut self, yes: bool) -> Deploy {
        self.production = Some(yes);
        self
    }

    /// Marks the environment as one that will go away.
    pub fn transient(mut self, yes: bool) -> Deploy {
        self.transient = Some(yes);
        self
    }

    /// Has GitHub merge the default branch in first, if the reference is behind it.
    pub fn auto_merge(mut self, yes: bool) -> Deploy {
        self.auto_merge = Some(yes);
        self
    }

    /// Has GitHub refuse unless this status context is green. Can be said several times.
    pub fn require_context(mut self, name: impl Into<String>) -> Deploy {
        self.required_contexts.push(name.into());
        self
    }

    pub(crate) fn raw(&self) -> github::DeploymentRequest {
        let request = github::DeploymentRequest::new(&self.reference, &self.environment);
        self.task.iter().for_each(|task| request.task(task));
        self.description
            .iter()
            .for_each(|text| request.description(text));
        self.payload.iter().for_each(|json| request.payload(json));
        self.production
            .iter()
            .for_each(|yes| request.production(*yes));
        self.transient
            .iter()
            .for_each(|yes| request.transient(*yes));
        self.auto_merge
            .iter()
            .for_each(|yes| request.auto_merge(*yes));
        self.required_contexts
            .iter()
            .for_each(|name| request.require_context(name));
        request
    }
}
