//! GitHub's REST interface: which request does what.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::access::{Access, Caller, Token, caller};
use super::body::Fields;
use super::deployment::Deployment;
use super::events::{self, HOOK_ID};
use super::json::{Writer, refusal};
use super::page::{Page, page};
use super::repository::{Commit, Repository};
use super::{Shared, State, deploy, merge, scope};
use crate::fakes::request::{Answer, Request};
use crate::fakes::server::Service;
use crate::fakes::traffic::lock;

mod app;
mod hook;

/// The versions of the interface that can be asked for.
const VERSIONS: [&str; 2] = ["2022-11-28", "2026-03-10"];
/// Requests in an hour.
const RATE_LIMIT: u64 = 5000;
const HOUR_MILLIS: u64 = 3_600_000;
/// Commits of a comparison for which no page was asked.
const COMPARED_MAX: usize = 250;

type Answered = Result<Answer, Answer>;

impl Service for Shared {
    fn answer(&self, request: &Request) -> Answer {
        if request.path == "/_/state" {
            return Answer::json(200, &self.shown());
        }
        if let Some(answer) = self.device_route(request) {
            return answer;
        }
        let answer = self.route(request).unwrap_or_else(|refused| refused);
        self.limits(unchanged(request, answer))
    }
}

/// An answer that the client has already is not sent again.
fn unchanged(request: &Request, answer: Answer) -> Answer {
    if request.method != "GET" || answer.status != 200 {
        return answer;
    }
    let tag = format!("W/\"{}\"", hex::encode(Sha256::digest(&answer.body)));
    if request.header("if-none-match") == Some(tag.as_str()) {
        return Answer::empty(304).with("etag", &tag);
    }
    answer.with("etag", &tag)
}

impl Shared {
    fn limits(&self, answer: Answer) -> Answer {
        let mut state = lock(&self.state);
        // Conditional requests that were answered with 304 are free.
        state.used += u64::from(answer.status != 304);
        let reset = (state.started + HOUR_MILLIS) / 1000;
        answer
            .with("x-ratelimit-limit", &RATE_LIMIT.to_string())
            .with(
                "x-ratelimit-remaining",
                &RATE_LIMIT.saturating_sub(state.used).to_string(),
            )
            .with("x-ratelimit-used", &state.used.to_string())
            .with("x-ratelimit-reset", &reset.to_string())
            .with("x-ratelimit-resource", "core")
            .with("x-github-media-type", "github.v3; format=json")
            .with(
                "x-github-request-id",
                &format!("{:04X}:STANDIN", state.used),
            )
    }

    fn route(&self, request: &Request) -> Answered {
        if request.header("user-agent").is_none_or(str::is_empty) {
            let text = "Request forbidden by administrative rules. Please make sure your request has a User-Agent header.";
            return Err(Answer::text(403, "text/html", text));
        }
        let version = request.header("x-github-api-version");
        if let Some(version) = version.filter(|version| !VERSIONS.contains(version)) {
            return Err(refusal(
                400,
                &format!("\"{version}\" is not a supported API version"),
            ));
        }
        let segments = request.segments();
        let path: Vec<&str> = segments.iter().map(String::as_str).collect();
        // GitHub Enterprise Server keeps the interface below this.
        let path = path.strip_prefix(&["api", "v3"]).unwrap_or(&path);
        let mut state = lock(&self.state);
        match caller(request, &state.tokens, &state.apps)? {
            Caller::App(app) => self.app_route(&mut state, &app, request, path),
            Caller::Token(token) => self.token_route(&mut state, &token, request, path),
        }
    }

    pub(super) fn writer(&self) -> Writer<'_> {
        Writer { url: &self.url }
    }

    fn token_route(
        &self,
        state: &mut State,
        token: &Token,
        request: &Request,
        path: &[&str],
    ) -> Answered {
        let (found, rest) = match path {
            ["user"] if request.method == "GET" => {
                return Ok(Answer::json(200, &self.writer().user(&token.login)));
            }
            ["rate_limit"] if request.method == "GET" => return Ok(rate_limit(state)),
            ["app", ..] | ["repos", _, _, "installation"] => {
                return Err(refusal(401, "A JSON web token could not be decoded"));
            }
            ["repos", owner, name, rest @ ..] => (state.find(&format!("{owner}/{name}")), rest),
            ["repositories", id, rest @ ..] => (
                state
                    .repositories
                    .iter()
                    .position(|r| r.id.to_string() == *id),
                rest,
            ),
            _ => return Err(not_found()),
        };
        let found = found.filter(|at| token.sees(&state.repositories[*at].full_name()));
        let at = found.ok_or_else(not_found)?;
        if let Some(permissions) = &token.permissions {
            scope::check(permissions, &request.method, rest)?;
        }
        match request.method.as_str() {
            "GET" => self.read(&state.repositories[at], request, rest),
            method if token.access == Access::Write => {
                self.write(state, at, token, (method, request, rest))
            }
            _ => Err(needing(token.refused(), rest)),
        }
    }

    fn read(&self, repository: &Repository, request: &Request, rest: &[&str]) -> Answered {
        let writer = self.writer();
        match rest {
            [] => Ok(Answer::json(200, &writer.repository(repository))),
            ["commits", reference @ .., "status"] if !reference.is_empty() => {
                let commit = repository
                    .resolve(&reference.join("/"))
                    .ok_or_else(not_found)?;
                let path = format!(
                    "/repositories/{}/commits/{}/status",
                    repository.id, commit.sha
                );
                let shown = page(request, &self.url, &path, commit.statuses.clone());
                let body = writer.combined_status(repository, commit, &shown.items);
                Ok(shown.link(Answer::json(200, &body)))
            }
            ["commits", reference @ .., "statuses"] if !reference.is_empty() => {
                let commit = repository
                    .resolve(&reference.join("/"))
                    .ok_or_else(not_found)?;
                let statuses = commit.statuses.iter().rev();
                let all = statuses
                    .map(|s| writer.commit_status(repository, commit, s))
                    .collect();
                Ok(self.list(
                    repository,
                    request,
                    &format!("commits/{}/statuses", commit.sha),
                    all,
                ))
            }
            ["commits", reference @ .., "check-runs"] if !reference.is_empty() => {
                self.check_runs(repository, request, &reference.join("/"))
            }
            ["commits", reference @ ..] if !reference.is_empty() => {
                let commit = known_commit(repository, &reference.join("/"))?;
                let accept = request.header("accept").unwrap_or_default();
                if accept.contains("application/vnd.github.") && accept.contains("sha") {
                    let kind = "application/vnd.github.sha; charset=utf-8";
                    return Ok(Answer::text(200, kind, &commit.sha));
                }
                Ok(Answer::json(200, &writer.commit(repository, commit)))
            }
            ["git", "ref", kind @ ("heads" | "tags"), name @ ..] => {
                self.reference(repository, kind, &name.join("/"))
            }
            ["branches"] => {
                let branches = repository.branches.iter();
                let all = branches.map(|(name, sha)| writer.branch(repository, (name, sha)));
                Ok(self.list(repository, request, "branches", all.collect()))
            }
            ["compare", spec @ ..] => self.compare(repository, request, &spec.join("/")),
            ["deployments"] => Ok(self.deployments(repository, request)),
            ["deployments", id, rest @ ..] => {
                let at = deployment_at(repository, id).ok_or_else(not_found)?;
                self.read_deployment(repository, &repository.deployments[at], request, rest)
            }
            ["actions", rest @ ..] => self.read_actions(repository, request, rest),
            ["hooks"] => Ok(Answer::json(200, &json!([self.hook()]))),
            ["hooks", id, rest @ ..] if *id == HOOK_ID.to_string() => {
                self.hook_route(request, "GET", rest)
            }
            _ => Err(not_found()),
        }
    }

    fn write(
        &self,
        state: &mut State,
        at: usize,
        token: &Token,
        (method, request, rest): (&str, &Request, &[&str]),
    ) -> Answered {
        let writer = self.writer();
        let State {
            repositories, ids, ..
        } = state;
        let repository = &mut repositories[at];
        match (method, rest) {
            ("POST", ["deployments"]) => {
                deploy::create(repository, ids, &token.login, &Fields::read(request)?)?;
                let created = repository.deployments.last().ok_or_else(not_found)?;
                let body = writer.deployment(repository, created);
                self.hooks
                    .post(events::deployment(writer, ids, repository, created));
                Ok(Answer::json(201, &body).with("location", &text(&body["url"])))
            }
            ("POST", ["deployments", id, "statuses"]) => {
                let deployment = deployment_at(repository, id).ok_or_else(not_found)?;
                let fields = Fields::read(request)?;
                deploy::add_status(repository, ids, &token.login, (deployment, &fields))?;
                let deployment = &repository.deployments[deployment];
                let added = deployment.statuses.last().ok_or_else(not_found)?;
                let body = writer.deployment_status(repository, deployment, added);
                if let Some(parcel) = events::deployment_status(writer, ids, repository, deployment)
                {
                    self.hooks.post(parcel);
                }
                Ok(Answer::json(201, &body).with("location", &text(&body["url"])))
            }
            ("POST", ["merges"]) => {
                let made = merge::merge(repository, &token.login, &Fields::read(request)?)?;
                Ok(match made.and_then(|sha| repository.commits.get(&sha)) {
                    Some(commit) => Answer::json(201, &writer.commit(repository, commit)),
                    None => Answer::empty(204),
                })
            }
            ("DELETE", ["git", "refs", "heads", name @ ..]) => {
                let removed = repository.branches.remove(&name.join("/"));
                let missing = || refusal(422, "Reference does not exist");
                removed.map(|_| Answer::empty(204)).ok_or_else(missing)
            }
            ("DELETE", ["deployments", id]) => {
                let deployment = deployment_at(repository, id).ok_or_else(not_found)?;
                deploy::delete(repository, deployment)
            }
            ("POST", ["actions", rest @ ..]) => {
                self.write_actions((repository, ids), &token.login, request, rest)
            }
            (method, ["hooks", id, rest @ ..]) if *id == HOOK_ID.to_string() => {
                self.hook_route(request, method, rest)
            }
            _ => Err(not_found()),
        }
    }

    fn check_runs(&self, repository: &Repository, request: &Request, reference: &str) -> Answered {
        let commit = known_commit(repository, reference)?;
        let wanted = request.query("check_name");
        let runs = commit
            .check_runs
            .iter()
            .filter(|run| wanted.is_none_or(|name| run.name == name));
        let all: Vec<Value> = runs
            .map(|run| self.writer().check_run(repository, commit, run))
            .collect();
        let total = all.len();
        let path = format!(
            "/repositories/{}/commits/{}/check-runs",
            repository.id, commit.sha
        );
        let shown = page(request, &self.url, &path, all);
        let body = json!({ "total_count": total, "check_runs": shown.items });
        Ok(shown.link(Answer::json(200, &body)))
    }

    fn reference(&self, repository: &Repository, kind: &str, name: &str) -> Answered {
        let names = if kind == "heads" {
            &repository.branches
        } else {
            &repository.tags
        };
        let sha = names.get(name).ok_or_else(not_found)?;
        let url = self.writer().repository_url(repository);
        let full = format!("refs/{kind}/{name}");
        let body = json!({
            "ref": full,
            "node_id": format!("REF_{name}"),
            "url": format!("{url}/git/{full}"),
            "object": { "sha": sha, "type": "commit", "url": format!("{url}/git/commits/{sha}") },
        });
        Ok(Answer::json(200, &body))
    }

    fn compare(&self, repository: &Repository, request: &Request, spec: &str) -> Answered {
        let (base_name, head_name) = spec.split_once("...").ok_or_else(not_found)?;
        let base = repository.resolve(base_name).ok_or_else(not_found)?;
        let head = repository.resolve(head_name).ok_or_else(not_found)?;
        let ahead = repository.missing(&base.sha, &head.sha);
        let count = ahead.len();
        let paged = request.query("page").or(request.query("per_page"));
        let shown = if paged.is_some() {
            let path = format!("/repositories/{}/compare/{spec}", repository.id);
            page(request, &self.url, &path, ahead)
        } else {
            // Who asks for no page gets the newest of all.
            Page {
                items: ahead[count.saturating_sub(COMPARED_MAX)..].to_vec(),
                links: None,
            }
        };
        let body = self.writer().comparison(
            repository,
            (base_name, base),
            (head_name, head),
            (count, &shown.items),
        );
        Ok(shown.link(Answer::json(200, &body)))
    }

    fn deployments(&self, repository: &Repository, request: &Request) -> Answer {
        let wants = |name: &str, value: &str| {
            request
                .query(name)
                .is_none_or(|wanted| wanted == "none" || wanted == value)
        };
        let found = repository.deployments.iter().rev().filter(|deployment| {
            wants("sha", &deployment.sha)
                && wants("ref", &deployment.reference)
                && wants("task", &deployment.task)
                && wants("environment", &deployment.environment)
        });
        let all = found
            .map(|found| self.writer().deployment(repository, found))
            .collect();
        self.list(repository, request, "deployments", all)
    }

    fn read_deployment(
        &self,
        repository: &Repository,
        deployment: &Deployment,
        request: &Request,
        rest: &[&str],
    ) -> Answered {
        let writer = self.writer();
        let written = |status| writer.deployment_status(repository, deployment, status);
        match rest {
            [] => Ok(Answer::json(
                200,
                &writer.deployment(repository, deployment),
            )),
            ["statuses"] => {
                let all = deployment.statuses.iter().rev().map(written).collect();
                let path = format!("deployments/{}/statuses", deployment.id);
                Ok(self.list(repository, request, &path, all))
            }
            ["statuses", id] => {
                let found = deployment
                    .statuses
                    .iter()
                    .find(|status| status.id.to_string() == *id);
                found
                    .map(|status| Answer::json(200, &written(status)))
                    .ok_or_else(not_found)
            }
            _ => Err(not_found()),
        }
    }

    fn list(
        &self,
        repository: &Repository,
        request: &Request,
        end: &str,
        all: Vec<Value>,
    ) -> Answer {
        let path = format!("/repositories/{}/{end}", repository.id);
        let shown = page(request, &self.url, &path, all);
        shown.link(Answer::json(200, &json!(shown.items)))
    }
}

fn rate_limit(state: &State) -> Answer {
    let rate = json!({
        "limit": RATE_LIMIT, "used": state.used,
        "remaining": RATE_LIMIT.saturating_sub(state.used),
        "reset": (state.started + HOUR_MILLIS) / 1000,
    });
    Answer::json(
        200,
        &json!({ "resources": { "core": rate, "search": rate }, "rate": rate }),
    )
}

/// A refusal that says which permission is missing.
fn needing(refused: Answer, rest: &[&str]) -> Answer {
    let permission = match rest {
        ["deployments", ..] => "deployments=write",
        ["merges" | "git", ..] => "contents=write",
        ["actions", ..] => "actions=write",
        _ => return refused,
    };
    refused.with("x-accepted-github-permissions", permission)
}

/// A name that stands for no commit is 422 here, and 404 in most other places.
fn known_commit<'a>(repository: &'a Repository, reference: &str) -> Result<&'a Commit, Answer> {
    let unknown = || refusal(422, &format!("No commit found for SHA: {reference}"));
    repository.resolve(reference).ok_or_else(unknown)
}

fn deployment_at(repository: &Repository, id: &str) -> Option<usize> {
    repository
        .deployments
        .iter()
        .position(|deployment| deployment.id.to_string() == id)
}

fn not_found() -> Answer {
    refusal(404, "Not Found")
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
