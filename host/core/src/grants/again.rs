//! Whether what was denied once would be allowed now, as far as the line says that was proposed then.

use super::ci::ProjectPattern;
use super::github::RepositoryPattern;
use super::{Grants, chat, ci, github, http, kv, topics as topic_grants};
use crate::chat::Audience;
use crate::ci::{Parameter, Project, RunRequest};
use crate::http::Request;
use crate::ids::ChannelId;
use crate::journal::Blob;

/// The names of the calls that any grant of a repository or a project allows.
const OPEN_REPOSITORY: &str = "github.open";
const OPEN_PROJECT: &str = "ci.open";

impl Grants {
    /// Whether a call that was denied with the proposal of these grants would be allowed now. They have to name one thing
    /// each, as those of denials do: a pattern is never covered.
    pub fn allows_again(&self, call: &str, proposed: &Grants) -> bool {
        let Grants {
            github,
            ci,
            chat,
            http,
            kv,
            topics,
            // What the clock and webhooks do is no call.
            schedules: _,
            webhooks: _,
        } = proposed;
        github.iter().all(|grant| self.has_repository(call, grant))
            && ci.iter().all(|grant| self.has_project(call, grant))
            && chat.iter().all(|grant| self.has_channel(grant))
            && http.iter().all(|grant| self.has_host(grant))
            && kv.iter().all(|grant| {
                let access = match grant.write {
                    true => kv::Access::Write,
                    false => kv::Access::Read,
                };
                kv::allows(&self.kv, grant.namespace.as_ref(), access).is_ok()
            })
            && topics.iter().all(|grant| match grant.publish {
                true => topic_grants::allows_publishing(&self.topics, &grant.name).is_ok(),
                false => topic_grants::allows(&self.topics, grant.name.as_str()).is_ok(),
            })
    }

    fn has_repository(&self, call: &str, grant: &github::GithubGrant) -> bool {
        let RepositoryPattern::One(repository) = &grant.repository else {
            return false;
        };
        if call == OPEN_REPOSITORY {
            return self.opens_repository(repository).is_ok();
        }
        let environments: Vec<Option<&str>> = match &grant.environments {
            Some(names) => names.iter().map(|name| Some(name.as_str())).collect(),
            None => vec![None],
        };
        grant.permissions.iter().all(|permission| {
            environments.iter().all(|environment| {
                github::allows(&self.github, repository, *permission, *environment).is_ok()
            })
        })
    }

    fn has_project(&self, call: &str, grant: &ci::CiGrant) -> bool {
        let ProjectPattern::One(name) = &grant.project else {
            return false;
        };
        let project = Project {
            provider: grant.provider,
            name: name.clone(),
        };
        if call == OPEN_PROJECT {
            return self.opens_project(&project).is_ok();
        }
        let names = grant.parameters.iter().flatten();
        let given = names.map(|name| (name.clone(), Parameter::Boolean(true)));
        let request = RunRequest {
            branch: None,
            tag: None,
            definition: None,
            parameters: given.collect(),
            correlate_by: None,
        };
        grant.actions.iter().all(|action| match action {
            ci::Action::Trigger => ci::allows_trigger(&self.ci, &project, &request).is_ok(),
            ci::Action::Read | ci::Action::Cancel | ci::Action::Rerun | ci::Action::Approve => {
                ci::allows(&self.ci, &project, *action).is_ok()
            }
        })
    }

    fn has_channel(&self, grant: &chat::ChatGrant) -> bool {
        let direct = !grant.direct || self.chat.iter().any(|own| own.direct);
        let channel = match &grant.channel {
            None => true,
            Some(chat::ChannelPattern::Any) => false,
            Some(chat::ChannelPattern::One(channel)) => {
                (!grant.mentions || self.calls_groups_in(channel))
                    && self.speaks_in(channel, grant.broadcast)
            }
        };
        direct && channel
    }

    fn calls_groups_in(&self, channel: &ChannelId) -> bool {
        let any = self.chat.iter().filter(|own| own.mentions || own.broadcast);
        let any = any.cloned().collect::<Vec<_>>();
        chat::allows(&any, channel, None).is_ok()
    }

    fn speaks_in(&self, channel: &ChannelId, loudly: bool) -> bool {
        match loudly {
            true => chat::allows_broadcast(&self.chat, channel, None, Audience::Channel).is_ok(),
            false => chat::allows(&self.chat, channel, None).is_ok(),
        }
    }

    fn has_host(&self, grant: &http::HttpGrant) -> bool {
        let host = String::from(grant.host.clone());
        let path = String::from(grant.path.clone());
        grant.methods.iter().all(|method| {
            let request = |scheme: &str| Request {
                method: method.as_str().to_owned(),
                url: format!("{scheme}://{host}{path}"),
                headers: Vec::new(),
                body: Blob::default(),
                timeout_ms: 0,
            };
            http::allows(&self.http, &request("https")).is_ok()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grants(line: &str) -> Grants {
        toml::from_str(line).unwrap()
    }

    #[test]
    fn what_was_granted_since_is_allowed_again() {
        let now = grants(
            r#"
            github = [{ repository = "acme/*", permissions = ["deployments:write"], environments = ["staging"] }]
            ci = [{ provider = "circleci", project = "gh/acme/api", actions = ["trigger", "read"], parameters = ["sha"] }]
            chat = [{ channel = "deploys" }]
            http = [{ host = "*.example.com", path = "/api/" }]
            kv = [{ namespace = "team" }]
            topics = [{ name = "deployed" }]
            "#,
        );
        for (call, line, allowed) in [
            (
                "github.deployments",
                r#"github = [{ repository = "acme/api", permissions = ["deployments:read"] }]"#,
                true,
            ),
            (
                "github.create-deployment",
                r#"github = [{ repository = "acme/api", permissions = ["deployments:write"], environments = ["staging"] }]"#,
                true,
            ),
            (
                "github.create-deployment",
                r#"github = [{ repository = "acme/api", permissions = ["deployments:write"], environments = ["production"] }]"#,
                false,
            ),
            (
                "github.commit",
                r#"github = [{ repository = "acme/api", permissions = ["contents:read"] }]"#,
                false,
            ),
            (
                "github.open",
                r#"github = [{ repository = "acme/api", permissions = ["contents:read", "deployments:read"] }]"#,
                true,
            ),
            (
                "github.open",
                r#"github = [{ repository = "other/api", permissions = ["contents:read"] }]"#,
                false,
            ),
            (
                "github.commit",
                r#"github = [{ repository = "acme/*", permissions = ["deployments:read"] }]"#,
                false,
            ),
            (
                "ci.trigger",
                r#"ci = [{ provider = "circleci", project = "gh/acme/api", actions = ["trigger"], parameters = ["sha"] }]"#,
                true,
            ),
            (
                "ci.trigger",
                r#"ci = [{ provider = "circleci", project = "gh/acme/api", actions = ["trigger"], parameters = ["sha", "env"] }]"#,
                false,
            ),
            (
                "ci.cancel",
                r#"ci = [{ provider = "circleci", project = "gh/acme/api", actions = ["cancel"] }]"#,
                false,
            ),
            ("chat.post", r#"chat = [{ channel = "deploys" }]"#, true),
            ("chat.post", r#"chat = [{ channel = "general" }]"#, false),
            (
                "chat.broadcast",
                r#"chat = [{ channel = "deploys", broadcast = true }]"#,
                false,
            ),
            (
                "chat.mention",
                r#"chat = [{ channel = "deploys", mentions = true }]"#,
                false,
            ),
            ("chat.post-direct", "chat = [{ direct = true }]", false),
            (
                "http.fetch",
                r#"http = [{ host = "status.example.com", methods = ["GET"], path = "/api/1" }]"#,
                true,
            ),
            (
                "http.send",
                r#"http = [{ host = "status.example.com", methods = ["POST"], path = "/api/1" }]"#,
                false,
            ),
            ("kv.get", r#"kv = [{ namespace = "team" }]"#, true),
            (
                "kv.set",
                r#"kv = [{ namespace = "team", write = true }]"#,
                false,
            ),
            ("kv.get", "kv = [{ max_bytes = 1048576 }]", false),
            (
                "flow.await-event",
                r#"topics = [{ name = "deployed" }]"#,
                true,
            ),
            (
                "topics.publish",
                r#"topics = [{ name = "deployed", publish = true }]"#,
                false,
            ),
        ] {
            assert_eq!(
                now.allows_again(call, &grants(line)),
                allowed,
                "{call}: {line}"
            );
        }
    }
}
