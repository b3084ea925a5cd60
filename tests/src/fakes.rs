//! Stand-ins for GitHub, CircleCI and Slack that speak their real HTTP and WebSocket on loopback, traps included.
//!
//! They fake the wire, not the client: what runs against them is what runs in production. A test drives and inspects
//! them through plain methods and never sleeps. It takes a step, or awaits what it expects with `until`.

mod circleci;
mod clock;
mod fault;
mod github;
mod hooks;
mod ids;
mod kubernetes;
mod request;
mod server;
mod signature;
pub mod slack;
mod traffic;

#[cfg(test)]
mod receiver;

pub use circleci::{
    CIRCLECI_TOKEN, Circleci, Job, JobKind, JobStatus, Next, Outcome, ParameterType, Pipeline,
    PipelineState, Workflow, WorkflowStatus,
};
pub use fault::{Fault, Moment, Trouble};
pub use github::{
    Access, ActionsJob, CheckState, CommitState, Deployment, DeploymentState, DeploymentStatus,
    GITHUB_TOKEN, Github, RunEnd, WorkflowFile, WorkflowRun,
};
pub use hooks::Delivery;
pub use kubernetes::{KUBERNETES_TOKEN, Kubernetes};
pub use request::Request;
pub(crate) use signature::hmac_hex;
pub use slack::Slack;
