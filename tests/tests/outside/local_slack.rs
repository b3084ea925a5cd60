//! The bot in a workspace of `local-slack`.

use witbot_tests::bot::Bot;
use witbot_tests::home::Home;
use witbot_tests::isolated;
use witbot_tests::local_slack::{LocalSlack, Mode};

const GRANTS: &str = r#"
[plugins.speaks.grants]
chat = [{ channel = "general" }, { direct = true }]
"#;

async fn bot(mode: Mode<'_>) -> Bot {
    let home = Home::new().with_guest("speaks");
    let settings = LocalSlack::settings(mode);
    let home = LocalSlack::known_to(home).with_settings(&format!("{settings}{GRANTS}"));
    Bot::start(home).await
}

#[test]
fn a_mention_that_comes_four_times_is_answered_once() {
    isolated::run(
        "local_slack::a_mention_that_comes_four_times_is_answered_once",
        async {
            let slack = LocalSlack::start(Mode::Socket).await;
            let mut bot = bot(Mode::Socket).await;
            slack.say("<@U0BOT> echo a &lt;b&gt; &amp; c").await;
            let answers = slack.answers(1).await;
            println!("{answers:#?}");
            bot.stop().await;
        },
    );
}
