//! `witbot:github/github`: repositories, deployments and their statuses. What commits and checks say is in `contents`.

mod contents;

use wasmtime::component::Resource;
use witbot_core::call::{
    self, AddDeploymentStatus, AwaitDeploymentStatus, Compare, CreateDeployment, ListBranches,
    ListDeployments, Merge, ReadChecks, ReadCommit, ReadDefaultBranch, ReadDeployment,
    ReadDeploymentStatus, ResolveReference,
};
use witbot_core::error::Error;
use witbot_core::github::{
    Checks, Commit, Comparison, Deployment, DeploymentRequest, DeploymentStatus, StatusRequest,
};
use witbot_core::ids::Repository;
use witbot_core::limits;

use crate::bindings::witbot::github::github;
use crate::gate::Refusal;
use crate::run::within;
use crate::state::State;

/// A payload is read by whoever runs the deployment; it is not a place for data.
const PAYLOAD_BYTES_MAX: usize = 16 << 10;

/// A repository that was granted.
#[derive(Clone)]
pub struct OpenRepository {
    repository: Repository,
}

/// A deployment, and the repository through which it was opened.
#[derive(Clone)]
pub struct OpenDeployment {
    repository: Repository,
    deployment: Deployment,
}

impl State {
    fn repository(&self, handle: &Resource<OpenRepository>) -> Result<Repository, Refusal> {
        Ok(self.table.get(handle)?.repository.clone())
    }
}

impl github::Host for State {
    async fn open(&mut self, repository: String) -> Result<Resource<OpenRepository>, Refusal> {
        let repository: Repository = repository
            .parse()
            .map_err(|error| Error::invalid(format!("{error}")))?;
        self.gate
            .pass(call::OpenRepository {
                repository: repository.clone(),
            })
            .await?;
        Ok(self.table.push(OpenRepository { repository })?)
    }
}

impl github::HostRepository for State {
    async fn name(&mut self, repository: Resource<OpenRepository>) -> wasmtime::Result<String> {
        Ok(self.table.get(&repository)?.repository.to_string())
    }

    async fn resolve(
        &mut self,
        repository: Resource<OpenRepository>,
        reference: String,
    ) -> Result<String, Refusal> {
        let repository = self.repository(&repository)?;
        self.gate
            .pass(ResolveReference {
                repository,
                reference,
            })
            .await
    }

    async fn commit(
        &mut self,
        repository: Resource<OpenRepository>,
        reference: String,
    ) -> Result<Resource<Commit>, Refusal> {
        let repository = self.repository(&repository)?;
        let call = ReadCommit {
            repository,
            reference,
        };
        let commit = self.gate.pass(call).await?;
        Ok(self.table.push(commit)?)
    }

    async fn default_branch(
        &mut self,
        repository: Resource<OpenRepository>,
    ) -> Result<String, Refusal> {
        let repository = self.repository(&repository)?;
        self.gate.pass(ReadDefaultBranch { repository }).await
    }

    async fn branches(
        &mut self,
        repository: Resource<OpenRepository>,
        limit: u32,
    ) -> Result<Vec<String>, Refusal> {
        let repository = self.repository(&repository)?;
        let limit = limit.clamp(1, limits::GITHUB_BRANCHES_MAX);
        self.gate.pass(ListBranches { repository, limit }).await
    }

    async fn merge(
        &mut self,
        repository: Resource<OpenRepository>,
        base: String,
        head: String,
        message: String,
    ) -> Result<Option<String>, Refusal> {
        let repository = self.repository(&repository)?;
        let call = Merge {
            repository,
            base,
            head,
            message,
        };
        self.gate.pass(call).await
    }

    async fn checks(
        &mut self,
        repository: Resource<OpenRepository>,
        reference: String,
    ) -> Result<Resource<Checks>, Refusal> {
        let repository = self.repository(&repository)?;
        let checks = self
            .gate
            .pass(ReadChecks {
                repository,
                reference,
            })
            .await?;
        Ok(self.table.push(checks)?)
    }

    async fn compare(
        &mut self,
        repository: Resource<OpenRepository>,
        base: String,
        head: String,
    ) -> Result<Resource<Comparison>, Refusal> {
        let repository = self.repository(&repository)?;
        let comparison = self
            .gate
            .pass(Compare {
                repository,
                base,
                head,
            })
            .await?;
        Ok(self.table.push(comparison)?)
    }

    async fn create_deployment(
        &mut self,
        repository: Resource<OpenRepository>,
        request: Resource<DeploymentRequest>,
    ) -> Result<Resource<OpenDeployment>, Refusal> {
        let repository = self.repository(&repository)?;
        let request = self.table.get(&request)?.clone();
        check_payload(&request.payload)?;
        let deployment = self
            .gate
            .pass(CreateDeployment {
                repository: repository.clone(),
                request,
            })
            .await?;
        Ok(self.table.push(OpenDeployment {
            repository,
            deployment,
        })?)
    }

    async fn deployment(
        &mut self,
        repository: Resource<OpenRepository>,
        id: u64,
    ) -> Result<Resource<OpenDeployment>, Refusal> {
        let repository = self.repository(&repository)?;
        let deployment = self
            .gate
            .pass(ReadDeployment {
                repository: repository.clone(),
                deployment: id,
            })
            .await?;
        Ok(self.table.push(OpenDeployment {
            repository,
            deployment,
        })?)
    }

    async fn deployments(
        &mut self,
        repository: Resource<OpenRepository>,
        environment: Option<String>,
        limit: u32,
    ) -> Result<Vec<Resource<OpenDeployment>>, Refusal> {
        let repository = self.repository(&repository)?;
        let limit = limit.clamp(1, limits::GITHUB_DEPLOYMENTS_MAX);
        let found = self
            .gate
            .pass(ListDeployments {
                repository: repository.clone(),
                environment,
                limit,
            })
            .await?;
        let mut handles = Vec::with_capacity(found.len());
        for deployment in found {
            handles.push(self.table.push(OpenDeployment {
                repository: repository.clone(),
                deployment,
            })?);
        }
        Ok(handles)
    }

    async fn drop(&mut self, repository: Resource<OpenRepository>) -> wasmtime::Result<()> {
        self.table.delete(repository)?;
        Ok(())
    }
}

/// Of a description, which is cut before it is sent, no more than any other text may have.
fn beginning(text: &str) -> String {
    within(text, limits::TEXT_BYTES_MAX).to_owned()
}

fn check_payload(payload: &str) -> Result<(), Error> {
    if payload.len() > PAYLOAD_BYTES_MAX {
        return Err(Error::invalid(format!(
            "a payload can have {PAYLOAD_BYTES_MAX} bytes, not {}",
            payload.len()
        )));
    }
    match serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(payload) {
        Ok(_) => Ok(()),
        Err(error) => Err(Error::invalid(format!(
            "the payload is not a JSON object: {error}"
        ))),
    }
}

impl github::HostDeploymentRequest for State {
    async fn new(
        &mut self,
        reference: String,
        environment: String,
    ) -> wasmtime::Result<Resource<DeploymentRequest>> {
        let payload = "{}".to_owned();
        self.hold(reference.len() + environment.len() + payload.len())?;
        let request = DeploymentRequest {
            reference,
            environment,
            task: "deploy".to_owned(),
            description: String::new(),
            payload,
            production: None,
            transient: false,
            auto_merge: false,
            required_contexts: Vec::new(),
        };
        Ok(self.table.push(request)?)
    }

    async fn task(
        &mut self,
        request: Resource<DeploymentRequest>,
        task: String,
    ) -> wasmtime::Result<()> {
        self.hold(task.len())?;
        self.table.get_mut(&request)?.task = task;
        Ok(())
    }

    async fn description(
        &mut self,
        request: Resource<DeploymentRequest>,
        text: String,
    ) -> wasmtime::Result<()> {
        let text = beginning(&text);
        self.hold(text.len())?;
        self.table.get_mut(&request)?.description = text;
        Ok(())
    }

    async fn payload(
        &mut self,
        request: Resource<DeploymentRequest>,
        json: String,
    ) -> wasmtime::Result<()> {
        self.hold(json.len())?;
        self.table.get_mut(&request)?.payload = json;
        Ok(())
    }

    async fn production(
        &mut self,
        request: Resource<DeploymentRequest>,
        yes: bool,
    ) -> wasmtime::Result<()> {
        self.table.get_mut(&request)?.production = Some(yes);
        Ok(())
    }

    async fn transient(
        &mut self,
        request: Resource<DeploymentRequest>,
        yes: bool,
    ) -> wasmtime::Result<()> {
        self.table.get_mut(&request)?.transient = yes;
        Ok(())
    }

    async fn auto_merge(
        &mut self,
        request: Resource<DeploymentRequest>,
        yes: bool,
    ) -> wasmtime::Result<()> {
        self.table.get_mut(&request)?.auto_merge = yes;
        Ok(())
    }

    async fn require_context(
        &mut self,
        request: Resource<DeploymentRequest>,
        name: String,
    ) -> wasmtime::Result<()> {
        self.hold(name.len())?;
        self.table.get_mut(&request)?.required_contexts.push(name);
        Ok(())
    }

    async fn drop(&mut self, request: Resource<DeploymentRequest>) -> wasmtime::Result<()> {
        // Of what was set twice, the first value stays counted.
        let request = self.table.delete(request)?;
        let contexts: usize = request.required_contexts.iter().map(String::len).sum();
        self.release(
            1 + request.required_contexts.len(),
            request.reference.len() + request.environment.len() + contexts,
        );
        self.release(0, request.description.len() + request.payload.len());
        Ok(())
    }
}

impl github::HostDeployment for State {
    async fn id(&mut self, deployment: Resource<OpenDeployment>) -> wasmtime::Result<u64> {
        Ok(self.table.get(&deployment)?.deployment.id)
    }

    async fn reference(
        &mut self,
        deployment: Resource<OpenDeployment>,
    ) -> wasmtime::Result<String> {
        Ok(self.table.get(&deployment)?.deployment.reference.clone())
    }

    async fn sha(&mut self, deployment: Resource<OpenDeployment>) -> wasmtime::Result<String> {
        Ok(self.table.get(&deployment)?.deployment.sha.clone())
    }

    async fn task(&mut self, deployment: Resource<OpenDeployment>) -> wasmtime::Result<String> {
        Ok(self.table.get(&deployment)?.deployment.task.clone())
    }

    async fn environment(
        &mut self,
        deployment: Resource<OpenDeployment>,
    ) -> wasmtime::Result<String> {
        Ok(self.table.get(&deployment)?.deployment.environment.clone())
    }

    async fn description(
        &mut self,
        deployment: Resource<OpenDeployment>,
    ) -> wasmtime::Result<String> {
        Ok(self.table.get(&deployment)?.deployment.description.clone())
    }

    async fn creator(&mut self, deployment: Resource<OpenDeployment>) -> wasmtime::Result<String> {
        Ok(self.table.get(&deployment)?.deployment.creator.clone())
    }

    async fn payload(&mut self, deployment: Resource<OpenDeployment>) -> wasmtime::Result<String> {
        Ok(self.table.get(&deployment)?.deployment.payload.clone())
    }

    async fn created_at(&mut self, deployment: Resource<OpenDeployment>) -> wasmtime::Result<u64> {
        Ok(self.table.get(&deployment)?.deployment.created.0)
    }

    async fn status(
        &mut self,
        deployment: Resource<OpenDeployment>,
    ) -> Result<Option<Resource<DeploymentStatus>>, Refusal> {
        let OpenDeployment {
            repository,
            deployment,
        } = self.table.get(&deployment)?.clone();
        let status = self
            .gate
            .pass(ReadDeploymentStatus {
                repository,
                deployment: deployment.id,
            })
            .await?;
        Ok(match status {
            Some(status) => Some(self.table.push(status)?),
            None => None,
        })
    }

    async fn add_status(
        &mut self,
        deployment: Resource<OpenDeployment>,
        request: Resource<StatusRequest>,
    ) -> Result<Resource<DeploymentStatus>, Refusal> {
        let OpenDeployment {
            repository,
            deployment,
        } = self.table.get(&deployment)?.clone();
        let request = self.table.get(&request)?.clone();
        let Deployment {
            id, environment, ..
        } = deployment;
        let status = self
            .gate
            .pass(AddDeploymentStatus {
                repository,
                deployment: id,
                environment,
                request,
            })
            .await?;
        Ok(self.table.push(status)?)
    }

    async fn next_status(
        &mut self,
        deployment: Resource<OpenDeployment>,
        after: Option<u64>,
        timeout_ms: u64,
    ) -> Result<Resource<DeploymentStatus>, Refusal> {
        let OpenDeployment {
            repository,
            deployment,
        } = self.table.get(&deployment)?.clone();
        let call = AwaitDeploymentStatus {
            repository,
            deployment: deployment.id,
            after,
            timeout_ms,
        };
        let status = self.gate.pass(call).await?;
        Ok(self.table.push(status)?)
    }

    async fn drop(&mut self, deployment: Resource<OpenDeployment>) -> wasmtime::Result<()> {
        self.table.delete(deployment)?;
        Ok(())
    }
}

impl github::HostStatusRequest for State {
    async fn new(&mut self, state: String) -> wasmtime::Result<Resource<StatusRequest>> {
        self.hold(state.len())?;
        let request = StatusRequest {
            state,
            description: String::new(),
            log_url: None,
            environment_url: None,
        };
        Ok(self.table.push(request)?)
    }

    async fn description(
        &mut self,
        request: Resource<StatusRequest>,
        text: String,
    ) -> wasmtime::Result<()> {
        let text = beginning(&text);
        self.hold(text.len())?;
        self.table.get_mut(&request)?.description = text;
        Ok(())
    }

    async fn log_url(
        &mut self,
        request: Resource<StatusRequest>,
        url: String,
    ) -> wasmtime::Result<()> {
        self.hold(url.len())?;
        self.table.get_mut(&request)?.log_url = Some(url);
        Ok(())
    }

    async fn environment_url(
        &mut self,
        request: Resource<StatusRequest>,
        url: String,
    ) -> wasmtime::Result<()> {
        self.hold(url.len())?;
        self.table.get_mut(&request)?.environment_url = Some(url);
        Ok(())
    }

    async fn drop(&mut self, request: Resource<StatusRequest>) -> wasmtime::Result<()> {
        let request = self.table.delete(request)?;
        let urls = [&request.log_url, &request.environment_url];
        let urls: Vec<usize> = urls.into_iter().flatten().map(String::len).collect();
        self.release(
            1 + urls.len(),
            request.state.len() + request.description.len() + urls.iter().sum::<usize>(),
        );
        Ok(())
    }
}

impl github::HostDeploymentStatus for State {
    async fn id(&mut self, status: Resource<DeploymentStatus>) -> wasmtime::Result<u64> {
        Ok(self.table.get(&status)?.id)
    }

    async fn state(&mut self, status: Resource<DeploymentStatus>) -> wasmtime::Result<String> {
        Ok(self.table.get(&status)?.state.clone())
    }

    async fn description(
        &mut self,
        status: Resource<DeploymentStatus>,
    ) -> wasmtime::Result<String> {
        Ok(self.table.get(&status)?.description.clone())
    }

    async fn log_url(
        &mut self,
        status: Resource<DeploymentStatus>,
    ) -> wasmtime::Result<Option<String>> {
        Ok(self.table.get(&status)?.log_url.clone())
    }

    async fn environment_url(
        &mut self,
        status: Resource<DeploymentStatus>,
    ) -> wasmtime::Result<Option<String>> {
        Ok(self.table.get(&status)?.environment_url.clone())
    }

    async fn created_at(&mut self, status: Resource<DeploymentStatus>) -> wasmtime::Result<u64> {
        Ok(self.table.get(&status)?.created.0)
    }

    async fn drop(&mut self, status: Resource<DeploymentStatus>) -> wasmtime::Result<()> {
        self.table.delete(status)?;
        Ok(())
    }
}
