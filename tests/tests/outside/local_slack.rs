//! The bot in a workspace of `local-slack`.

use serde_json::{Value, json};
use witbot_tests::bot::Bot;
use witbot_tests::home::Home;
use witbot_tests::isolated;
use witbot_tests::local_slack::{ALICE, BOB, GENERAL, LocalSlack, Mode, Routes};

const GRANTS: &str = r#"
[plugins.speaks.grants]
chat = [{ channel = "general" }, { direct = true }]
"#;

async fn over_sockets() -> (LocalSlack, Bot) {
    let slack = LocalSlack::start(Mode::Socket).await;
    let bot = bot(Mode::Socket).await;
    slack.connected(2).await;
    (slack, bot)
}

async fn over_http() -> (LocalSlack, Bot, Routes) {
    let routes = Routes::start().await;
    let mode = Mode::Http(routes.url());
    let slack = LocalSlack::start(mode).await;
    let bot = bot(mode).await;
    routes.lead_to(bot.url());
    (slack, bot, routes)
}

async fn bot(mode: Mode<'_>) -> Bot {
    let settings = format!("{}{GRANTS}", LocalSlack::settings(mode));
    let home = Home::new().with_guest("speaks").with_settings(&settings);
    Bot::start(LocalSlack::known_to(home)).await
}

/// Stops the bot, and expects that these are all the commands that it has run.
async fn ran(mut bot: Bot, commands: &[&str]) {
    bot.stop().await;
    let runs = bot.home().witbot(&["runs"]).await.ok();
    let run = |line: &str| {
        let (_, run) = line.split_once("  done     ")?;
        // Who gave it, and where, is behind it.
        run.split("  ").next().map(str::to_owned)
    };
    let mut found: Vec<String> = runs.lines().filter_map(run).collect();
    // The last one stands at the top.
    found.reverse();
    assert_eq!(found, commands, "{runs}");
}

fn texts(messages: &[Value]) -> Vec<&str> {
    let texts = messages.iter().map(|message| message["text"].as_str());
    texts.map(Option::unwrap_or_default).collect()
}

#[test]
fn a_mention_that_comes_four_times_is_answered_once() {
    isolated::run(
        "local_slack::a_mention_that_comes_four_times_is_answered_once",
        async {
            let (slack, bot) = over_sockets().await;
            // As a message and as a mention, and each of them over both sockets.
            // One after the other, as two sockets have no order between them.
            slack.say("<@U0BOT> echo a &lt;b&gt; &amp; c").await;
            slack.answers(1).await;
            slack.say("witbot echo by name").await;
            slack.answers(2).await;
            slack.say("to nobody").await;
            slack.say("<@U0BOT> echo the last").await;
            let answers = slack.answers(3).await;
            let expected = ["a &lt;b&gt; &amp; c", "by name", "the last"];
            assert_eq!(texts(&answers), expected);
            assert_eq!(slack.sent("events_api").await, 6);
            ran(bot, &["speaks echo"; 3]).await;
            assert_eq!(texts(&slack.answers(3).await), expected);
        },
    );
}

#[test]
fn what_is_asked_in_a_thread_is_answered_there() {
    isolated::run(
        "local_slack::what_is_asked_in_a_thread_is_answered_there",
        async {
            let (slack, bot) = over_sockets().await;
            let root = slack.say("a talk among people").await;
            let asked = "<@U0BOT> count 3";
            slack.say_in(GENERAL, Some(&root), asked).await;
            let answers = slack.answers(2).await;
            assert_eq!(texts(&answers), ["3 a", "3 b"]);
            for answer in &answers {
                assert_eq!(answer["thread_ts"], root, "{answer:#}");
            }
            ran(bot, &["speaks count"]).await;
        },
    );
}

#[test]
fn people_and_channels_are_found_by_what_little_is_said_of_them() {
    isolated::run(
        "local_slack::people_and_channels_are_found_by_what_little_is_said_of_them",
        async {
            let (slack, bot) = over_sockets().await;
            // With the bot alone, and without its name.
            slack.say_in(ALICE, None, "name").await;
            let direct = slack.direct(ALICE).await;
            let answers = slack.answers_in(&direct, 1).await;
            assert_eq!(texts(&answers), ["You are alice, a member."]);

            slack.say_in(ALICE, None, "post general hello").await;
            assert_eq!(texts(&slack.answers(1).await), ["hello"]);

            let asked = "direct <@U02BOB> between us";
            slack.say_in(ALICE, None, asked).await;
            let direct = slack.direct(BOB).await;
            let answers = slack.answers_in(&direct, 1).await;
            assert_eq!(texts(&answers), ["between us"]);
            let all = ["speaks name", "speaks post", "speaks direct"];
            ran(bot, &all).await;
        },
    );
}

#[test]
fn a_slash_command_is_answered_once() {
    isolated::run("local_slack::a_slash_command_is_answered_once", async {
        let (slack, bot) = over_sockets().await;
        slack.command("echo behind a slash").await;
        slack.say("<@U0BOT> echo the last").await;
        let answers = slack.answers(2).await;
        assert_eq!(texts(&answers), ["behind a slash", "the last"]);
        ran(bot, &["speaks echo"; 2]).await;
    });
}

#[test]
fn buttons_and_menus_of_a_card_say_their_commands_once() {
    isolated::run(
        "local_slack::buttons_and_menus_of_a_card_say_their_commands_once",
        async {
            let (slack, bot) = over_sockets().await;
            slack.say("<@U0BOT> card Build 7").await;
            let card = slack.answers(1).await.remove(0);
            assert_eq!(card["text"], "🔄 *Build 7*");
            slack.press(BOB, &card, "Again").await;
            let answers = slack.answers(2).await;
            assert_eq!(answers[1]["text"], "again");
            assert_eq!(answers[1]["thread_ts"], card["ts"]);
            slack.press(BOB, &card, "Two").await;
            assert_eq!(slack.answers(3).await[2]["text"], "Picked two.");
            ran(bot, &["speaks card", "speaks echo", "speaks pick"]).await;
        },
    );
}

#[test]
fn a_question_is_answered_by_the_one_who_was_asked() {
    isolated::run(
        "local_slack::a_question_is_answered_by_the_one_who_was_asked",
        async {
            let (slack, bot) = over_sockets().await;
            ask(&slack).await;
            ran(bot, &["speaks vote", "witbot say", "witbot say"]).await;
        },
    );
}

/// Somebody else answers, then the one who was asked, and then the same once more.
async fn ask(slack: &LocalSlack) {
    slack.say("<@U0BOT> vote me").await;
    let question = slack.answers(1).await.remove(0);
    slack.press(BOB, &question, "No").await;
    let refusal = slack.answers(2).await.remove(1);
    let shown = [&refusal["text"], &refusal["ephemeral_to"]];
    let expected = ["Only <@U01ALICE> can answer this.", BOB];
    assert_eq!(shown, expected);

    slack.press(ALICE, &question, "Yes").await;
    let answers = slack.answers(3).await;
    assert_eq!(answers[2]["text"], "Yes it is.");
    // The buttons are gone.
    let blocks = answers[0]["blocks"].as_array().expect("it has blocks");
    let kinds: Vec<&Value> = blocks.iter().map(|block| &block["type"]).collect();
    assert_eq!(kinds, ["section", "context"]);
    let answered = &blocks[1]["elements"][0]["text"];
    assert_eq!(answered, "✓ *Yes* — <@U01ALICE>");

    // Somebody still had them on the screen.
    slack.press(ALICE, &question, "No").await;
    let late = slack.answers(4).await.remove(3);
    let text = late["text"].as_str().expect("it has a text");
    assert!(text.starts_with("This question is over"), "{text}");
    assert_eq!(late["ephemeral_to"], ALICE);
}

#[test]
fn what_was_said_can_be_changed_and_taken_back_and_marked() {
    isolated::run(
        "local_slack::what_was_said_can_be_changed_and_taken_back_and_marked",
        async {
            let (slack, bot) = over_sockets().await;
            slack.say("<@U0BOT> progress 5").await;
            let changed = |messages: &[Value]| texts(messages).contains(&"Step 5.").then_some(());
            slack.until(GENERAL, "the last step", changed).await;

            slack.say("<@U0BOT> tidy").await;
            let tidied = |messages: &[Value]| {
                let texts = texts(messages);
                (texts.contains(&"Tidy.") && !texts.contains(&"Oops.")).then_some(())
            };
            slack.until(GENERAL, "a deletion", tidied).await;

            let liked = slack.say("<@U0BOT> like").await;
            let marks = slack.until(GENERAL, "two marks", marks).await;
            assert_eq!(marks[0], [json!(liked), json!("eyes")]);
            assert_eq!(marks[1][1], "white_check_mark");

            slack.say("<@U0BOT> whisper psst").await;
            let whispered = slack.answers(4).await.remove(3);
            assert_eq!(
                [&whispered["text"], &whispered["ephemeral_to"]],
                ["psst", ALICE]
            );
            let all = [
                "speaks progress",
                "speaks tidy",
                "speaks like",
                "speaks whisper",
            ];
            ran(bot, &all).await;
        },
    );
}

/// Both reactions of the bot, each with the message that it is to.
fn marks(messages: &[Value]) -> Option<[[Value; 2]; 2]> {
    let mark = |message: &Value| {
        let name = &message["reactions"][0]["name"];
        (!name.is_null()).then(|| [message["ts"].clone(), name.clone()])
    };
    let marks: Vec<_> = messages.iter().filter_map(mark).collect();
    marks.try_into().ok()
}

#[test]
fn a_command_that_is_corrected_afterwards_is_not_run_again() {
    isolated::run(
        "local_slack::a_command_that_is_corrected_afterwards_is_not_run_again",
        async {
            let (slack, bot) = over_sockets().await;
            let said = slack.say("<@U0BOT> echo one").await;
            slack.change(&said, "<@U0BOT> echo two").await;
            slack.say("<@U0BOT> echo three").await;
            let answers = slack.answers(2).await;
            assert_eq!(texts(&answers), ["one", "three"]);
            ran(bot, &["speaks echo"; 2]).await;
        },
    );
}

#[test]
fn a_long_text_is_whole_in_a_file_below_it() {
    isolated::run(
        "local_slack::a_long_text_is_whole_in_a_file_below_it",
        async {
            let (slack, bot) = over_sockets().await;
            slack.say("<@U0BOT> long 200").await;
            let answers = slack.answers(2).await;
            let [message, file] = [&answers[0], &answers[1]];
            let shown = message["text"].as_str().expect("it has a text");
            assert!(shown.starts_with("This is line 1 of"), "{shown}");
            assert_eq!(file["thread_ts"], message["ts"]);
            let name = file["files"][0]["name"].as_str().expect("it has a name");
            assert!(shown.contains(name), "{shown}");
            let whole: String = (1..=200)
                .map(|line| format!("This is line {line} of a long text.\n"))
                .collect();
            assert_eq!(slack.file(&file["files"][0]).await.trim(), whole.trim());
            ran(bot, &["speaks long"]).await;
        },
    );
}

#[test]
fn everything_that_is_needed_is_found_to_be_there() {
    isolated::run(
        "local_slack::everything_that_is_needed_is_found_to_be_there",
        async {
            let (slack, bot) = over_sockets().await;
            let checked = bot.home().witbot(&["check", "--online"]).await.ok();
            for line in [
                "SLACK_BOT_TOKEN is good: the bot is @witbot at",
                "it did not say which scopes the token has",
                "SLACK_APP_TOKEN is good: a socket was opened",
            ] {
                assert!(checked.contains(&format!("Slack: {line}")), "{checked}");
            }
            slack.say("<@U0BOT> echo still here").await;
            assert_eq!(texts(&slack.answers(1).await), ["still here"]);
            ran(bot, &["speaks echo"]).await;
        },
    );
}

#[test]
fn signed_events_are_answered() {
    isolated::run("local_slack::signed_events_are_answered", async {
        let (slack, bot, _routes) = over_http().await;
        let root = slack.say("<@U0BOT> echo a &lt;b&gt;").await;
        slack
            .say_in(GENERAL, Some(&root), "<@U0BOT> echo below")
            .await;
        let answers = slack.answers(2).await;
        assert_eq!(texts(&answers), ["a &lt;b&gt;", "below"]);
        assert_eq!(answers[1]["thread_ts"], root);
        assert_eq!(slack.sent("events_api").await, 4);
        ran(bot, &["speaks echo"; 2]).await;
    });
}

#[test]
fn signed_commands_and_interactions_are_answered() {
    isolated::run(
        "local_slack::signed_commands_and_interactions_are_answered",
        async {
            let (slack, bot, _routes) = over_http().await;
            ask(&slack).await;
            slack.command("card Build 7").await;
            let card = slack.answers(5).await.remove(4);
            slack.press(BOB, &card, "Again").await;
            let answers = slack.answers(6).await;
            assert_eq!(answers[5]["text"], "again");
            assert_eq!(answers[5]["thread_ts"], card["ts"]);
            let asked = ["speaks vote", "witbot say", "witbot say"];
            let all = [&asked[..], &["speaks card", "speaks echo"]].concat();
            ran(bot, &all).await;
        },
    );
}
