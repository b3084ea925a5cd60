//! What the operator lets a plugin do, on arguments: `[plugins.NAME.grants]`. What is not granted is denied.

mod again;
pub mod chat;
pub mod ci;
pub mod denial;
pub mod github;
pub mod http;
pub mod kv;
pub mod schedules;
pub mod scope;
pub mod topics;
pub mod webhooks;

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::call::Operation;
use crate::command::nearest::nearest;
use crate::event::{Source, TOPIC};
use crate::ids::{Namespace, PluginName, Repository};
use crate::limits;
use chat::ChatGrant;
use ci::{Action, CiGrant};
use denial::Denial;
use github::{GithubGrant, Permission, RepositoryPattern};
use http::HttpGrant;
use kv::{Access, KvGrant};
use schedules::ScheduleGrant;
use topics::TopicGrant;
use webhooks::WebhookGrant;

/// What a plugin needs a grant for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Capability {
    /// Writing where nobody asked.
    Chat,
    /// GitHub.
    Github,
    /// A CI service.
    Ci,
    /// The web.
    Http,
    /// What the plugin remembers.
    Kv,
    /// Being called by the clock.
    Schedules,
    /// Telling other plugins, and being told.
    Topics,
    /// Being called by webhooks at an address of their own.
    Webhooks,
}

impl Capability {
    /// All of them, in the order of the settings.
    pub const ALL: [Capability; 8] = [
        Capability::Chat,
        Capability::Github,
        Capability::Ci,
        Capability::Http,
        Capability::Kv,
        Capability::Schedules,
        Capability::Topics,
        Capability::Webhooks,
    ];

    /// As settings and plugins spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Capability::Chat => "chat",
            Capability::Github => "github",
            Capability::Ci => "ci",
            Capability::Http => "http",
            Capability::Kv => "kv",
            Capability::Schedules => "schedules",
            Capability::Topics => "topics",
            Capability::Webhooks => "webhooks",
        }
    }

    /// The capability behind an interface of the contract, such as `witbot:github/github@0.1.0`. None for those that
    /// need no grant.
    pub fn from_interface(name: &str) -> Option<Capability> {
        let name = name.split_once('@').map_or(name, |(name, _version)| name);
        let interface = name.strip_prefix("witbot:")?;
        Capability::ALL.into_iter().find(|capability| {
            let own = capability.as_str();
            interface.split_once('/') == Some((own, own))
        })
    }

    /// A line of the settings that grants it, in which the operator has to fill in what is in capitals.
    pub fn suggestion(self) -> &'static str {
        match self {
            Capability::Chat => r#"chat = [{ channel = "CHANNEL" }]"#,
            Capability::Github => {
                r#"github = [{ repository = "OWNER/NAME", permissions = ["contents:read", "deployments:write"], environments = ["ENVIRONMENT"] }]"#
            }
            Capability::Ci => {
                r#"ci = [{ provider = "circleci", project = "gh/OWNER/NAME", actions = ["trigger", "read"] }]"#
            }
            Capability::Http => {
                r#"http = [{ host = "HOST.EXAMPLE.COM", methods = ["GET"], path = "/PATH/" }]"#
            }
            Capability::Kv => "kv = [{ max_bytes = 1048576 }]",
            Capability::Schedules => r#"schedules = [{ at_most_every = "5m" }]"#,
            Capability::Topics => r#"topics = [{ name = "deployed", publish = true }]"#,
            Capability::Webhooks => {
                r#"webhooks = [{ name = "alerts", verify = "standard", secret = "ALERTS_SECRET" }]"#
            }
        }
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Capability {
    type Err = UnknownCapability;
    fn from_str(text: &str) -> Result<Capability, UnknownCapability> {
        let known = Capability::ALL
            .into_iter()
            .find(|capability| capability.as_str() == text);
        known.ok_or_else(|| UnknownCapability {
            text: text.chars().take(limits::SHOWN_CHARS_MAX).collect(),
            hint: match nearest(text, Capability::ALL.map(Capability::as_str)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!(
                    "known: {}",
                    Capability::ALL.map(Capability::as_str).join(", ")
                ),
            },
        })
    }
}

/// There is no such capability.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no capability `{text}`; {hint}")]
pub struct UnknownCapability {
    text: String,
    hint: String,
}

/// The grants of one plugin.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Grants {
    /// Repositories.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub github: Vec<GithubGrant>,
    /// Projects of CI services.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ci: Vec<CiGrant>,
    /// Channels.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub chat: Vec<ChatGrant>,
    /// Hosts on the web.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub http: Vec<HttpGrant>,
    /// Room to remember things.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub kv: Vec<KvGrant>,
    /// How often the clock may call.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub schedules: Vec<ScheduleGrant>,
    /// Topics.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub topics: Vec<TopicGrant>,
    /// Webhooks by name, with how their senders prove themselves.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub webhooks: Vec<WebhookGrant>,
}

impl Grants {
    /// Whether a call is covered.
    pub fn allows(&self, operation: &Operation) -> Result<(), Denial> {
        use Permission::{ContentsRead, ContentsWrite, DeploymentsRead, DeploymentsWrite};
        match operation {
            // These act on what the plugin was given with the event, or on nothing at all.
            Operation::ReadSettings(_)
            | Operation::Reply(_)
            | Operation::Edit(_)
            | Operation::Delete(_)
            | Operation::React(_)
            | Operation::Whisper(_)
            | Operation::FindMessage(_)
            | Operation::FindPerson(_)
            | Operation::FindGithubLogin(_)
            | Operation::Sleep(_)
            | Operation::LineUp(_)
            | Operation::AwaitTurn(_)
            | Operation::LeaveLine(_)
            | Operation::StopRun(_)
            | Operation::Judge(_)
            | Operation::May(_)
            | Operation::Ask(_) => Ok(()),

            Operation::Post(call) => chat::allows(&self.chat, &call.channel, call.name.as_deref()),
            Operation::PostDirect(call) => chat::allows_direct(&self.chat, &call.user),
            Operation::Broadcast(call) => chat::allows_broadcast(
                &self.chat,
                &call.channel,
                call.name.as_deref(),
                call.audience,
            ),
            Operation::MentionGroup(call) => {
                chat::allows_mention(&self.chat, &call.channel, call.name.as_deref(), &call.group)
            }
            Operation::FindChannel(call) => chat::finds(&self.chat, &call.name),
            Operation::FindDirect(call) => chat::allows_direct(&self.chat, &call.user),

            Operation::OpenRepository(call) => self.opens_repository(&call.repository),
            Operation::ResolveReference(call) => {
                github::allows(&self.github, &call.repository, ContentsRead, None)
            }
            Operation::ReadCommit(call) => {
                github::allows(&self.github, &call.repository, ContentsRead, None)
            }
            Operation::ReadDefaultBranch(call) => {
                github::allows(&self.github, &call.repository, ContentsRead, None)
            }
            Operation::ListBranches(call) => {
                github::allows(&self.github, &call.repository, ContentsRead, None)
            }
            Operation::Merge(call) => {
                github::allows(&self.github, &call.repository, ContentsWrite, None)
            }
            Operation::ReadChecks(call) => {
                github::allows(&self.github, &call.repository, ContentsRead, None)
            }
            Operation::Compare(call) => {
                github::allows(&self.github, &call.repository, ContentsRead, None)
            }
            Operation::CreateDeployment(call) => {
                let environment = Some(call.request.environment.as_str());
                github::allows(
                    &self.github,
                    &call.repository,
                    DeploymentsWrite,
                    environment,
                )?;
                match call.request.auto_merge {
                    // GitHub merges the default branch into what is deployed.
                    true => github::allows(&self.github, &call.repository, ContentsWrite, None),
                    false => Ok(()),
                }
            }
            Operation::AddDeploymentStatus(call) => {
                let environment = Some(call.environment.as_str());
                github::allows(
                    &self.github,
                    &call.repository,
                    DeploymentsWrite,
                    environment,
                )
            }
            Operation::ReadDeployment(call) => {
                github::allows(&self.github, &call.repository, DeploymentsRead, None)
            }
            Operation::ListDeployments(call) => {
                github::allows(&self.github, &call.repository, DeploymentsRead, None)
            }
            Operation::ReadDeploymentStatus(call) => {
                github::allows(&self.github, &call.repository, DeploymentsRead, None)
            }
            Operation::AwaitDeploymentStatus(call) => {
                github::allows(&self.github, &call.repository, DeploymentsRead, None)
            }

            Operation::OpenProject(call) => self.opens_project(&call.project),
            Operation::TriggerRun(call) => {
                ci::allows_trigger(&self.ci, &call.project, &call.request)
            }
            Operation::ListRuns(call) => ci::allows(&self.ci, &call.project, Action::Read),
            Operation::ReadRun(call) => ci::allows(&self.ci, &call.project, Action::Read),
            Operation::AwaitRun(call) => ci::allows(&self.ci, &call.project, Action::Read),
            Operation::CancelRun(call) => ci::allows(&self.ci, &call.project, Action::Cancel),
            Operation::RerunRun(call) => ci::allows(&self.ci, &call.project, Action::Rerun),
            Operation::ApproveRun(call) => ci::allows(&self.ci, &call.project, Action::Approve),

            Operation::KvOpen(call) => kv::allows(&self.kv, Some(&call.namespace), Access::Read),
            Operation::KvGet(call) => kv::allows(&self.kv, call.namespace.as_ref(), Access::Read),
            Operation::KvKeys(call) => kv::allows(&self.kv, call.namespace.as_ref(), Access::Read),
            Operation::KvSet(call) => kv::allows(&self.kv, call.namespace.as_ref(), Access::Write),
            Operation::KvReplace(call) => {
                kv::allows(&self.kv, call.namespace.as_ref(), Access::Write)
            }
            Operation::KvDelete(call) => {
                kv::allows(&self.kv, call.namespace.as_ref(), Access::Write)
            }

            Operation::HttpFetch(call) => http::allows(&self.http, &call.request),
            Operation::HttpSend(call) => http::allows(&self.http, &call.request),

            Operation::Publish(call) => topics::allows_publishing(&self.topics, &call.topic),
            Operation::AwaitEvent(call) => self.allows_event(&call.kind, &call.subject),
        }
    }

    /// Whether a repository may be opened: any permission for it will do.
    pub fn opens_repository(&self, repository: &Repository) -> Result<(), Denial> {
        github::opens(&self.github, repository)
    }

    /// Whether a project may be opened: any action on it will do.
    pub fn opens_project(&self, project: &crate::ci::Project) -> Result<(), Denial> {
        ci::opens(&self.ci, project)
    }

    /// Whether there is any grant of a capability.
    pub fn covers(&self, capability: Capability) -> bool {
        match capability {
            Capability::Chat => !self.chat.is_empty(),
            Capability::Github => !self.github.is_empty(),
            Capability::Ci => !self.ci.is_empty(),
            Capability::Http => !self.http.is_empty(),
            Capability::Kv => !self.kv.is_empty(),
            Capability::Schedules => !self.schedules.is_empty(),
            Capability::Topics => !self.topics.is_empty(),
            Capability::Webhooks => !self.webhooks.is_empty(),
        }
    }

    /// Whether events of a kind about a subject reach the plugin.
    pub fn sees(&self, kind: &str, subject: &str) -> bool {
        self.allows_event(kind, subject).is_ok()
    }

    /// Whether a request may go to an address in a private network. Asked for requests that are allowed.
    pub fn opens_private_network(&self, request: &crate::http::Request) -> bool {
        http::opens_private_network(&self.http, request)
    }

    /// The repositories that are granted by name, rather than by their owner.
    pub fn repositories(&self) -> impl Iterator<Item = &Repository> {
        self.github
            .iter()
            .filter_map(|grant| match &grant.repository {
                RepositoryPattern::One(repository) => Some(repository),
                RepositoryPattern::Owner(_) | RepositoryPattern::Any => None,
            })
    }

    /// How much a kv space may hold, in bytes, as far as these grants say: a shared one, or the plugin's own.
    pub fn kv_bytes_max(&self, namespace: Option<&Namespace>) -> u64 {
        kv::bytes_max(&self.kv, namespace)
    }

    /// The headers that the host adds to a request, and the values that it fills in. Asked for requests that are allowed.
    pub fn added_headers(
        &self,
        request: &crate::http::Request,
    ) -> BTreeMap<&str, &http::headers::Template> {
        http::added(&self.http, request)
    }

    fn allows_event(&self, kind: &str, subject: &str) -> Result<(), Denial> {
        let source = kind.split_once('.').map_or("", |(source, _)| source);
        if source == Source::Github.as_str() {
            let repository = subject.parse::<Repository>().map_err(|error| {
                Denial::never(format!("events of GitHub are about a repository: {error}"))
            })?;
            github::opens(&self.github, &repository)
        } else if source == Source::Circleci.as_str() {
            let provider = crate::ci::Provider::Circleci;
            ci::opens(
                &self.ci,
                &crate::ci::Project {
                    provider,
                    name: subject.to_owned(),
                },
            )
        } else if kind == format!("{}.{subject}", Source::Webhook.as_str()) {
            webhooks::allows(&self.webhooks, subject)
        } else if let Some(name) = kind.strip_prefix(TOPIC) {
            topics::allows(&self.topics, name)
        } else {
            Err(Denial::never(format!(
                "there are no events of the kind {}: name one such as `github.deployment`, `circleci.workflow-completed` or `topic.deployed`",
                denial::quoted(kind)
            )))
        }
    }
}

/// The lines of the settings that would let a held plugin in, with blanks in capitals for the operator to fill in.
pub fn suggestion(plugin: &PluginName, missing: &[Capability]) -> String {
    let lines = missing
        .iter()
        .map(|capability| format!("\n{}", capability.suggestion()));
    format!("[plugins.{plugin}.grants]{}", lines.collect::<String>())
}

#[cfg(test)]
mod tests;
