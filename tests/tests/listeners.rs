//! Listeners by the rules of Hubot hear what they would have heard there, also when the bot gets another name.

use witbot_tests::bot::Bot;
use witbot_tests::home::Home;

#[tokio::test(flavor = "multi_thread")]
async fn hubots_listeners_hear_the_name_and_the_groups() {
    let home = Home::new()
        .with_guest("listens")
        .with_settings("alias = \"/\"");
    let mut bot = Bot::start(home).await;
    for (said, answer) in [
        // A pattern that is not addressed gets all of it, and the first hit with its groups.
        ("about ops-12 and OPS-13", "Heard of 12."),
        // Whatever is typed on the console is said to the bot.
        (
            "open the pod bay doors",
            "listener: witbot open the pod bay doors: pod bay, some day.",
        ),
        (
            "@Witbot: Open the doors doors now, please",
            "listener: @Witbot: Open the doors doors now: doors, at once.",
        ),
        (
            "/open the red doors",
            "listener: /open the red doors: red, some day.",
        ),
        (
            "please open the red doors",
            "I do not know that command. `help` lists all.",
        ),
    ] {
        let answer = format!("#console witbot: {answer}");
        bot.ask(said, &answer).await;
    }
    let shown = bot.home().witbot(&["plugin", "show", "listens"]).await.ok();
    let listens = r"
listens for:
  /OPS-(\d+)/gi (`hear` in rules) – Hears of tickets.
  /open the (.*) doors( now)?/i behind the name of the bot (`respond` in rules) – Opens doors.
";
    assert!(shown.contains(listens), "{shown}");
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn listeners_know_the_bot_by_its_new_name() {
    let home = Home::new().with_guest("listens");
    let mut bot = Bot::start(home).await;
    let answer = "#console witbot: listener: … the red doors: red, some day.";
    bot.ask("witbot open the red doors", answer).await;

    bot.home().write_settings("name = \"hal\"");
    bot.expect_log("INFO listeners know the bot as `hal`").await;
    bot.ask("Hal, open the red doors", answer).await;
    bot.stop().await;
}
