//! People and channels of a Slack workspace: who they are, what they are called now, and where the bot may speak.

use std::sync::Arc;

use witbot_core::conversation::pattern::matches;
use witbot_tests::bot::Bot;
use witbot_tests::fakes::slack::{BOT_USER, UserKind};
use witbot_tests::slack::{FAST, GRANTS, Mode, Workspace};

async fn bot() -> (Arc<Workspace>, Bot) {
    Workspace::with_bot(Mode::Socket).await
}

/// What the bot told `anna` alone, once it did so this often.
async fn told(workspace: &Workspace, count: usize) -> Vec<String> {
    let direct = workspace.slack.direct(&workspace.anna);
    let posts = workspace.slack.posts_of(&direct, count).await;
    posts.iter().map(|post| post.text().to_owned()).collect()
}

/// Without it they may do nothing.
const STRANGERS_MAY: &str = r#"
[[rules]]
standings = ["stranger"]
decision = "allow"
"#;

#[tokio::test(flavor = "multi_thread")]
async fn it_knows_who_somebody_is() {
    for mode in Mode::BOTH {
        let settings = format!("slack.bots = [\"B000000JENK\"]\n{FAST}{GRANTS}{STRANGERS_MAY}");
        let (workspace, mut bot) = Workspace::with_bot_of(mode, &settings).await;
        let (slack, deploys) = (&workspace.slack, &workspace.deploys);
        for (name, kind, answer) in [
            ("gus", UserKind::Guest, "You are gus, a guest."),
            ("stan", UserKind::Stranger, "You are stan, a stranger."),
            ("jenk", UserKind::Bot, "You are jenk, a bot."),
            ("mia", UserKind::Member, "You are mia, a member."),
        ] {
            let user = slack.add_user_of(name, kind);
            let before = slack.post_count(deploys);
            slack.say(&user, deploys, None, "<@U000WITBOT> name");
            assert_eq!(workspace.answer(before).await.text(), answer, "{mode} mode");
        }
        workspace.said_at_the_end(&mut bot).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_asked_for_once_and_again_after_a_change() {
    for mode in Mode::BOTH {
        let (workspace, mut bot) = Workspace::with_bot(mode).await;
        let (slack, anna) = (&workspace.slack, &workspace.anna);
        slack.add_user("ben");
        for _ in 0..3 {
            let answer = workspace.ask("name").await;
            assert_eq!(answer.text(), "You are anna, a member.");
        }
        // Nobody asks for those who say nothing.
        assert_eq!(slack.call_count("users.info"), 1, "{mode} mode");

        slack.change_user(anna, "anna-marie", UserKind::Guest, false);
        slack.settled().await;
        let answer = workspace.ask("name").await;
        assert_eq!(answer.text(), "You are anna-marie, a guest.", "{mode} mode");
        assert_eq!(slack.call_count("users.info"), 2, "{mode} mode");
        workspace.said_at_the_end(&mut bot).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_is_found_by_its_name_also_by_a_new_one() {
    for mode in Mode::BOTH {
        let grants = "[plugins.speaks.grants]\nchat = [{ channel = \"ops\" }, { channel = \"operations\" }, \
                      { channel = \"C0000SECRET\" }, { direct = true }]\n";
        let (workspace, mut bot) = Workspace::with_bot_of(mode, &format!("{FAST}{grants}")).await;
        let slack = &workspace.slack;
        let ops = slack.add_channel("ops");
        workspace.say("witbot post ops one");
        workspace.say("witbot post #ops two");
        workspace.say(&format!("witbot post <#{ops}|ops> three"));
        let posts = slack.posts_of(&ops, 3).await;
        let mut said: Vec<_> = posts.iter().map(|post| post.text()).collect();
        // Three runs at the same time.
        said.sort_unstable();
        assert_eq!(said, ["one", "three", "two"], "{mode} mode");

        slack.rename_channel(&ops, "operations");
        slack.settled().await;
        workspace.say("witbot post operations four");
        assert_eq!(slack.posts_of(&ops, 4).await[3].text(), "four");
        let lost = workspace.ask("post ops five").await;
        let expected = "…I do not see the channel `ops`. If there is one, invite me there with `/invite @witbot`.…";
        assert!(matches(expected, lost.text()), "{lost:#?}");

        // What is granted by the id is granted under every name.
        let secret = slack.add_channel("secret");
        assert_eq!(secret, "C0000SECRET");
        slack.settled().await;
        workspace.say("witbot post C0000SECRET six");
        assert_eq!(slack.posts_of(&secret, 1).await[0].text(), "six");
        let said = workspace.said_at_the_end(&mut bot).await;
        assert_eq!(said.len(), 1, "{said:?}");
        assert_eq!(slack.post_count(&ops), 4);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn to_speak_in_another_channel_needs_a_grant() {
    let (workspace, mut bot) = bot().await;
    let other = workspace.slack.add_channel("general");
    let refusal = workspace.ask("post general hi").await;
    let line = "…{ channel = \"general\" }…";
    assert!(matches(line, refusal.text()), "{refusal:#?}");
    workspace.said_at_the_end(&mut bot).await;
    assert_eq!(workspace.slack.post_count(&other), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_channel_that_it_is_not_in_it_says_how_to_invite_it() {
    for mode in Mode::BOTH {
        let (workspace, mut bot) = Workspace::with_bot(mode).await;
        bot.forgive("ERROR not said: …");
        let (slack, anna) = (&workspace.slack, &workspace.anna);
        let public = slack.add_channel("random");
        let private = slack.add_private_channel("board");
        for (count, channel) in [(1, &public), (2, &private)] {
            slack.leave(BOT_USER, channel);
            slack.slash(anna, channel, "/witbot", "echo hi");
            let told = told(&workspace, count).await;
            let invite = format!(
                "I could not say something in <#{channel}>. I am not in that channel. Invite me with `/invite @witbot`."
            );
            assert_eq!(told[count - 1], invite, "{mode} mode");
        }
        bot.expect_log("ERROR not said: …(…not_in_channel…)").await;
        bot.expect_log("ERROR not said: …(…channel_not_found…)")
            .await;

        // It is there now.
        slack.join(BOT_USER, &public);
        slack.settled().await;
        slack.slash(anna, &public, "/witbot", "echo hi");
        assert_eq!(slack.posts_of(&public, 1).await[0].text(), "hi");
        assert_eq!(told(&workspace, 2).await.len(), 2);
        workspace.said_at_the_end(&mut bot).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_an_archived_channel_it_says_so() {
    let (workspace, mut bot) = bot().await;
    bot.forgive("ERROR not said: …");
    let slack = &workspace.slack;
    let old = slack.add_channel("old");
    slack.archive(&old);
    slack.slash(&workspace.anna, &old, "/witbot", "echo hi");
    let expected = format!(
        "I could not say something in <#{old}>. That channel is archived. Unarchive it, or have me speak in another."
    );
    assert_eq!(told(&workspace, 1).await, [expected]);
    bot.expect_log("ERROR not said: …(…is_archived…)").await;
    workspace.ask("echo still here").await;
    workspace.said_at_the_end(&mut bot).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_lacks_a_scope_names_it() {
    let (workspace, mut bot) = bot().await;
    bot.forgive("ERROR not said: …");
    let slack = &workspace.slack;
    let direct = slack.direct(&workspace.anna);
    // Once in the answer, and once where there is no answer.
    slack.behave(|slack| slack.without("im:write"));
    let lacking = workspace
        .ask(&format!("direct {} hi", workspace.anna))
        .await;
    assert!(matches("…im:write…", lacking.text()), "{lacking:#?}");
    assert_eq!(slack.post_count(&direct), 0);

    slack.behave(|slack| slack.scopes.push("im:write".to_owned()));
    slack.behave(|slack| slack.without("reactions:write"));
    workspace.say("witbot like");
    let told = told(&workspace, 1).await;
    let named = "I could not react to a message in …. My app may not do that: the bot token lacks the scope `reactions:write` …";
    assert!(matches(named, &told[0]), "{told:?}");
    bot.expect_log("ERROR not said: …reactions:write…").await;
    workspace.ask("echo still here").await;
    workspace.said_at_the_end(&mut bot).await;
}
