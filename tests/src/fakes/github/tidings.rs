//! Webhooks about the checks of commits. Setting a check tells nobody, so that tests say what is told and when.

use serde_json::json;

use super::{Github, events, lock};

impl Github {
    /// Tells that the checks of a commit have gone well, as GitHub does when a check suite is over.
    pub fn tell_of_checks(&self, repository: &str, reference: &str) {
        let mut state = lock(&self.shared.state);
        let at = state.find(repository);
        let at = at.unwrap_or_else(|| panic!("there is no repository {repository}"));
        let state = &mut *state;
        let (repository, id) = (&state.repositories[at], state.ids.number());
        let sha = repository.resolve(reference).map(|commit| &commit.sha);
        let body = json!({
            "action": "completed",
            "check_suite": {
                "id": id,
                "head_sha": sha.unwrap_or_else(|| panic!("there is no {reference}")),
                "status": "completed",
                "conclusion": "success",
            },
            "repository": self.shared.writer().repository(repository),
        });
        let parcel = events::parcel(&mut state.ids, "check_suite", body.to_string());
        self.shared.hooks.post(parcel);
        self.shared.traffic.changed();
    }
}
