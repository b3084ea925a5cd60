//! `witbot:ci/ci`: runs of a CI service.

use wasmtime::component::Resource;
use witbot_core::call::{
    ApproveRun, AwaitRun, CancelRun, ListRuns, OpenProject, ReadRun, RerunRun, TriggerRun,
};
use witbot_core::ci::{
    Ability, Approval, Failure, Parameter, Project, RecentRun, Run, RunRequest, RunStatus,
};
use witbot_core::error::Error;
use witbot_core::limits;

use crate::bindings::witbot::ci::ci;
use crate::gate::Refusal;
use crate::state::State;

/// A run, and the project through which it was opened.
#[derive(Clone)]
pub struct OpenRun {
    project: Project,
    run: Run,
}

impl ci::Host for State {
    async fn open(
        &mut self,
        provider: String,
        project: String,
    ) -> Result<Resource<Project>, Refusal> {
        let provider = provider
            .parse()
            .map_err(|error| Error::invalid(format!("{error}")))?;
        let project = Project {
            provider,
            name: project,
        };
        self.gate
            .pass(OpenProject {
                project: project.clone(),
            })
            .await?;
        Ok(self.table.push(project)?)
    }
}

impl ci::HostProject for State {
    async fn trigger(
        &mut self,
        project: Resource<Project>,
        request: Resource<RunRequest>,
    ) -> Result<Resource<OpenRun>, Refusal> {
        let project = self.table.get(&project)?.clone();
        let request = self.table.get(&request)?.clone();
        let run = self
            .gate
            .pass(TriggerRun {
                project: project.clone(),
                request,
            })
            .await?;
        Ok(self.table.push(OpenRun { project, run })?)
    }

    async fn run(
        &mut self,
        project: Resource<Project>,
        id: String,
    ) -> Result<Resource<OpenRun>, Refusal> {
        let project = self.table.get(&project)?.clone();
        let run = Run {
            id,
            number: None,
            url: String::new(),
        };
        Ok(self.table.push(OpenRun { project, run })?)
    }

    async fn recent(
        &mut self,
        project: Resource<Project>,
        limit: u32,
    ) -> Result<Vec<Resource<RecentRun>>, Refusal> {
        let call = ListRuns {
            project: self.table.get(&project)?.clone(),
            limit: limit.clamp(1, limits::CI_RECENT_MAX),
        };
        let runs = self.gate.pass(call).await?;
        let handles = runs.into_iter().map(|run| self.table.push(run));
        Ok(handles.collect::<Result<_, _>>()?)
    }

    async fn can(&mut self, project: Resource<Project>, ability: String) -> wasmtime::Result<bool> {
        let provider = self.table.get(&project)?.provider;
        Ok(Ability::named(&ability).is_some_and(|ability| provider.can(ability)))
    }

    async fn drop(&mut self, project: Resource<Project>) -> wasmtime::Result<()> {
        self.table.delete(project)?;
        Ok(())
    }
}

impl ci::HostRunRequest for State {
    async fn new(&mut self) -> wasmtime::Result<Resource<RunRequest>> {
        Ok(self.table.push(RunRequest::default())?)
    }

    async fn branch(
        &mut self,
        request: Resource<RunRequest>,
        name: String,
    ) -> wasmtime::Result<()> {
        self.hold(name.len())?;
        self.table.get_mut(&request)?.branch = Some(name);
        Ok(())
    }

    async fn tag(&mut self, request: Resource<RunRequest>, name: String) -> wasmtime::Result<()> {
        self.hold(name.len())?;
        self.table.get_mut(&request)?.tag = Some(name);
        Ok(())
    }

    async fn definition(
        &mut self,
        request: Resource<RunRequest>,
        id: String,
    ) -> wasmtime::Result<()> {
        self.hold(id.len())?;
        self.table.get_mut(&request)?.definition = Some(id);
        Ok(())
    }

    async fn parameter(
        &mut self,
        request: Resource<RunRequest>,
        name: String,
        value: ci::Parameter,
    ) -> wasmtime::Result<()> {
        let value = match value {
            ci::Parameter::Text(text) => Parameter::Text(text),
            ci::Parameter::Integer(integer) => Parameter::Integer(integer),
            ci::Parameter::Boolean(boolean) => Parameter::Boolean(boolean),
        };
        self.hold(name.len() + parameter_bytes(&value))?;
        self.table.get_mut(&request)?.parameters.push((name, value));
        Ok(())
    }

    async fn correlate_by(
        &mut self,
        request: Resource<RunRequest>,
        name: String,
    ) -> wasmtime::Result<()> {
        self.hold(name.len())?;
        self.table.get_mut(&request)?.correlate_by = Some(name);
        Ok(())
    }

    async fn drop(&mut self, request: Resource<RunRequest>) -> wasmtime::Result<()> {
        let request = self.table.delete(request)?;
        let texts = [
            &request.branch,
            &request.tag,
            &request.definition,
            &request.correlate_by,
        ];
        let texts: Vec<usize> = texts.into_iter().flatten().map(String::len).collect();
        let parameters = request
            .parameters
            .iter()
            .map(|(name, value)| name.len() + parameter_bytes(value));
        self.release(
            texts.len() + request.parameters.len(),
            texts.iter().sum::<usize>() + parameters.sum::<usize>(),
        );
        Ok(())
    }
}

fn parameter_bytes(value: &Parameter) -> usize {
    match value {
        Parameter::Text(text) => text.len(),
        Parameter::Integer(_) | Parameter::Boolean(_) => 0,
    }
}

impl ci::HostRun for State {
    async fn id(&mut self, run: Resource<OpenRun>) -> wasmtime::Result<String> {
        Ok(self.table.get(&run)?.run.id.clone())
    }

    async fn number(&mut self, run: Resource<OpenRun>) -> wasmtime::Result<Option<u64>> {
        Ok(self.table.get(&run)?.run.number)
    }

    async fn url(&mut self, run: Resource<OpenRun>) -> wasmtime::Result<String> {
        Ok(self.table.get(&run)?.run.url.clone())
    }

    async fn status(&mut self, run: Resource<OpenRun>) -> Result<Resource<RunStatus>, Refusal> {
        let OpenRun { project, run } = self.table.get(&run)?.clone();
        let status = self
            .gate
            .pass(ReadRun {
                project,
                run: run.id,
            })
            .await?;
        Ok(self.table.push(status)?)
    }

    async fn past(
        &mut self,
        run: Resource<OpenRun>,
        past: String,
        timeout_ms: u64,
    ) -> Result<Resource<RunStatus>, Refusal> {
        let OpenRun { project, run } = self.table.get(&run)?.clone();
        let status = self
            .gate
            .pass(AwaitRun {
                project,
                run: run.id,
                past,
                timeout_ms,
            })
            .await?;
        Ok(self.table.push(status)?)
    }

    async fn cancel(&mut self, run: Resource<OpenRun>) -> Result<(), Refusal> {
        let OpenRun { project, run } = self.table.get(&run)?.clone();
        self.gate
            .pass(CancelRun {
                project,
                run: run.id,
            })
            .await
    }

    async fn rerun(&mut self, run: Resource<OpenRun>, only_failed: bool) -> Result<(), Refusal> {
        let OpenRun { project, run } = self.table.get(&run)?.clone();
        self.gate
            .pass(RerunRun {
                project,
                run: run.id,
                only_failed,
            })
            .await
    }

    async fn approve(&mut self, run: Resource<OpenRun>, approval: String) -> Result<(), Refusal> {
        let OpenRun { project, run } = self.table.get(&run)?.clone();
        self.gate
            .pass(ApproveRun {
                project,
                run: run.id,
                approval,
            })
            .await
    }

    async fn drop(&mut self, run: Resource<OpenRun>) -> wasmtime::Result<()> {
        self.table.delete(run)?;
        Ok(())
    }
}

impl ci::HostRecentRun for State {
    async fn id(&mut self, run: Resource<RecentRun>) -> wasmtime::Result<String> {
        Ok(self.table.get(&run)?.run.id.clone())
    }

    async fn number(&mut self, run: Resource<RecentRun>) -> wasmtime::Result<Option<u64>> {
        Ok(self.table.get(&run)?.run.number)
    }

    async fn url(&mut self, run: Resource<RecentRun>) -> wasmtime::Result<String> {
        Ok(self.table.get(&run)?.run.url.clone())
    }

    async fn title(&mut self, run: Resource<RecentRun>) -> wasmtime::Result<String> {
        Ok(self.table.get(&run)?.title.clone())
    }

    async fn reference(&mut self, run: Resource<RecentRun>) -> wasmtime::Result<Option<String>> {
        Ok(self.table.get(&run)?.reference.clone())
    }

    async fn commit(&mut self, run: Resource<RecentRun>) -> wasmtime::Result<Option<String>> {
        Ok(self.table.get(&run)?.commit.clone())
    }

    async fn actor(&mut self, run: Resource<RecentRun>) -> wasmtime::Result<Option<String>> {
        Ok(self.table.get(&run)?.actor.clone())
    }

    async fn phase(&mut self, run: Resource<RecentRun>) -> wasmtime::Result<String> {
        Ok(self.table.get(&run)?.phase.as_str().to_owned())
    }

    async fn created_at(&mut self, run: Resource<RecentRun>) -> wasmtime::Result<u64> {
        Ok(self.table.get(&run)?.created_ms)
    }

    async fn drop(&mut self, run: Resource<RecentRun>) -> wasmtime::Result<()> {
        self.table.delete(run)?;
        Ok(())
    }
}

impl ci::HostRunStatus for State {
    async fn phase(&mut self, status: Resource<RunStatus>) -> wasmtime::Result<String> {
        Ok(self.table.get(&status)?.phase.as_str().to_owned())
    }

    async fn finished(&mut self, status: Resource<RunStatus>) -> wasmtime::Result<bool> {
        Ok(self.table.get(&status)?.phase.finished())
    }

    async fn failed_jobs(&mut self, status: Resource<RunStatus>) -> wasmtime::Result<Vec<String>> {
        Ok(self.table.get(&status)?.failed_jobs.clone())
    }

    async fn failures(
        &mut self,
        status: Resource<RunStatus>,
    ) -> wasmtime::Result<Vec<Resource<Failure>>> {
        let failures = self.table.get(&status)?.failures.clone();
        failures
            .into_iter()
            .map(|failure| Ok(self.table.push(failure)?))
            .collect()
    }

    async fn approvals(
        &mut self,
        status: Resource<RunStatus>,
    ) -> wasmtime::Result<Vec<Resource<Approval>>> {
        let approvals = self.table.get(&status)?.approvals.clone();
        approvals
            .into_iter()
            .map(|approval| Ok(self.table.push(approval)?))
            .collect()
    }

    async fn commit(&mut self, status: Resource<RunStatus>) -> wasmtime::Result<Option<String>> {
        Ok(self.table.get(&status)?.commit.clone())
    }

    async fn detail(&mut self, status: Resource<RunStatus>) -> wasmtime::Result<String> {
        Ok(self.table.get(&status)?.detail.clone())
    }

    async fn url(&mut self, status: Resource<RunStatus>) -> wasmtime::Result<String> {
        Ok(self.table.get(&status)?.url.clone())
    }

    async fn drop(&mut self, status: Resource<RunStatus>) -> wasmtime::Result<()> {
        self.table.delete(status)?;
        Ok(())
    }
}

impl ci::HostFailure for State {
    async fn job(&mut self, failure: Resource<Failure>) -> wasmtime::Result<String> {
        Ok(self.table.get(&failure)?.job.clone())
    }

    async fn step(&mut self, failure: Resource<Failure>) -> wasmtime::Result<Option<String>> {
        Ok(self.table.get(&failure)?.step.clone())
    }

    async fn url(&mut self, failure: Resource<Failure>) -> wasmtime::Result<String> {
        Ok(self.table.get(&failure)?.url.clone())
    }

    async fn drop(&mut self, failure: Resource<Failure>) -> wasmtime::Result<()> {
        self.table.delete(failure)?;
        Ok(())
    }
}

impl ci::HostApproval for State {
    async fn id(&mut self, approval: Resource<Approval>) -> wasmtime::Result<String> {
        Ok(self.table.get(&approval)?.id.clone())
    }

    async fn name(&mut self, approval: Resource<Approval>) -> wasmtime::Result<String> {
        Ok(self.table.get(&approval)?.name.clone())
    }

    async fn drop(&mut self, approval: Resource<Approval>) -> wasmtime::Result<()> {
        self.table.delete(approval)?;
        Ok(())
    }
}
