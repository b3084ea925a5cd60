//! Accounts elsewhere that people have proved to be theirs. What is linked and unlinked is audited in the same transaction.

use rusqlite::{Connection, Row};

use witbot_core::audit::Record;
use witbot_core::event::Source;
use witbot_core::ids::{UnixMillis, UserId};

use crate::Store;
use crate::audit;
use crate::column::{execute, first, millis, stored_millis};
use crate::error::StoreError;

/// The one provider that there is.
const GITHUB: &str = "github";

/// An account at GitHub that somebody has linked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The account's number, which stays the same when it is renamed.
    pub account: u64,
    /// Its name when it was linked.
    pub login: String,
    /// When that was.
    pub linked: UnixMillis,
}

impl Store {
    /// The account that a person has linked, if they have.
    pub async fn identity(
        &self,
        source: Source,
        user: &UserId,
    ) -> Result<Option<Identity>, StoreError> {
        let user = user.clone();
        self.read(move |db| of(db, source, &user)).await
    }

    /// Links an account to a person, in place of the one that they had, and audits it. False: it is linked to somebody else
    /// already, and nothing is changed.
    pub async fn link(
        &self,
        source: Source,
        user: UserId,
        identity: Identity,
        record: Record,
    ) -> Result<bool, StoreError> {
        let texts = audit::texts(&[record])?;
        self.write(move |db| {
            if is_of_another(db, source, &user, identity.account)? {
                return Ok(false);
            }
            execute(
                db,
                "INSERT INTO identities (source, user, provider, account, login, linked_ms) VALUES (?, ?, ?, ?, ?, ?)
                 ON CONFLICT (source, user, provider) DO UPDATE
                 SET account = excluded.account, login = excluded.login, linked_ms = excluded.linked_ms",
                (
                    source.as_str(),
                    user.as_str(),
                    GITHUB,
                    identity.account.cast_signed(),
                    &identity.login,
                    stored_millis(identity.linked),
                ),
            )?;
            audit::append(db, &texts)?;
            Ok(true)
        })
        .await
    }

    /// Forgets the account of a person, and audits it. False: there was none.
    pub async fn unlink(
        &self,
        source: Source,
        user: UserId,
        record: Record,
    ) -> Result<bool, StoreError> {
        let texts = audit::texts(&[record])?;
        self.write(move |db| {
            let gone = execute(
                db,
                "DELETE FROM identities WHERE source = ? AND user = ? AND provider = ?",
                (source.as_str(), user.as_str(), GITHUB),
            )?;
            if gone == 0 {
                return Ok(false);
            }
            audit::append(db, &texts)?;
            Ok(true)
        })
        .await
    }
}

fn of(db: &Connection, source: Source, user: &UserId) -> Result<Option<Identity>, StoreError> {
    first(
        db,
        "SELECT account, login, linked_ms FROM identities WHERE source = ? AND user = ? AND provider = ?",
        (source.as_str(), user.as_str(), GITHUB),
        identity,
    )
}

fn is_of_another(
    db: &Connection,
    source: Source,
    user: &UserId,
    account: u64,
) -> Result<bool, StoreError> {
    let other = first(
        db,
        "SELECT 1 FROM identities WHERE source = ? AND provider = ? AND account = ? AND user <> ?",
        (
            source.as_str(),
            GITHUB,
            account.cast_signed(),
            user.as_str(),
        ),
        |_| Ok(()),
    )?;
    Ok(other.is_some())
}

fn identity(row: &Row<'_>) -> Result<Identity, StoreError> {
    let account: i64 = row.get("account")?;
    Ok(Identity {
        account: account.cast_unsigned(),
        login: row.get("login")?,
        linked: millis(row, "linked_ms")?,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::audit::Filter;
    use crate::fixture::store;

    fn record(action: &str) -> Record {
        Record {
            at: UnixMillis(5),
            actor: None,
            plugin: None,
            digest: None,
            invocation: None,
            action: action.to_owned(),
            detail: json!({}),
            outcome: "ok".to_owned(),
        }
    }

    fn account(account: u64, login: &str) -> Identity {
        Identity {
            account,
            login: login.to_owned(),
            linked: UnixMillis(7),
        }
    }

    #[tokio::test]
    async fn an_account_belongs_to_one_person() {
        let (_folder, store) = store();
        let (ada, bob): (UserId, UserId) = ("U1".parse().unwrap(), "U2".parse().unwrap());
        let link = |user: &UserId, identity: Identity| {
            let (store, user) = (store.clone(), user.clone());
            async move {
                let linked = record("identity.linked");
                store.link(Source::Slack, user, identity, linked).await
            }
        };
        assert_eq!(store.identity(Source::Slack, &ada).await.unwrap(), None);
        assert!(link(&ada, account(9, "ada")).await.unwrap());
        assert!(!link(&bob, account(9, "ada")).await.unwrap());
        assert_eq!(store.identity(Source::Slack, &bob).await.unwrap(), None);
        assert!(link(&ada, account(9, "ada-l")).await.unwrap(), "renamed");
        assert!(link(&ada, account(u64::MAX, "lovelace")).await.unwrap());
        assert!(
            link(&bob, account(9, "ada")).await.unwrap(),
            "it is free now"
        );
        let found = store.identity(Source::Slack, &ada).await.unwrap();
        assert_eq!(found, Some(account(u64::MAX, "lovelace")));
        assert_eq!(store.identity(Source::Console, &ada).await.unwrap(), None);
        for expected in [true, false] {
            let unlinked = record("identity.unlinked");
            let done = store.unlink(Source::Slack, ada.clone(), unlinked).await;
            assert_eq!(done.unwrap(), expected);
        }
        assert_eq!(store.identity(Source::Slack, &ada).await.unwrap(), None);
        let actions = store.audit_tail(10, Filter::default()).await.unwrap();
        let actions: Vec<_> = actions.into_iter().map(|link| link.record.action).collect();
        let linked = "identity.linked";
        assert_eq!(
            actions,
            [linked, linked, linked, linked, "identity.unlinked"],
            "what changed nothing is not in the audit"
        );
    }
}
