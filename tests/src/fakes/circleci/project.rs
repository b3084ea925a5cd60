//! Projects: what they declare, and what their pipelines will do.

use std::collections::{BTreeMap, VecDeque};

use serde_json::Value;

use super::workflow::{JobKind, WorkflowPlan};
use crate::fakes::ids::Ids;

/// The type that a project declares for a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParameterType {
    /// A text.
    String,
    /// A whole number.
    Integer,
    /// True or false.
    Boolean,
}

/// What becomes of the next pipeline of a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// All jobs succeed.
    Succeeds,
    /// The job of this name fails.
    FailsAt(String),
    /// The trigger is accepted with 200 and nothing is created, as when the commit says `[ci skip]`.
    IsSkipped,
    /// The pipeline is created and has no workflows: no filter lets any through.
    HasNothingToDo,
    /// The configuration cannot be read, and this is why.
    HasBadConfig(String),
}

#[derive(Debug)]
pub(super) struct Project {
    pub(super) id: String,
    pub(super) organization_id: String,
    /// `gh/acme/api`.
    pub(super) slug: String,
    pub(super) definition: String,
    pub(super) default_branch: String,
    pub(super) branches: BTreeMap<String, String>,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) parameters: BTreeMap<String, ParameterType>,
    /// Whether pipelines come back with the parameters that were sent.
    pub(super) tells_parameters: bool,
    pub(super) setup: bool,
    pub(super) workflows: Vec<WorkflowPlan>,
    pub(super) next: VecDeque<Next>,
    pub(super) pipelines: u64,
}

impl Project {
    /// With the branch `main` and one workflow `deploy` of the jobs `build` and `deploy`.
    pub(super) fn new(slug: &str, parameters: &[(&str, ParameterType)], ids: &mut Ids) -> Project {
        let jobs = ["build", "deploy"]
            .map(|name| (name.to_owned(), JobKind::Build))
            .to_vec();
        let declared = parameters
            .iter()
            .map(|(name, kind)| ((*name).to_owned(), *kind));
        let mut project = Project {
            id: ids.uuid(),
            organization_id: ids.uuid(),
            slug: slug.to_owned(),
            definition: ids.uuid(),
            default_branch: "main".to_owned(),
            branches: BTreeMap::new(),
            tags: BTreeMap::new(),
            parameters: declared.collect(),
            tells_parameters: false,
            setup: false,
            workflows: vec![WorkflowPlan {
                name: "deploy".to_owned(),
                jobs,
            }],
            next: VecDeque::new(),
            pipelines: 0,
        };
        let head = format!("{:0>40}", ids.uuid().replace('-', ""));
        project.branches.insert("main".to_owned(), head);
        project
    }

    /// Organization and name.
    pub(super) fn names(&self) -> (&str, &str) {
        let mut parts = self.slug.splitn(3, '/').skip(1);
        (
            parts.next().unwrap_or_default(),
            parts.next().unwrap_or_default(),
        )
    }

    /// As the webhooks spell the slug, unlike the rest of the interface.
    pub(super) fn long_slug(&self) -> String {
        let (organization, name) = self.names();
        match self.slug.split('/').next() {
            Some("gh") => format!("github/{organization}/{name}"),
            Some("bb") => format!("bitbucket/{organization}/{name}"),
            Some(_) | None => self.slug.clone(),
        }
    }

    /// Whether it is connected through the GitHub App: such projects have no default pipeline definition.
    pub(super) fn needs_definition(&self) -> bool {
        self.slug.starts_with("circleci/")
    }

    /// What is wrong with these parameters. The trigger accepts them all the same.
    pub(super) fn complaint(&self, given: &serde_json::Map<String, Value>) -> Option<String> {
        given.iter().find_map(|(name, value)| {
            let Some(declared) = self.parameters.get(name) else {
                return Some(format!("Unexpected argument(s): {name}"));
            };
            let (fits, kind) = match declared {
                ParameterType::String => (value.is_string(), "string"),
                ParameterType::Integer => (value.is_i64() || value.is_u64(), "integer"),
                ParameterType::Boolean => (value.is_boolean(), "boolean"),
            };
            let complaint = || {
                format!(
                    "Type error for argument {name}: expected type: {kind}, actual value: {value}"
                )
            };
            (!fits).then(complaint)
        })
    }
}

/// The slug as the interface spells it: `github/acme/api` is `gh/acme/api`.
pub(super) fn short_slug(slug: &str) -> String {
    match slug.split_once('/') {
        Some(("github", rest)) => format!("gh/{rest}"),
        Some(("bitbucket", rest)) => format!("bb/{rest}"),
        Some(_) | None => slug.to_owned(),
    }
}
