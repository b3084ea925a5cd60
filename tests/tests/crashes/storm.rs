//! The bot is killed anywhere, again and again, while people want things of it.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::{Instant, sleep};
use witbot_tests::home::Home;
use witbot_tests::slack::Mode;

use crate::dice::Dice;
use crate::lanes::{self, LANES};
use crate::stage::{Door, Service, Stage, held};
use crate::work::{Command, Wish, check_counts};

/// So often without `WITBOT_KILLS`: it takes a quarter of a minute.
const KILLS: u64 = 12;
/// The longest that a bot lives before it is killed at any moment.
const LIFE_MAX: Duration = Duration::from_millis(1_200);
/// The longest that it takes to start, about.
const START_MAX: Duration = Duration::from_millis(400);
/// What is to be held back may not come: then the bot is killed where it is.
const HELD_WITHIN: Duration = Duration::from_millis(1_500);
/// All that goes on is over within this, once the bot is left alone.
const QUIET_WITHIN: Duration = Duration::from_secs(90);
/// A run that is stopped five times on its way is put aside, as it should be. So a bot is given the time to do all that it
/// has begun before every so many kills.
const REST_EVERY: u64 = 3;
/// So many wishes of each other kind are open at a time.
const OTHERS_MAX: usize = 2;

/// What can be held back, so that the bot is killed while it waits for the answer.
const DOORS: [Door; 7] = [
    door(Service::Github, "POST", "/repos/*/deployments"),
    door(Service::Github, "POST", "/repos/*/deployments/*/statuses"),
    door(Service::Github, "GET", "/repos/*"),
    door(Service::Circleci, "POST", "/api/v2/project/*"),
    door(Service::Circleci, "GET", "/api/v2/*"),
    door(Service::Slack, "POST", "/api/chat.postMessage"),
    door(Service::Slack, "POST", "/api/chat.update"),
];

const fn door(service: Service, method: &'static str, path: &'static str) -> Door {
    Door {
        service,
        method,
        path,
    }
}

struct Storm {
    stage: Stage,
    dice: Dice,
    /// Where each kind of wish is said: what is in doubt in one channel holds up that channel alone.
    places: Vec<(Wish, String)>,
    /// What goes on.
    open: Vec<Command>,
    over: Vec<Command>,
    /// How much was over when the bot rested.
    rested: usize,
    /// How often the bot was killed while it waited for an answer to what.
    held: BTreeMap<&'static str, usize>,
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_random_it_does_everything_once() {
    let mut dice = Dice::new();
    let kills = std::env::var("WITBOT_KILLS").ok();
    let kills = kills.map_or(KILLS, |kills| kills.parse().expect("it is a number"));
    let home = Home::new()
        .with_plugin("deploy")
        .with_plugin("pipeline")
        .with_guest("waits")
        .with_guest("remembers");
    let mode = dice.of(&Mode::BOTH);
    println!("{mode} mode");
    let services = lanes::services().await;
    let mut stage = Stage::new(services, home, mode, |_| lanes::settings()).await;
    let mut places = vec![
        (Wish::Count, stage.channel("counts")),
        (Wish::Sleep, stage.channel("sleeps")),
        (Wish::Ask, stage.channel("asks")),
    ];
    places.extend(LANES.map(|lane| (Wish::Deploy(lane), stage.channel(lane))));
    let mut storm = Storm {
        stage,
        dice,
        places,
        open: Vec::new(),
        over: Vec::new(),
        rested: 0,
        held: BTreeMap::new(),
    };
    let began = Instant::now();
    for kill in 1..=kills {
        storm.want();
        if kill % REST_EVERY == 0 {
            storm.rest().await;
            storm.want();
        }
        storm.kill().await;
        if kill % 25 == 0 {
            let (over, open) = (storm.over.len(), storm.open.len());
            println!(
                "{kill} kills in {:?}: {over} done, {open} open",
                began.elapsed()
            );
        }
    }
    storm.end().await;
    let deployments = storm
        .over
        .iter()
        .filter(|it| matches!(it.wish, Wish::Deploy(_)));
    println!(
        "{kills} kills in {:?}: {} done, {} of them deployments",
        began.elapsed(),
        storm.over.len(),
        deployments.count()
    );
    println!("killed before an answer came to: {:?}", storm.held);
    assert!(storm.over.len() >= LANES.len(), "nothing was going on");
}

impl Storm {
    /// Notes what is done, answers what is asked, and wants more.
    fn want(&mut self) {
        self.look();
        for (wish, place) in &self.places {
            let count = |list: &[Command]| list.iter().filter(|it| it.wish == *wish).count();
            let most = match wish {
                Wish::Deploy(_) => 1,
                Wish::Sleep | Wish::Ask | Wish::Count => OTHERS_MAX,
            };
            if count(&self.open) < most {
                let before = count(&self.over);
                self.open
                    .push(Command::say(&self.stage, place, *wish, before));
            }
        }
    }

    fn look(&mut self) {
        let said = self.stage.said();
        for command in &mut self.open {
            command.answer(&self.stage, &said);
        }
        let stage = &self.stage;
        self.over
            .extend(self.open.extract_if(.., |it| it.is_done(stage, &said)));
    }

    /// Lets the bot do what it has begun, and something be done altogether.
    async fn rest(&mut self) {
        let until = Instant::now() + QUIET_WITHIN;
        loop {
            self.look();
            let running = self.stage.runs("running").await;
            let done = self.over.len() > self.rested || self.open.is_empty();
            if running.is_empty() && done {
                self.rested = self.over.len();
                return;
            }
            let open = &self.open;
            assert!(
                Instant::now() < until,
                "nothing is done: {running:#?} {open:#?}"
            );
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// Kills the bot at some moment, and starts it again.
    async fn kill(&mut self) {
        if self.dice.below(3) == 0 {
            self.stage.services.github.duplicate_webhooks(1);
            self.stage.services.circleci.duplicate_webhooks(1);
        }
        match self.dice.below(8) {
            // Time has to pass for this: when it is killed is to have nothing to do with what it does.
            0..3 => sleep(self.dice.within(LIFE_MAX)).await,
            3 => {
                sleep(self.dice.within(LIFE_MAX)).await;
                self.stage.bot.kill9().await;
                let life = self.dice.within(START_MAX);
                self.stage.bot.start_and_kill9(life).await;
                self.stage.bot.restart().await;
                self.stage.send_lost_webhooks_again();
                return;
            }
            _ => self.hold_back().await,
        }
        self.stage.bot.kill9().await;
        self.stage.clear_faults();
        self.stage.bot.restart().await;
        self.stage.send_lost_webhooks_again();
    }

    /// Waits until the bot waits for the answer to something, which was done or not.
    async fn hold_back(&mut self) {
        let door = self.dice.of(&DOORS);
        let fault = match self.dice.below(2) {
            0 => held(door),
            _ => held(door).after_effect(),
        };
        let seen = |stage: &Stage| stage.seen(door.service, door.method, door.path);
        let before = seen(&self.stage);
        self.stage.inject(door.service, fault);
        let until = Instant::now() + HELD_WITHIN;
        while seen(&self.stage) == before {
            if Instant::now() > until {
                return;
            }
            // Else it could be that nobody wants what leads to such a request.
            self.want();
            sleep(Duration::from_millis(20)).await;
        }
        *self.held.entry(door.path).or_default() += 1;
    }

    /// Leaves the bot alone until all is done, and checks that it was done once.
    async fn end(&mut self) {
        let until = Instant::now() + QUIET_WITHIN;
        while !self.open.is_empty() {
            self.look();
            let now = Instant::now();
            assert!(now < until, "never done: {:#?}", self.open);
            sleep(Duration::from_millis(50)).await;
        }
        self.stage.workspace.slack.settled().await;
        self.stage.services.github.webhooks_settled().await;
        self.rest().await;
        let said = self.stage.said();
        for command in &self.over {
            command.check(&self.stage, &said);
        }
        check_counts(&self.stage, &self.over, &said);
        self.stage.check_at_rest().await;
        self.stage.bot.stop().await;
    }
}
