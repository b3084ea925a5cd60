//! A bot that is an app at GitHub: what it asks for a plugin, it asks with a token that is good for no more than the plugin was
//! granted.

use reqwest::Method;
use witbot_tests::bot::Bot;
use witbot_tests::fakes::{CommitState, Github, Request};
use witbot_tests::home::Home;
use witbot_tests::services::{REPOSITORY, Services, private_key};

const APP: u64 = 11;
const OTHER: &str = "acme/web";
const READING: &str = "checks:read contents:read metadata:read statuses:read";

/// The settings of a bot whose plugin `inspects` has these grants.
fn settings(services: &Services, grants: &str) -> String {
    format!(
        "{}[plugins.inspects.grants]\ngithub = [{grants}]\n",
        services.addresses()
    )
}

/// A grant of permissions for repositories.
fn grant(repository: &str, permissions: &str) -> String {
    format!("{{ repository = \"{repository}\", permissions = [{permissions}] }}")
}

async fn services() -> Services {
    let services = Services::start().await;
    services.github.add_repository(OTHER, &["main"]);
    services
}

async fn bot(services: &Services, grants: &str) -> Bot {
    let home = Home::new()
        .with_guest("inspects")
        .with_settings(&settings(services, grants))
        .with_secret("GITHUB_APP_ID", &APP.to_string())
        .with_secret("GITHUB_APP_PRIVATE_KEY", &private_key());
    Bot::start(home).await
}

/// The token with which the last request about commits was sent.
fn token(github: &Github) -> String {
    let requests = github.requests();
    let about_commits = |request: &&Request| request.path.contains("/commits/");
    let last = requests.iter().rev().find(about_commits);
    let header = last.and_then(|request| request.header("authorization"));
    let header = header.expect("the bot asked about commits, and said who it is");
    header.rsplit(' ').next().unwrap_or_default().to_owned()
}

/// What the stand-in answers to somebody who has a token.
async fn try_with(token: &str, method: Method, url: String) -> (u16, String) {
    let client = reqwest::Client::builder().no_proxy().user_agent("mallory");
    let client = client.build().expect("a client can be made");
    let request = client.request(method, url).bearer_auth(token).body("{}");
    let answer = request.send().await.expect("the stand-in answers");
    let status = answer.status().as_u16();
    (status, answer.text().await.unwrap_or_default())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_good_for_what_was_granted_and_no_more() {
    let services = services().await;
    let github = &services.github;
    github.add_app(APP, &[REPOSITORY, OTHER]);
    let mut bot = bot(&services, &grant(REPOSITORY, "\"contents:read\"")).await;
    for _ in 0..2 {
        bot.ask("inspect commit main", "#console witbot: Start by alice")
            .await;
    }
    github.set_status(REPOSITORY, "main", "build", CommitState::Success);
    bot.ask("inspect checks main", "#console witbot: success: …")
        .await;
    assert_eq!(
        github.installation_tokens(),
        [format!("{REPOSITORY} {READING}")],
        "one token for all of it, and none that can do more"
    );

    // Whoever got hold of it could do no more with it than the plugin.
    let token = token(github);
    let to = |path: &str| format!("{}/repos/{path}", github.url());
    for (method, path, status) in [
        (Method::GET, "acme/api/commits/main", 200),
        (Method::GET, "acme/web/commits/main", 404),
        (Method::GET, "acme/api/deployments", 403),
        (Method::POST, "acme/api/deployments", 403),
        (Method::POST, "acme/api/merges", 403),
        (Method::GET, "acme/api/hooks", 403),
        (Method::GET, "acme/api/actions/runs/1", 403),
    ] {
        let (answered, said) = try_with(&token, method.clone(), to(path)).await;
        assert_eq!(answered, status, "{method} {path}: {said}");
        let refused = said.contains("Resource not accessible by integration");
        assert_eq!(refused, status == 403, "{method} {path}: {said}");
    }
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn new_grants_come_with_new_tokens() {
    let services = services().await;
    let github = &services.github;
    github.add_app(APP, &[REPOSITORY, OTHER]);
    let mut bot = bot(&services, &grant(REPOSITORY, "\"contents:read\"")).await;
    bot.ask("inspect commit main", "#console witbot: Start by alice")
        .await;
    let all = format!(
        "{}, {}",
        grant("acme/*", "\"contents:read\""),
        grant(REPOSITORY, "\"contents:write\", \"deployments:write\"")
    );
    for (grants, repositories, permissions) in [
        (
            all,
            REPOSITORY,
            "checks:read contents:write deployments:write metadata:read statuses:read workflows:write",
        ),
        (
            grant("acme/*", "\"contents:read\""),
            "acme/api,acme/web",
            READING,
        ),
    ] {
        let before = bot.logged("INFO the settings are taken up").len();
        bot.home().write_settings(&settings(&services, &grants));
        bot.expect_logs("INFO the settings are taken up", before + 1)
            .await;
        bot.ask("inspect commit main", "#console witbot: Start by alice")
            .await;
        let tokens = github.installation_tokens();
        let expected = format!("{repositories} {permissions}");
        assert_eq!(tokens.last(), Some(&expected), "{tokens:?}");
    }
    // The same permissions as at first, and yet not the token of then.
    assert_eq!(github.installation_tokens().len(), 3);
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_may_do_less_is_asked_for_less() {
    let services = services().await;
    let github = &services.github;
    let may = [("metadata", "read"), ("contents", "read")];
    github.add_app_with(APP, &[REPOSITORY], &may);
    let grants = grant(REPOSITORY, "\"contents:write\", \"deployments:read\"");
    let mut bot = bot(&services, &grants).await;
    bot.ask("inspect commit main", "#console witbot: Start by alice")
        .await;
    bot.ask(
        "inspect deployments",
        "#console witbot: GitHub does not let the bot list the deployments of acme/api: Resource not accessible by integration. The bot's credentials (GITHUB_APP_ID and GITHUB_APP_PRIVATE_KEY) need `deployments=read`.",
    )
    .await;
    assert_eq!(
        github.installation_tokens(),
        [format!("{REPOSITORY} contents:read metadata:read")]
    );
    bot.stop().await;
}
