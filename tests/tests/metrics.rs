//! What the bot says about itself: whether it is well, whether it is ready, and in numbers.

use std::process::Command;
use std::sync::Arc;

use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use tokio::time::timeout;
use witbot_tests::bot::Bot;
use witbot_tests::exposition::Exposition;
use witbot_tests::fakes::GITHUB_TOKEN;
use witbot_tests::home::Home;
use witbot_tests::services::{REPOSITORY, Services};
use witbot_tests::slack::{FAST, Mode, Workspace};
use witbot_tests::transcript::AWAITED_MAX;

/// The numbers where webhooks come in, which is where a test can find them.
const METRICS: &str = "listen.metrics = \"127.0.0.1:0\"";

fn client() -> Client {
    let client = Client::builder().no_proxy().build();
    client.expect("it needs nothing of the system")
}

async fn get(url: &str) -> (StatusCode, String) {
    let answer = client().get(url).send().await.expect("the bot answers");
    let status = answer.status();
    (status, answer.text().await.expect("the bot answers"))
}

/// What a bot says in numbers.
async fn scrape(url: &str) -> Exposition {
    let (status, text) = get(&format!("{url}/metrics")).await;
    assert_eq!(status, StatusCode::OK, "{text}");
    Exposition::parse(&text).unwrap_or_else(|why| panic!("{why}\n{text}"))
}

/// Asks for the numbers until they are as expected. What a bot does becomes visible in the chat before all of it is counted.
async fn scraped(bot: &Bot, what: &str, expected: impl Fn(&Exposition) -> bool) -> Exposition {
    let mut last = None;
    let asking = async {
        loop {
            let numbers = scrape(bot.url()).await;
            if expected(&numbers) {
                return numbers;
            }
            last = Some(numbers);
        }
    };
    let asked = timeout(AWAITED_MAX, asking).await;
    asked.unwrap_or_else(|_| panic!("{what}: {last:#?}\n{}", bot.everything()))
}

/// Waits until a probe is answered with this status, and answers with what it says then.
async fn probed(url: &str, expected: StatusCode) -> String {
    let mut last = None;
    let asking = async {
        loop {
            let (status, text) = get(url).await;
            if status == expected {
                return text;
            }
            last = Some((status, text));
        }
    };
    let asked = timeout(AWAITED_MAX, asking).await;
    asked.unwrap_or_else(|_| panic!("{url} was not {expected}: {last:?}"))
}

fn ended(numbers: &Exposition, plugin: &str, ending: &str) -> f64 {
    let labels = [("plugin", plugin), ("ending", ending)];
    numbers.count("witbot_runs_total", &labels)
}

/// What waits in the store, and in the end does not.
const WAITING: [&str; 4] = [
    "witbot_inbox_unhandled",
    "witbot_outbox_waiting",
    "witbot_outbox_lag_seconds",
    "witbot_runs_open",
];

#[tokio::test(flavor = "multi_thread")]
async fn runs_are_counted_by_how_they_end() {
    let home = Home::new()
        .with_plugin("hello")
        .with_guest("traps")
        .with_guest("waits")
        .with_settings(METRICS);
    let mut bot = Bot::start(home).await;
    bot.forgive("ERROR [traps] …");
    let before = scrape(bot.url()).await;
    assert_eq!(ended(&before, "hello", "done"), 0.0);

    bot.ask("hello Ada", "#console witbot: Hello, Ada!").await;
    bot.ask("hello Bob", "#console witbot: Hello, Bob!").await;
    bot.ask("trap panic", "#console witbot: `traps` failed: …")
        .await;
    bot.ask("wait not", "#console witbot: I would rather not wait.")
        .await;
    let numbers = scraped(&bot, "all that was said is counted", |numbers| {
        ended(numbers, "hello", "done") == 2.0
            && ended(numbers, "traps", "trapped") == 1.0
            && ended(numbers, "waits", "refused") == 1.0
            && numbers.count("witbot_answer_duration_seconds_count", &[]) == 4.0
            && WAITING
                .iter()
                .all(|name| numbers.get(name, &[]) == Some(0.0))
    })
    .await;
    let of_hello = [("plugin", "hello")];
    let count = numbers.get("witbot_run_duration_seconds_count", &of_hello);
    assert_eq!(count, Some(2.0));
    let calls = [("plugin", "hello"), ("interface", "chat")];
    assert_eq!(numbers.count("witbot_calls_total", &calls), 2.0);
    let events = [("source", "console"), ("result", "accepted")];
    assert_eq!(numbers.count("witbot_events_total", &events), 4.0);
    let said = numbers.count("witbot_outbox_acts_total", &[("result", "done")]);
    assert_eq!(said, 4.0);
    for name in [
        "process_resident_memory_bytes",
        "process_open_fds",
        "process_start_time_seconds",
    ] {
        assert!(numbers.get(name, &[]) > Some(0.0), "{name}");
    }
    assert!(numbers.count("witbot_store_write_duration_seconds_count", &[]) > 0.0);
    assert_eq!(numbers.get("witbot_ready", &[]), Some(1.0));
    // What an operator finds a failure by, in the log for machines.
    let failed = bot.expect_log("ERROR [traps] the run failed: …").await;
    for field in [" run=", " event=", " incident="] {
        assert!(failed.details.contains(field), "{failed:?}");
    }
    // Nothing that somebody said or is called is a label.
    let words = ["plugin", "interface", "source", "result"];
    let labels = words.map(|label| numbers.values(label));
    let text = format!("{labels:?}");
    assert!(!text.contains("Ada") && !text.contains("you"), "{text}");
    bot.stop().await;
}

const GREEDY: &str = r#"
[plugins.greedy.grants]
github = [{ repository = "acme/api", permissions = ["deployments:write"], environments = ["staging"] }]
chat = [{ channel = "ops" }]
http = [{ host = "status.example.com" }]
"#;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_denied_and_what_is_too_much_is_counted() {
    let settings = format!("{METRICS}\n{GREEDY}");
    let home = Home::new().with_guest("greedy").with_settings(&settings);
    let mut bot = Bot::start(home).await;
    bot.ask("grab channel general", "#console witbot: denied: …")
        .await;
    bot.ask("grab channel secrets", "#console witbot: denied: …")
        .await;
    bot.say("grab screen").await;
    for number in 0..50 {
        bot.expect(&format!("#console witbot: Card {number}")).await;
    }
    bot.expect("#console witbot: a run may have 50 messages, edits and questions")
        .await;
    scraped(&bot, "both are counted", |numbers| {
        let denied = [("plugin", "greedy"), ("capability", "chat")];
        let greedy = [("plugin", "greedy")];
        numbers.count("witbot_denials_total", &denied) == 2.0
            && numbers.count("witbot_calls_over_budget_total", &greedy) == 1.0
    })
    .await;
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn plugins_are_counted_by_how_they_stand() {
    let home = Home::new()
        .with_plugin("hello")
        .with_guest("rings")
        .with_settings(METRICS);
    home.put("bad", b"no plugin");
    let mut bot = Bot::start(home).await;
    let of = |numbers: &Exposition, state| numbers.count("witbot_plugins", &[("state", state)]);
    let numbers = scrape(bot.url()).await;
    let states = ["live", "held", "refused", "rolled_back", "outdated"];
    assert_eq!(
        states.map(|state| of(&numbers, state)),
        [1.0, 1.0, 1.0, 0.0, 0.0]
    );
    assert_eq!(numbers.count("witbot_plugin_versions_in_memory", &[]), 2.0);
    let loads = |result| numbers.count("witbot_plugin_loads_total", &[("result", result)]);
    assert_eq!((loads("ready"), loads("refused")), (2.0, 1.0));
    assert!(numbers.count("witbot_compiles_total", &[]) >= 2.0);
    assert!(numbers.count("witbot_compile_seconds_total", &[]) > 0.0);
    for name in ["witbot_instances", "witbot_calls_waiting"] {
        assert_eq!(numbers.get(name, &[("plugin", "hello")]), Some(0.0));
    }
    assert!(
        numbers.values("digest").len() == 1,
        "one serves: {numbers:?}"
    );

    let held = bot.home().witbot(&["plugin", "hold", "hello"]).await;
    held.ok();
    scraped(&bot, "two are held", |numbers| {
        of(numbers, "held") == 2.0 && of(numbers, "live") == 0.0
    })
    .await;
    bot.stop().await;
}

/// Sends what a plugin was granted a webhook for.
async fn send(bot: &Bot, token: &str, id: &str) -> StatusCode {
    let url = format!("{}/hooks/in/builds", bot.url());
    let request = client().post(url).header("x-build-token", token);
    let request = request.header("webhook-id", id).body("{}");
    request.send().await.expect("the bot answers").status()
}

const RINGS: &str = r#"
[plugins.rings.grants]
chat = [{ channel = "ops" }]
webhooks = [
  { name = "alerts", verify = "standard", secret = "ALERTS_SECRET" },
  { name = "builds", verify = "token", secret = "BUILDS_SECRET", header = "X-Build-Token" },
]
"#;

#[tokio::test(flavor = "multi_thread")]
async fn webhooks_are_counted_whether_they_are_taken_or_not() {
    let home = Home::new()
        .with_guest("rings")
        .with_settings(&format!("{METRICS}\n{RINGS}"))
        .with_secret("ALERTS_SECRET", "whsec_dHdlbnR5LWZvdXIgYnl0ZXMgb2Yga2V5")
        .with_secret("BUILDS_SECRET", "t0ken-for-builds");
    let mut bot = Bot::start(home).await;
    assert_eq!(
        send(&bot, "t0ken-for-builds", "1").await,
        StatusCode::ACCEPTED
    );
    bot.expect("#ops witbot: …").await;
    for wrong in ["", "token", "t0kenn"] {
        assert_eq!(send(&bot, wrong, "1").await, StatusCode::UNAUTHORIZED);
    }
    let url = format!("{}/hooks/in/other", bot.url());
    let answer = client().post(url).send().await.expect("the bot answers");
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    let numbers = scrape(bot.url()).await;
    let events = |result| {
        let labels = [("source", "webhook"), ("result", result)];
        numbers.count("witbot_events_total", &labels)
    };
    let refused = |reason| {
        let labels = [("source", "webhook"), ("reason", reason)];
        numbers.count("witbot_webhooks_refused_total", &labels)
    };
    assert_eq!((events("accepted"), events("duplicate")), (1.0, 0.0));
    assert_eq!((refused("unsigned"), refused("unknown")), (3.0, 1.0));
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_twice_is_counted_as_such() {
    let services = Arc::new(Services::start().await);
    let settings = format!("{METRICS}\n{}", services.settings());
    let home = Home::new().with_plugin("hello").with_settings(&settings);
    let mut bot = Bot::start_for(home, &services).await;
    let url = format!("{}/repos/{REPOSITORY}/deployments", services.github.url());
    let body = json!({ "ref": "main", "environment": "staging", "required_contexts": [] });
    let made = client().post(url).header("user-agent", "somebody");
    let made = made.bearer_auth(GITHUB_TOKEN).json(&body).send().await;
    assert_eq!(made.expect("the stand-in answers").status(), 201);
    services.github.webhooks_settled().await;
    let sent = services.github.deliveries().remove(0);
    assert_eq!(sent.status, Some(202), "{sent:?}");
    assert!(services.github.redeliver(&sent.guid));
    services.github.webhooks_settled().await;
    let numbers = scrape(bot.url()).await;
    let events = |result| {
        let labels = [("source", "github"), ("result", result)];
        numbers.count("witbot_events_total", &labels)
    };
    assert_eq!((events("accepted"), events("duplicate")), (1.0, 1.0));
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_is_ready_while_it_is_connected() {
    let settings = format!("{METRICS}\n{FAST}");
    let (workspace, mut bot) = Workspace::with_bot_of(Mode::Socket, &settings).await;
    let slack = &workspace.slack;
    let (ready, well) = (
        format!("{}/readyz", bot.url()),
        format!("{}/healthz", bot.url()),
    );
    assert_eq!(probed(&ready, StatusCode::OK).await, "ready\n");
    slack.refuse("apps.connections.open", "internal_error", usize::MAX);
    for socket in slack.sockets() {
        slack.drop_socket(socket);
    }
    let said = probed(&ready, StatusCode::SERVICE_UNAVAILABLE).await;
    assert_eq!(said, "chat: not connected\n");
    // A restart would not help.
    assert_eq!(get(&well).await, (StatusCode::OK, "ok\n".to_owned()));
    let asked = client().get(&ready).header("accept", "application/json");
    let answer = asked.send().await.expect("the bot answers");
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    let said: Value =
        serde_json::from_str(&answer.text().await.expect("it is text")).expect("it is JSON");
    assert_eq!(said["ready"], json!(false));
    assert_eq!(
        said["missing"],
        json!([{ "part": "chat", "reason": "not connected" }])
    );
    scraped(&bot, "that it is not connected", |numbers| {
        let lost = [("service", "slack"), ("status", "lost")];
        numbers.get("witbot_slack_sockets", &[]) == Some(0.0)
            && numbers.count("witbot_slack_sockets_opened_total", &[]) == 2.0
            && numbers.count("witbot_service_requests_total", &lost) >= 1.0
    })
    .await;
    slack.clear_refusals();
    assert_eq!(probed(&ready, StatusCode::OK).await, "ready\n");
    bot.expect_log("WARN Slack: there is no socket 1: …").await;
    bot.stop().await;
}

/// Lets the bot write to files up to a length. What it sends does not count.
fn limit_files(bot: &Bot, bytes: &str) {
    let lock = std::fs::read_to_string(bot.home().data().join("lock"));
    let process = lock.expect("the bot has written down who it is");
    let status = Command::new("prlimit")
        .args(["--pid", process.trim()])
        .arg(format!("--fsize={bytes}:unlimited"))
        .status();
    let status = status.expect("`prlimit` is there, which is a part of util-linux");
    assert!(status.success(), "the limit cannot be set to {bytes}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_is_ready_while_it_can_write() {
    let home = Home::new()
        .with_plugin("hello")
        .with_prelude("trap '' XFSZ")
        .with_settings(METRICS);
    let mut bot = Bot::start(home).await;
    bot.forgive("ERROR …the disk with the data folder failed; …");
    let ready = format!("{}/readyz", bot.url());
    assert_eq!(probed(&ready, StatusCode::OK).await, "ready\n");
    limit_files(&bot, "1");
    bot.say("hello Ada").await;
    let said = probed(&ready, StatusCode::SERVICE_UNAVAILABLE).await;
    assert_eq!(said, "store: cannot write to its disk\n");
    let failed = scrape(bot.url()).await;
    assert!(failed.count("witbot_store_writes_failed_total", &[]) >= 1.0);
    // Nobody says anything more: it finds out by itself.
    limit_files(&bot, "unlimited");
    assert_eq!(probed(&ready, StatusCode::OK).await, "ready\n");
    bot.ask("hello Bob", "#console witbot: Hello, Bob!").await;
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_that_stops_says_so() {
    let home = Home::new().with_guest("traps").with_plugin("hello");
    let mut bot = Bot::start(home.with_settings(METRICS)).await;
    bot.forgive("ERROR [traps] …");
    // It computes for ten seconds, so the stop takes some.
    bot.say("trap loop").await;
    bot.ask("hello Ada", "#console witbot: Hello, Ada!").await;
    let (ready, well) = (
        format!("{}/readyz", bot.url()),
        format!("{}/healthz", bot.url()),
    );
    let hook = format!("{}/hooks/in/any", bot.url());
    let watching = async {
        assert_eq!(
            probed(&ready, StatusCode::SERVICE_UNAVAILABLE).await,
            "bot: stopping\n"
        );
        assert_eq!(get(&well).await, (StatusCode::OK, "ok\n".to_owned()));
        let sent = client().post(&hook).body("{}").send().await;
        assert_eq!(
            sent.expect("the bot answers").status(),
            StatusCode::SERVICE_UNAVAILABLE
        );
    };
    tokio::join!(bot.stop(), watching);
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_are_where_the_settings_say_and_nowhere_else() {
    let home = Home::new().with_settings("listen.metrics = \"localhost:9464\"");
    let answer = home.witbot(&["check"]).await;
    assert!(
        answer.complained.contains("is not an address to listen on"),
        "{answer:?}"
    );

    let mut bot = Bot::start(Home::new().with_plugin("hello")).await;
    let (status, text) = get(&format!("{}/metrics", bot.url())).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(text.contains("`metrics` under [listen]"), "{text}");
    bot.stop().await;

    let apart = Home::new().with_settings("listen.metrics = \"127.0.0.2:0\"");
    let mut bot = Bot::start(apart).await;
    let (status, _) = get(&format!("{}/metrics", bot.url())).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let record = bot.expect_log("INFO metrics are at http://…/metrics").await;
    let url = record.message.trim_start_matches("metrics are at ");
    let url = url.trim_end_matches("/metrics");
    assert_eq!(scrape(url).await.get("witbot_ready", &[]), Some(1.0));
    assert_eq!(get(&format!("{url}/readyz")).await.0, StatusCode::OK);
    let hook = client().post(format!("{url}/hooks/github")).send().await;
    assert_eq!(
        hook.expect("the bot answers").status(),
        StatusCode::NOT_FOUND
    );
    bot.stop().await;
}
