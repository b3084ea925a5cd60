//! What a test does with GitHub Actions.

use super::super::repository::Repository;
use super::super::{Github, Shared, State};
use super::{End, WorkflowFile, WorkflowRun, events};
use crate::fakes::traffic::lock;

/// More steps than any run has.
const STEPS_MAX: usize = 100;

impl Github {
    /// Adds a workflow, or changes it.
    pub fn add_workflow(&self, repository: &str, file: WorkflowFile) {
        self.on_actions(repository, |repository| {
            let files = &mut repository.actions.files;
            files.retain(|other| other.name != file.name);
            files.push(file);
        });
    }

    /// Has deployments of jobs to an environment wait for one of these people.
    pub fn set_reviewers(&self, repository: &str, environment: &str, logins: &[&str]) {
        let logins = logins.iter().map(|login| (*login).to_owned()).collect();
        self.on_actions(repository, |repository| {
            repository
                .actions
                .reviewers
                .insert(environment.to_owned(), logins)
        });
    }

    /// Answers dispatches as older servers do: without the run, and with a refusal of the flag that asks for it.
    pub fn make_actions_older(&self, repository: &str) {
        self.on_actions(repository, |repository| repository.actions.older = true);
    }

    /// Accepts the next dispatches, and makes no run of them.
    pub fn lose_runs(&self, repository: &str, count: usize) {
        self.on_actions(repository, |repository| repository.actions.lose = count);
    }

    /// The runs of a repository, oldest first.
    pub fn runs(&self, repository: &str) -> Vec<WorkflowRun> {
        self.on_actions(repository, |repository| repository.actions.runs.clone())
    }

    /// Starts a run as somebody does on GitHub's page.
    pub fn dispatch(
        &self,
        repository: &str,
        file: &str,
        reference: &str,
        actor: &str,
    ) -> WorkflowRun {
        let mut state = lock(&self.shared.state);
        let at = state.find(repository).expect("the repository is there");
        let State {
            repositories, ids, ..
        } = &mut *state;
        let run = repositories[at].begin_run(ids, file, reference, Default::default(), actor);
        drop(state);
        self.shared.traffic.changed();
        run.expect("the workflow and the reference are there")
    }

    /// Moves a run on by one step: it begins, or a job ends and the next begins.
    pub fn advance_run(&self, repository: &str, id: u64) -> WorkflowRun {
        self.shared.advance_run(repository, id, None)
    }

    /// Moves a run on to its end, and makes it this one. Nobody has to approve anything.
    pub fn finish_run(&self, repository: &str, id: u64, end: &End) -> WorkflowRun {
        let mut run = self.shared.advance_run(repository, id, Some(end));
        for _ in 0..STEPS_MAX {
            if run.is_over() {
                break;
            }
            run = self.shared.advance_run(repository, id, Some(end));
        }
        run
    }

    /// Changes a run as nothing here would: gives it a status that is rare, or takes it away.
    pub fn change_runs(&self, repository: &str, change: impl FnOnce(&mut Vec<WorkflowRun>)) {
        self.on_actions(repository, |repository| {
            change(&mut repository.actions.runs)
        });
        self.shared.traffic.changed();
    }

    fn on_actions<T>(&self, repository: &str, look: impl FnOnce(&mut Repository) -> T) -> T {
        look(lock(&self.shared.state).repository(repository))
    }
}

impl Shared {
    /// With an end, nothing is waited for.
    fn advance_run(&self, repository: &str, id: u64, end: Option<&End>) -> WorkflowRun {
        let mut state = lock(&self.state);
        let at = state
            .find(repository)
            .unwrap_or_else(|| panic!("there is no repository {repository}"));
        let State {
            repositories, ids, ..
        } = &mut *state;
        let repository = &mut repositories[at];
        let reviewers = repository.actions.reviewers.clone();
        let run = repository.actions.runs.iter_mut().find(|run| run.id == id);
        let run = run.unwrap_or_else(|| panic!("there is no run {id}"));
        let before = run.status.clone();
        if let Some(end) = end {
            run.end = end.clone();
        }
        let waits = |environment: &str| end.is_none() && reviewers.contains_key(environment);
        let changed = run.step(waits);
        let run = run.clone();
        let parcels = events::moved(self.writer(), ids, repository, (&run, &before, &changed));
        drop(state);
        parcels
            .into_iter()
            .for_each(|parcel| self.hooks.post(parcel));
        self.traffic.changed();
        run
    }
}
