//! What very many parked runs cost: a bot with 100,000 of them against one with none.
//!
//! Run it with `WITBOT_BIN`, `WITBOT_PLUGINS` and `WITBOT_GUESTS` set as `cargo xtask test` sets them, the first to a
//! program that was built with `--release`. `PARKED` sets another number.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::task::JoinSet;
use witbot_core::call::Operation;
use witbot_core::event::{Body, Event};
use witbot_core::ids::{ChannelId, InvocationId, UnixMillis, UserId};
use witbot_core::journal::{Begin, Commit, Entry, State, Wait};
use witbot_store::Store;
use witbot_store::inbox::Accepted;
use witbot_store::invocations::{Filter, Invocation, Lease};
use witbot_tests::bot::Bot;
use witbot_tests::home::Home;

/// Half of them sleep; the others have asked something, in so many channels.
const PARKED: u64 = 100_000;
const CHANNELS: u64 = 1_000;
const ANSWERS: u64 = 200;
const WEEK_MS: u64 = 7 * 24 * 3_600_000;
/// As many as the store takes at once.
const TOGETHER: usize = 512;

#[tokio::main]
async fn main() {
    let parked = std::env::var("PARKED").map_or(PARKED, |text| text.parse().expect("a number"));
    machine();
    let empty = measure(0).await;
    let full = measure(parked).await;
    println!(
        "{:<34} {:>12} {:>12}",
        "",
        "none",
        format!("{parked} parked")
    );
    row("start to ready", empty.ready, full.ready);
    row("answer to reply, first", empty.answers[0], full.answers[0]);
    row("answer to reply, median", empty.share(0.5), full.share(0.5));
    row(
        "answer to reply, 99 of 100",
        empty.share(0.99),
        full.share(0.99),
    );
    for (what, of) in [
        ("resident when ready", 0),
        ("resident after the answers", 1),
    ] {
        let mib =
            |bot: &Measured| format!("{:.1} MiB", bot.resident[of] as f64 / f64::from(1 << 20));
        println!("{what:<34} {:>12} {:>12}", mib(&empty), mib(&full));
    }
}

struct Measured {
    ready: Duration,
    resident: [u64; 2],
    answers: Vec<Duration>,
}

impl Measured {
    fn share(&self, share: f64) -> Duration {
        let mut sorted = self.answers.clone();
        sorted.sort();
        sorted[((sorted.len() - 1) as f64 * share) as usize]
    }
}

fn row(what: &str, empty: Duration, full: Duration) {
    let shown = |time: Duration| format!("{:.1} ms", time.as_secs_f64() * 1e3);
    println!("{what:<34} {:>12} {:>12}", shown(empty), shown(full));
}

fn machine() {
    let cpus = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let cpu = cpus
        .lines()
        .find_map(|line| line.strip_prefix("model name"));
    let cpu = cpu.map_or("unknown", |rest| rest.trim_start_matches([' ', '\t', ':']));
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    println!("{cpu}, {cores} cores, {}", std::env::consts::OS);
}

/// A bot in which so many runs are parked, and besides them those that are answered.
async fn measure(parked: u64) -> Measured {
    let home = Home::new().with_guest("waits");
    // One start before: the plugin is compiled, and shows what its runs look like.
    let mut bot = Bot::start(home).await;
    bot.ask("@u0 #c0: wait answer", "#c0 witbot: Tea or coffee? …")
        .await;
    bot.ask("@u0 #c0: wait time 1000000000", "#c0 witbot: Good night.")
        .await;
    bot.stop().await;
    let store = Store::open(&bot.home().data()).expect("the bot has stopped");
    let templates = Templates::read(&store).await;
    templates.park(&store, parked).await;
    store.close().await;

    let began = Instant::now();
    bot.restart().await;
    let ready = began.elapsed();
    let when_ready = bot.resident_bytes();
    let mut answers = Vec::new();
    for number in 0..ANSWERS {
        // Without any that were parked before, they are asked now.
        let asker = if parked == 0 { 0 } else { number };
        let (user, channel) = (format!("u{asker}"), format!("c{}", asker % CHANNELS));
        if parked == 0 && number > 0 {
            bot.ask(
                &format!("@{user} #{channel}: wait answer"),
                &format!("#{channel} witbot: Tea or coffee? …"),
            )
            .await;
        }
        let began = Instant::now();
        bot.say(&format!("@{user} #{channel}: tea")).await;
        bot.expect_soon(&format!("#{channel} witbot: {user} chose Tea."))
            .await;
        answers.push(began.elapsed());
    }
    let measured = Measured {
        ready,
        resident: [when_ready, bot.resident_bytes()],
        answers,
    };
    bot.stop().await;
    measured
}

/// A run that waits, as the bot has stored it.
struct Template {
    event: Event,
    run: Invocation,
    journal: Vec<Entry>,
    wait: Wait,
}

struct Templates {
    ask: Arc<Template>,
    sleep: Arc<Template>,
}

impl Templates {
    async fn read(store: &Store) -> Templates {
        let filter = Filter {
            plugin: None,
            status: None,
            limit: 9,
        };
        let (mut ask, mut sleep) = (None, None);
        for run in store.invocations(filter).await.expect("it can be read") {
            let Some(wait) = store.wait(&run.id).await.expect("it can be read") else {
                continue;
            };
            let event = store.event(run.event).await.expect("it can be read");
            let template = Arc::new(Template {
                event: event.expect("every run has its event"),
                journal: store.journal(&run.id).await.expect("it can be read"),
                run,
                wait,
            });
            match template.wait.operation {
                Operation::Ask(_) => ask = Some(template),
                _ => sleep = Some(template),
            }
        }
        Templates {
            ask: ask.expect("one has asked"),
            sleep: sleep.expect("one sleeps"),
        }
    }

    /// Parks so many more like them.
    async fn park(&self, store: &Store, count: u64) {
        let mut parking = JoinSet::new();
        for number in 1..=count {
            let template = if number % 2 == 0 || number < ANSWERS {
                self.ask.clone()
            } else {
                self.sleep.clone()
            };
            let store = store.clone();
            parking.spawn(async move { template.park(&store, number).await });
            if parking.len() >= TOGETHER {
                parking
                    .join_next()
                    .await
                    .expect("there are many")
                    .expect("it is stored");
            }
        }
        parking.join_all().await;
    }
}

impl Template {
    /// Parks one more like it. Questions are asked of somebody else, in one of the channels.
    async fn park(&self, store: &Store, number: u64) {
        let mut event = self.event.clone();
        event.key = format!("parked {number}");
        let mut operation = self.wait.operation.clone();
        if let (Operation::Ask(ask), Body::Message(message)) = (&mut operation, &mut event.body) {
            let channel: ChannelId = format!("c{}", number % CHANNELS)
                .parse()
                .expect("a channel");
            let user: UserId = format!("u{number}").parse().expect("a user");
            message.user.id = user.clone();
            message.user.name = Some(user.to_string());
            message.place.channel = channel.clone();
            ask.user = user;
            ask.place.channel = channel;
        }
        let Ok(Accepted::New(row)) = store.accept(&event, true).await else {
            panic!("event {number} is not stored")
        };
        let run = &self.run;
        let id = InvocationId::derive("console", &event.key, &run.plugin, &run.handler);
        let begin = Begin {
            event: row,
            plugin: run.plugin.clone(),
            digest: run.digest,
            handler: run.handler.clone(),
            arguments: run.arguments.clone(),
            permission: witbot_core::journal::Permission::Given,
            at: now(),
            routed: true,
        };
        let wait = Wait {
            invocation: id.clone(),
            key: operation.wait_key(),
            operation,
            deadline: now().plus_ms(WEEK_MS + number),
            ..self.wait.clone()
        };
        let mut entries = self.journal.clone();
        if let Some(last) = entries.last_mut() {
            *last = Entry::begin(last.number, &wait.operation, now());
        }
        let commit = Commit {
            begin: Some(begin),
            entries,
            state: Some(State::Parked(Box::new(wait))),
            ..Commit::default()
        };
        let lease = Lease {
            owner: "benchmark".to_owned(),
            until: UnixMillis(u64::MAX),
        };
        store
            .commit(&id, &lease, commit)
            .await
            .expect("the lease is good");
    }
}

fn now() -> UnixMillis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    UnixMillis(since.expect("it is after 1970").as_millis() as u64)
}
