//! Thousands of messages, while Slack replaces sockets, drops them, sends things again, wants the bot to wait and loses
//! its answers, and while the bot is killed: each is answered once, in order.
//!
//! `WITBOT_STORM=30000` in the environment has so many messages said.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};
use witbot_core::limits;
use witbot_tests::bot::Bot;
use witbot_tests::crowd::{Crowd, Speaker, Talk, Words};
use witbot_tests::fakes::Trouble;
use witbot_tests::fakes::slack::{Counts, Message, Reason};
use witbot_tests::fakes::{Fault, Slack};
use witbot_tests::slack::{FAST, GRANTS, Mode, Workspace};

/// As many as take a good half minute where nothing is optimised.
const MESSAGES: usize = 10_000;
/// Messages that wait for their answers at a time: many more than runs of a plugin at a time, and fewer than fill its queue,
/// when people would be told that it is busy.
const AT_ONCE: usize = limits::WAITING_PER_PLUGIN_MAX as usize;
const CHANNELS: usize = 12;
const DIRECTS: usize = 4;
/// How often sockets are replaced, and how often dropped.
const TIMES: u64 = 20;
/// How often the bot is killed.
const KILLS: u64 = 5;
/// Slack closes a socket about so long after it says so.
const NOTICE: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_answered_once_and_in_order() {
    let mut storm = Storm::begin().await;
    storm.run(0).await;
    storm.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_answered_once_and_in_order_although_the_bot_is_killed() {
    let mut storm = Storm::begin().await;
    storm.run(KILLS).await;
    storm.check().await;
}

/// The guest `speaks` answers twice.
fn count(number: usize) -> Words {
    Words {
        said: format!("count {number}"),
        answer: format!("{number} b"),
    }
}

struct Storm {
    workspace: Arc<Workspace>,
    bot: Bot,
    talk: Arc<Talk>,
    total: usize,
}

impl Storm {
    async fn begin() -> Storm {
        let (workspace, bot) =
            Workspace::with_bot_of(Mode::Socket, &format!("{FAST}{GRANTS}")).await;
        let in_channels = (0..CHANNELS).map(|n| {
            Speaker::in_channel(&workspace, &format!("user{}", n % 5), &format!("room{n}"))
        });
        let alone = (0..DIRECTS).map(|n| Speaker::alone(&workspace, &format!("user{n}")));
        let speakers: Vec<Speaker> = in_channels.chain(alone).collect();
        let total = std::env::var("WITBOT_STORM").map_or(MESSAGES, |total| {
            total.parse().expect("WITBOT_STORM is a number of messages")
        });
        // All posts are looked at in the end, and all calls.
        workspace.slack.behave(|slack| slack.kept_max = 10 * total);
        Storm {
            talk: Talk::new(speakers, 0..total, count),
            workspace,
            bot,
            total,
        }
    }

    /// Has everything said, and makes trouble all the way.
    async fn run(&mut self, kills: u64) {
        let crowd = Crowd::gather(&self.workspace);
        let (talk, total) = (self.talk.clone(), self.total);
        inject_faults(&self.workspace.slack, 2 * total);
        let steps = 2 * usize::try_from(TIMES).expect("it is small");
        let part = |step: usize| total * step / (steps + 1);
        let trouble = async {
            for step in 1..=steps {
                // No more than one trouble ahead, so that all of them are met with something under way.
                talk.allow(part(step + 1));
                talk.answered(part(step) - part(1) / 2).await;
                match step % 2 {
                    0 => drop_one(&self.workspace.slack).await,
                    _ => refresh_one(&self.workspace.slack, step).await,
                }
                if kills > 0
                    && step.is_multiple_of(steps / usize::try_from(kills).expect("it is small"))
                {
                    self.bot.kill9_and_restart().await;
                }
            }
            talk.allow(total);
        };
        let (times, ()) = tokio::join!(crowd.hold(&talk, AT_ONCE), trouble);
        assert_eq!(times.len(), total);
    }

    async fn check(mut self) {
        let slack = &self.workspace.slack;
        slack.settled().await;
        self.bot.stop().await;

        let Counts {
            refreshed,
            dropped,
            redelivered,
            lost,
            ..
        } = slack.counts();
        assert_eq!((refreshed, dropped, lost), (TIMES, TIMES, 0));
        assert!(redelivered > 0, "nothing was sent again");
        check_faults(slack, &self.bot);

        let posts: Vec<(&str, Vec<Message>)> = self
            .talk
            .speakers()
            .iter()
            .map(|speaker| (speaker.channel.as_str(), slack.posts(&speaker.channel)))
            .collect();
        check_answers(&posts, self.total);
        check_order(&posts, &self.bot);
    }
}

/// What befalls some of the posts, which are so many in all.
fn inject_faults(slack: &Slack, posts: usize) {
    let fault = |trouble, share: usize| {
        let fault = Slack::fault("chat.postMessage", trouble);
        fault.every(posts / (share + 1)).times(share)
    };
    let faults: [Fault; 5] = [
        fault(Trouble::TooManyRequests(Some(1)), 8),
        fault(Trouble::Cut, 6).after_effect(),
        fault(Trouble::Malformed, 4).after_effect(),
        fault(Trouble::Status(503), 4).after_effect(),
        fault(Trouble::Status(502), 3),
    ];
    faults.into_iter().for_each(|fault| slack.inject(fault));
}

/// Slack is going to close the oldest socket, and does when the bot has another one, or its patience is over.
async fn refresh_one(slack: &Slack, step: usize) {
    let before = slack.sockets();
    let reason = match step % 4 {
        1 => Reason::Warning,
        _ => Reason::RefreshRequested,
    };
    slack.fewest_sockets();
    slack.disconnect(before[0], reason, NOTICE);
    slack.connected(before.len() + 1).await;
    slack.close_socket(before[0]);
    slack.connected(before.len()).await;
    assert_eq!(
        slack.fewest_sockets(),
        before.len(),
        "a socket was closed before there was another"
    );
}

/// The connection of one is gone, and the bot opens another.
async fn drop_one(slack: &Slack) {
    let before = slack.sockets();
    slack.drop_socket(before[0]);
    slack.connected(before.len()).await;
}

/// Whether all the trouble was met.
fn check_faults(slack: &Slack, bot: &Bot) {
    let calls = slack.calls("chat.postMessage");
    let failed = |why: &str| {
        let failed = calls
            .iter()
            .filter(|call| call.error.as_deref() == Some(why));
        failed.count()
    };
    assert_eq!((failed("ratelimited"), failed("lost")), (8, 3));
    let doubts = bot.logged("WARN perhaps said, perhaps not: …").len();
    assert!(doubts >= 10, "{doubts}");
}

/// Each is answered twice, where it was said, in the right order.
fn check_answers(posts: &[(&str, Vec<Message>)], total: usize) {
    let mut answers: HashMap<&str, (&str, usize)> = HashMap::new();
    for (channel, posts) in posts {
        for (place, post) in posts.iter().enumerate() {
            let twice = answers.insert(post.text(), (channel, place));
            assert_eq!(twice, None, "`{}` was posted twice", post.text());
        }
    }
    assert_eq!(answers.len(), 2 * total);
    for number in 0..total {
        let answer = |letter| answers.get(format!("{number} {letter}").as_str());
        let (Some((channel, first)), Some((where_then, then))) = (answer('a'), answer('b')) else {
            panic!("`count {number}` was not answered in full")
        };
        assert_eq!(channel, where_then);
        assert!(
            first < then,
            "the answers to `count {number}` came the wrong way round"
        );
    }
}

/// Each channel shows the posts in the order in which they were committed.
fn check_order(posts: &[(&str, Vec<Message>)], bot: &Bot) {
    let database = bot.home().data().join("witbot.db");
    let database = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY)
        .expect("the bot is stopped");
    let mut statement = database
        .prepare("SELECT message, id FROM outbox WHERE edit = 0")
        .expect("there is an outbox");
    let committed: HashMap<String, i64> = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .and_then(Iterator::collect)
        .expect("it can be read");
    for (channel, posts) in posts {
        let order: Vec<i64> = posts.iter().map(|post| committed[call(post)]).collect();
        let wrong = order.windows(2).find(|pair| pair[0] >= pair[1]);
        assert_eq!(wrong, None, "two posts in {channel} are in the wrong order");
    }
}

/// The call that a post is of.
fn call(post: &Message) -> &str {
    let id = post.now().metadata["event_payload"]["id"].as_str();
    id.expect("a post carries its id")
}
