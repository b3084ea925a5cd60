//! The clock of these tests is a number.

use witbot_core::grants::schedules::ScheduleGrant;

use super::*;

const MINUTE: u64 = 60_000;

struct Bot {
    _folder: tempfile::TempDir,
    schedules: Schedules,
    wakes: mpsc::Receiver<Wake>,
}

impl Bot {
    fn new() -> Bot {
        let folder = tempfile::tempdir().unwrap();
        let (send, wakes) = mpsc::channel(100);
        let schedules = Schedules {
            store: Store::open(folder.path()).unwrap(),
            wakes: send,
            live: Arc::new(ArcSwap::from_pointee(Live::empty())),
            settings: Arc::new(ArcSwap::from_pointee(Settings::default_in(folder.path()))),
            metrics: Metrics::new(),
        };
        Bot {
            _folder: folder,
            schedules,
            wakes,
        }
    }

    /// Looks at some minute, and answers what was called for: which schedule, for which minute, and whether more was missed.
    async fn look(
        &mut self,
        plans: &[Plan],
        minute: u64,
    ) -> (Vec<(String, u64, bool)>, Option<u64>) {
        let now = UnixMillis(minute * MINUTE);
        let next = self.schedules.look(plans, now).await.unwrap();
        let mut called = Vec::new();
        while let Ok(Wake::Came { event, .. }) = self.wakes.try_recv() {
            let Body::Webhook(hook) = &event.body else {
                panic!("{event:?}")
            };
            assert_eq!(
                (event.source, hook.kind.as_str()),
                (Source::Schedule, "schedule")
            );
            assert_eq!(plugin_of(&hook.body), Some("health".parse().unwrap()));
            let due = hook.body["due"].as_u64().unwrap();
            called.push((
                hook.subject.clone(),
                due / MINUTE,
                hook.body["missed"] == true,
            ));
        }
        (called, next.map(|next| next.0 / MINUTE))
    }
}

fn plan(schedules: &[(&str, &str)]) -> Vec<Plan> {
    let declared: Vec<_> = schedules
        .iter()
        .map(|(id, when)| ((*id).to_owned(), when.parse().unwrap()))
        .collect();
    let often = ScheduleGrant {
        at_most_every: "10s".parse().unwrap(),
    };
    vec![Plan {
        plugin: "health".parse().unwrap(),
        schedules: kept(&declared, |_| None, &[often]),
    }]
}

fn called(id: &str, minute: u64, missed: bool) -> (String, u64, bool) {
    (id.to_owned(), minute, missed)
}

#[tokio::test]
async fn what_is_due_is_called_for_once() {
    let mut bot = Bot::new();
    let plan = plan(&[("check", "every 5m"), ("report", "10 * * * *")]);
    assert_eq!(
        bot.look(&plan, 2).await,
        (vec![], Some(5)),
        "nothing at once"
    );
    assert_eq!(bot.look(&plan, 4).await, (vec![], Some(5)));
    assert_eq!(
        bot.look(&plan, 5).await,
        (vec![called("check", 5, false)], Some(10))
    );
    assert_eq!(bot.look(&plan, 6).await, (vec![], Some(10)));
    let both = vec![called("check", 10, false), called("report", 10, false)];
    assert_eq!(bot.look(&plan, 11).await, (both, Some(15)));
}

#[tokio::test]
async fn what_was_missed_is_made_up_for_once() {
    let mut bot = Bot::new();
    let plan = plan(&[("check", "every 5m")]);
    bot.look(&plan, 2).await;
    // The bot did not run, or the plugin did not serve.
    assert_eq!(bot.look(&[], 20).await, (vec![], None));
    assert_eq!(
        bot.look(&plan, 62).await,
        (vec![called("check", 5, true)], Some(65))
    );
    assert_eq!(bot.look(&plan, 63).await, (vec![], Some(65)));
}

#[tokio::test]
async fn a_clock_that_is_set_calls_for_nothing_twice() {
    let mut bot = Bot::new();
    let plan = plan(&[("check", "every 5m")]);
    bot.look(&plan, 2).await;
    assert_eq!(
        bot.look(&plan, 5).await,
        (vec![called("check", 5, false)], Some(10))
    );
    assert_eq!(
        bot.look(&plan, 1_000).await,
        (vec![called("check", 10, true)], Some(1_005))
    );
    // Set back: times that were called for are not called for again, and nobody waits until it is there again.
    assert_eq!(bot.look(&plan, 3).await, (vec![], Some(5)));
    assert_eq!(bot.look(&plan, 5).await, (vec![], Some(10)));
    assert_eq!(bot.look(&plan, 10).await, (vec![], Some(15)));
    assert_eq!(
        bot.look(&plan, 15).await,
        (vec![called("check", 15, false)], Some(20))
    );
}

#[tokio::test]
async fn a_schedule_that_changes_begins_anew() {
    let mut bot = Bot::new();
    bot.look(&plan(&[("check", "every 5m")]), 2).await;
    let daily = plan(&[("check", "every 1d")]);
    assert_eq!(bot.look(&daily, 20).await, (vec![], Some(24 * 60)));
    // Turned off, and on again.
    let off = plan(&[]);
    bot.look(&off, 21).await;
    assert_eq!(bot.look(&daily, 25 * 60).await, (vec![], Some(2 * 24 * 60)));
}

#[test]
fn the_clock_is_looked_at_in_time() {
    let most = limits::SCHEDULES_LOOKED_AT_EVERY;
    let now = UnixMillis(1_000);
    assert_eq!(pause(None, now), most);
    assert_eq!(pause(Some(UnixMillis(1 << 40)), now), most);
    assert_eq!(
        pause(Some(UnixMillis(1_250)), now),
        Duration::from_millis(250)
    );
    assert_eq!(pause(Some(UnixMillis(5)), now), Duration::ZERO);
}
