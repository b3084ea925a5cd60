//! Branches and deployments that go away.

use super::{Github, lock};

impl Github {
    /// Takes a branch away, as somebody does on GitHub's page. Its commits stay.
    pub fn remove_branch(&self, repository: &str, branch: &str) {
        let mut state = lock(&self.shared.state);
        let removed = state.repository(repository).branches.remove(branch);
        assert!(removed.is_some(), "{repository} has no branch {branch}");
    }

    /// Takes a deployment away, whatever its state.
    pub fn remove_deployment(&self, repository: &str, id: u64) {
        let mut state = lock(&self.shared.state);
        let deployments = &mut state.repository(repository).deployments;
        let before = deployments.len();
        deployments.retain(|deployment| deployment.id != id);
        assert!(
            deployments.len() < before,
            "{repository} has no deployment {id}"
        );
    }
}
