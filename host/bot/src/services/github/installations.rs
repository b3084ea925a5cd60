//! A GitHub App acts through its installations: one for each organization. What it does there it does with tokens that live
//! for an hour, and that are good for no more than what a plugin was granted.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::Instant;
use witbot_core::grants::scope::{Area, Level, Scope};
use witbot_core::ids::Repository;
use witbot_core::limits;
use zeroize::Zeroize as _;

use super::answer::Failed;
use super::client::Client;
use crate::secret::Secret;

/// The app, its installations, and the tokens that it was given for them.
pub struct Installations {
    /// The app itself, which can do little but find its installations.
    pub app: Client,
    by_repository: Mutex<HashMap<Repository, (Installation, Instant)>>,
    tokens: Mutex<HashMap<Key, Arc<Access>>>,
}

/// One installation, as GitHub told it.
#[derive(Debug, Clone, Deserialize)]
pub struct Installation {
    /// Its number.
    pub id: u64,
    /// What whoever installed the app lets it do there.
    #[serde(default)]
    permissions: BTreeMap<String, Value>,
}

/// Which token: of which installation, and for what. None: for all that the app may do.
pub type Key = (u64, Option<Scope>);

/// The right to do what a key says, for as long as it is renewed.
pub struct Access {
    key: Key,
    /// The token in use, and the end of its time.
    token: tokio::sync::Mutex<Option<(Arc<Client>, DateTime<Utc>)>>,
}

/// GitHub's answer to who asks for a token.
#[derive(Deserialize)]
struct Minted {
    token: String,
    expires_at: DateTime<Utc>,
}

impl Installations {
    /// An app of which no installation is known yet.
    pub fn new(app: Client) -> Installations {
        Installations {
            app,
            by_repository: Mutex::default(),
            tokens: Mutex::default(),
        }
    }

    /// The installation that a repository belongs to, if that was found out not long ago.
    pub fn known(&self, repository: &Repository) -> Option<Installation> {
        let known = locked(&self.by_repository);
        let (installation, since) = known.get(repository)?;
        (since.elapsed() < limits::GITHUB_INSTALLATION_AGE_MAX).then(|| installation.clone())
    }

    /// Remembers the installation of a repository.
    pub fn remember(&self, repository: &Repository, installation: Installation) {
        let mut known = locked(&self.by_repository);
        if known.len() >= limits::GITHUB_INSTALLATIONS_MAX {
            known.clear();
        }
        known.insert(repository.clone(), (installation, Instant::now()));
    }

    /// Forgets an installation that GitHub does not know any more, or that may do something else now.
    pub fn forget(&self, id: u64) {
        locked(&self.by_repository).retain(|_, (known, _)| known.id != id);
        locked(&self.tokens).retain(|(known, _), _| *known != id);
    }

    /// Forgets all tokens: what they are good for was decided anew.
    pub fn forget_tokens(&self) {
        locked(&self.tokens).clear();
    }

    /// The access to an installation that a scope leaves. What the installation itself may not do is not asked for: GitHub
    /// would refuse the token as a whole, and not only what it is not for.
    pub fn access(&self, installation: &Installation, scope: Option<Scope>) -> Arc<Access> {
        let scope = scope.map(|scope| Scope {
            permissions: installation.lets(scope.permissions),
            ..scope
        });
        let key = (installation.id, scope);
        let mut tokens = locked(&self.tokens);
        if tokens.len() >= limits::GITHUB_TOKENS_MAX && !tokens.contains_key(&key) {
            tokens.clear();
        }
        let access = tokens.entry(key.clone()).or_insert_with(|| {
            Arc::new(Access {
                key,
                token: tokio::sync::Mutex::default(),
            })
        });
        access.clone()
    }

    /// A client whose token lasts for a request. Fetched apart from the requests, so that GitHub's refusal of a token is not
    /// taken for its refusal of the request.
    pub async fn client(&self, access: &Access) -> Result<Arc<Client>, Failed> {
        // Who comes meanwhile waits, and uses the same.
        let mut token = access.token.lock().await;
        let until = Utc::now() + limits::GITHUB_TOKEN_MARGIN;
        if let Some((client, expires)) = &*token
            && *expires > until
        {
            return Ok(client.clone());
        }
        let (id, scope) = &access.key;
        let (secret, expires) = self.mint(*id, scope.as_ref()).await?;
        let octocrab = self.app.octocrab();
        let octocrab = octocrab.user_access_token(secret.expose().to_owned());
        let client = Arc::new(Client::new(
            octocrab.map_err(Failed::of)?,
            self.app.metrics(),
        ));
        *token = Some((client.clone(), expires));
        Ok(client)
    }

    async fn mint(
        &self,
        id: u64,
        scope: Option<&Scope>,
    ) -> Result<(Secret, DateTime<Utc>), Failed> {
        let path = format!("/app/installations/{id}/access_tokens");
        let body = scope.map(asked_for);
        let answer = self.app.send(Method::POST, &path, body.as_ref()).await?;
        let mut answer = answer.successful()?;
        let minted = serde_json::from_slice::<Minted>(&answer.body);
        answer.body.zeroize();
        let Minted { token, expires_at } = minted
            .map_err(|_| Failed::Unreached("its answer with a token is unreadable".to_owned()))?;
        Ok((Secret::new(token), expires_at))
    }
}

impl Installation {
    fn lets(&self, wanted: BTreeMap<Area, Level>) -> BTreeMap<Area, Level> {
        let lets = |area: Area| {
            let name = serde_json::to_value(area).ok()?;
            let level = self.permissions.get(name.as_str()?)?;
            Some(match level.as_str()? {
                "read" => Level::Read,
                _ => Level::Write,
            })
        };
        // One that does not say what it may do is asked for all.
        if self.permissions.is_empty() {
            return wanted;
        }
        let wanted = wanted.into_iter();
        wanted
            .filter_map(|(area, level)| Some((area, level.min(lets(area)?))))
            .collect()
    }
}

fn asked_for(scope: &Scope) -> Value {
    let mut body = json!({ "permissions": scope.permissions });
    if let Some(repository) = &scope.repository {
        body["repositories"] = json!([repository.parts().1]);
    }
    body
}

fn locked<T>(map: &Mutex<T>) -> MutexGuard<'_, T> {
    map.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_asked_for_that_the_installation_may_not_do() {
        let installation: Installation = serde_json::from_value(json!({
            "id": 7,
            "permissions": { "metadata": "read", "contents": "read", "deployments": "write", "issues": "admin" },
        }))
        .unwrap();
        let wanted = BTreeMap::from([
            (Area::Metadata, Level::Read),
            (Area::Contents, Level::Write),
            (Area::Deployments, Level::Read),
            (Area::Checks, Level::Read),
        ]);
        let left = BTreeMap::from([
            (Area::Metadata, Level::Read),
            (Area::Contents, Level::Read),
            (Area::Deployments, Level::Read),
        ]);
        assert_eq!(installation.lets(wanted), left);
    }
}
