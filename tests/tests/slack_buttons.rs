//! Buttons and menus of cards, and questions, in Slack.

use serde_json::Value;
use witbot_tests::fakes::Slack;
use witbot_tests::fakes::slack::Message;
use witbot_tests::slack::{Mode, Workspace};

/// What the bot has shown in `deploys` to one person alone, once it is this many things.
async fn whispers(workspace: &Workspace, user: &str, count: usize) -> Vec<String> {
    let enough = |slack: &Slack| {
        let mut shown = slack.ephemerals();
        shown.retain(|shown| shown.user == user && shown.channel == workspace.deploys);
        (shown.len() >= count).then_some(shown)
    };
    let shown = workspace.slack.until(enough).await;
    shown.into_iter().map(|shown| shown.text).collect()
}

/// The texts of the small print of a question, and whether it can still be answered.
fn ending(question: &Message) -> (Vec<String>, bool) {
    let blocks = question.now().blocks.as_array().cloned();
    let blocks = blocks.expect("a question has blocks");
    let small = blocks.iter().filter(|block| block["type"] == "context");
    let small = small.flat_map(|block| block["elements"].as_array().cloned().unwrap_or_default());
    let text = |element: Value| element["text"].as_str().unwrap_or_default().to_owned();
    let open = blocks.iter().any(|block| block["type"] == "actions");
    (small.map(text).collect(), open)
}

/// Asks, and waits for the question.
async fn asked(workspace: &Workspace, command: &str) -> Message {
    let question = workspace.ask(command).await;
    assert_eq!(ending(&question), (Vec::new(), true), "{question:#?}");
    question
}

/// Waits until a question is over, and says how it ended.
async fn ended(workspace: &Workspace, question: &Message) -> Vec<String> {
    let over = |question: &Message| !ending(question).1;
    ending(&workspace.becomes(&question.ts, over).await).0
}

fn answered(choice: &str, user: &str) -> Vec<String> {
    vec![format!("✓ *{choice}* — <@{user}>")]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_button_says_its_command_for_whoever_presses_it() {
    for mode in Mode::BOTH {
        let (workspace, mut bot) = Workspace::with_bot(mode).await;
        let (slack, deploys) = (&workspace.slack, &workspace.deploys);
        let ben = slack.add_user("ben");
        slack.join(&ben, deploys);
        let card = workspace.ask("card api").await;
        for (user, button, answer) in [
            (&ben, "Who", "You are ben, a member."),
            (&workspace.anna, "Again", "again"),
            // Of a menu, one is chosen.
            (&ben, "Two", "Picked two."),
        ] {
            let before = slack.post_count(deploys);
            slack.click(user, deploys, &card.ts, button);
            let post = workspace.answer(before).await;
            assert_eq!(post.text(), answer, "{mode} mode");
            assert_eq!(post.thread_ts.as_ref(), Some(&card.ts), "{mode} mode");
        }
        assert_eq!(workspace.said_at_the_end(&mut bot).await.len(), 4);
        assert!(slack.ephemerals().is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_button_in_a_thread_is_answered_there() {
    let (workspace, mut bot) = Workspace::with_bot(Mode::Socket).await;
    let (slack, deploys) = (&workspace.slack, &workspace.deploys);
    let root = workspace.say("What about this?");
    slack.say(&workspace.anna, deploys, Some(&root), "witbot card api");
    let card = workspace.answer(0).await;
    slack.click(&workspace.anna, deploys, &card.ts, "Again");
    assert_eq!(workspace.answer(1).await.thread_ts, Some(root));
    workspace.said_at_the_end(&mut bot).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_button_says_no_command_of_another_plugin() {
    for mode in Mode::BOTH {
        let (workspace, mut bot) = Workspace::with_bot(mode).await;
        let (slack, deploys) = (&workspace.slack, &workspace.deploys);
        let card = workspace.ask("card api").await;
        slack.click(&workspace.anna, deploys, &card.ts, "Other");
        let refusals = whispers(&workspace, &workspace.anna, 1).await;
        let expected = "This button does not work any more: `speaks` has no command `hello`.";
        assert_eq!(refusals, [expected], "{mode} mode");
        assert_eq!(workspace.said_at_the_end(&mut bot).await.len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_button_of_a_plugin_that_is_gone_says_so() {
    let (workspace, mut bot) = Workspace::with_bot(Mode::Socket).await;
    let (slack, deploys) = (&workspace.slack, &workspace.deploys);
    let card = workspace.ask("card api").await;
    bot.home().remove("speaks");
    bot.expect_log("INFO [speaks] the plugin is gone").await;
    slack.click(&workspace.anna, deploys, &card.ts, "Again");
    let refusals = whispers(&workspace, &workspace.anna, 1).await;
    let expected = "This button does not work any more: `speaks` has no command `echo again`.";
    assert_eq!(refusals, [expected]);
    assert_eq!(workspace.said_at_the_end(&mut bot).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_is_answered_by_a_button_and_shows_by_whom() {
    for mode in Mode::BOTH {
        let (workspace, mut bot) = Workspace::with_bot(mode).await;
        let (slack, anna, deploys) = (&workspace.slack, &workspace.anna, &workspace.deploys);
        let question = asked(&workspace, "vote me").await;
        assert_eq!(question.text(), "Ship it?");
        slack.click(anna, deploys, &question.ts, "Yes");
        assert_eq!(workspace.answer(1).await.text(), "Yes it is.");
        let expected = answered("Yes", anna);
        assert_eq!(ended(&workspace, &question).await, expected, "{mode} mode");
        assert_eq!(workspace.said_at_the_end(&mut bot).await.len(), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_is_answered_by_typing() {
    for mode in Mode::BOTH {
        let (workspace, mut bot) = Workspace::with_bot(mode).await;
        let question = asked(&workspace, "vote me").await;
        // What is said to others is no answer, and neither is what others say, or what is said elsewhere.
        let (slack, deploys) = (&workspace.slack, &workspace.deploys);
        let ben = slack.add_user("ben");
        workspace.say("Yes");
        let unknown = "I do not know that command. `help` lists all.";
        slack.say(&ben, deploys, None, "witbot Yes");
        assert_eq!(workspace.answer(1).await.text(), unknown);
        let elsewhere = workspace.say("Lunch?");
        slack.say(&workspace.anna, deploys, Some(&elsewhere), "witbot Yes");
        assert_eq!(workspace.answer(2).await.text(), unknown);
        slack.settled().await;
        workspace.say("witbot: no");
        assert_eq!(workspace.answer(3).await.text(), "No it is.");
        let expected = answered("No", &workspace.anna);
        assert_eq!(ended(&workspace, &question).await, expected, "{mode} mode");
        // The thread below the question is its place, too.
        let question = workspace.ask("vote me").await;
        // What follows in a channel is said when it is stored which message the question is.
        workspace.ask("echo and so on").await;
        slack.say(&workspace.anna, deploys, Some(&question.ts), "witbot yes");
        assert_eq!(workspace.answer(6).await.text(), "Yes it is.");
        let expected = answered("Yes", &workspace.anna);
        assert_eq!(ended(&workspace, &question).await, expected, "{mode} mode");
        assert_eq!(workspace.said_at_the_end(&mut bot).await.len(), 7);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_to_anyone_is_answered_by_anyone() {
    let (workspace, mut bot) = Workspace::with_bot(Mode::Socket).await;
    let (slack, deploys) = (&workspace.slack, &workspace.deploys);
    let ben = slack.add_user("ben");
    slack.join(&ben, deploys);
    let question = asked(&workspace, "vote anyone").await;
    slack.click(&ben, deploys, &question.ts, "No");
    assert_eq!(workspace.answer(1).await.text(), "No it is.");
    assert_eq!(ended(&workspace, &question).await, answered("No", &ben));

    let question = workspace.ask("vote anyone").await;
    slack.say(&ben, deploys, None, "<@U000WITBOT> YES");
    assert_eq!(workspace.answer(3).await.text(), "Yes it is.");
    assert_eq!(ended(&workspace, &question).await, answered("Yes", &ben));
    workspace.said_at_the_end(&mut bot).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_to_somebody_is_answered_by_nobody_else() {
    for mode in Mode::BOTH {
        let (workspace, mut bot) = Workspace::with_bot(mode).await;
        let (slack, deploys) = (&workspace.slack, &workspace.deploys);
        let [ben, cleo] = ["ben", "cleo"].map(|name| {
            let user = slack.add_user(name);
            slack.join(&user, deploys);
            user
        });
        // By name, and by a group.
        let group = slack.set_group("releases", &[&cleo]);
        for (who, may, mention) in [
            (&ben, &ben, format!("<@{ben}>")),
            (&group, &cleo, format!("<!subteam^{group}>")),
        ] {
            let before = slack.ephemerals().len();
            let question = asked(&workspace, &format!("vote {who}")).await;
            slack.click(&workspace.anna, deploys, &question.ts, "Yes");
            let whispers = whispers(&workspace, &workspace.anna, before + 1).await;
            assert_eq!(
                whispers.last().map(String::as_str),
                Some(format!("Only {mention} can answer this.").as_str()),
                "{mode} mode"
            );
            let posts = slack.post_count(deploys);
            slack.click(may, deploys, &question.ts, "No");
            assert_eq!(workspace.answer(posts).await.text(), "No it is.");
            assert_eq!(ended(&workspace, &question).await, answered("No", may));
        }
        workspace.said_at_the_end(&mut bot).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_too_late_is_told_so() {
    let (workspace, mut bot) = Workspace::with_bot(Mode::Socket).await;
    let (slack, anna, deploys) = (&workspace.slack, &workspace.anna, &workspace.deploys);
    // The question cannot be changed, so that its buttons stay.
    slack.refuse("chat.update", "edit_window_closed", 1);
    bot.forgive("ERROR not said: …");
    let question = asked(&workspace, "vote me").await;
    slack.click(anna, deploys, &question.ts, "Yes");
    assert_eq!(workspace.answer(1).await.text(), "Yes it is.");
    slack.click(anna, deploys, &question.ts, "No");
    let expected =
        "This question is over: it was answered before, or nobody waits for the answer any more.";
    assert_eq!(whispers(&workspace, anna, 1).await, [expected]);
    bot.expect_log("ERROR not said: …`edit_window_closed`…")
        .await;
    assert_eq!(workspace.said_at_the_end(&mut bot).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_that_nobody_answers_ends_and_says_so() {
    for mode in Mode::BOTH {
        let (workspace, mut bot) = Workspace::with_bot(mode).await;
        let question = workspace.ask("poll 100").await;
        let ending = ended(&workspace, &question).await;
        assert_eq!(ending, ["Nobody answered in time."], "{mode} mode");
        assert_eq!(workspace.answer(1).await.text(), "It ended with timeout.");
        assert_eq!(workspace.said_at_the_end(&mut bot).await.len(), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_outlives_a_crash() {
    for mode in Mode::BOTH {
        let (workspace, mut bot) = Workspace::with_bot(mode).await;
        let question = asked(&workspace, "vote me").await;
        workspace.slack.settled().await;
        bot.kill9_and_restart().await;
        let (slack, anna) = (&workspace.slack, &workspace.anna);
        slack.click(anna, &workspace.deploys, &question.ts, "Yes");
        assert_eq!(workspace.answer(1).await.text(), "Yes it is.");
        let expected = answered("Yes", anna);
        assert_eq!(ended(&workspace, &question).await, expected, "{mode} mode");
        assert_eq!(workspace.said_at_the_end(&mut bot).await.len(), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_click_is_acknowledged_at_once() {
    let (workspace, mut bot) = Workspace::with_bot(Mode::Socket).await;
    let (slack, anna) = (&workspace.slack, &workspace.anna);
    let card = workspace.ask("card api").await;
    let clicks = ["Again", "Who", "Other", "One", "Two"];
    let clicks = clicks.map(|words| slack.click(anna, &workspace.deploys, &card.ts, words));
    for click in clicks {
        let ack = slack.acknowledged(&click.id).await;
        assert!(ack.payload.is_null(), "{ack:?}");
    }
    // What was acknowledged is stored. Nothing says that it is answered yet.
    workspace.answer(4).await;
    let said = workspace.said_at_the_end(&mut bot).await;
    assert_eq!(said.len(), 5, "{said:?}");
    assert_eq!(slack.counts().lost, 0);
}
