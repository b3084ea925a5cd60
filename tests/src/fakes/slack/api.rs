//! The Web API: who may call what, and what goes wrong on the way.

use std::sync::Arc;

use axum::Router;
use axum::extract::{ConnectInfo, State as Shares};
use axum::response::Response;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::time::sleep;

use super::arguments::Arguments;
use super::methods::{self, Failure, Needs};
use super::shared::{Shared, gone};
use super::state::State;
use super::{APP_TOKEN, BOT_TOKEN};
use crate::fakes::fault::{Moment, Trouble};
use crate::fakes::request::{Answer, Request};
use crate::fakes::server::{Cut, CuttableListener};

/// Serves until the stand-in stops.
pub(super) async fn listen(shared: Arc<Shared>, listener: TcpListener) {
    let mut stopped = shared.stopped();
    let router = Router::new().fallback(serve).with_state(shared);
    let served = axum::serve(
        CuttableListener(listener),
        router.into_make_service_with_connect_info::<Cut>(),
    );
    let stopping = async move { gone(&mut stopped).await };
    // The listener retries what goes wrong, so that this ends by stopping only.
    let _ = served.with_graceful_shutdown(stopping).await;
}

async fn serve(
    Shares(shared): Shares<Arc<Shared>>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    request: axum::extract::Request,
) -> Response {
    let answer = match Request::read(request).await {
        Ok(request) => answer(&shared, &request, &cut).await,
        Err(_) => Answer::empty(400),
    };
    answer.into_response()
}

async fn answer(shared: &Arc<Shared>, request: &Request, cut: &Cut) -> Answer {
    let delay = shared.lock().behaviour.api_delay;
    if !delay.is_zero() {
        sleep(delay).await;
    }
    let Some((trouble, moment)) = shared.trouble(&request.path) else {
        return effect(shared, request);
    };
    let done = match moment {
        Moment::BeforeEffect => {
            note(shared, request, &trouble);
            None
        }
        Moment::AfterEffect => Some(effect(shared, request)),
    };
    match trouble {
        Trouble::Status(status) => Answer::text(status, "text/plain", "upstream request failed"),
        Trouble::TooManyRequests(after) | Trouble::SecondaryLimit(after) => too_many(after),
        Trouble::Cut => cut.now(),
        Trouble::Hang => {
            gone(&mut shared.stopped()).await;
            cut.now()
        }
        Trouble::Slow(time) => {
            sleep(time).await;
            done.unwrap_or_else(|| effect(shared, request))
        }
        Trouble::Malformed => {
            let mut answer = done.unwrap_or_else(|| effect(shared, request));
            answer.body.truncate(answer.body.len() / 2);
            answer
        }
    }
}

/// Keeps a call in the log that nothing comes of.
fn note(shared: &Arc<Shared>, request: &Request, trouble: &Trouble) {
    let error = match trouble {
        Trouble::TooManyRequests(_) | Trouble::SecondaryLimit(_) => "ratelimited",
        Trouble::Status(_) | Trouble::Cut | Trouble::Hang => "lost",
        // These reach the method after all.
        Trouble::Slow(_) | Trouble::Malformed => return,
    };
    let name = request.path.trim_start_matches("/api/").to_owned();
    let arguments = Arguments::read(request, true).map(|arguments| arguments.0);
    let arguments = arguments.unwrap_or_default();
    shared.change(|state| state.log(&name, arguments, Some(error.to_owned())));
}

/// The answer that says when to come back.
pub(super) fn too_many(after: Option<u64>) -> Answer {
    let answer = Answer::json(429, &json!({ "ok": false, "error": "ratelimited" }));
    match after {
        Some(seconds) => answer.with("retry-after", &seconds.to_string()),
        None => answer,
    }
}

fn effect(shared: &Arc<Shared>, request: &Request) -> Answer {
    match request.path.split_at_checked(1).map(|(_, path)| path) {
        Some(path) if path.starts_with("api/") => call(shared, request, &path["api/".len()..]),
        Some(path) if path.starts_with("upload/") => {
            let id = &path["upload/".len()..];
            shared.change(|state| state.upload(id, request))
        }
        Some(path) if path.starts_with("respond/") => {
            let id = &path["respond/".len()..];
            shared.change(|state| state.respond_by_url(id, request))
        }
        _ => Answer::empty(404),
    }
}

fn call(shared: &Arc<Shared>, request: &Request, name: &str) -> Answer {
    let method = methods::find(name);
    let takes_json = method.as_ref().is_none_or(|method| method.takes_json);
    let read = Arguments::read(request, takes_json);
    shared.change(|state| {
        let arguments = read.as_ref().ok().map(|arguments| arguments.0.clone());
        let done = match (&method, &read) {
            (None, _) => Err(Failure::of("unknown_method")),
            (Some(_), Err(error)) => Err(Failure::of(error)),
            (Some(method), Ok(arguments)) => state
                .admit(request, arguments, name, &method.needs)
                .and_then(|()| (method.run)(state, arguments)),
        };
        let error = done.as_ref().err().map(|failure| failure.error.clone());
        state.log(name, arguments.unwrap_or_default(), error);
        let answer = match done {
            Ok(mut body) => {
                body["ok"] = json!(true);
                Answer::json(200, &body)
            }
            Err(failure) => failure.answer(),
        };
        let needs = method.map_or(Needs::Nothing, |method| method.needs);
        state.with_scopes(answer, &needs)
    })
}

impl State {
    /// Looks at the token and at what it may do.
    fn admit(
        &mut self,
        request: &Request,
        arguments: &Arguments,
        name: &str,
        needs: &Needs,
    ) -> Result<(), Failure> {
        let header = request.header("authorization");
        let bearer = header.and_then(|header| header.strip_prefix("Bearer "));
        // A token inside JSON does not count.
        let written = Some(arguments.text("token")).filter(|_| !request.says_json());
        let token = bearer
            .or(written)
            .filter(|token| !token.is_empty())
            .ok_or(Failure::of("not_authed"))?;
        if token != BOT_TOKEN && token != APP_TOKEN {
            return Err(Failure::of("invalid_auth"));
        }
        if let Some(error) = self.refusal(name) {
            return Err(Failure::of(&error));
        }
        let of_app = token == APP_TOKEN;
        match needs {
            Needs::AppToken if of_app => Ok(()),
            Needs::Nothing => Ok(()),
            Needs::AppToken => Err(Failure::of("not_allowed_token_type")),
            _ if of_app => Err(Failure::of("not_allowed_token_type")),
            Needs::Scope(scope) => self.need(scope),
            Needs::ScopeOfPlace => Ok(()),
        }
    }

    /// Says which scope is missing, if one is.
    pub(super) fn need(&self, scope: &str) -> Result<(), Failure> {
        if self.behaviour.has(scope) {
            return Ok(());
        }
        let mut failure = Failure::of("missing_scope");
        failure.more = json!({ "needed": scope, "provided": self.behaviour.scopes.join(",") });
        Err(failure)
    }

    fn refusal(&mut self, name: &str) -> Option<String> {
        let refusal = self
            .refusals
            .iter_mut()
            .find(|(method, _, left)| method == name && *left > 0)?;
        refusal.2 = refusal.2.saturating_sub(1);
        Some(refusal.1.clone())
    }

    fn with_scopes(&mut self, answer: Answer, needs: &Needs) -> Answer {
        let request = format!("{:032x}", self.number());
        let answer = answer.with("x-slack-req-id", &request);
        match needs {
            Needs::AppToken => answer.with("x-oauth-scopes", "connections:write"),
            Needs::Scope(scope) => answer
                .with("x-oauth-scopes", &self.behaviour.scopes.join(","))
                .with("x-accepted-oauth-scopes", scope),
            Needs::Nothing | Needs::ScopeOfPlace => {
                answer.with("x-oauth-scopes", &self.behaviour.scopes.join(","))
            }
        }
    }
}

impl Failure {
    fn answer(self) -> Answer {
        if self.error == "ratelimited" {
            return too_many(Some(1));
        }
        let mut body = json!({ "ok": false, "error": self.error });
        if let Value::Object(more) = self.more {
            for (name, value) in more {
                body[name] = value;
            }
        }
        Answer::json(200, &body)
    }
}
