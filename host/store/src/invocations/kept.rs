//! What is kept with a run and seldom read: the limits that it began with, and the report of its failure.

use rusqlite::Row;
use serde::de::DeserializeOwned;
use witbot_core::failure::Report;
use witbot_core::ids::InvocationId;
use witbot_core::limits::plugin::PluginLimits;

use crate::Store;
use crate::column::{first, json_option};
use crate::error::StoreError;

impl Store {
    /// The limits that a run began with. None: the defaults, or there is no such run.
    pub async fn limits_of(&self, id: &InvocationId) -> Result<Option<PluginLimits>, StoreError> {
        self.kept(id, "SELECT limits AS kept FROM invocations WHERE id = ?")
            .await
    }

    /// Why a run failed, in full. None: it did not crash, or there is no such run.
    pub async fn report_of(&self, id: &InvocationId) -> Result<Option<Report>, StoreError> {
        self.kept(id, "SELECT report AS kept FROM invocations WHERE id = ?")
            .await
    }

    async fn kept<T: DeserializeOwned + Send + 'static>(
        &self,
        id: &InvocationId,
        sql: &'static str,
    ) -> Result<Option<T>, StoreError> {
        let which = id.as_str().to_owned();
        let read = |row: &Row<'_>| json_option(row, "kept");
        let found = self.read(move |db| first(db, sql, (which,), read)).await?;
        Ok(found.flatten())
    }
}

#[cfg(test)]
mod tests {
    use witbot_core::journal::{Commit, State};

    use super::*;
    use crate::fixture::{begun, lease, store};

    #[tokio::test]
    async fn limits_and_report_are_kept_and_not_undone_by_later_commits() {
        let (_folder, store) = store();
        let lease = lease("a", 2_000);
        let id = begun(&store, "1", &lease).await;
        assert_eq!(store.limits_of(&id).await.unwrap(), None);
        assert_eq!(store.report_of(&id).await.unwrap(), None);
        let limits = PluginLimits {
            calls: 7,
            ..PluginLimits::default()
        };
        let first = Commit {
            limits: Some(limits),
            ..Commit::default()
        };
        store.commit(&id, &lease, first).await.unwrap();
        let report = Report {
            summary: "it crashed".to_owned(),
            ..Report::default()
        };
        let last = Commit {
            state: Some(State::Failed {
                reason: "it crashed".to_owned(),
                incident: "i".to_owned(),
            }),
            failure: Some(Box::new(report.clone())),
            ..Commit::default()
        };
        store.commit(&id, &lease, last).await.unwrap();
        assert_eq!(store.limits_of(&id).await.unwrap(), Some(limits));
        assert_eq!(store.report_of(&id).await.unwrap(), Some(report));
    }
}
