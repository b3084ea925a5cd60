//! Slack as a chat that the bot speaks in.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use witbot_core::chat::{Channel, ChannelKind, Person};
use witbot_core::error::Error;
use witbot_core::ids::{ChannelId, UserId};
use witbot_store::outbox::Delivery;

use super::api::{Account, Api, Failure};
use super::connect::Connector;
use super::directory::Directory;
use crate::chat::{Chat, Looked, Unsent};
use crate::metrics::Metrics;
use crate::secret::Secret;

/// The workspace that a token belongs to.
pub struct Slack {
    pub(super) api: Arc<Api>,
    account: Arc<Account>,
    directory: Directory,
}

impl Slack {
    /// Asks Slack who the bot is.
    pub async fn connect(
        connector: Connector,
        api_url: &str,
        bot_token: &Secret,
        metrics: &Metrics,
    ) -> Result<Slack, Failure> {
        let api = Arc::new(Api::new(connector, api_url, bot_token, metrics));
        let account = Arc::new(api.account().await?);
        Ok(Slack {
            directory: Directory::new(api.clone(), account.clone()),
            api,
            account,
        })
    }

    /// Who the bot is, and what it may do.
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// Who and what there is in the workspace.
    pub fn directory(&self) -> &Directory {
        &self.directory
    }
}

#[async_trait]
impl Chat for Slack {
    async fn send(&self, delivery: &Delivery) -> Result<Option<String>, Unsent> {
        self.perform(delivery).await
    }

    async fn find(&self, delivery: &Delivery) -> Result<Looked, Unsent> {
        self.look_for(delivery).await
    }

    async fn channel(&self, name: &str) -> Result<Channel, Error> {
        self.directory.channel(name).await
    }

    async fn direct(&self, user: &UserId) -> Result<ChannelId, Error> {
        self.directory.direct(user).await
    }

    async fn person(&self, user: &UserId) -> Result<Person, Error> {
        self.directory.person(user).await
    }

    async fn belongs(&self, user: &UserId, group: &UserId) -> Result<bool, Error> {
        let members = self.directory.members(group).await?;
        Ok(members.contains(user))
    }

    async fn unreadable_groups(&self, groups: &BTreeSet<UserId>) -> Vec<(UserId, Error)> {
        self.directory.unreadable_groups(groups).await
    }

    async fn kind(&self, channel: &ChannelId) -> Result<ChannelKind, Error> {
        self.directory.kind(channel).await
    }
}
