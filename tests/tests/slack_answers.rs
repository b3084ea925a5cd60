//! What people see in Slack of what plugins say.

use std::sync::Arc;

use serde_json::Value;
use witbot_core::conversation::pattern::matches;
use witbot_tests::bot::Bot;
use witbot_tests::fakes::slack::{Behaviour, Ephemeral, File, Message};
use witbot_tests::home::Home;
use witbot_tests::slack::{FAST, GRANTS, Mode, Workspace};

async fn bot() -> (Arc<Workspace>, Bot) {
    Workspace::with_bot(Mode::Socket).await
}

/// The blocks of a card.
fn blocks(card: &Message) -> Vec<Value> {
    let attachments = card.now().attachments.as_array();
    let [attachment] = attachments.map(Vec::as_slice).unwrap_or_default() else {
        panic!("one attachment was expected: {card:#?}")
    };
    let blocks = attachment["blocks"].as_array();
    blocks.expect("the attachment has blocks").clone()
}

/// The elements of the actions among blocks.
fn elements(blocks: &[Value]) -> Vec<Value> {
    let actions = blocks.iter().filter(|block| block["type"] == "actions");
    let elements = actions.flat_map(|block| block["elements"].as_array().cloned());
    elements.flatten().collect()
}

/// What is shown to one person, once it is.
async fn whispered(workspace: &Workspace, count: usize) -> Ephemeral {
    let shown = workspace
        .slack
        .until(|slack| Some(slack.ephemerals()).filter(|shown| shown.len() >= count));
    let shown = shown.await;
    assert_eq!(shown.len(), count, "{shown:#?}");
    shown[count - 1].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whisper_is_seen_by_one_person() {
    let (workspace, mut bot) = bot().await;
    workspace.say("witbot whisper secret");
    let shown = whispered(&workspace, 1).await;
    assert_eq!(shown.text, "secret");
    assert_eq!(
        (&shown.user, &shown.channel, &shown.thread_ts),
        (&workspace.anna, &workspace.deploys, &None)
    );
    // In a thread it is shown there.
    let (slack, anna) = (&workspace.slack, &workspace.anna);
    let root = workspace.say("What about this?");
    slack.say(anna, &workspace.deploys, Some(&root), "witbot whisper psst");
    assert_eq!(whispered(&workspace, 2).await.thread_ts, Some(root));
    assert!(workspace.said_at_the_end(&mut bot).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_direct_message_needs_a_grant() {
    let (workspace, mut bot) = bot().await;
    let ben = workspace.slack.add_user("ben");
    workspace.say(&format!("witbot direct <@{ben}> hi &amp; bye"));
    let direct = workspace.slack.direct(&ben);
    let posts = workspace.slack.posts_of(&direct, 1).await;
    assert_eq!(posts[0].text(), "hi &amp; bye");
    assert!(workspace.said_at_the_end(&mut bot).await.is_empty());

    let without = format!("{FAST}[plugins.speaks.grants]\nchat = [{{ channel = \"deploys\" }}]\n");
    let (workspace, mut bot) = Workspace::with_bot_of(Mode::Socket, &without).await;
    let ben = workspace.slack.add_user("ben");
    let refusal = workspace.ask(&format!("direct <@{ben}> hi")).await;
    assert!(
        matches("…{ direct = true }…", refusal.text()),
        "{refusal:#?}"
    );
    assert_eq!(workspace.slack.call_count("conversations.open"), 0);
    workspace.said_at_the_end(&mut bot).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_taken_back_and_another_is_liked() {
    let (workspace, mut bot) = bot().await;
    workspace.ask("tidy").await;
    let tidy = workspace.answer(1).await;
    assert_eq!(tidy.text(), "Tidy.");
    let oops = &workspace.slack.posts(&workspace.deploys)[0];
    assert_eq!(oops.text(), "Oops.");
    assert!(oops.deleted.is_some(), "{oops:#?}");

    let liked = workspace.say("witbot like");
    let seen = workspace.answer(2).await;
    let by_the_bot = |emoji: &str| vec![(emoji.to_owned(), "U000WITBOT".to_owned())];
    let expected = by_the_bot("white_check_mark");
    let seen = workspace
        .becomes(&seen.ts, |seen| !seen.reactions.is_empty())
        .await;
    assert_eq!((seen.text(), &seen.reactions), ("Seen.", &expected));
    let liked = workspace.slack.message(&workspace.deploys, &liked);
    assert_eq!(liked.expect("it is there").reactions, by_the_bot("eyes"));
    workspace.said_at_the_end(&mut bot).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_has_all_that_was_put_on_it() {
    let (workspace, mut bot) = bot().await;
    let card = workspace
        .ask("card api &lt;!channel&gt; to *staging*")
        .await;
    assert_eq!(card.text(), "🔄 *api &lt;!channel&gt; to *staging**");
    let attachment = &card.now().attachments[0];
    assert_eq!(attachment["color"], "#1d9bd1");
    assert_eq!(attachment["fallback"], "api <!channel> to *staging*");
    let blocks = blocks(&card);
    let kinds: Vec<_> = blocks.iter().map(|block| block["type"].as_str()).collect();
    let sections = [Some("section"); 3];
    assert_eq!(kinds[..3], sections);
    assert_eq!(kinds[3..], [Some("actions"), Some("context")]);
    assert_eq!(blocks[0]["text"]["text"], "It goes on.");
    assert_eq!(blocks[1]["fields"][0]["text"], "*Version*\nv1 &lt;b&gt;");
    assert_eq!(blocks[2]["text"]["text"], "<https://ci.example/1|Log>");
    assert_eq!(blocks[4]["elements"][0]["text"], "Small print.");

    let elements = elements(&blocks);
    let [again, _, other, menu] = elements.as_slice() else {
        panic!("three buttons and a menu were expected: {elements:#?}")
    };
    assert_eq!(
        (&again["text"]["text"], &again["value"]),
        (&"Again".into(), &"echo again".into())
    );
    assert!(again["confirm"].is_null(), "{again:#}");
    // What cannot be undone is asked for once more.
    assert_eq!(other["style"], "danger");
    assert_eq!(other["confirm"]["title"]["text"], "Are you sure?");
    assert_eq!(menu["placeholder"]["text"], "Pick one");
    assert_eq!(menu["options"][1]["value"], "pick two");
    workspace.said_at_the_end(&mut bot).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_that_is_changed_is_the_same_message() {
    let (workspace, mut bot) = bot().await;
    let board = workspace.ask("board api/&lt;!here&gt;").await;
    let done = |board: &Message| board.text() == "✅ *Board*";
    let board = workspace.becomes(&board.ts, done).await;
    assert_eq!(board.now().attachments[0]["color"], "#2eb67d");
    let blocks = blocks(&board);
    assert_eq!(blocks[0]["text"]["text"], "`api/&lt;!here&gt;`");
    assert_eq!(
        blocks[1]["fields"][0]["text"],
        "*Result*\napi/&lt;!here&gt;"
    );
    assert!(elements(&blocks).is_empty(), "{blocks:#?}");
    assert_eq!(workspace.said_at_the_end(&mut bot).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn quick_edits_of_a_message_are_put_together() {
    let pace = "slack.channel_rate = { per_second = 1.0, burst = 1 }\n";
    let settings = format!("{pace}{GRANTS}");
    let (workspace, mut bot) = Workspace::with_bot_of(Mode::Socket, &settings).await;
    let strict = |slack: &mut Behaviour| slack.posts_per_second = Some((1.0, 1));
    workspace.slack.behave(strict);
    let message = workspace.ask("progress 20").await;
    let last = |message: &Message| message.text() == "Step 20.";
    let message = workspace.becomes(&message.ts, last).await;
    assert!(message.versions.len() <= 3, "{:?}", message.texts());
    assert_eq!(workspace.said_at_the_end(&mut bot).await, ["Step 20."]);
    let edits = workspace.slack.call_count("chat.update");
    assert!(edits <= 2, "{edits} edits");
    assert_eq!(workspace.slack.overrun(), 0);
}

/// What the guest says when it says much.
fn much() -> String {
    (1..=350)
        .map(|line| format!("This is line {line} of a long text.\n"))
        .collect()
}

/// The only file that there is, which is shown below a message by the bot's next post, and what is in it.
async fn file_below(workspace: &Workspace, post: &Message) -> (File, String) {
    let below = workspace.answer(1).await;
    assert_eq!(below.thread_ts.as_ref(), Some(&post.ts), "{below:#?}");
    let files = workspace.slack.files();
    let [file] = files.as_slice() else {
        panic!("one file was expected: {files:#?}")
    };
    assert_eq!(below.files, std::slice::from_ref(&file.id));
    assert_eq!(file.channel.as_ref(), Some(&workspace.deploys));
    let bytes = file.bytes.clone().expect("it was uploaded");
    let text = String::from_utf8(bytes).expect("it is a text");
    (file.clone(), text)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_long_is_in_a_file_as_a_whole() {
    let (workspace, mut bot) = bot().await;
    let post = workspace.ask("long 350").await;
    let (file, text) = file_below(&workspace, &post).await;
    let whole = much();
    assert_eq!(text, whole);
    // What is shown ends where a line ends, and says where the rest is.
    let note = format!("_All of it is in the file `{}` in this thread._", file.name);
    let shown = post.text().strip_suffix(&note).expect("the note is there");
    assert!(whole.starts_with(shown.trim_end()), "{shown}");
    assert!(shown.trim_end().ends_with("of a long text."), "{shown}");
    workspace.said_at_the_end(&mut bot).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_becomes_too_long_is_in_a_file_as_well() {
    let (workspace, mut bot) = bot().await;
    let post = workspace.ask("grow 350").await;
    let (file, text) = file_below(&workspace, &post).await;
    assert_eq!(text, much());
    let note = format!("_All of it is in the file `{}` in this thread._", file.name);
    let noted = |post: &Message| post.text().ends_with(&note);
    workspace.becomes(&post.ts, noted).await;
    assert_eq!(workspace.said_at_the_end(&mut bot).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_with_too_much_on_it_has_its_buttons_and_a_file() {
    let (workspace, mut bot) = bot().await;
    let card = workspace.ask("wall 20").await;
    let (_, text) = file_below(&workspace, &card).await;
    let field = "<&>".repeat(230);
    assert_eq!(text.matches(&field).count(), 20, "{text}");
    let elements = elements(&blocks(&card));
    assert_eq!(elements.len(), 11, "{elements:#?}");
    let options = elements[10]["options"].as_array().map(Vec::len);
    assert_eq!(options, Some(100));
    let shown = card.now().attachments.to_string();
    assert!(shown.contains("in this thread._"), "{shown}");
    workspace.said_at_the_end(&mut bot).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_files_it_is_shown_as_a_whole_and_the_log_names_the_scope() {
    let workspace = Arc::new(Workspace::start().await);
    let home = Home::new().with_guest("speaks");
    let settings = format!("{FAST}{GRANTS}");
    let home = workspace.home(home, Mode::Socket, &settings).await;
    workspace.slack.behave(|slack| slack.without("files:write"));
    let mut bot = Bot::start_in(home, &workspace, Mode::Socket).await;
    let post = workspace.ask("long 350").await;
    let last = "This is line 350 of a long text.";
    assert_eq!(post.text().lines().count(), 350);
    assert!(post.text().trim_end().ends_with(last), "{}", post.text());
    let logged = "WARN a long text is not attached as a file: …files:write…";
    bot.expect_log(logged).await;
    workspace.said_at_the_end(&mut bot).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_people_and_git_wrote_calls_nobody() {
    let (workspace, mut bot) = bot().await;
    for (said, answer) in [
        ("&lt;!channel&gt;", "&lt;!channel&gt;"),
        ("&lt;@U0000000BEN&gt;", "&lt;@U0000000BEN&gt;"),
        (
            "fix/&lt;!subteam^S1&gt; &amp;amp;",
            "fix/&lt;!subteam^S1&gt; &amp;amp;",
        ),
        (
            "&lt;https://evil.example|https://acme.example&gt;",
            "&lt;https://evil.example|https://acme.example&gt;",
        ),
        // What somebody else called loses its power when it is repeated.
        ("<!channel> lunch", "@channel lunch"),
    ] {
        assert_eq!(workspace.ask(&format!("echo {said}")).await.text(), answer);
    }
    workspace.said_at_the_end(&mut bot).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_mention_that_is_meant_is_one() {
    let (workspace, mut bot) = bot().await;
    let ben = workspace.slack.add_user("ben");
    let called = workspace
        .ask(&format!("mention <@{ben}> &lt;@{ben}&gt;"))
        .await;
    assert_eq!(called.text(), format!("<@{ben}>: &lt;@{ben}&gt;"));
    workspace.said_at_the_end(&mut bot).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn to_call_everybody_needs_a_grant() {
    let (workspace, mut bot) = bot().await;
    let refusal = workspace.ask("shout fire").await;
    let line = "…{ channel = \"deploys\", broadcast = true }…";
    assert!(matches(line, refusal.text()), "{refusal:#?}");
    assert!(!refusal.text().contains("<!"), "{refusal:#?}");
    workspace.said_at_the_end(&mut bot).await;

    let granted = format!(
        "{FAST}[plugins.speaks.grants]\nchat = [{{ channel = \"deploys\", broadcast = true }}, {{ direct = true }}]\n"
    );
    let (workspace, mut bot) = Workspace::with_bot_of(Mode::Socket, &granted).await;
    let called = workspace.ask("shout fire").await;
    assert_eq!(called.text(), "<!channel|channel> fire");
    workspace.said_at_the_end(&mut bot).await;
}
