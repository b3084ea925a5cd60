//! A stand-in for GitHub: repositories, checks, deployments, and the webhooks of these.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use anyhow::Context as _;
use serde_json::{Value, json};

use super::clock;
use super::fault::Fault;
use super::hooks::{Delivery, Hooks};
use super::ids::Ids;
use super::request::Request;
use super::server::Server;
use super::traffic::{Traffic, lock};

mod access;
mod actions;
mod body;
mod checks;
mod deploy;
mod deployment;
mod device;
mod elsewhere;
mod events;
mod json;
mod merge;
mod page;
mod removal;
mod repository;
mod routes;
mod scope;
mod tidings;

#[cfg(test)]
mod tests;

pub use access::Access;
pub use actions::{End as RunEnd, Job as ActionsJob, WorkflowFile, WorkflowRun};
pub use checks::{CheckState, CommitState};
pub use deployment::{Deployment, DeploymentState, DeploymentStatus};

use access::{App, Token};
use checks::{CheckRun, CommitStatus};
use repository::{Author, Commit, Repository};
use scope::Permissions;

/// The token that a new stand-in knows. It can write everywhere, as `witbot`.
pub const GITHUB_TOKEN: &str = "ghp_standin";

/// A running stand-in. It stops when it is dropped.
///
/// Methods that name a repository panic when there is none of that name, and those that name a branch or commit when
/// it is unknown: the test is wrong.
#[derive(Debug)]
pub struct Github {
    server: Server,
    shared: Arc<Shared>,
}

struct Shared {
    url: String,
    state: Mutex<State>,
    traffic: Arc<Traffic>,
    hooks: Arc<Hooks>,
    others: Mutex<Option<Box<dyn Fn() -> Value + Send>>>,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

struct State {
    ids: Ids,
    started: u64,
    used: u64,
    repositories: Vec<Repository>,
    tokens: Vec<Token>,
    apps: Vec<App>,
    app_slug: String,
    device: device::Device,
}

impl State {
    fn find(&self, full_name: &str) -> Option<usize> {
        let is_it = |r: &Repository| r.full_name().eq_ignore_ascii_case(full_name);
        self.repositories.iter().position(is_it)
    }

    fn repository(&mut self, full_name: &str) -> &mut Repository {
        match self.find(full_name) {
            Some(at) => &mut self.repositories[at],
            None => panic!("there is no repository {full_name}; add it with add_repository"),
        }
    }
}

impl Github {
    /// Starts on a free port of this machine.
    pub async fn start() -> anyhow::Result<Github> {
        Github::start_at(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await
    }

    /// Starts on a port of one's own choice, on loopback.
    pub async fn start_at(address: SocketAddr) -> anyhow::Result<Github> {
        let listener = Server::bind(address)
            .await
            .context("cannot start the GitHub stand-in")?;
        let url = format!("http://{}", listener.local_addr()?);
        let traffic = Arc::new(Traffic::new());
        let ids = Ids::repeatable();
        let hooks = Hooks::start(
            events::sign,
            "GitHub-Hookshot/044aadd",
            ids,
            traffic.clone(),
        )?;
        let state = State {
            ids: Ids::repeatable(),
            started: clock::now(),
            used: 0,
            repositories: Vec::new(),
            tokens: Vec::new(),
            apps: Vec::new(),
            app_slug: "witbot".to_owned(),
            device: device::Device::default(),
        };
        let others = Mutex::default();
        let state = Mutex::new(state);
        let shared = Arc::new(Shared {
            url,
            state,
            traffic: traffic.clone(),
            hooks,
            others,
        });
        let server = Server::start(listener, shared.clone(), traffic)?;
        let github = Github { server, shared };
        github.add_token(GITHUB_TOKEN, "witbot", Access::Write, None);
        Ok(github)
    }

    /// Stops, and waits until nothing answers on its port any more.
    pub async fn stop(self) {
        self.server.stop().await;
    }

    /// The address of the REST interface.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Gives out ids from now on that no earlier run has given out, for a bot that outlives the stand-in.
    pub fn use_fresh_ids(&self) {
        lock(&self.shared.state).ids = Ids::fresh();
        self.shared.hooks.replace_ids(Ids::fresh());
    }

    /// Adds `owner/name` with these branches. The first is the default; each other one has a commit on top of it.
    pub fn add_repository(&self, full_name: &str, branches: &[&str]) {
        let mut state = lock(&self.shared.state);
        let Some((owner, name)) = full_name.split_once('/') else {
            panic!("{full_name} is not of the form owner/name")
        };
        let id = 1_296_269 + u64::try_from(state.repositories.len()).unwrap_or_default();
        state
            .repositories
            .push(Repository::new(id, owner, name, branches));
    }

    /// Adds a commit to a branch, which is created from the default branch if need be, and gives its SHA.
    pub fn push(&self, repository: &str, branch: &str, message: &str) -> String {
        lock(&self.shared.state)
            .repository(repository)
            .push(branch, message)
    }

    /// The same, written by somebody else: with a login, or without an account at GitHub.
    pub fn push_by(
        &self,
        (name, login): (&str, Option<&str>),
        repository: &str,
        branch: &str,
        message: &str,
    ) -> String {
        let author = Author {
            name: name.to_owned(),
            login: login.map(str::to_owned),
        };
        lock(&self.shared.state)
            .repository(repository)
            .push_by(author, branch, message)
    }

    /// Names a commit.
    pub fn tag(&self, repository: &str, tag: &str, reference: &str) {
        let sha = self.sha(repository, reference);
        let mut state = lock(&self.shared.state);
        state
            .repository(repository)
            .tags
            .insert(tag.to_owned(), sha);
    }

    /// Makes a branch one that cannot be merged into another one, nor another one into it.
    pub fn make_conflicting(&self, repository: &str, branch: &str) {
        let mut state = lock(&self.shared.state);
        state
            .repository(repository)
            .conflicting
            .insert(branch.to_owned());
    }

    /// The commit that a branch, tag or SHA stands for.
    pub fn sha(&self, repository: &str, reference: &str) -> String {
        self.on_commit(repository, reference, |_, commit| commit.sha.clone())
    }

    /// Sets a status of a commit. The latest of a context counts.
    pub fn set_status(&self, repository: &str, reference: &str, context: &str, state: CommitState) {
        self.on_commit(repository, reference, |id, commit| {
            commit.statuses.retain(|status| status.context != context);
            let (context, created) = (context.to_owned(), clock::now());
            commit.statuses.push(CommitStatus {
                id,
                context,
                state,
                created,
            });
        });
    }

    /// Sets a check run of a commit. The latest of a name counts.
    pub fn set_check_run(&self, repository: &str, reference: &str, name: &str, state: CheckState) {
        self.on_commit(repository, reference, |id, commit| {
            commit.check_runs.retain(|run| run.name != name);
            let (name, created) = (name.to_owned(), clock::now());
            commit.check_runs.push(CheckRun {
                id,
                name,
                state,
                created,
            });
        });
    }

    fn on_commit<T>(
        &self,
        repository: &str,
        reference: &str,
        change: impl FnOnce(u64, &mut Commit) -> T,
    ) -> T {
        let mut state = lock(&self.shared.state);
        let id = state.ids.number();
        let found = state.repository(repository);
        let sha = found.resolve(reference).map(|commit| commit.sha.clone());
        let commit = sha.and_then(|sha| found.commits.get_mut(&sha));
        match commit {
            Some(commit) => change(id, commit),
            None => panic!("{repository} has no {reference}"),
        }
    }

    /// Adds a token of a person, or changes it. It sees all repositories unless some are named.
    pub fn add_token(&self, token: &str, login: &str, access: Access, sees: Option<&[&str]>) {
        let mut state = lock(&self.shared.state);
        state.tokens.retain(|other| other.text != token);
        state.tokens.push(Token {
            text: token.to_owned(),
            login: login.to_owned(),
            access,
            repositories: sees.map(|names| names.iter().map(|name| (*name).to_owned()).collect()),
            permissions: None,
        });
    }

    /// Takes a token away, of a person or of an installation: it is answered with 401 from now on.
    pub fn revoke_token(&self, token: &str) {
        lock(&self.shared.state)
            .tokens
            .retain(|other| other.text != token);
    }

    /// Takes all tokens of installations away.
    pub fn revoke_installation_tokens(&self) {
        lock(&self.shared.state)
            .tokens
            .retain(|token| !token.text.starts_with("ghs_"));
    }

    /// What the tokens of installations that were given out are good for, oldest first: repositories and permissions, as
    /// `acme/api contents:read metadata:read`.
    pub fn installation_tokens(&self) -> Vec<String> {
        let state = lock(&self.shared.state);
        let tokens = state.tokens.iter();
        tokens.filter_map(Token::of_installation).collect()
    }

    /// Adds an app that is installed on these repositories and may do there all that the bot could need, and gives the number
    /// of the installation.
    pub fn add_app(&self, id: u64, repositories: &[&str]) -> u64 {
        self.install_app(id, repositories, scope::usual())
    }

    /// The same, with no more than these permissions, such as `("contents", "read")`.
    pub fn add_app_with(
        &self,
        id: u64,
        repositories: &[&str],
        permissions: &[(&str, &str)],
    ) -> u64 {
        self.install_app(id, repositories, scope::named(permissions))
    }

    fn install_app(&self, id: u64, repositories: &[&str], permissions: Permissions) -> u64 {
        let mut state = lock(&self.shared.state);
        let installation = state.ids.number();
        let repositories = repositories.iter().map(|name| (*name).to_owned()).collect();
        state.apps.push(App {
            id,
            installation,
            repositories,
            permissions,
        });
        installation
    }

    /// The deployments of a repository, oldest first, with their statuses in order.
    pub fn deployments(&self, repository: &str) -> Vec<Deployment> {
        lock(&self.shared.state)
            .repository(repository)
            .deployments
            .clone()
    }

    /// Sends webhooks to this address from now on, signed with this secret.
    pub fn send_webhooks_to(&self, url: &str, secret: &str) {
        self.shared.hooks.aim(url, secret);
    }

    /// Loses the next webhooks: they are listed with 502 and never sent by themselves.
    pub fn lose_webhooks(&self, count: usize) {
        self.shared.hooks.lose(count);
    }

    /// Sends each of the next webhooks twice.
    pub fn duplicate_webhooks(&self, count: usize) {
        self.shared.hooks.duplicate(count);
    }

    /// Keeps webhooks back until they are released.
    pub fn hold_webhooks(&self) {
        self.shared.hooks.hold();
    }

    /// Sends what was kept back.
    pub fn release_webhooks(&self) {
        self.shared.hooks.release();
    }

    /// Sends a webhook again with its GUID, as somebody does on GitHub's page. Says whether there is such a one.
    pub fn redeliver(&self, guid: &str) -> bool {
        self.shared.hooks.redeliver(guid)
    }

    /// Every attempt at delivering a webhook, in order, with what was answered.
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.shared.hooks.log()
    }

    /// Waits until no webhook is under way; those that are held back are not.
    pub async fn webhooks_settled(&self) {
        self.shared.hooks.settled().await;
    }

    /// Every request that came, in order.
    pub fn requests(&self) -> Vec<Request> {
        self.shared.traffic.requests()
    }

    /// Puts a fault in the way of requests to come.
    pub fn inject(&self, fault: Fault) {
        self.shared.traffic.inject(fault);
    }

    /// Takes all faults away.
    pub fn clear_faults(&self) {
        self.shared.traffic.clear_faults();
    }

    /// Looks after every request and every delivery, until there is something to see. Panics after a minute.
    pub async fn until<T>(&self, mut look: impl FnMut(&Github) -> Option<T>) -> T {
        self.shared.traffic.until(|| look(self)).await
    }

    /// Everything that was deployed, as JSON by repository; so it is also shown under `/_/state`.
    pub fn state(&self) -> Value {
        self.shared.shown()
    }

    /// Adds to what `/_/state` shows: the fields of the object that `others` gives.
    pub fn show_also(&self, others: impl Fn() -> Value + Send + 'static) {
        *lock(&self.shared.others) = Some(Box::new(others));
    }
}

impl Shared {
    fn shown(&self) -> Value {
        let state = lock(&self.state);
        let repositories = state.repositories.iter();
        let deployments: serde_json::Map<String, Value> = repositories
            .map(|r| (r.full_name(), json!(r.deployments)))
            .collect();
        drop(state);
        let mut shown = json!({ "deployments": deployments });
        let others = lock(&self.others).as_ref().map(|others| others());
        if let (Some(Value::Object(others)), Some(shown)) = (others, shown.as_object_mut()) {
            shown.extend(others);
        }
        shown
    }
}
