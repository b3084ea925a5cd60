//! Deployments that somebody else makes and changes, as with GitHub's API, and webhooks that come twice.

use serde_json::Value;

use super::body::Fields;
use super::deployment::DeploymentState;
use super::{Github, Shared, State, deploy, events, lock};
use crate::fakes::request::{Answer, Request};

impl Github {
    /// Creates a deployment with these fields of the API, as this person, and gives its id. GitHub's gates are not asked.
    pub fn deploy_as(&self, login: &str, repository: &str, mut fields: Value) -> u64 {
        fields["auto_merge"] = false.into();
        fields["required_contexts"] = Value::Array(Vec::new());
        let created = self.shared.changed(repository, |shared, state, at| {
            let State {
                repositories, ids, ..
            } = state;
            let repository = &mut repositories[at];
            let id = deploy::create(repository, ids, login, &read(&fields)?)?;
            let deployment = repository.deployments.last().expect("it was created");
            let parcel = events::deployment(shared.writer(), ids, repository, deployment);
            Ok((id, Some(parcel)))
        });
        created.unwrap_or_else(|refused| panic!("{fields} was refused: {refused:?}"))
    }

    /// Adds a status to a deployment, as this person.
    pub fn set_deployment_status(
        &self,
        login: &str,
        (repository, id): (&str, u64),
        state: DeploymentState,
        description: &str,
    ) {
        let fields = serde_json::json!({ "state": state.as_str(), "description": description });
        let added = self.shared.changed(repository, |shared, state, at| {
            let State {
                repositories, ids, ..
            } = state;
            let repository = &mut repositories[at];
            let found = repository
                .deployments
                .iter()
                .position(|other| other.id == id);
            let found = found.unwrap_or_else(|| panic!("there is no deployment {id}"));
            deploy::add_status(repository, ids, login, (found, &read(&fields)?))?;
            let deployment = &repository.deployments[found];
            let parcel = events::deployment_status(shared.writer(), ids, repository, deployment);
            Ok((id, parcel))
        });
        added.unwrap_or_else(|refused| panic!("{fields} was refused: {refused:?}"));
    }

    /// Tells of a deployment once more, as the webhook of the organization does beside that of the repository: with a GUID
    /// of its own.
    pub fn tell_again(&self, repository: &str, id: u64) {
        let told = self.shared.changed(repository, |shared, state, at| {
            let State {
                repositories, ids, ..
            } = state;
            let repository = &repositories[at];
            let found = repository.deployments.iter().find(|other| other.id == id);
            let found = found.unwrap_or_else(|| panic!("there is no deployment {id}"));
            let parcel = events::deployment(shared.writer(), ids, repository, found);
            Ok((id, Some(parcel)))
        });
        told.unwrap_or_else(|refused| panic!("{refused:?}"));
    }
}

type Change = Result<(u64, Option<crate::fakes::hooks::Parcel>), Answer>;

impl Shared {
    /// Changes something of a repository, and tells of it.
    fn changed(
        &self,
        repository: &str,
        change: impl FnOnce(&Shared, &mut State, usize) -> Change,
    ) -> Result<u64, Answer> {
        let mut state = lock(&self.state);
        let at = state.find(repository);
        let at = at.unwrap_or_else(|| panic!("there is no repository {repository}"));
        let (id, parcel) = change(self, &mut state, at)?;
        drop(state);
        parcel
            .into_iter()
            .for_each(|parcel| self.hooks.post(parcel));
        self.traffic.changed();
        Ok(id)
    }
}

fn read(fields: &Value) -> Result<Fields, Answer> {
    Fields::read(&Request {
        method: "POST".to_owned(),
        path: String::new(),
        query: Vec::new(),
        headers: Vec::new(),
        body: fields.to_string().into_bytes(),
    })
}
