//! Many people deploy many applications at once, and one time in ten something goes wrong: at GitHub, at CI, with webhooks,
//! before or after what was asked for took place. Each deployment ends, once, and nothing is done twice.
//!
//! `WITBOT_DEPLOYS=500` in the environment has so many of them, and `WITBOT_SEED=…` the same troubles once more.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use witbot_store::Store;
use witbot_store::invocations::{Filter, Status};
use witbot_tests::bot::Bot;
use witbot_tests::fakes::slack::Message;
use witbot_tests::fakes::{
    Deployment, DeploymentState, Fault, Next, Outcome, ParameterType, Slack, Trouble,
};
use witbot_tests::home::Home;
use witbot_tests::services::Services;
use witbot_tests::slack::{FAST, Mode, Workspace};

/// A number that takes less than a minute where nothing is optimised.
const DEPLOYS: usize = 40;
const APPS: usize = 20;
/// One deployment in so many meets a trouble.
const ONE_IN: usize = 10;
/// CI does a step in this time.
const PACE: Duration = Duration::from_millis(300);
/// What ends a card: no more is to come after these signs.
const LAST: [&str; 4] = ["✅", "❌", "⚠️", "🚫"];

/// What goes wrong with a deployment.
#[derive(Debug, Clone, Copy)]
enum Mishap {
    NotCreatedAtFirst,
    CreatedWithoutAnAnswer,
    CreatedAndHungUp,
    Refused,
    Hurried,
    UnknownCommit,
    SlowGithub,
    StatusNotTaken,
    StatusTakenWithoutAnAnswer,
    WebhookLost,
    WebhookTwice,
    WebhooksHeldUp,
    NotTriggeredAtFirst,
    TriggeredWithoutAnAnswer,
    CiHurried,
    Skipped,
    NothingToDo,
    BadConfig,
    Fails,
    CanceledAtCi,
    CiWebhooksLost,
    Unreadable,
}

const MISHAPS: [Mishap; 22] = [
    Mishap::NotCreatedAtFirst,
    Mishap::CreatedWithoutAnAnswer,
    Mishap::CreatedAndHungUp,
    Mishap::Refused,
    Mishap::Hurried,
    Mishap::UnknownCommit,
    Mishap::SlowGithub,
    Mishap::StatusNotTaken,
    Mishap::StatusTakenWithoutAnAnswer,
    Mishap::WebhookLost,
    Mishap::WebhookTwice,
    Mishap::WebhooksHeldUp,
    Mishap::NotTriggeredAtFirst,
    Mishap::TriggeredWithoutAnAnswer,
    Mishap::CiHurried,
    Mishap::Skipped,
    Mishap::NothingToDo,
    Mishap::BadConfig,
    Mishap::Fails,
    Mishap::CanceledAtCi,
    Mishap::CiWebhooksLost,
    Mishap::Unreadable,
];

fn name(app: usize) -> String {
    format!("app-{app:02}")
}

fn repository(app: usize) -> String {
    format!("acme/{}", name(app))
}

fn project(app: usize) -> String {
    format!("gh/acme/{}", name(app))
}

/// Where things go wrong: in front of the services, and in CI itself.
struct Stage {
    services: Arc<Services>,
}

impl Stage {
    async fn new() -> Stage {
        let services = Arc::new(Services::start().await);
        for app in 0..APPS {
            services.github.add_repository(&repository(app), &["main"]);
            let text = ParameterType::String;
            let parameters = [
                ("sha", text),
                ("deployment_id", ParameterType::Integer),
                ("witbot", text),
            ];
            services.circleci.add_project(&project(app), &parameters);
            let sha = services.github.sha(&repository(app), "main");
            services.circleci.set_branch(&project(app), "main", &sha);
        }
        services.circleci.set_pace(PACE);
        Stage { services }
    }

    fn settings(&self) -> String {
        let mut settings = self.services.addresses();
        let (mut github, mut ci) = (String::new(), String::new());
        for app in 0..APPS {
            let (name, repository, project) = (name(app), repository(app), project(app));
            let _ = writeln!(
                settings,
                "[plugins.deploy.settings.apps.{name}]\nrepository = \"{repository}\"\nenvironments = [\"staging\"]\n\
                 [plugins.pipeline.settings.repositories.\"{repository}\".staging]\nproject = \"{project}\"\n\
                 correlate_by = \"witbot\"\n\
                 parameters = {{ sha = \"{{sha}}\", deployment_id = \"{{deployment_id}}\" }}"
            );
            let _ = write!(
                github,
                "{{ repository = \"{repository}\", permissions = [\"contents:read\", \"deployments:write\"], environments = [\"staging\"] }},"
            );
            let _ = write!(
                ci,
                "{{ provider = \"circleci\", project = \"{project}\", actions = [\"trigger\", \"read\", \"cancel\"] }},"
            );
        }
        let kv = "kv = [{ max_bytes = 4194304 }]";
        let _ = writeln!(
            settings,
            "[plugins.deploy.grants]\ngithub = [{github}]\n{kv}\n[plugins.pipeline.grants]\ngithub = [{github}]\nci = [{ci}]\n{kv}"
        );
        settings
    }

    /// Lets something go wrong for whoever deploys an application next.
    fn befall(&self, app: usize, mishap: Mishap) {
        let Services { github, circleci } = self.services.as_ref();
        let create = format!("/repos/{}/deployments", repository(app));
        let statuses = format!("{create}/*/statuses");
        let commit = format!("/repos/{}/commits/*", repository(app));
        let trigger = format!("/api/v2/project/{}/pipeline*", project(app));
        let post = |path: &str, trouble| Fault::on("POST", path, trouble);
        match mishap {
            Mishap::NotCreatedAtFirst => github.inject(post(&create, Trouble::Status(502))),
            Mishap::CreatedWithoutAnAnswer => {
                github.inject(post(&create, Trouble::Status(502)).after_effect());
            }
            Mishap::CreatedAndHungUp => {
                github.inject(post(&create, Trouble::Cut).after_effect());
            }
            Mishap::Refused => github.inject(post(&create, Trouble::Status(403))),
            Mishap::Hurried => github.inject(post(&create, Trouble::SecondaryLimit(Some(1)))),
            Mishap::UnknownCommit => {
                github.inject(Fault::on("GET", &commit, Trouble::Status(404)));
            }
            Mishap::SlowGithub => {
                let slow = Trouble::Slow(Duration::from_secs(2));
                github.inject(Fault::on("GET", &commit, slow).times(3));
            }
            Mishap::StatusNotTaken => github.inject(post(&statuses, Trouble::Status(500))),
            Mishap::StatusTakenWithoutAnAnswer => {
                github.inject(post(&statuses, Trouble::Cut).after_effect());
            }
            Mishap::WebhookLost => github.lose_webhooks(1),
            Mishap::WebhookTwice => github.duplicate_webhooks(2),
            Mishap::WebhooksHeldUp => {
                github.hold_webhooks();
                let services = self.services.clone();
                tokio::spawn(async move {
                    // As many deliveries as come together in a second or so of the storm.
                    let held = |github: &witbot_tests::fakes::Github| {
                        let waiting = github.deliveries();
                        let waiting = waiting.iter().filter(|one| one.status.is_none()).count();
                        (waiting >= 5).then_some(())
                    };
                    let _ = tokio::time::timeout(4 * PACE, services.github.until(held)).await;
                    services.github.release_webhooks();
                });
            }
            Mishap::NotTriggeredAtFirst => circleci.inject(post(&trigger, Trouble::Status(503))),
            Mishap::TriggeredWithoutAnAnswer => {
                circleci.inject(post(&trigger, Trouble::Cut).after_effect());
            }
            Mishap::CiHurried => {
                circleci.inject(post(&trigger, Trouble::TooManyRequests(Some(1))));
            }
            Mishap::Unreadable => {
                circleci.inject(post(&trigger, Trouble::Malformed).after_effect());
            }
            Mishap::Skipped => circleci.next(&project(app), Next::IsSkipped),
            Mishap::NothingToDo => circleci.next(&project(app), Next::HasNothingToDo),
            Mishap::BadConfig => {
                circleci.next(&project(app), Next::HasBadConfig("no such job".to_owned()));
            }
            Mishap::Fails => circleci.next(&project(app), Next::FailsAt("deploy".to_owned())),
            Mishap::CanceledAtCi => {
                let (services, project) = (self.services.clone(), project(app));
                let before = circleci.pipelines(&project).len();
                tokio::spawn(async move {
                    let begun = services.circleci.until(|circleci| {
                        let pipelines = circleci.pipelines(&project);
                        pipelines.get(before).map(|pipeline| pipeline.id.clone())
                    });
                    if let Ok(id) = tokio::time::timeout(60 * PACE, begun).await {
                        services.circleci.finish(&id, &Outcome::Canceled);
                    }
                });
            }
            Mishap::CiWebhooksLost => circleci.lose_webhooks(2),
        }
    }

    /// Every deployment of every application.
    fn deployments(&self) -> Vec<(usize, Deployment)> {
        (0..APPS)
            .flat_map(|app| {
                let all = self.services.github.deployments(&repository(app));
                all.into_iter().map(move |deployment| (app, deployment))
            })
            .collect()
    }
}

/// Numbers that are the same for the same seed: <https://prng.di.unimi.it/splitmix64.c>.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % end as u64) as usize
    }
}

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{variable} is a number")),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn every_deployment_ends_once() {
    let total = number("WITBOT_DEPLOYS").map_or(DEPLOYS, |total| total as usize);
    let seed = number("WITBOT_SEED").unwrap_or_else(|| {
        let now = SystemTime::UNIX_EPOCH
            .elapsed()
            .expect("it is later than 1970");
        now.as_secs()
    });
    println!("WITBOT_DEPLOYS={total} WITBOT_SEED={seed}");
    let mut chance = Chance(seed);
    let stage = Stage::new().await;
    let workspace = Arc::new(Workspace::start().await);
    // All cards are looked at in the end.
    workspace
        .slack
        .behave(|slack| slack.kept_max = 20 * total + 1_000);
    let home = Home::new().with_plugin("deploy").with_plugin("pipeline");
    let settings = format!("{FAST}{}", stage.settings());
    let home = workspace.home(home, Mode::Socket, &settings).await;
    let mut bot = Bot::start_in_for(home, &workspace, Mode::Socket, &stage.services).await;
    bot.forgive("…");

    let mut mishaps: BTreeMap<String, usize> = BTreeMap::new();
    for number in 0..total {
        let app = number % APPS;
        if chance.below(ONE_IN) == 0 {
            let mishap = MISHAPS[chance.below(MISHAPS.len())];
            *mishaps.entry(format!("{mishap:?}")).or_default() += 1;
            stage.befall(app, mishap);
        }
        let who = workspace.slack.add_user(&format!("person{number}"));
        workspace.slack.join(&who, &workspace.deploys);
        let text = format!("<@U000WITBOT> deploy {}/main to staging", name(app));
        workspace.slack.say(&who, &workspace.deploys, None, &text);
        // People are not all quicker than the bot.
        until(
            &workspace,
            &format!("fewer than {} to be under way", 4 * APPS),
            |cards| number < 4 * APPS + cards.iter().filter(|card| is_over(card)).count(),
        )
        .await;
    }
    until(
        &workspace,
        &format!("{total} cards that are over"),
        |cards| cards.iter().filter(|card| is_over(card)).count() >= total,
    )
    .await;
    println!("went wrong: {mishaps:#?}");
    workspace.slack.settled().await;
    bot.stop().await;
    check(&stage, &workspace, total);
    nothing_is_left(&bot).await;
}

/// Waits until the cards in the threads are as they should be. A trouble can take a minute or two to be got over.
async fn until(workspace: &Workspace, wanted: &str, look: impl Fn(&[Message]) -> bool) {
    const PATIENCE: Duration = Duration::from_secs(900);
    let looked = async {
        let said =
            |slack: &Slack| slack.call_count("chat.update") + slack.call_count("chat.postMessage");
        loop {
            // Before the look: what comes after it is news.
            let before = said(&workspace.slack);
            let cards = cards(workspace);
            if look(&cards) {
                return;
            }
            let news = workspace
                .slack
                .until(|slack| (said(slack) > before).then_some(()));
            // The stand-in gives up after a minute without a change, which a trouble at CI can take.
            let _ = tokio::time::timeout(Duration::from_secs(30), news).await;
        }
    };
    if tokio::time::timeout(PATIENCE, looked).await.is_err() {
        let cards = cards(workspace);
        let open = cards.iter().filter(|card| !is_over(card));
        let open: Vec<String> = open
            .map(|card| format!("{}: {:?}", card.text(), card.now().attachments))
            .collect();
        panic!(
            "{wanted} were expected, and these are not over:\n{}",
            open.join("\n")
        );
    }
}

/// What tells of each deployment: a card in the thread below its headline, or a sentence where it did not come to one.
fn cards(workspace: &Workspace) -> Vec<Message> {
    let mut posts = workspace.slack.posts(&workspace.deploys);
    posts.retain(|post| is_card(post) || !post.text().starts_with("Deploying "));
    posts
}

fn is_card(post: &Message) -> bool {
    !post.now().attachments.is_null()
}

fn is_over(card: &Message) -> bool {
    !is_card(card) || LAST.iter().any(|sign| card.text().starts_with(sign))
}

fn check(stage: &Stage, workspace: &Workspace, total: usize) {
    let cards = cards(workspace);
    assert_eq!(cards.len(), total, "each is told once");

    let mut of_person: BTreeMap<String, usize> = BTreeMap::new();
    let mut ends: BTreeMap<String, usize> = BTreeMap::new();
    let deployments = stage.deployments();
    for (app, deployment) in &deployments {
        let who = deployment.payload["requested_by"]["id"].as_str();
        *of_person
            .entry(who.expect("the bot says who").to_owned())
            .or_default() += 1;

        let states = deployment.states();
        let last = states.last().expect("it has a status");
        let is_final = |state: &DeploymentState| {
            matches!(
                state,
                DeploymentState::Success | DeploymentState::Failure | DeploymentState::Error
            )
        };
        let finals = states.iter().filter(|state| is_final(state)).count();
        assert_eq!(finals, 1, "it ends once: {states:?} {deployment:#?}");
        assert!(
            is_final(last) || *last == DeploymentState::Inactive,
            "nothing comes after the end: {states:?}"
        );
        *ends
            .entry(format!("{:?}", states.iter().find(|state| is_final(state))))
            .or_default() += 1;

        let pipelines = stage.services.circleci.pipelines(&project(*app));
        let own = pipelines
            .iter()
            .filter(|pipeline| pipeline.parameters["deployment_id"] == deployment.id);
        assert!(own.count() <= 1, "one pipeline at most: {deployment:#?}");
    }
    assert!(of_person.values().all(|count| *count == 1), "{of_person:?}");
    println!(
        "{} of {total} were created, and ended: {ends:?}",
        deployments.len()
    );
    // What is refused for good is not created, and nothing else is missing.
    assert!(deployments.len() * ONE_IN >= total * (ONE_IN - 1) / 2);
}

async fn nothing_is_left(bot: &Bot) {
    let store = Store::open_to_read(&bot.home().data()).expect("the bot keeps it there");
    for status in [Status::Running, Status::Parked, Status::Dead] {
        let filter = Filter {
            plugin: None,
            status: Some(status),
            limit: 10,
        };
        let left = store.invocations(filter).await.expect("anybody can read");
        assert!(left.is_empty(), "{left:#?}");
    }
    store.close().await;
    let verified = bot.home().witbot(&["audit", "verify"]).await;
    verified.ok();
}
