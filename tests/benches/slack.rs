//! How quickly a bot at Slack answers and acknowledges, and whether its memory grows.
//!
//! Run it with `WITBOT_BIN`, `WITBOT_PLUGINS` and `WITBOT_GUESTS` set as `cargo xtask test` sets them, but with a bot that
//! is built for speed. The stand-in for Slack works on the same cores. `loop`, `pace`, `acks` or `memory` behind `--` runs
//! that part alone.

use std::fs;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};
use witbot_tests::bot::Bot;
use witbot_tests::crowd::{Crowd, Speaker, Talk, Words};
use witbot_tests::slack::{FAST, GRANTS, Mode, Workspace};

/// People who each wait for their answer before they say more.
const PEOPLE: usize = 64;
/// Messages before anything is measured.
const WARM_UP: usize = 2_000;

#[tokio::main]
async fn main() {
    println!("{}", machine());
    row("", "measured", "target");
    if wanted("loop") {
        in_a_closed_loop().await;
    }
    if wanted("pace") {
        at_a_pace().await;
    }
    if wanted("acks") {
        acknowledging().await;
    }
    if wanted("memory") {
        memory().await;
    }
}

/// Whether a part is among those that the command line names, or it names none.
fn wanted(part: &str) -> bool {
    let named = || {
        std::env::args()
            .skip(1)
            .filter(|named| !named.starts_with('-'))
    };
    named().next().is_none() || named().any(|named| named == part)
}

async fn in_a_closed_loop() {
    const MESSAGES: usize = 30_000;
    let room = Room::open().await;
    room.talk(0, WARM_UP).await;
    let began = Instant::now();
    room.talk(WARM_UP, MESSAGES).await;
    let rate = MESSAGES as f64 / began.elapsed().as_secs_f64();
    row(
        "closed loop of 64, messages a second",
        &format!("{rate:.0}"),
        ">= 3,000",
    );
    room.close().await;
}

async fn at_a_pace() {
    const A_SECOND: u32 = 20;
    const MESSAGES: usize = 600;
    let room = Room::open().await;
    room.talk(0, WARM_UP).await;
    let mut asking = JoinSet::new();
    let mut ticks = ticks(A_SECOND);
    for number in WARM_UP..WARM_UP + MESSAGES {
        ticks.tick().await;
        let (crowd, speaker) = (room.crowd.clone(), room.speakers[number % PEOPLE].clone());
        asking.spawn(async move { crowd.ask(&speaker, echo(number)).await });
    }
    let mut times = asking.join_all().await;
    times.sort();
    row(
        "20 messages a second, from said to answered, median",
        &shown(times[MESSAGES / 2]),
        "<= 2.2 ms",
    );
    row(
        "the same, 99 of 100",
        &shown(times[MESSAGES * 99 / 100]),
        "<= 6 ms",
    );
    room.close().await;
}

async fn acknowledging() {
    const A_SECOND: u32 = 200;
    const MESSAGES: usize = 4_000;
    let room = Room::open().await;
    let mut ticks = ticks(A_SECOND);
    for number in 0..MESSAGES {
        ticks.tick().await;
        let Speaker { user, channel } = &room.speakers[number % PEOPLE];
        room.workspace.slack.say(user, channel, None, "rest 10000");
    }
    room.workspace.slack.settled().await;
    let times = room.workspace.slack.latencies();
    assert!(times.len() >= MESSAGES, "{}", times.len());
    let redelivered = room.workspace.slack.counts().redelivered;
    row(
        "200 messages a second for sleepers, to acknowledged, 99 of 100",
        &shown(times[times.len() * 99 / 100]),
        "<= 20 ms",
    );
    row("the same, the slowest", &shown(times[times.len() - 1]), "");
    row(
        "the same, sent again by Slack",
        &redelivered.to_string(),
        "0",
    );
    for speaker in &room.speakers {
        let posts = MESSAGES.div_ceil(PEOPLE) - 1;
        room.workspace.slack.posts_of(&speaker.channel, posts).await;
    }
    room.close().await;
}

async fn memory() {
    const BETWEEN: usize = 2_000;
    const SAMPLES: usize = 11;
    let room = Room::open().await;
    let mut samples = Vec::new();
    for sample in 0..SAMPLES {
        room.talk(sample * BETWEEN, BETWEEN).await;
        samples.push(room.bot.resident_bytes() as f64 / f64::from(1 << 20));
    }
    let shown: Vec<String> = samples.iter().map(|mib| format!("{mib:.1}")).collect();
    println!("resident MiB, every 2,000 messages: {}", shown.join(" "));
    // The first is taken while caches and pools still fill.
    let (thousands, later) = ((BETWEEN / 1_000) as f64, &samples[1..]);
    let trend = slope(later) / thousands * 1024.0;
    row(
        "resident memory, trend in KiB per 1,000 messages",
        &format!("{trend:.1}"),
        "none",
    );
    room.close().await;
}

/// A bot, and people who are alone with it, each in a channel of their own.
struct Room {
    workspace: Arc<Workspace>,
    bot: Bot,
    crowd: Arc<Crowd>,
    speakers: Vec<Speaker>,
}

impl Room {
    async fn open() -> Room {
        let settings = format!("{FAST}{GRANTS}");
        let (workspace, bot) = Workspace::with_bot_of(Mode::Socket, &settings).await;
        // The stand-in remembers no more than a real one would have to for the bot.
        workspace.slack.behave(|slack| slack.kept_max = 10_000);
        let speakers = (0..PEOPLE).map(|n| Speaker::alone(&workspace, &format!("user{n}")));
        Room {
            crowd: Crowd::gather(&workspace),
            speakers: speakers.collect(),
            workspace,
            bot,
        }
    }

    /// Has so many things said from this number on, each person one at a time.
    async fn talk(&self, first: usize, count: usize) {
        let talk = Talk::new(self.speakers.clone(), first..first + count, echo);
        let times = self.crowd.hold(&talk, PEOPLE).await;
        assert_eq!(times.len(), count);
        self.workspace.slack.settled().await;
    }

    async fn close(mut self) {
        self.bot.stop().await;
    }
}

/// The guest `speaks` says it again.
fn echo(number: usize) -> Words {
    Words {
        said: format!("echo number {number}"),
        answer: format!("number {number}"),
    }
}

fn ticks(a_second: u32) -> tokio::time::Interval {
    let mut ticks = interval(Duration::from_secs(1) / a_second);
    // Those that come late are made up for, as what people say does not wait.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    ticks
}

/// By how much a sample is more than the one before it, by least squares.
fn slope(samples: &[f64]) -> f64 {
    let count = samples.len() as f64;
    let middle = (count - 1.0) / 2.0;
    let mean = samples.iter().sum::<f64>() / count;
    let places = || (0..samples.len()).map(|place| place as f64 - middle);
    let rises = places().zip(samples).map(|(x, y)| x * (y - mean));
    rises.sum::<f64>() / places().map(|x| x * x).sum::<f64>()
}

fn row(what: &str, measured: &str, target: &str) {
    println!("{what:<62} {measured:>9}  {target}");
}

fn shown(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1_000.0)
}

/// What it runs on, and what else does.
fn machine() -> String {
    let read = |file| fs::read_to_string(file).unwrap_or_default();
    let cpus = read("/proc/cpuinfo");
    let model = cpus
        .lines()
        .find_map(|line| line.strip_prefix("model name"));
    let model = model.map_or("an unknown processor", |model| {
        model.trim_start_matches(['\t', ' ', ':'])
    });
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let load = read("/proc/loadavg");
    let load = load.split(' ').next().unwrap_or_default();
    format!("{cores} cores of {model}, shared with the stand-in; load before: {load}")
}
