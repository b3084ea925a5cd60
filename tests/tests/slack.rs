//! How the bot hears in a Slack workspace what is meant for it, over sockets and by requests.

use std::sync::Arc;

use serde_json::json;
use witbot_tests::bot::Bot;
use witbot_tests::slack::{FAST, GRANTS, Mode, Workspace};

async fn with_alias(mode: Mode) -> (Arc<Workspace>, Bot) {
    Workspace::with_bot_of(mode, &format!("alias = \"!\"\n{FAST}{GRANTS}")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_called_by_a_mention_by_its_name_and_by_its_alias() {
    for mode in Mode::BOTH {
        let (workspace, mut bot) = with_alias(mode).await;
        let mut expected = Vec::new();
        for (said, answer) in [
            (
                "<@U000WITBOT> echo a &lt;b&gt; &amp; c",
                "a &lt;b&gt; &amp; c",
            ),
            ("<@U000WITBOT>: echo one", "one"),
            ("<@U000WITBOT|witbot> echo two", "two"),
            ("witbot echo three", "three"),
            ("@Witbot, echo four", "four"),
            ("!echo five", "five"),
            ("  witbot\u{a0}echo six  ", "six"),
        ] {
            workspace.say(said);
            let post = workspace.answer(expected.len()).await;
            assert_eq!(post.text(), answer, "{said:?} in {mode} mode");
            assert_eq!(post.thread_ts, None, "{said:?} in {mode} mode");
            expected.push(answer.to_owned());
        }
        assert_eq!(workspace.said_at_the_end(&mut bot).await, expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_to_others_is_not_answered() {
    let (workspace, mut bot) = with_alias(Mode::Socket).await;
    let ben = workspace.slack.add_user("ben");
    for said in [
        "echo one".to_owned(),
        "hey witbot echo two".to_owned(),
        "witbotany echo three".to_owned(),
        format!("<@{ben}> echo four"),
        format!("<@{ben}> ask <@U000WITBOT> to echo five"),
        "!!! echo six".to_owned(),
    ] {
        workspace.say(&said);
    }
    workspace.ask("echo seven").await;
    assert_eq!(workspace.said_at_the_end(&mut bot).await, ["seven"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_direct_message_it_needs_no_name() {
    for mode in Mode::BOTH {
        let (workspace, mut bot) = Workspace::with_bot(mode).await;
        let slack = &workspace.slack;
        let direct = slack.direct(&workspace.anna);
        for (count, said) in ["echo hi", "witbot echo hi", "<@U000WITBOT> echo hi"]
            .into_iter()
            .enumerate()
        {
            slack.say(&workspace.anna, &direct, None, said);
            let posts = slack.posts_of(&direct, count + 1).await;
            assert_eq!(posts[count].text(), "hi", "{said:?} in {mode} mode");
        }
        assert!(workspace.said_at_the_end(&mut bot).await.is_empty());
        assert_eq!(slack.post_count(&direct), 3);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_stays_in_the_thread_of_the_question() {
    for mode in Mode::BOTH {
        let (workspace, mut bot) = Workspace::with_bot(mode).await;
        let (slack, anna, deploys) = (&workspace.slack, &workspace.anna, &workspace.deploys);
        let root = workspace.say("What about this?");
        slack.say(anna, deploys, Some(&root), "<@U000WITBOT> echo below");
        let below = workspace.answer(0).await;
        assert_eq!(below.text(), "below");
        assert_eq!(below.thread_ts.as_ref(), Some(&root), "{mode} mode");

        let asked = workspace.say("<@U000WITBOT> thread lower");
        let lower = workspace.answer(1).await;
        assert_eq!(lower.thread_ts.as_ref(), Some(&asked), "{mode} mode");
        // In a thread there is no deeper one.
        slack.say(anna, deploys, Some(&root), "<@U000WITBOT> thread lowest");
        let lowest = workspace.answer(2).await;
        assert_eq!(lowest.thread_ts.as_ref(), Some(&root), "{mode} mode");
        workspace.said_at_the_end(&mut bot).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slash_command_is_shown_at_once_and_answered_in_the_channel() {
    for mode in Mode::BOTH {
        let (workspace, mut bot) = Workspace::with_bot(mode).await;
        let (slack, anna, deploys) = (&workspace.slack, &workspace.anna, &workspace.deploys);
        let command = slack.slash(anna, deploys, "/witbot", "hello");
        assert_eq!(workspace.answer(0).await.text(), "Hello, anna!");
        assert_eq!(
            acknowledged(&workspace, mode, &command.id).await,
            json!({ "response_type": "in_channel" })
        );
        // Nobody waits for a plugin that takes its time.
        let slow = slack.slash(anna, deploys, "/witbot", "rest 3600000");
        acknowledged(&workspace, mode, &slow.id).await;
        // What is typed in a direct message is answered there.
        let direct = slack.direct(anna);
        slack.slash(anna, &direct, "/witbot", "echo here");
        assert_eq!(slack.posts_of(&direct, 1).await[0].text(), "here");
        // The command alone lists all of them.
        slack.slash(anna, deploys, "/witbot", "");
        let help = workspace.answer(1).await;
        assert!(help.text().contains("echo"), "{help:?}");
        assert_eq!(workspace.said_at_the_end(&mut bot).await.len(), 2);
    }
}

/// What came with the acknowledgement of a command.
async fn acknowledged(workspace: &Workspace, mode: Mode, trigger: &str) -> serde_json::Value {
    match mode {
        Mode::Socket => workspace.slack.acknowledged(trigger).await.payload,
        Mode::Http => {
            let brought = workspace.slack.until(|slack| {
                let mut brought = slack.deliveries();
                brought.retain(|delivery| delivery.key == trigger);
                brought.pop()
            });
            let brought = brought.await;
            assert_eq!(brought.status, Some(200), "{brought:?}");
            serde_json::from_str(&brought.answer).expect("it is JSON")
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mention_alone_is_answered() {
    for mode in Mode::BOTH {
        let (workspace, mut bot) = Workspace::with_bot(mode).await;
        let answer = workspace.ask("").await;
        assert_eq!(answer.text(), "Yes? `help` lists what I can do.");
        assert_eq!(workspace.said_at_the_end(&mut bot).await.len(), 1);
    }
}
