//! The bot is killed at each point of each effect, one after the other.

use std::time::Duration;

use witbot_tests::fakes::{JobKind, JobStatus, Outcome, ParameterType};
use witbot_tests::home::Home;
use witbot_tests::services::{PROJECT, REPOSITORY, Services};
use witbot_tests::slack::Mode;

use crate::effect::{
    Effect, HELD_PROJECT, On, Point, SILENT_PROJECT, approvals, circleci, deletions, deployments,
    edits, further_reruns, github, messages, pipelines, reactions, requests, reruns, slack,
    statuses, stopped, told, whispers,
};
use crate::stage::{Stage, shown, soon};

/// A call that is in doubt is looked for over 23 s at the most, and the machine may be slow.
const DONE_WITHIN: Duration = Duration::from_secs(60);

const DONE: [&str; 4] = ["success"; 4];

const AT_GITHUB: [Effect; 3] = [
    Effect {
        name: "github.create-deployment",
        what: "deploy",
        on: On::Nothing,
        door: github("/repos/acme/api/deployments"),
        told: DONE,
        times_max: 1,
        times: deployments,
    },
    Effect {
        name: "github.add-deployment-status",
        what: "status",
        on: On::Deployment,
        door: github("/repos/acme/api/deployments/*/statuses"),
        told: DONE,
        times_max: 1,
        times: statuses,
    },
    Effect {
        name: "github.merge",
        what: "merge",
        on: On::Branch,
        door: github("/repos/acme/api/merges"),
        // That there was something to merge.
        told: ["true"; 4],
        times_max: 1,
        times: told,
    },
];

const RERUN: Effect = Effect {
    name: "ci.rerun",
    what: "rerun",
    on: On::FailedPipeline,
    door: circleci("/api/v2/workflow/*/rerun"),
    told: DONE,
    times_max: 1,
    times: reruns,
};

const AT_CI: [Effect; 6] = [
    Effect {
        name: "ci.trigger",
        what: "trigger",
        on: On::Nothing,
        door: circleci("/api/v2/project/gh/acme/api/pipeline*"),
        told: DONE,
        times_max: 1,
        times: pipelines,
    },
    Effect {
        name: "ci.trigger",
        what: "trigger",
        on: On::SilentProject,
        door: circleci("/api/v2/project/gh/acme/silent/pipeline*"),
        // There are pipelines of the minute before, and none of them says whose it is.
        told: ["success", "in-doubt", "in-doubt", "success"],
        times_max: 1,
        times: pipelines,
    },
    Effect {
        name: "ci.cancel",
        what: "cancel",
        on: On::Pipeline,
        door: circleci("/api/v2/workflow/*/cancel"),
        told: DONE,
        times_max: 1,
        times: stopped,
    },
    RERUN,
    Effect {
        name: "ci.rerun",
        what: "rerun",
        on: On::PipelineThatFailedAgain,
        door: circleci("/api/v2/workflow/*/rerun"),
        // It cannot be told which of the two it was that made it run.
        told: ["success", "in-doubt", "in-doubt", "success"],
        times_max: 1,
        times: further_reruns,
    },
    Effect {
        name: "ci.approve",
        what: "approve",
        on: On::HeldPipeline,
        door: circleci("/api/v2/workflow/*/approve/*"),
        // What was approved does not wait for it any more, and the plugin is told so.
        told: ["success", "success", "conflict", "success"],
        times_max: 1,
        times: approvals,
    },
];

const ELSEWHERE: [Effect; 5] = [
    Effect {
        name: "http.send",
        what: "send",
        on: On::Nothing,
        door: github("/send/*"),
        told: ["success", "in-doubt", "in-doubt", "success"],
        times_max: 1,
        times: requests,
    },
    Effect {
        name: "topics.publish",
        what: "publish",
        on: On::Nothing,
        door: None,
        told: ["success", "", "", "success"],
        times_max: 1,
        times: messages,
    },
    Effect {
        name: "kv.set",
        what: "set",
        on: On::Nothing,
        door: None,
        told: ["1", "", "", "2"],
        times_max: 1,
        times: told,
    },
    Effect {
        name: "kv.replace",
        what: "replace",
        on: On::Nothing,
        door: None,
        told: ["true", "", "", "true"],
        times_max: 1,
        times: told,
    },
    Effect {
        name: "kv.delete",
        what: "delete-key",
        on: On::Nothing,
        door: None,
        told: ["0", "", "", "0"],
        times_max: 1,
        times: told,
    },
];

const MESSAGES: [Effect; 3] = [
    said("chat.reply", "reply", On::Nothing),
    said("chat.post", "post", On::Nothing),
    said("chat.post-direct", "direct", On::Direct),
];

const ABOUT_MESSAGES: [Effect; 4] = [
    Effect {
        name: "chat.edit",
        what: "edit",
        on: On::Nothing,
        door: slack("/api/chat.update"),
        told: DONE,
        times_max: 1,
        times: edits,
    },
    Effect {
        name: "chat.delete",
        what: "delete",
        on: On::Nothing,
        door: slack("/api/chat.delete"),
        told: DONE,
        times_max: 1,
        times: deletions,
    },
    Effect {
        name: "chat.react",
        what: "react",
        on: On::Nothing,
        door: slack("/api/reactions.add"),
        told: DONE,
        times_max: 1,
        times: reactions,
    },
    Effect {
        name: "chat.whisper",
        what: "whisper",
        on: On::Nothing,
        door: slack("/api/chat.postEphemeral"),
        told: DONE,
        // Nobody can look for one: better twice than never.
        times_max: 2,
        times: whispers,
    },
];

const fn said(name: &'static str, what: &'static str, on: On) -> Effect {
    Effect {
        name,
        what,
        on,
        door: slack("/api/chat.postMessage"),
        told: DONE,
        times_max: 1,
        times: messages,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_at_github_is_done_once() {
    kill_at_every_point_of(&AT_GITHUB).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_at_ci_is_done_once() {
    kill_at_every_point_of(&AT_CI).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sent_and_kept_is_sent_and_kept_once() {
    kill_at_every_point_of(&ELSEWHERE).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_is_said_once() {
    kill_at_every_point_of(&MESSAGES).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_with_messages_is_done_once() {
    kill_at_every_point_of(&ABOUT_MESSAGES).await;
}

async fn kill_at_every_point_of(effects: &[Effect]) {
    let services = Services::start().await;
    services.circleci.tell_parameters(PROJECT);
    let parameters = ["environment", "witbot"].map(|name| (name, ParameterType::String));
    for project in [SILENT_PROJECT, HELD_PROJECT] {
        services.circleci.add_project(project, &parameters);
    }
    let jobs = [("hold", JobKind::Approval), ("deploy", JobKind::Build)];
    let workflows: [(&str, &[(&str, JobKind)]); 1] = [("deploy", &jobs)];
    services.circleci.set_workflows(HELD_PROJECT, &workflows);
    let home = Home::new().with_guest("acts");
    let mut stage = Stage::new(services, home, Mode::Socket, settings).await;
    for effect in effects {
        let mut tried = 0;
        for (point, expected) in Point::ALL.into_iter().zip(effect.told) {
            tried += usize::from(kill_at(&mut stage, effect, point, expected).await);
        }
        let points = if effect.door.is_some() { 4 } else { 2 };
        assert_eq!(tried, points, "{effect:?}");
    }
    stage.check_at_rest().await;
    stage.bot.stop().await;
}

/// Kills the bot at a point of an effect, if it has such a point, and checks what comes of it after the next start.
async fn kill_at(stage: &mut Stage, effect: &Effect, point: Point, expected: &str) -> bool {
    let mark = format!("{}-{point:?}-{:?}", effect.what, effect.on);
    let Some((service, fault, path, nth)) = effect.stop(point, &mark) else {
        return false;
    };
    let thing = thing(stage, effect.on, &mark).await;
    let method = effect.method(point);
    let before = stage.seen(service, method, &path);
    stage.inject(service, fault);
    say(stage, effect, &mark, &thing);
    let asked = format!("{method} {path} for {mark}");
    soon(&asked, DONE_WITHIN, || {
        (stage.seen(service, method, &path) >= before + nth).then_some(())
    })
    .await;
    stage.bot.kill9().await;
    check_point(stage, effect, point).await;

    stage.clear_faults();
    stage.bot.restart().await;
    let told = outcome(stage, &mark).await;
    assert_eq!(told, expected, "{mark}");
    let times = (effect.times)(stage, &mark);
    let least = usize::from(told != "in-doubt");
    assert!(
        (least..=effect.times_max).contains(&times),
        "{mark}: {times}"
    );
    true
}

/// Checks that the bot was stopped where it was to be stopped: what is on the disk says so.
async fn check_point(stage: &Stage, effect: &Effect, point: Point) {
    let home = stage.bot.home();
    let runs = home.witbot(&["runs", "--limit", "3"]).await.ok();
    // What was published may have begun a run, too.
    let told = |line: &&str| line.contains("topic.");
    let newest = runs.lines().find(|line| !told(line));
    let newest = newest.and_then(|line| line.split_whitespace().next());
    let newest = newest.expect("there is a run");
    let run = home.witbot(&["runs", newest]).await.ok();
    let call = format!("  {} {{", effect.name);
    // What only makes it ready can be a call of the same name.
    let recorded = run.lines().rfind(|line| line.contains(&call));
    let answered = recorded.map(|line| !line.ends_with("-> (not answered)"));
    let records = ["chat.", "kv.", "topics."];
    let is_record = records.iter().any(|kind| effect.name.starts_with(kind));
    let right = match point {
        Point::BeforeIntent => answered.is_none(),
        Point::AfterIntent | Point::AfterEffect => answered == Some(is_record),
        Point::AfterResult => answered == Some(true),
    };
    assert!(right, "{point:?} of {}: {run}", effect.name);
}

fn say(stage: &Stage, effect: &Effect, mark: &str, thing: &str) {
    let (slack, anna) = (&stage.workspace.slack, &stage.workspace.anna);
    let place = if effect.on == On::Direct {
        slack.direct(anna)
    } else {
        stage.workspace.deploys.clone()
    };
    let on = if thing.is_empty() { "" } else { " on " };
    let text = format!("<@U000WITBOT> act {} {mark}{on}{thing}", effect.what);
    slack.say(anna, &place, None, &text);
}

/// What the guest says at last that came of it. It says so once.
async fn outcome(stage: &Stage, mark: &str) -> String {
    let start = format!("{mark} came to ");
    let ends = || {
        let said = stage.said();
        let ends = shown(&said).filter_map(|it| it.text().strip_prefix(&start).map(str::to_owned));
        ends.collect::<Vec<_>>()
    };
    let what = format!("the end of {mark}");
    let end = soon(&what, DONE_WITHIN, || ends().pop()).await;
    assert_eq!(ends().len(), 1, "{mark}");
    end.trim_end_matches('.').to_owned()
}

/// Makes what an effect needs.
async fn thing(stage: &Stage, on: On, mark: &str) -> String {
    let github = &stage.services.github;
    match on {
        On::Nothing | On::Direct => String::new(),
        On::SilentProject => SILENT_PROJECT.to_owned(),
        On::Deployment => {
            make(stage, &AT_GITHUB[0], mark, "").await;
            let deployments = github.deployments(REPOSITORY);
            deployments.last().expect("it was created").id.to_string()
        }
        On::Branch => {
            github.push(REPOSITORY, mark, "Some work");
            mark.to_owned()
        }
        On::Pipeline => begun(stage, mark, PROJECT).await,
        On::FailedPipeline => failed(stage, mark).await,
        On::PipelineThatFailedAgain => {
            let id = failed(stage, mark).await;
            make(stage, &RERUN, &format!("again-{mark}"), &id).await;
            fail(stage, &id);
            id
        }
        On::HeldPipeline => {
            let id = begun(stage, mark, HELD_PROJECT).await;
            let pipeline = stage.services.circleci.pipeline(&id);
            let mut jobs = pipeline.workflows.iter().flat_map(|it| &it.jobs);
            let held = jobs.find(|job| job.status == JobStatus::OnHold);
            format!("{id}:{}", held.expect("it waits for an approval").id)
        }
    }
}

/// Does something without a crash.
async fn make(stage: &Stage, effect: &Effect, mark: &str, thing: &str) {
    let mark = format!("for-{mark}");
    say(stage, effect, &mark, thing);
    assert_eq!(outcome(stage, &mark).await, "success");
}

/// The id of a pipeline that failed.
async fn failed(stage: &Stage, mark: &str) -> String {
    let id = begun(stage, mark, PROJECT).await;
    fail(stage, &id);
    id
}

fn fail(stage: &Stage, pipeline: &str) {
    let failed = Outcome::FailedAt("deploy".to_owned());
    stage.services.circleci.finish(pipeline, &failed);
}

/// The id of a pipeline that has begun.
async fn begun(stage: &Stage, mark: &str, project: &str) -> String {
    make(stage, &AT_CI[0], mark, project).await;
    let newest = stage.services.circleci.pipelines(project).pop();
    let newest = newest.expect("it was started");
    stage.services.begin(&newest);
    newest.id
}

fn settings(services: &Services) -> String {
    let web = services.github.url();
    let host = web.trim_start_matches("http://");
    format!(
        r#"
[plugins.acts.settings]
web = "{web}"

[plugins.acts.grants]
github = [{{ repository = "acme/api", permissions = ["contents:read", "contents:write", "deployments:read", "deployments:write"], environments = ["staging"] }}]
ci = [{{ provider = "circleci", project = "gh/acme/*", actions = ["trigger", "read", "cancel", "rerun", "approve"] }}]
http = [{{ host = "{host}", methods = ["GET", "POST"], private = true }}]
kv = [{{ max_bytes = 1024 }}]
chat = [{{ channel = "deploys" }}, {{ direct = true }}]
topics = [{{ name = "marks", publish = true }}]
"#
    )
}
