//! The bot in a Slack workspace, over sockets and by requests.

use std::sync::Arc;

use witbot_tests::bot::Bot;
use witbot_tests::home::Home;
use witbot_tests::slack::Workspace;

const FAST: &str = "channel_rate = { per_second = 1000.0, burst = 1000 }";

async fn bot(workspace: &Workspace, mode: &str) -> Bot {
    let home = Home::new().with_guest("speaks").with_plugin("hello");
    let home = workspace
        .known_to(home)
        .with_settings(&workspace.settings(mode, FAST));
    let bot = Bot::start(home).await;
    if mode == "http" {
        workspace.slack.deliver_to(bot.url());
    } else {
        workspace.slack.connected(2).await;
    }
    bot
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mention_is_answered_in_both_modes() {
    for mode in ["socket", "http"] {
        let workspace = Arc::new(Workspace::start().await);
        let mut bot = bot(&workspace, mode).await;
        workspace.say("<@U000WITBOT> echo a &lt;b&gt; &amp; c");
        let posts = workspace.slack.posts_of(&workspace.deploys, 1).await;
        assert_eq!(posts.len(), 1, "{posts:?}");
        assert!(format!("{posts:?}").contains("a &lt;b&gt; &amp; c"), "{posts:?}");
        bot.stop().await;
    }
}
