//! The whole adapter against a server that says what a test wants it to say.

use std::sync::{Arc, Mutex};

use chrono::DateTime;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use witbot_core::ci::{Provider, RunRequest};
use witbot_core::ids::InvocationId;

use super::*;

/// One answer: to which request, with what.
struct Says(&'static str, Reply);

#[derive(Clone)]
enum Reply {
    Json(u16, Value),
    Head(u16, &'static str),
    Text(u16, String),
    /// The connection ends without an answer.
    Lost,
}

/// A server with answers. Each is given once, the last of a request again and again.
struct Service {
    circleci: Circleci,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Service {
    async fn start(answers: Vec<Says>) -> Service {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (answers, log) = (Arc::new(Mutex::new(answers)), requests.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, answers.clone(), log.clone()));
            }
        });
        let mut circleci =
            Circleci::new(&url, Secret::new("cci-token".to_owned()), &Metrics::new()).unwrap();
        circleci.listed_within = Duration::ZERO;
        Service { circleci, requests }
    }

    async fn trigger(&self, request: RunRequest) -> String {
        told(
            self.circleci
                .trigger(&call(request), &id())
                .await
                .map(|run| format!("{:?} {}", run.number, run.url)),
        )
    }

    async fn find(&self, request: RunRequest, begun: UnixMillis) -> String {
        told(
            self.circleci
                .find(&call(request), &id(), begun)
                .await
                .map(|found| match found {
                    Found::Run(run) => format!("run {} {:?}", run.id, run.number),
                    Found::Nothing => "nothing".to_owned(),
                    Found::Doubt => "doubt".to_owned(),
                }),
        )
    }

    async fn status(&self, run: &str) -> String {
        let project = call(RunRequest::default()).project;
        told(self.circleci.status(&project, run).await.map(|status| {
            format!(
                "{} {:?} ({}) {}",
                status.phase.as_str(),
                status.failed_jobs,
                status.detail,
                status.url
            )
        }))
    }

    async fn cancel(&self, run: &str) -> String {
        let call = CancelRun {
            project: call(RunRequest::default()).project,
            run: run.to_owned(),
        };
        told(
            self.circleci
                .cancel(&call)
                .await
                .map(|()| "canceled".to_owned()),
        )
    }

    /// The requests so far, without `/api/v2`.
    fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    fn posts(&self) -> usize {
        self.requests()
            .iter()
            .filter(|request| request.starts_with("POST "))
            .count()
    }
}

async fn serve(
    mut stream: TcpStream,
    answers: Arc<Mutex<Vec<Says>>>,
    log: Arc<Mutex<Vec<String>>>,
) {
    let mut bytes = Vec::new();
    let (head, body) = loop {
        if stream.read_buf(&mut bytes).await.unwrap() == 0 {
            return;
        }
        let text = String::from_utf8(bytes.clone()).unwrap();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "))
                .unwrap_or("0");
            if body.len() == length.parse::<usize>().unwrap() {
                break (head.to_owned(), body.to_owned());
            }
        }
    };
    assert!(head.contains("circle-token: cci-token"), "{head}");
    assert!(
        body.is_empty() || head.contains("content-type: application/json"),
        "{head}"
    );
    let line = head
        .lines()
        .next()
        .unwrap()
        .trim_end_matches(" HTTP/1.1")
        .replace("/api/v2/", "");
    log.lock()
        .unwrap()
        .push(format!("{line} {body}").trim_end().to_owned());
    let reply = {
        let mut answers = answers.lock().unwrap();
        let mut of_this = (0..answers.len()).filter(|&number| answers[number].0 == line);
        match (of_this.next(), of_this.next()) {
            (Some(first), Some(_)) => answers.remove(first).1,
            (Some(only), None) => answers[only].1.clone(),
            (None, _) => Reply::Json(404, json!({"message": format!("no answer to {line}")})),
        }
    };
    let (status, head, body) = match reply {
        Reply::Json(status, body) => (status, "content-type: application/json", body.to_string()),
        Reply::Head(status, head) => (status, head, String::new()),
        Reply::Text(status, body) => (status, "content-type: text/html", body),
        Reply::Lost => return,
    };
    let length = body.len();
    let answer = format!(
        "HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {length}\r\n{head}\r\n\r\n{body}"
    );
    // Who reads no further than it wants to hangs up.
    let _ = stream.write_all(answer.as_bytes()).await;
}

fn call(request: RunRequest) -> TriggerRun {
    TriggerRun {
        project: Project {
            provider: Provider::Circleci,
            name: "gh/acme/api".to_owned(),
        },
        request,
    }
}

fn id() -> CallId {
    let invocation: InvocationId = "00112233445566778899".parse().unwrap();
    CallId::new(&invocation, 3)
}

fn main_branch() -> RunRequest {
    RunRequest {
        branch: Some("main".into()),
        correlate_by: Some("call".into()),
        ..RunRequest::default()
    }
}

fn told(result: Result<String, Error>) -> String {
    match result {
        Ok(text) => text,
        Err(error) => {
            let after = error
                .retry_after_ms
                .map(|ms| format!(" [{ms} ms]"))
                .unwrap_or_default();
            format!("{}{after}: {error}", error.code.as_str())
        }
    }
}

const TRIGGER: &str = "POST project/gh/acme/api/pipeline";
const LIST: &str = "GET project/gh/acme/api/pipeline";

/// A pipeline of the branch `main` that the bot has just started, as a list shows it.
fn pipeline(id: &str, more: Value) -> Value {
    let mut pipeline = json!({
        "id": id, "number": 7, "state": "created", "project_slug": "gh/acme/api", "errors": [],
        "created_at": DateTime::from_timestamp_millis(now().0 as i64).unwrap().to_rfc3339(),
        "trigger": {"type": "api", "received_at": "2026-11-22T12:00:00Z", "actor": {"login": "witbot", "avatar_url": null}},
        "trigger_parameters": {}, "vcs": {"branch": "main", "revision": "1dc6aa6"},
    });
    pipeline
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    pipeline
}

fn list(items: &[Value]) -> Reply {
    Reply::Json(200, json!({"items": items, "next_page_token": null}))
}

fn me() -> Says {
    Says(
        "GET me",
        Reply::Json(
            200,
            json!({"id": "u", "login": "witbot", "name": "Bot", "avatar_url": null}),
        ),
    )
}

#[tokio::test]
async fn a_pipeline_is_started() {
    let started = Reply::Json(
        201,
        json!({"id": "p1", "state": "pending", "number": 130, "created_at": "2026-11-22T12:00:00Z"}),
    );
    let service = Service::start(vec![Says(TRIGGER, started)]).await;
    assert_eq!(
        service.trigger(main_branch()).await,
        "Some(130) https://app.circleci.com/pipelines/github/acme/api/130"
    );
    let sent = r#"{"branch":"main","parameters":{"call":"00112233445566778899-3"}}"#;
    assert_eq!(service.requests(), [format!("{TRIGGER} {sent}")]);
}

#[tokio::test]
async fn what_was_accepted_and_not_started_is_a_conflict() {
    let nothing = Reply::Json(
        200,
        json!({"message": "Ignoring pipeline due to CI skip in the commit"}),
    );
    let service = Service::start(vec![Says(TRIGGER, nothing)]).await;
    let expected =
        "conflict: CircleCI started nothing: Ignoring pipeline due to CI skip in the commit.";
    assert_eq!(service.trigger(main_branch()).await, expected);
    assert_eq!(service.requests().len(), 1);
}

#[tokio::test]
async fn refusals_say_what_to_do() {
    let because = |text: &str| json!({"message": text});
    for (reply, expected) in [
        (
            Reply::Json(400, because("Branch not\n found.")),
            "invalid: CircleCI refused: Branch not found.",
        ),
        (
            Reply::Json(401, because("Invalid token provided.")),
            "unavailable: CircleCI refused the bot's token (CIRCLECI_TOKEN): Invalid token provided. Whoever runs the bot can set a new personal API token.",
        ),
        (
            Reply::Json(403, because("Permission denied")),
            "denied: CircleCI does not let the bot do that: Permission denied. The owner of CIRCLECI_TOKEN needs the right to it.",
        ),
        (
            Reply::Json(404, because("Project not found")),
            "not-found: CircleCI found no such thing, or the bot's token (CIRCLECI_TOKEN) cannot see it: Project not found.",
        ),
        (
            Reply::Text(418, "<html>".into()),
            "invalid: CircleCI refused: I'm a teapot.",
        ),
        (
            Reply::Head(429, "retry-after: 7"),
            "rate-limited [7000 ms]: CircleCI wants fewer requests of the bot. Try again in a while.",
        ),
        (
            Reply::Head(429, "x: y"),
            "rate-limited: CircleCI wants fewer requests of the bot. Try again in a while.",
        ),
        (
            Reply::Head(302, "location: http://127.0.0.1:1/"),
            "unavailable: CircleCI's API is elsewhere than the bot was told: whoever runs the bot can correct `[ci.circleci] api_url`.",
        ),
    ] {
        let service = Service::start(vec![Says(TRIGGER, reply)]).await;
        assert_eq!(service.trigger(main_branch()).await, expected);
        assert_eq!(service.requests().len(), 1);
    }
}

#[tokio::test]
async fn projects_of_the_github_app_need_a_definition() {
    let service = Service::start(Vec::new()).await;
    let mut call = call(RunRequest::default());
    call.project.name = "circleci/Org/Prj".to_owned();
    let error = service.circleci.trigger(&call, &id()).await.unwrap_err();
    assert!(error.message.contains("need a definition"), "{error}");
}

#[tokio::test]
async fn a_lost_answer_is_looked_for_and_nothing_is_sent_again() {
    let marked = || pipeline("p1", json!({"trigger_parameters": {"call": id().as_str()}}));
    let not_understood = || Reply::Text(201, "<html>".into());
    for reply in [
        Reply::Lost,
        Reply::Json(500, json!({})),
        Reply::Json(502, json!({})),
        Reply::Json(408, json!({})),
        not_understood(),
    ] {
        let service =
            Service::start(vec![Says(TRIGGER, reply), Says(LIST, list(&[marked()]))]).await;
        assert_eq!(
            service.trigger(main_branch()).await,
            "Some(7) https://app.circleci.com/pipelines/github/acme/api/7"
        );
        assert_eq!(service.posts(), 1);
    }
}

#[tokio::test]
async fn a_lost_answer_without_a_pipeline() {
    let doubt = |why: &str| {
        format!(
            "in-doubt: It is not known whether CircleCI started a pipeline of gh/acme/api ({why}). Look at its page before you try again."
        )
    };
    for (reply, expected) in [
        (Reply::Lost, doubt("the connection broke")),
        (Reply::Json(504, json!({})), doubt("error 504")),
        (
            Reply::Text(201, "<html>".into()),
            doubt("an answer that is not understood"),
        ),
        (
            Reply::Json(500, json!({})),
            "unavailable: CircleCI failed (error 500) and started nothing. Try again in a while."
                .to_owned(),
        ),
    ] {
        let service =
            Service::start(vec![Says(TRIGGER, reply.clone()), Says(LIST, list(&[]))]).await;
        assert_eq!(service.trigger(main_branch()).await, expected);
        assert_eq!(service.posts(), 1);
        // It cannot even be looked for.
        let service = Service::start(vec![
            Says(TRIGGER, reply),
            Says(LIST, Reply::Json(503, json!({}))),
        ])
        .await;
        assert!(
            service
                .trigger(main_branch())
                .await
                .starts_with("in-doubt: ")
        );
        assert_eq!(service.posts(), 1);
    }
    let two = list(&[pipeline("p1", json!({})), pipeline("p2", json!({}))]);
    let service = Service::start(vec![
        Says(TRIGGER, Reply::Json(500, json!({}))),
        Says(LIST, two),
        me(),
    ])
    .await;
    assert_eq!(service.trigger(main_branch()).await, doubt("error 500"));
}

#[tokio::test]
async fn a_server_that_is_not_there_was_asked_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let circleci = Circleci::new(&url, Secret::new("t".into()), &Metrics::new()).unwrap();
    let error = circleci
        .trigger(&call(main_branch()), &id())
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "CircleCI cannot be reached: no connection. Try again in a while."
    );
    assert_eq!(error.code, Code::Unavailable);
}

#[tokio::test]
async fn the_one_pipeline_that_may_be_it_is_it() {
    let service = Service::start(vec![
        Says(
            LIST,
            list(&[
                pipeline("mine", json!({})),
                pipeline(
                    "of-somebody-else",
                    json!({"trigger": {"type": "api", "actor": {"login": "ann"}}}),
                ),
                pipeline(
                    "pushed",
                    json!({"trigger": {"type": "webhook", "actor": {"login": "witbot"}}}),
                ),
                pipeline(
                    "of-another-call",
                    json!({"trigger_parameters": {"call": "00112233445566778899-4"}}),
                ),
                pipeline("of-another-branch", json!({"vcs": {"branch": "other"}})),
            ]),
        ),
        me(),
    ])
    .await;
    assert_eq!(service.find(main_branch(), now()).await, "run mine Some(7)");
    assert_eq!(service.find(main_branch(), now()).await, "run mine Some(7)");
    let asked_for_me = service
        .requests()
        .iter()
        .filter(|request| *request == "GET me")
        .count();
    assert_eq!(asked_for_me, 1);
    // An hour ago it was none of these.
    assert_eq!(
        service
            .find(main_branch(), UnixMillis(now().0 - 3_600_000))
            .await,
        "nothing"
    );
}

#[tokio::test]
async fn a_pipeline_is_looked_for_on_all_pages_since_the_call() {
    let page = |items: &[Value], next: &str| {
        Reply::Json(200, json!({"items": items, "next_page_token": next}))
    };
    let old = pipeline("old", json!({"created_at": "2020-01-01T00:00:00Z"}));
    let other = pipeline("other", json!({"vcs": {"branch": "other"}}));
    let marked = pipeline("p1", json!({"trigger_parameters": {"call": id().as_str()}}));
    let service = Service::start(vec![
        Says(LIST, page(std::slice::from_ref(&other), "a b/c")),
        Says(
            "GET project/gh/acme/api/pipeline?page-token=a+b%2Fc",
            page(&[marked, old.clone()], "next"),
        ),
        Says(
            "GET project/gh/acme/api/pipeline?page-token=next",
            page(&[old], "more"),
        ),
    ])
    .await;
    assert_eq!(service.find(main_branch(), now()).await, "run p1 Some(7)");
    assert_eq!(service.requests().len(), 3);
    // A list without an end says nothing of what is not on it.
    let service = Service::start(vec![
        Says(LIST, page(std::slice::from_ref(&other), "x")),
        Says(
            "GET project/gh/acme/api/pipeline?page-token=x",
            page(&[other], "x"),
        ),
    ])
    .await;
    assert_eq!(service.find(main_branch(), now()).await, "doubt");
    assert_eq!(service.requests().len(), limits::CI_PAGES_MAX);
}

#[tokio::test]
async fn a_pipeline_that_is_not_listed_yet_is_looked_for_again() {
    let marked = pipeline("p1", json!({"trigger_parameters": {"call": id().as_str()}}));
    let mut service =
        Service::start(vec![Says(LIST, list(&[])), Says(LIST, list(&[marked]))]).await;
    service.circleci.listed_within = Duration::from_millis(1);
    // By our clock it was begun just now, however long the first look takes.
    assert_eq!(
        service.find(main_branch(), now().plus_ms(60_000)).await,
        "run p1 Some(7)"
    );
    assert_eq!(service.requests().len(), 2);
}

#[tokio::test]
async fn the_status_is_of_all_workflows_and_names_failed_jobs() {
    let workflow = |id: &str, name: &str, status: &str| json!({"id": id, "name": name, "status": status, "created_at": "2026-11-22T12:00:00Z", "stopped_at": null});
    let first = json!({"items": [workflow("w1", "build", "success")], "next_page_token": "2"});
    let job = |name: &str, status: &str, number: u64| json!({"name": name, "status": status, "job_number": number, "type": "build"});
    let service = Service::start(vec![
        Says(
            "GET pipeline/p1",
            Reply::Json(200, pipeline("p1", json!({"project_slug": "gh/Acme/api"}))),
        ),
        Says("GET pipeline/p1/workflow", Reply::Json(200, first)),
        Says(
            "GET pipeline/p1/workflow?page-token=2",
            list(&[workflow("w2", "deploy", "failed")]),
        ),
        Says(
            "GET workflow/w2/job",
            list(&[job("prepare", "success", 11), job("ship", "failed", 12)]),
        ),
    ])
    .await;
    assert_eq!(
        service.status("p1").await,
        r#"failed ["ship"] (build: success, deploy: failed) https://app.circleci.com/pipelines/github/acme/api/7/workflows/w2/jobs/12"#
    );
}

#[tokio::test]
async fn the_newest_pipelines_are_listed_with_how_they_stand() {
    let vcs = json!({"branch": "main", "revision": "1dc6aa6", "commit": {"subject": "Mend it", "body": ""}});
    let first = json!({"items": [pipeline("p2", json!({"vcs": vcs}))], "next_page_token": "2"});
    let tag =
        json!({"number": 6, "vcs": {"tag": "v1"}, "trigger": {"type": "webhook", "actor": null}});
    let rest = [pipeline("p1", tag), pipeline("p0", json!({}))];
    let workflow = |status: &str| list(&[json!({"id": "w", "name": "build", "status": status})]);
    let service = Service::start(vec![
        Says(LIST, Reply::Json(200, first)),
        Says("GET project/gh/acme/api/pipeline?page-token=2", list(&rest)),
        Says("GET pipeline/p2/workflow", workflow("running")),
        Says("GET pipeline/p1/workflow", workflow("failed")),
    ])
    .await;
    let project = call(RunRequest::default()).project;
    let call = ListRuns { project, limit: 2 };
    let runs = service.circleci.recent(&call).await.unwrap();
    let shown: Vec<String> = runs
        .iter()
        .map(|run| {
            let words = [&run.reference, &run.commit, &run.actor];
            let words = words.map(|word| word.as_deref().unwrap_or("-"));
            let (id, number) = (&run.run.id, run.run.number.unwrap_or(0));
            let (title, phase) = (&run.title, run.phase.as_str());
            format!("{id} #{number} {phase} `{title}` {}", words.join(" "))
        })
        .collect();
    assert_eq!(
        shown,
        [
            "p2 #7 running `Mend it` main 1dc6aa6 witbot",
            "p1 #6 failed `` v1 - -",
        ]
    );
    assert!(runs[0].run.url.ends_with("/github/acme/api/7"));
    assert!(runs[0].created_ms > 0);
}

#[tokio::test]
async fn a_run_of_another_project_is_none() {
    let of_web = Reply::Json(200, pipeline("p1", json!({"project_slug": "gh/acme/web"})));
    let service = Service::start(vec![Says("GET pipeline/p1", of_web)]).await;
    assert_eq!(
        service.status("p1").await,
        "not-found: gh/acme/api has no run p1."
    );
    assert_eq!(
        service.cancel("p1").await,
        "not-found: gh/acme/api has no run p1."
    );
    assert_eq!(service.posts(), 0);
    let no_id = "invalid: That is not the id of a run: it has letters, digits and hyphens.";
    for run in ["", "..", "a/b", "a?b", "p 1"] {
        assert_eq!(service.status(run).await, no_id);
        assert_eq!(service.cancel(run).await, no_id);
    }
}

#[tokio::test]
async fn an_answer_that_is_no_answer_is_not_understood() {
    for (reply, expected) in [
        (
            Reply::Text(200, "<html>".into()),
            "unavailable: CircleCI's answer is not understood: expected value at line 1 column 1.",
        ),
        (
            Reply::Lost,
            "unavailable: CircleCI cannot be reached: the connection broke. Try again in a while.",
        ),
        (
            Reply::Json(503, json!({})),
            "unavailable: CircleCI failed (503). Try again in a while.",
        ),
        (
            Reply::Text(200, " ".repeat(limits::CI_RESPONSE_BYTES_MAX + 1)),
            "unavailable: CircleCI's answer could not be read: an answer of more than 4 MiB. Try again in a while.",
        ),
    ] {
        let service = Service::start(vec![Says("GET pipeline/p1", reply)]).await;
        assert_eq!(service.status("p1").await, expected);
    }
}

fn with_workflows(workflows: &[(&str, &str)], mut more: Vec<Says>) -> Vec<Says> {
    let workflow = |(id, status): &(&str, &str)| json!({"id": id, "name": id, "status": status});
    let workflows: Vec<Value> = workflows.iter().map(workflow).collect();
    more.push(Says(
        "GET pipeline/p1",
        Reply::Json(200, pipeline("p1", json!({}))),
    ));
    more.push(Says("GET pipeline/p1/workflow", list(&workflows)));
    more
}

#[tokio::test]
async fn all_workflows_that_are_at_work_are_stopped() {
    let accepted = || Reply::Json(202, json!({"message": "Accepted."}));
    let over = || Reply::Json(400, json!({"message": "Workflow is not running."}));
    let workflows = [
        ("w1", "success"),
        ("w2", "running"),
        ("w3", "on_hold"),
        ("w4", "failing"),
        ("w5", "failed"),
    ];
    let answers = vec![
        Says("POST workflow/w2/cancel", accepted()),
        Says("POST workflow/w3/cancel", over()),
        Says("POST workflow/w4/cancel", accepted()),
    ];
    let service = Service::start(with_workflows(&workflows, answers)).await;
    assert_eq!(service.cancel("p1").await, "canceled");
    assert_eq!(service.posts(), 3);
    let answers = vec![Says("POST workflow/w2/cancel", over())];
    let service = Service::start(with_workflows(&[("w2", "running")], answers)).await;
    assert_eq!(
        service.cancel("p1").await,
        "conflict: CircleCI does not stop the run: Workflow is not running."
    );
    let answers = vec![Says("POST workflow/w2/cancel", Reply::Lost)];
    let service = Service::start(with_workflows(&[("w2", "running")], answers)).await;
    assert_eq!(
        service.cancel("p1").await,
        "unavailable: CircleCI did not say whether it stops the run (the connection broke). It does no harm to try again."
    );
}

#[tokio::test]
async fn what_is_over_or_has_not_begun_cannot_be_stopped() {
    let service = Service::start(with_workflows(
        &[("w1", "success"), ("w2", "canceled")],
        Vec::new(),
    ))
    .await;
    assert_eq!(service.cancel("p1").await, "conflict: The run is over.");
    let service = Service::start(with_workflows(&[], Vec::new())).await;
    assert_eq!(
        service.cancel("p1").await,
        "conflict [2000 ms]: Nothing of the run is at work that could be stopped, and more may begin. Try again in some seconds."
    );
    assert_eq!(service.posts(), 0);
}

/// A pipeline with one workflow `w1` in this state, which has these jobs.
fn with_jobs(status: &str, jobs: &[Value], more: Vec<Says>) -> Vec<Says> {
    let mut answers = with_workflows(&[("w1", status)], more);
    answers.push(Says("GET workflow/w1/job", list(jobs)));
    answers
}

fn approval(name: &str, status: &str, id: &str) -> Value {
    json!({"name": name, "status": status, "type": "approval", "id": id, "approval_request_id": id})
}

fn approve(approval: &str) -> ApproveRun {
    ApproveRun {
        project: call(RunRequest::default()).project,
        run: "p1".to_owned(),
        approval: approval.to_owned(),
    }
}

#[tokio::test]
async fn approvals_are_told_and_given() {
    let jobs = [
        json!({"name": "build", "status": "success", "job_number": 11}),
        approval("ship it", "on_hold", "a1"),
        approval("qa", "success", "a0"),
    ];
    let accepted = Reply::Json(202, json!({"message": "Accepted."}));
    let answers = vec![Says("POST workflow/w1/approve/a1", accepted)];
    let service = Service::start(with_jobs("on_hold", &jobs, answers)).await;
    let project = approve("a1").project;
    let status = service.circleci.status(&project, "p1").await.unwrap();
    let told: Vec<(&str, &str)> = status
        .approvals
        .iter()
        .map(|approval| (approval.id.as_str(), approval.name.as_str()))
        .collect();
    assert_eq!(
        (status.phase.as_str(), told),
        ("blocked", vec![("a1", "ship it")])
    );
    service.circleci.approve(&approve("a1")).await.unwrap();
    assert_eq!(service.posts(), 1);
    for (id, expected) in [
        ("a0", "conflict: The run does not wait for `qa` any more."),
        ("a9", "not-found: The run has no such approval."),
        (
            "a/1",
            "invalid: That is not the id of a run: it has letters, digits and hyphens.",
        ),
    ] {
        let answer = service.circleci.approve(&approve(id)).await;
        assert_eq!(told_of(answer), expected);
    }
    assert_eq!(service.posts(), 1);
}

fn told_of(answer: Result<(), Error>) -> String {
    told(answer.map(|()| String::new()))
}

#[tokio::test]
async fn an_approval_of_another_project_is_none() {
    let of_web = Reply::Json(200, pipeline("p1", json!({"project_slug": "gh/acme/web"})));
    let service = Service::start(vec![Says("GET pipeline/p1", of_web)]).await;
    assert_eq!(
        told_of(service.circleci.approve(&approve("a1")).await),
        "not-found: gh/acme/api has no run p1."
    );
    assert_eq!(service.posts(), 0);
}

#[tokio::test]
async fn the_commit_and_each_failure_are_told() {
    let told = pipeline(
        "p1",
        json!({"vcs": {"branch": "main", "revision": "1a2b3c4d"}}),
    );
    let jobs = [json!({"name": "ship", "status": "failed", "job_number": 12})];
    let answers = vec![Says("GET pipeline/p1", Reply::Json(200, told))];
    let service = Service::start(with_jobs("failed", &jobs, answers)).await;
    let project = approve("a1").project;
    let status = service.circleci.status(&project, "p1").await.unwrap();
    assert_eq!(status.commit.as_deref(), Some("1a2b3c4d"));
    let [failure] = status.failures.as_slice() else {
        panic!("{status:?}")
    };
    assert_eq!((failure.job.as_str(), &failure.step), ("ship", &None));
    assert!(
        failure.url.ends_with("/7/workflows/w1/jobs/12"),
        "{failure:?}"
    );
}

fn again(only_failed: bool) -> RerunRun {
    RerunRun {
        project: call(RunRequest::default()).project,
        run: "p1".to_owned(),
        only_failed,
    }
}

#[tokio::test]
async fn what_is_over_is_run_again_workflow_by_workflow() {
    let accepted = || Reply::Json(202, json!({"workflow_id": "w9"}));
    let answers = || {
        vec![
            Says("POST workflow/w1/rerun", accepted()),
            Says("POST workflow/w2/rerun", accepted()),
        ]
    };
    let workflows = [("w1", "success"), ("w2", "failed")];
    let service = Service::start(with_workflows(&workflows, answers())).await;
    service.circleci.rerun(&again(true)).await.unwrap();
    let posts = |service: &Service| {
        let mut requests = service.requests();
        requests.retain(|request| request.starts_with("POST "));
        requests
    };
    assert_eq!(
        posts(&service),
        [r#"POST workflow/w2/rerun {"from_failed":true}"#]
    );
    let service = Service::start(with_workflows(&workflows, answers())).await;
    service.circleci.rerun(&again(false)).await.unwrap();
    assert_eq!(service.posts(), 2);
    for (status, expected) in [
        ("running", "conflict: The run is not over."),
        (
            "success",
            "conflict: The run has nothing that could be run again.",
        ),
    ] {
        let service = Service::start(with_workflows(&[("w1", status)], answers())).await;
        assert_eq!(
            told_of(service.circleci.rerun(&again(true)).await),
            expected
        );
        assert_eq!(service.posts(), 0);
    }
}

#[tokio::test]
async fn a_rerun_whose_answer_is_lost_is_looked_for() {
    let workflow = |id: &str, status: &str, at: &str| json!({"id": id, "name": "deploy", "status": status, "created_at": at});
    let old = || workflow("w1", "failed", "2026-11-22T12:00:00Z");
    let new = workflow("w2", "running", "2026-11-22T12:10:00Z");
    for (after, expected) in [
        (list(&[new, old()]), ""),
        (
            list(&[old()]),
            "unavailable: CircleCI failed (the connection broke) and runs nothing again. Try again in a while.",
        ),
        (
            Reply::Json(503, json!({})),
            "in-doubt: It is not known whether CircleCI runs it again (the connection broke). Look at its page before you try again.",
        ),
    ] {
        let service = Service::start(vec![
            Says(
                "GET pipeline/p1",
                Reply::Json(200, pipeline("p1", json!({}))),
            ),
            Says("GET pipeline/p1/workflow", list(&[old()])),
            Says("GET pipeline/p1/workflow", after),
            Says("POST workflow/w1/rerun", Reply::Lost),
        ])
        .await;
        assert_eq!(
            told_of(service.circleci.rerun(&again(true)).await),
            expected
        );
        assert_eq!(service.posts(), 1);
    }
}
