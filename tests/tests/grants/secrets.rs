//! The web by host, method and path; and secrets that the bot adds to requests, which the plugin must not get.

use std::fs;
use std::path::Path;

use witbot_tests::bot::Bot;
use witbot_tests::home::Home;

use crate::web::Web;
use crate::{denied, rob, take_up};

const SECRET: &str = "hunter2-aGh8s1Kx0q";

fn granted(http: &str) -> String {
    format!("[plugins.robs.grants]\nhttp = [{http}]\n")
}

/// A host where the bot adds the secret.
fn with_secret(web: &Web) -> String {
    format!(
        r#"{{ host = "{}", methods = ["GET"], path = "/v1/", private = true, headers = {{ Authorization = "Bearer ${{PAGER_TOKEN}}" }} }}"#,
        web.host()
    )
}

async fn bot(settings: &str) -> Bot {
    let home = Home::new()
        .with_guest("robs")
        .with_settings(settings)
        .with_secret("PAGER_TOKEN", SECRET);
    Bot::start(home).await
}

#[tokio::test(flavor = "multi_thread")]
async fn http_by_host_method_path_and_network() {
    let (web, other) = (Web::start("/").await, Web::start("/").await);
    let mut bot = bot("").await;
    let (get, post) = (
        format!("http get {}", web.url("/v1/echo")),
        format!("http post {}", web.url("/v1/echo")),
    );
    denied(&mut bot, &get, &web.host()).await;

    let of = |more: &str| {
        granted(&format!(
            r#"{{ host = "{}", path = "/v1/"{more} }}"#,
            web.host()
        ))
    };
    take_up(&mut bot, &of("")).await;
    // Granted, but in a private network.
    denied(&mut bot, &get, "private = true").await;

    take_up(&mut bot, &of(", private = true")).await;
    rob(&mut bot, &get, "got 200 sent ").await;
    denied(&mut bot, &post, r#"["POST"]"#).await;
    for path in ["/v2/echo", "/v1", "/v1/../v2/echo", "//v1/echo"] {
        let what = format!("http get {}", web.url(path));
        denied(&mut bot, &what, &web.host()).await;
    }
    let by_another = format!("http get {}", other.url("/v1/echo"));
    denied(&mut bot, &by_another, &other.host()).await;
    let seen: Vec<String> = web.seen().into_iter().map(|seen| seen.path).collect();
    assert_eq!(seen, ["/v1/echo"]);
    assert!(other.seen().is_empty());

    let more = r#", private = true, methods = ["GET", "POST"]"#;
    take_up(&mut bot, &of(more)).await;
    rob(&mut bot, &post, "got 200 sent ").await;
    assert_eq!(web.seen().len(), 1);
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_sent_where_it_is_granted_and_seen_nowhere_else() {
    let other = Web::start("/").await;
    let web = Web::start(&other.url("/v1/echo")).await;
    let mut bot = bot(&granted(&with_secret(&web))).await;
    let echo = web.url("/v1/echo");

    // The host gets it, and the plugin does not, though the host shows it.
    rob(
        &mut bot,
        &format!("http get {echo}"),
        "got 200 sent Bearer ***",
    )
    .await;
    let seen = web.seen();
    assert_eq!(seen[0].authorization, [format!("Bearer {SECRET}")]);

    // What would take its place, or hide it in the answer, is not sent.
    for header in ["authorization", "AUTHORIZATION", "accept-encoding", "range"] {
        let what = format!("http with {header} {echo}");
        rob(&mut bot, &what, "invalid: …").await;
    }
    assert!(web.seen().is_empty());

    // Sent on to another host, the plugin may not go there; and where it may, it goes without.
    let follow = format!("http follow {}", web.url("/v1/away"));
    denied(&mut bot, &follow, &other.host()).await;
    assert_eq!(web.seen().len(), 1);
    assert!(other.seen().is_empty());
    let plain = format!(r#"{{ host = "{}", private = true }}"#, other.host());
    let both = format!("{}, {plain}", with_secret(&web));
    take_up(&mut bot, &granted(&both)).await;
    rob(&mut bot, &follow, "got 200 sent ").await;
    let seen = other.seen();
    assert_eq!((seen.len(), seen[0].authorization.len()), (1, 0));
    let mine = format!("http with authorization {}", other.url("/v1/echo"));
    rob(&mut bot, &mine, "got 200 sent mine").await;

    // Neither does it stand anywhere that the bot writes.
    let audit = bot.home().witbot(&["audit", "show"]).await.ok();
    let runs = bot.home().witbot(&["runs"]).await.ok();
    assert!(audit.contains("http.fetch"), "{audit}");
    for text in [&audit, &runs] {
        assert!(!text.contains(SECRET), "{text}");
    }
    assert!(bot.logged(&format!("…{SECRET}…")).is_empty());
    bot.stop().await;
    let mut files = 0;
    search(bot.home().folder(), &mut files);
    assert!(files > 3, "{files}");
}

/// Fails if the secret is in a file.
fn search(folder: &Path, files: &mut usize) {
    for entry in fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("the folder can be read").path();
        if path.is_dir() {
            search(&path, files);
        } else if path.is_file() {
            let bytes = fs::read(&path).expect("the bot is stopped");
            let found = bytes
                .windows(SECRET.len())
                .any(|window| window == SECRET.as_bytes());
            assert!(!found, "{}", path.display());
            *files += 1;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_is_not_there_stops_the_start_and_no_running_bot() {
    let web = Web::start("/").await;
    let settings = granted(&with_secret(&web));
    let without = Home::new().with_guest("robs").with_settings(&settings);
    for command in ["check", "run"] {
        let answer = without.witbot(&[command]).await;
        assert_eq!(answer.code, Some(64), "{answer:?}");
        let told = answer.complained;
        for part in [
            "`PAGER_TOKEN` is not set",
            "witbot.toml:4:",
            "`PAGER_TOKEN_FILE`",
        ] {
            assert!(told.contains(part), "{part}: {told}");
        }
    }
    // Who only looks at what was needs no secrets.
    without.witbot(&["slack", "manifest"]).await.ok();

    let mut bot = bot(&settings).await;
    let get = format!("http get {}", web.url("/v1/echo"));
    rob(&mut bot, &get, "got 200 sent Bearer ***").await;
    for (name, why) in [
        ("OTHER_TOKEN", "`OTHER_TOKEN` is not set"),
        (
            "GITHUB_TOKEN",
            "`GITHUB_TOKEN` is a secret of the bot itself",
        ),
        (
            "SLACK_BOT_TOKEN_FILE",
            "`SLACK_BOT_TOKEN_FILE` is a secret of the bot itself",
        ),
    ] {
        let changed = settings
            .replace("PAGER_TOKEN", name)
            .replace("/v1/", "/v2/");
        bot.forgive("ERROR the settings stay as they were…");
        bot.home().write_settings(&changed);
        bot.expect_log(&format!("ERROR the settings stay as they were…{why}…"))
            .await;
        rob(&mut bot, &get, "got 200 sent Bearer ***").await;
    }
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_in_the_settings_is_refused_and_not_repeated() {
    let web = Web::start("/").await;
    let written = with_secret(&web).replace("${PAGER_TOKEN}", SECRET);
    let home = Home::new().with_settings(&granted(&written));
    let answer = home.witbot(&["check"]).await;
    assert_eq!(answer.code, Some(64), "{answer:?}");
    assert!(
        answer
            .complained
            .contains("a secret itself is never written here"),
        "{answer:?}"
    );
    assert!(!answer.complained.contains(SECRET), "{answer:?}");
}
