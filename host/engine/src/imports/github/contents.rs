//! What commits, checks and comparisons say. They were read when they were asked for; here nothing is asked any more.

use wasmtime::component::Resource;
use witbot_core::github::{Check, Checks, Commit, Comparison};

use crate::bindings::witbot::github::github;
use crate::state::State;

impl github::HostChecks for State {
    async fn state(&mut self, checks: Resource<Checks>) -> wasmtime::Result<String> {
        Ok(self.table.get(&checks)?.state.as_str().to_owned())
    }

    async fn failed(&mut self, checks: Resource<Checks>) -> wasmtime::Result<Vec<String>> {
        Ok(self.table.get(&checks)?.failed.clone())
    }

    async fn pending(&mut self, checks: Resource<Checks>) -> wasmtime::Result<Vec<String>> {
        Ok(self.table.get(&checks)?.pending.clone())
    }

    async fn all(&mut self, checks: Resource<Checks>) -> wasmtime::Result<Vec<Resource<Check>>> {
        let all = self.table.get(&checks)?.all.clone();
        let handles = all.into_iter().map(|check| self.table.push(check));
        Ok(handles.collect::<Result<_, _>>()?)
    }

    async fn drop(&mut self, checks: Resource<Checks>) -> wasmtime::Result<()> {
        self.table.delete(checks)?;
        Ok(())
    }
}

impl github::HostCheck for State {
    async fn name(&mut self, check: Resource<Check>) -> wasmtime::Result<String> {
        Ok(self.table.get(&check)?.name.clone())
    }

    async fn state(&mut self, check: Resource<Check>) -> wasmtime::Result<String> {
        Ok(self.table.get(&check)?.state.as_str().to_owned())
    }

    async fn url(&mut self, check: Resource<Check>) -> wasmtime::Result<Option<String>> {
        Ok(self.table.get(&check)?.url.clone())
    }

    async fn drop(&mut self, check: Resource<Check>) -> wasmtime::Result<()> {
        self.table.delete(check)?;
        Ok(())
    }
}

impl github::HostCommit for State {
    async fn sha(&mut self, commit: Resource<Commit>) -> wasmtime::Result<String> {
        Ok(self.table.get(&commit)?.sha.clone())
    }

    async fn title(&mut self, commit: Resource<Commit>) -> wasmtime::Result<String> {
        Ok(self.table.get(&commit)?.title.clone())
    }

    async fn author(&mut self, commit: Resource<Commit>) -> wasmtime::Result<String> {
        Ok(self.table.get(&commit)?.author.clone())
    }

    async fn url(&mut self, commit: Resource<Commit>) -> wasmtime::Result<String> {
        Ok(self.table.get(&commit)?.url.clone())
    }

    async fn committed_at(&mut self, commit: Resource<Commit>) -> wasmtime::Result<u64> {
        Ok(self.table.get(&commit)?.committed.0)
    }

    async fn drop(&mut self, commit: Resource<Commit>) -> wasmtime::Result<()> {
        self.table.delete(commit)?;
        Ok(())
    }
}

impl github::HostComparison for State {
    async fn commits(
        &mut self,
        comparison: Resource<Comparison>,
    ) -> wasmtime::Result<Vec<Resource<Commit>>> {
        let commits = self.table.get(&comparison)?.commits.clone();
        let handles = commits.into_iter().map(|commit| self.table.push(commit));
        Ok(handles.collect::<Result<_, _>>()?)
    }

    async fn ahead_by(&mut self, comparison: Resource<Comparison>) -> wasmtime::Result<u32> {
        Ok(self.table.get(&comparison)?.ahead_by)
    }

    async fn behind_by(&mut self, comparison: Resource<Comparison>) -> wasmtime::Result<u32> {
        Ok(self.table.get(&comparison)?.behind_by)
    }

    async fn url(&mut self, comparison: Resource<Comparison>) -> wasmtime::Result<String> {
        Ok(self.table.get(&comparison)?.url.clone())
    }

    async fn drop(&mut self, comparison: Resource<Comparison>) -> wasmtime::Result<()> {
        self.table.delete(comparison)?;
        Ok(())
    }
}
