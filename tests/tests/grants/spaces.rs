//! What plugins remember: each by itself, and together in spaces that are granted by name.

use witbot_tests::bot::Bot;
use witbot_tests::home::Home;

use crate::{denied, rob, take_up};

fn granted(robs: &str) -> String {
    format!(
        r#"[plugins.remembers.grants]
kv = [{{ max_bytes = 1024 }}]
[plugins.shares.grants]
kv = [{{ namespace = "team", write = true, max_bytes = 40 }}]
[plugins.robs.grants]
{robs}
"#
    )
}

async fn bot() -> Bot {
    let home = Home::new()
        .with_guest("robs")
        .with_guest("remembers")
        .with_guest("shares")
        .with_settings(&granted(""));
    Bot::start(home).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_space_of_its_own() {
    let mut bot = bot().await;
    denied(&mut bot, "kv get count", "max_bytes = 1048576").await;
    denied(&mut bot, "kv set count 7", "max_bytes = 1048576").await;

    // A plugin that keeps the same key has its own.
    bot.ask("count", "#console witbot: Count: 1.").await;
    take_up(&mut bot, &granted("kv = [{ max_bytes = 10 }]")).await;
    rob(&mut bot, "kv get count", "got nothing").await;
    rob(&mut bot, "kv set count 7", "got it set").await;
    rob(&mut bot, "kv get count", "got 7").await;
    bot.ask("recall", "#console witbot: I remember 1.").await;

    rob(
        &mut bot,
        "kv set other 123456",
        "conflict: the plugin's kv space is full: it holds 6 of 10 bytes, and would hold 17",
    )
    .await;
    rob(&mut bot, "kv get other", "got nothing").await;
    // What a plugin of its own has is no shared space, whatever that is called.
    for space in ["remembers", "robs", "team"] {
        let what = format!("kv get count in {space}");
        denied(&mut bot, &what, &format!(r#"namespace = "{space}""#)).await;
    }
    rob(
        &mut bot,
        "kv get note in shared:team",
        "invalid: `shared:team` is not a namespace: …",
    )
    .await;
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shared_space_is_read_and_written_as_it_is_granted() {
    let mut bot = bot().await;
    bot.ask("note lunch", "#console witbot: Noted: lunch.")
        .await;
    denied(&mut bot, "kv get note in team", r#"namespace = "team""#).await;
    denied(&mut bot, "kv set note x in team", r#"namespace = "team""#).await;

    // To read. Its own space is not granted with it.
    take_up(&mut bot, &granted(r#"kv = [{ namespace = "team" }]"#)).await;
    rob(&mut bot, "kv get note in team", r#"got "lunch""#).await;
    for what in [
        "kv set note x in team",
        "kv swap note x in team",
        "kv delete note in team",
    ] {
        let entry = r#"namespace = "team", write = true"#;
        denied(&mut bot, what, entry).await;
    }
    denied(&mut bot, "kv get note", "max_bytes = 1048576").await;
    denied(&mut bot, "kv get note in teams", r#"namespace = "teams""#).await;
    bot.ask("note", "#console witbot: The note is lunch.").await;

    // To write. It holds what the largest grant says, which is the other plugin's.
    let writes =
        r#"kv = [{ namespace = "team", write = true, max_bytes = 20 }, { namespace = "robs" }]"#;
    take_up(&mut bot, &granted(writes)).await;
    rob(
        &mut bot,
        "kv swap note mine in team",
        "got it swapped: true",
    )
    .await;
    rob(
        &mut bot,
        "kv set a 123456789012345678901234 in team",
        "got it set",
    )
    .await;
    rob(
        &mut bot,
        "kv set b 1234567890 in team",
        "conflict: the shared kv space `team` is full: it holds … of 40 bytes, …",
    )
    .await;
    rob(&mut bot, "kv get note in robs", "got nothing").await;
    // Where both may write, what one takes away is gone for the other.
    rob(&mut bot, "kv delete note in team", "got left: a").await;
    bot.ask("note", "#console witbot: The note is .").await;

    // It is there after a kill, and taking the grant back acts at once.
    bot.kill9_and_restart().await;
    // What was said before it may be said again.
    bot.say("rob kv get a in team").await;
    bot.expect_soon("#console witbot: got 1234…").await;
    take_up(&mut bot, &granted("")).await;
    denied(&mut bot, "kv get a in team", r#"namespace = "team""#).await;
    bot.stop().await;
}
