//! A GitHub App acts through its installations: one for each organization, each with tokens that live for an hour.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use octocrab::models::InstallationId;
use tokio::time::Instant;
use witbot_core::ids::Repository;
use witbot_core::limits;

use super::answer::Failed;
use super::client::Client;

/// A token is renewed so long before its end that no request outlives it.
const TOKEN_MARGIN_SECONDS: i64 = 60;

/// The app and all of its installations that were used.
pub struct Installations {
    /// The app itself, which can do little but find its installations.
    pub app: Client,
    by_repository: Mutex<HashMap<Repository, (u64, Instant)>>,
    by_id: Mutex<HashMap<u64, Arc<Installation>>>,
}

/// One installation. It is shared, for its octocrab keeps the token to itself.
pub struct Installation {
    /// As whom to speak.
    pub client: Client,
    renewing: tokio::sync::Mutex<()>,
}

impl Installations {
    /// An app of which no installation is known yet.
    pub fn new(app: Client) -> Installations {
        Installations {
            app,
            by_repository: Mutex::default(),
            by_id: Mutex::default(),
        }
    }

    /// The installation that a repository belongs to, if that was found out not long ago.
    pub fn known(&self, repository: &Repository) -> Option<u64> {
        let (id, since) = *locked(&self.by_repository).get(repository)?;
        (since.elapsed() < limits::GITHUB_INSTALLATION_AGE_MAX).then_some(id)
    }

    /// Remembers the installation of a repository.
    pub fn remember(&self, repository: &Repository, id: u64) {
        let mut known = locked(&self.by_repository);
        if known.len() >= limits::GITHUB_INSTALLATIONS_MAX {
            known.clear();
        }
        known.insert(repository.clone(), (id, Instant::now()));
    }

    /// Forgets an installation that GitHub does not know any more.
    pub fn forget(&self, id: u64) {
        locked(&self.by_repository).retain(|_, (known, _)| *known != id);
        locked(&self.by_id).remove(&id);
    }

    /// An installation by its id.
    pub fn get(&self, id: u64) -> Result<Arc<Installation>, Failed> {
        let mut installations = locked(&self.by_id);
        if let Some(installation) = installations.get(&id) {
            return Ok(installation.clone());
        }
        let octocrab = self
            .app
            .octocrab()
            .installation(InstallationId(id))
            .map_err(Failed::of)?;
        let installation = Installation {
            client: Client::new(octocrab),
            renewing: tokio::sync::Mutex::default(),
        };
        Ok(installations
            .entry(id)
            .or_insert(Arc::new(installation))
            .clone())
    }
}

impl Installation {
    /// Sees to it that there is a token that lasts for a request. Done apart from the requests, so that GitHub's refusal of
    /// a token is not taken for its refusal of the request.
    pub async fn renew(&self) -> Result<(), Failed> {
        let _one_at_a_time = self.renewing.lock().await;
        let margin = chrono::Duration::seconds(TOKEN_MARGIN_SECONDS);
        self.client
            .octocrab()
            .installation_token_with_buffer(margin)
            .await
            .map_err(Failed::of)?;
        Ok(())
    }
}

fn locked<T>(map: &Mutex<T>) -> MutexGuard<'_, T> {
    map.lock().unwrap_or_else(PoisonError::into_inner)
}
