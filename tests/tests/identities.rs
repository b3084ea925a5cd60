//! People who say who they are at GitHub: by a code that they type there, and that nobody else in the chat sees.

use std::sync::Arc;

use witbot_core::conversation::pattern::matches;
use witbot_tests::bot::Bot;
use witbot_tests::fakes::{Fault, Github, Request, Trouble};
use witbot_tests::home::Home;
use witbot_tests::services::{REPOSITORY, Services};
use witbot_tests::slack::{FAST, Mode, Workspace};

const CLIENT: &str = "Iv1.0123456789abcdef";
const CODE: &str = "Open http://…/login/device within 15 minutes, and type `WDJB-…` there. I learn the name of your account, and get no rights to it.… Never type a code that somebody else gives you.";

const MORE: &str = r#"
[plugins.speaks.grants]
chat = [{ channel = "*" }]

[[rules]]
commands = ["deploy*"]
decision = "allow"
"#;

/// The settings of a bot that deploys, and to which people can say who they are.
fn settings(services: &Services) -> String {
    let linking = format!(
        "url = \"{}\"\nclient_id = \"{CLIENT}\"",
        services.github.url()
    );
    let settings = services.settings();
    let settings = settings.replacen("[github]\n", &format!("[github]\n{linking}\n"), 1);
    format!("{settings}{MORE}")
}

async fn bot() -> (Bot, Arc<Services>) {
    let services = Arc::new(Services::start().await);
    services.github.add_client(CLIENT);
    let home = Home::new().with_plugin("deploy").with_guest("speaks");
    let home = home.with_settings(&settings(&services));
    (Bot::start_for(home, &services).await, services)
}

/// What is told to whoever sits at the terminal, and nobody else.
fn alone(text: &str) -> String {
    format!("#console witbot (to @… alone): {text}")
}

/// Asks for a code, and gives it back.
async fn code(bot: &mut Bot, github: &Github) -> String {
    bot.ask("link github", &alone(CODE)).await;
    let codes = github.codes();
    codes.last().expect("a code was given out").clone()
}

/// Waits until the bot has asked so often whether a code was typed.
async fn asked(github: &Github, code: &str, times: usize) {
    github
        .until(|github| (github.code_asked(code) >= times).then_some(()))
        .await;
}

/// The records of the audit that are about identities, oldest first, without their times.
async fn audited(bot: &Bot) -> Vec<String> {
    let shown = bot.home().witbot(&["audit", "show"]).await.ok();
    let lines = shown.lines().filter(|line| line.contains("identity."));
    lines.map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_types_the_code_is_known_where_they_deploy() {
    let (mut bot, services) = bot().await;
    let github = &services.github;
    bot.ask("login", "#console witbot: You are nobody at GitHub.")
        .await;
    let first = code(&mut bot, github).await;
    asked(github, &first, 2).await;
    github.slow_down(&first, 1);
    github.type_code(&first, "octo-ada");
    bot.expect(&alone(
        "You are `octo-ada` at GitHub. `unlink github` has me forget it.",
    ))
    .await;
    bot.ask("login", "#console witbot: You are octo-ada at GitHub.")
        .await;
    bot.say("deploy api/main to staging").await;
    let deployment = github
        .until(|github| github.deployments(REPOSITORY).pop())
        .await;
    let by = &deployment.payload["requested_by"];
    assert_eq!(by["github"], "octo-ada", "{by}");
    bot.expect_soon("…octo-ada at GitHub…").await;

    // A token was used to ask whose it is, and for nothing else; it is nowhere any more.
    let requests = github.requests();
    let with_token = |request: &&Request| {
        let header = request.header("authorization").unwrap_or_default();
        header.contains("gho_")
    };
    let paths: Vec<&str> = requests
        .iter()
        .filter(with_token)
        .map(|request| request.path.as_str())
        .collect();
    assert_eq!(paths, ["/user"]);
    let audit = audited(&bot).await;
    assert_eq!(audit.len(), 1, "{audit:#?}");
    assert!(
        audit[0].contains("identity.linked") && audit[0].contains("octo-ada"),
        "{audit:#?}"
    );
    bot.kill9().await;
    let kept = kept(bot.home());
    assert!(kept.contains("octo-ada") && !kept.contains("gho_"));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_linked_without_their_consent() {
    let (mut bot, services) = bot().await;
    let github = &services.github;
    let declined = code(&mut bot, github).await;
    github.decline_code(&declined);
    bot.expect(&alone("You declined it at GitHub, so nothing is linked."))
        .await;

    let late = code(&mut bot, github).await;
    github.let_code_expire(&late);
    let over =
        "The code was not typed in time, so nothing is linked. `link github` gives you a new one.";
    bot.expect(&alone(over)).await;

    // Who begins anew has one code: the other one is good for nothing.
    let first = code(&mut bot, github).await;
    asked(github, &first, 1).await;
    let second = code(&mut bot, github).await;
    github.type_code(&first, "mallory");
    github.type_code(&second, "octo-ada");
    bot.expect(&alone("You are `octo-ada` at GitHub.…")).await;
    bot.ask("link github", &alone("…It takes the place of `octo-ada`.…"))
        .await;

    // Who unlinks has no code any more.
    let third = github.codes().pop().expect("a code was given out");
    bot.ask(
        "unlink github",
        &alone("I have forgotten your account at GitHub."),
    )
    .await;
    github.type_code(&third, "mallory");
    bot.ask(
        "unlink github",
        &alone("You have no account at GitHub linked. `link github` links one."),
    )
    .await;
    let audit = audited(&bot).await;
    assert_eq!(audit.len(), 2, "{audit:#?}");
    assert!(
        audit[0].contains("identity.linked") && audit[0].contains("octo-ada"),
        "{audit:#?}"
    );
    assert!(audit[1].contains("identity.unlinked"), "{audit:#?}");
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_set_up_or_cannot_be_reached_is_said() {
    let services = Arc::new(Services::start().await);
    let home = Home::new().with_settings(&services.settings());
    let mut bot = Bot::start_for(home, &services).await;
    bot.ask(
        "link github",
        &alone("…whoever runs me has to set `client_id` of `[github]`…"),
    )
    .await;
    bot.stop().await;

    // GitHub knows no such app yet.
    let home = Home::new().with_settings(&settings(&services));
    let mut bot = Bot::start_for(home, &services).await;
    bot.ask(
        "link github",
        &alone("…does not take the app that I am set up with (Not Found). …"),
    )
    .await;
    services.github.add_client(CLIENT);
    let begin = Fault::on("POST", "/login/device/code", Trouble::Status(502));
    services.github.inject(begin);
    bot.ask("link github", &alone("I cannot reach GitHub just now…"))
        .await;
    let code = code(&mut bot, &services.github).await;
    services.github.type_code(&code, "octo-ada");
    bot.expect(&alone("You are `octo-ada` at GitHub.…")).await;
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_belongs_to_one_person() {
    let (workspace, services) = (Arc::new(Workspace::start().await), Services::start().await);
    services.github.add_client(CLIENT);
    let services = Arc::new(services);
    let home = workspace
        .home(
            Home::new(),
            Mode::Socket,
            &format!("{FAST}{}", settings(&services)),
        )
        .await;
    let mut bot = Bot::start_in_for(home, &workspace, Mode::Socket, &services).await;
    let (slack, github) = (&workspace.slack, &services.github);
    let ben = slack.add_user("ben");
    let mut told = 0;
    for (user, end) in [
        (&workspace.anna, "You are `octo-ada` at GitHub.…"),
        (
            &ben,
            "`octo-ada` at GitHub is linked to somebody else here, so I did not link it to you.…",
        ),
    ] {
        slack.say(user, &workspace.deploys, None, "<@U000WITBOT> link github");
        whispered(&workspace, user, told, CODE).await;
        let code = github.codes().pop().expect("a code was given out");
        github.type_code(&code, "octo-ada");
        let text = whispered(&workspace, user, told + 1, end).await;
        assert!(
            !text.contains("anna") && !text.contains(&workspace.anna),
            "{text}"
        );
        told += 2;
    }
    let audit = audited(&bot).await;
    assert_eq!(audit.len(), 2, "{audit:#?}");
    assert!(audit[1].contains("conflict"), "{audit:#?}");
    assert_eq!(
        workspace.said_at_the_end(&mut bot).await,
        Vec::<String>::new()
    );
}

/// Waits for what is shown to somebody alone, after so much else was.
async fn whispered(workspace: &Workspace, user: &str, before: usize, pattern: &str) -> String {
    let shown = workspace
        .slack
        .until(|slack| slack.ephemerals().get(before).cloned())
        .await;
    assert_eq!(shown.user, user);
    assert!(matches(pattern, &shown.text), "{pattern}: {}", shown.text);
    shown.text
}

/// All that is kept, as far as it is text.
fn kept(home: &Home) -> String {
    let files = std::fs::read_dir(home.data()).expect("the bot keeps something");
    let files = files.filter_map(|file| std::fs::read(file.ok()?.path()).ok());
    files
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .collect()
}
