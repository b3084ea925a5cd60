//! Each capability, tried by a plugin that wants more than it was granted: what is denied is not done, wherever one looks,
//! and the same is done once it is granted. So no denial here is for another reason.
//!
//! What cards and mentions can be tricked into is in `sandbox`, as far as it is about chats.

#[path = "grants/secrets.rs"]
mod secrets;
#[path = "grants/spaces.rs"]
mod spaces;
#[path = "grants/web.rs"]
mod web;

use std::sync::Arc;

use witbot_tests::bot::Bot;
use witbot_tests::fakes::ParameterType;
use witbot_tests::home::Home;
use witbot_tests::services::{PROJECT, REPOSITORY, Services};

/// Another project that the bot's credentials can see.
const OTHER_PROJECT: &str = "gh/acme/ops";

/// A bot with the robber, and nothing granted to it.
async fn bot(services: &Arc<Services>) -> Bot {
    let home = Home::new()
        .with_guest("robs")
        .with_settings(&services.addresses());
    Bot::start_for(home, services).await
}

/// Grants this, and nothing else.
async fn grant(bot: &mut Bot, services: &Services, grants: &str) {
    let settings = format!("{}[plugins.robs.grants]\n{grants}\n", services.addresses());
    take_up(bot, &settings).await;
}

/// Has new settings taken up.
async fn take_up(bot: &mut Bot, settings: &str) {
    let before = bot.logged("INFO the settings are taken up").len();
    bot.home().write_settings(settings);
    bot.expect_logs("INFO the settings are taken up", before + 1)
        .await;
}

/// Tries something that comes to this.
async fn rob(bot: &mut Bot, what: &str, comes_to: &str) -> String {
    let answer = format!("#console witbot: {comes_to}");
    bot.ask(&format!("rob {what}"), &answer).await
}

/// Tries something that a grant would allow. What would have to be written is told.
async fn denied(bot: &mut Bot, what: &str, entry: &str) {
    let told = format!(
        "denied: plugin `robs` may not …; to allow it, add to …[plugins.robs.grants]: …{entry}…"
    );
    rob(bot, what, &told).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn github_by_repository_permission_and_environment() {
    let services = Arc::new(Services::start().await);
    services.github.add_repository("acme/secret", &["main"]);
    let mut bot = bot(&services).await;
    let repository = r#"repository = "acme/api""#;
    denied(&mut bot, "github open acme/api", repository).await;
    denied(&mut bot, "github deploy staging", repository).await;

    let of = |permissions: &str, environments: &str| {
        format!(
            r#"github = [{{ repository = "acme/api", permissions = [{permissions}], environments = [{environments}] }}]"#
        )
    };
    let reads = of(r#""contents:read", "deployments:read""#, "");
    grant(&mut bot, &services, &reads).await;
    rob(&mut bot, "github open ACME/api", "got a repository").await;
    denied(&mut bot, "github open acme/secret", r#""acme/secret""#).await;
    denied(&mut bot, "github deploy staging", r#""deployments:write""#).await;
    denied(&mut bot, "github merge fix-login", r#""contents:write""#).await;
    assert!(services.github.deployments(REPOSITORY).is_empty());

    let writes = r#""deployments:read", "deployments:write""#;
    grant(&mut bot, &services, &of(writes, r#""staging""#)).await;
    denied(&mut bot, "github deploy production", r#"["production"]"#).await;
    denied(&mut bot, "github deploy Staging", r#"["Staging"]"#).await;
    assert!(services.github.deployments(REPOSITORY).is_empty());
    rob(&mut bot, "github deploy staging", "got …").await;

    // The environment of a deployment is what GitHub says, and not what the plugin says or is silent about.
    grant(&mut bot, &services, &of(writes, r#""production""#)).await;
    let got = rob(&mut bot, "github deploy production", "got …").await;
    let production = got.rsplit(' ').next().unwrap_or_default();
    let finish = format!("github finish {production}");
    grant(&mut bot, &services, &of(writes, r#""staging""#)).await;
    denied(&mut bot, &finish, r#"["production"]"#).await;
    let states = || services.github.deployments(REPOSITORY)[1].states();
    assert_eq!(states(), []);
    grant(&mut bot, &services, &of(writes, r#""production""#)).await;
    rob(&mut bot, &finish, "got a status").await;
    assert_eq!(states().len(), 1);

    let merges = of(r#""contents:write""#, "");
    grant(&mut bot, &services, &merges).await;
    services.github.push(REPOSITORY, "fix-login", "More.");
    rob(&mut bot, "github merge fix-login", "got a merge").await;
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ci_by_project_action_and_parameter() {
    let services = Arc::new(Services::start().await);
    let parameters = [("environment", ParameterType::String)];
    services.circleci.add_project(OTHER_PROJECT, &parameters);
    let commit = services.github.sha(REPOSITORY, "main");
    services.circleci.set_branch(OTHER_PROJECT, "main", &commit);
    let mut bot = bot(&services).await;
    let start = format!("ci start {PROJECT} environment");
    denied(&mut bot, &start, PROJECT).await;

    let of = |project: &str, more: &str| {
        format!(r#"{{ provider = "circleci", project = "{project}", {more} }}"#)
    };
    let starts = of(
        PROJECT,
        r#"actions = ["trigger"], parameters = ["environment"]"#,
    );
    grant(&mut bot, &services, &format!("ci = [{starts}]")).await;
    let other = format!("ci start {OTHER_PROJECT} environment");
    denied(&mut bot, &other, OTHER_PROJECT).await;
    denied(&mut bot, &format!("ci start {PROJECT} sha"), r#"["sha"]"#).await;
    assert!(services.circleci.pipelines(PROJECT).is_empty());
    assert!(services.circleci.pipelines(OTHER_PROJECT).is_empty());
    let got = rob(&mut bot, &start, "got …").await;
    let run = got.rsplit(' ').next().unwrap_or_default().to_owned();
    let (stop, look) = (
        format!("ci stop {PROJECT} {run}"),
        format!("ci read {PROJECT} {run}"),
    );
    denied(&mut bot, &stop, r#"["cancel"]"#).await;
    denied(&mut bot, &look, r#"["read"]"#).await;

    // All of another project, and the id of a run of this one.
    let all = of(OTHER_PROJECT, r#"actions = ["read", "cancel"]"#);
    grant(&mut bot, &services, &format!("ci = [{all}]")).await;
    let stop_by_another = format!("ci stop {OTHER_PROJECT} {run}");
    rob(&mut bot, &stop_by_another, "not-found: …").await;
    let look_by_another = format!("ci read {OTHER_PROJECT} {run}");
    rob(&mut bot, &look_by_another, "not-found: …").await;
    let asked_to_stop = || {
        let requests = services.circleci.requests();
        requests
            .iter()
            .filter(|request| request.path.ends_with("/cancel"))
            .count()
    };
    assert_eq!(asked_to_stop(), 0);

    let both = of(PROJECT, r#"actions = ["read", "cancel"]"#);
    grant(&mut bot, &services, &format!("ci = [{all}, {both}]")).await;
    rob(&mut bot, &look, "got a look").await;
    services.begin(&services.pipeline().await);
    rob(&mut bot, &stop, "got a stop").await;
    assert_ne!(asked_to_stop(), 0);
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn chat_by_channel_and_person() {
    let services = Arc::new(Services::start().await);
    let mut bot = bot(&services).await;
    denied(&mut bot, "chat post ops", r#"channel = "ops""#).await;
    denied(&mut bot, "chat direct ada", "direct = true").await;

    // Words to who asked need no grant, but calling a group does, wherever it is done.
    let entry = r#"channel = "console", mentions = true"#;
    denied(&mut bot, "chat mention", entry).await;
    let loud = r#"chat = [{ channel = "console", mentions = true }]"#;
    grant(&mut bot, &services, loud).await;
    bot.ask("rob chat mention", "#console witbot: Hear me")
        .await;
    bot.expect("    Who: @S0PEOPLE hear me!").await;
    bot.expect("#console witbot: @S0PEOPLE hear me!").await;
    bot.expect("#console witbot: got heard").await;

    grant(&mut bot, &services, r#"chat = [{ channel = "ops" }]"#).await;
    denied(&mut bot, "chat post ops-prod", r#"channel = "ops-prod""#).await;
    denied(&mut bot, "chat direct ada", "direct = true").await;
    bot.say("rob chat post #ops").await;
    both(&bot, "#ops witbot: Hear me!").await;

    grant(&mut bot, &services, "chat = [{ direct = true }]").await;
    denied(&mut bot, "chat post ops", r#"channel = "ops""#).await;
    bot.say("rob chat direct ada").await;
    both(&bot, "@ada witbot: Hear me!").await;
    bot.stop().await;
}

/// What is said elsewhere and here comes in any order.
async fn both(bot: &Bot, elsewhere: &str) {
    let mut lines = [bot.expect("…").await, bot.expect("…").await];
    lines.sort();
    assert_eq!(lines, ["#console witbot: got heard", elsewhere]);
}
