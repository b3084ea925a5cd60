//! Webhooks of any sender, at addresses of their own, for the plugins that were granted them.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::{Client, StatusCode};
use sha2::Sha256;
use witbot_tests::bot::Bot;
use witbot_tests::home::Home;

const RINGS: &str = r#"
[plugins.rings.grants]
chat = [{ channel = "ops" }]
webhooks = [
  { name = "alerts", verify = "standard", secret = "ALERTS_SECRET" },
  { name = "builds", verify = "token", secret = "BUILDS_SECRET", header = "X-Build-Token" },
]
"#;

const KEY: &[u8] = b"twenty-four bytes of key";

fn home() -> Home {
    let secret = format!("whsec_{}", STANDARD.encode(KEY));
    Home::new()
        .with_guest("rings")
        .with_settings(RINGS)
        .with_secret("ALERTS_SECRET", &secret)
        .with_secret("BUILDS_SECRET", "old-t0ken t0ken-for-builds")
}

fn client() -> Client {
    let client = Client::builder().no_proxy().build();
    client.expect("it needs nothing of the system")
}

/// Sends to a webhook, and answers the status and what was said.
async fn send(
    bot: &Bot,
    name: &str,
    headers: &[(&str, &str)],
    body: impl Into<String>,
) -> (StatusCode, String) {
    let mut request = client().post(format!("{}/hooks/in/{name}", bot.url()));
    for (header, value) in headers {
        request = request.header(*header, *value);
    }
    let answer = request.body(body.into()).send().await;
    let answer = answer.expect("the bot answers");
    let status = answer.status();
    (status, answer.text().await.expect("the bot answers"))
}

/// Sends an alert as Standard Webhooks say, signed with a key, so many seconds ago.
async fn alert(bot: &Bot, id: &str, key: &[u8], ago: i64, body: &str) -> StatusCode {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("after 1970");
    let time = now.as_secs().saturating_add_signed(-ago).to_string();
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(format!("{id}.{time}.{body}").as_bytes());
    let signature = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
    let headers = [
        ("content-type", "application/json"),
        ("webhook-id", id),
        ("webhook-timestamp", &time),
        ("webhook-signature", &signature),
    ];
    send(bot, "alerts", &headers, body).await.0
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_signed_reaches_the_plugin_once() {
    let mut bot = Bot::start(home()).await;
    let disk = r#"{"title": "the disk is full"}"#;
    let said = "#ops witbot: webhook.alerts of alerts: the disk is full";
    assert_eq!(alert(&bot, "m1", KEY, 0, disk).await, StatusCode::ACCEPTED);
    bot.expect(said).await;
    // Sent again, also after a restart.
    assert_eq!(alert(&bot, "m1", KEY, 5, disk).await, StatusCode::OK);
    bot.kill9_and_restart().await;
    assert_eq!(alert(&bot, "m1", KEY, 0, disk).await, StatusCode::OK);
    // The same again with another id is another.
    assert_eq!(alert(&bot, "m2", KEY, 0, disk).await, StatusCode::ACCEPTED);
    bot.expect(said).await;
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_proves_nothing_reaches_nobody() {
    let mut bot = Bot::start(home()).await;
    let alert = async |id, key, ago| alert(&bot, id, key, ago, r#"{"title": "x"}"#).await;
    assert_eq!(
        alert("m1", b"another key", 0).await,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        alert("m1", KEY, 330).await,
        StatusCode::UNAUTHORIZED,
        "overheard"
    );
    assert_eq!(alert("m1", KEY, -330).await, StatusCode::UNAUTHORIZED);
    let token = |token| [("x-build-token", token)];
    let (unauthorized, empty) = (StatusCode::UNAUTHORIZED, String::new());
    for wrong in [
        "",
        "t0ken-for-build",
        "t0ken-for-buildss",
        "old-t0ken t0ken-for-builds",
    ] {
        let answer = send(&bot, "builds", &token(wrong), "{}").await;
        assert_eq!(answer, (unauthorized, empty.clone()), "{wrong}");
    }
    assert_eq!(send(&bot, "builds", &[], "{}").await.0, unauthorized);
    assert_eq!(
        send(&bot, "other", &token("t0ken-for-builds"), "{}")
            .await
            .0,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        send(&bot, "%2e%2e", &[], "{}").await.0,
        StatusCode::NOT_FOUND
    );
    let get = client()
        .get(format!("{}/hooks/in/builds", bot.url()))
        .send();
    let get = get.await.expect("the bot answers");
    assert_eq!(get.status(), StatusCode::METHOD_NOT_ALLOWED);
    bot.expect_log("WARN a webhook was refused").await;

    // Signed, and wrong all the same.
    let json = [
        ("x-build-token", "t0ken-for-builds"),
        ("content-type", "application/json"),
    ];
    let (status, said) = send(&bot, "builds", &json, "{").await;
    assert_eq!(
        (status, said.trim()),
        (StatusCode::BAD_REQUEST, "The body is not JSON.")
    );
    let large = "x".repeat((1 << 20) + 1);
    let (status, _) = send(&bot, "builds", &token("t0ken-for-builds"), large).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);

    // After all of that, the first that is right is the first that is heard.
    let (status, _) = send(
        &bot,
        "builds",
        &token("t0ken-for-builds"),
        r#"{"title": "green"}"#,
    )
    .await;
    assert_eq!(status, StatusCode::ACCEPTED);
    bot.expect("#ops witbot: webhook.builds of builds: green")
        .await;
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn forms_and_texts_are_read_too() {
    let mut bot = Bot::start(home()).await;
    let form = [
        ("x-build-token", "old-t0ken"),
        ("content-type", "application/x-www-form-urlencoded"),
    ];
    let (status, _) = send(&bot, "builds", &form, "title=all+green&n=1").await;
    assert_eq!(status, StatusCode::ACCEPTED);
    bot.expect("#ops witbot: webhook.builds of builds: all green")
        .await;
    let text = [
        ("x-build-token", "t0ken-for-builds"),
        ("content-type", "text/plain"),
        ("idempotency-key", "b-17"),
    ];
    let (status, _) = send(&bot, "builds", &text, "It is red.").await;
    assert_eq!(status, StatusCode::ACCEPTED);
    bot.expect("#ops witbot: webhook.builds of builds: It is red.")
        .await;
    let (status, _) = send(&bot, "builds", &text, "It is red again.").await;
    assert_eq!(status, StatusCode::OK, "it has the same id");
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_was_granted_it_hears_of_it() {
    let nosy = "[plugins.nosy.grants]\nchat = [{ channel = \"ops\" }]\nwebhooks = [{ name = \"other\", verify = \"none\" }]";
    let home = home()
        .with_guest("nosy")
        .with_settings(&format!("{RINGS}{nosy}"));
    let mut bot = Bot::start(home).await;
    bot.ask(
        "overhear alerts",
        "#console witbot: plugin `nosy` may not hear of the webhook `alerts`; to allow it, add to the list `webhooks` in [plugins.nosy.grants]: { name = \"alerts\", …",
    )
    .await;
    bot.say("overhear other").await;
    let runs = async || bot.home().witbot(&["runs"]).await.ok();
    let waits = async {
        while !runs().await.contains("parked") {
            tokio::task::yield_now().await;
        }
    };
    let waits = tokio::time::timeout(std::time::Duration::from_secs(30), waits).await;
    assert!(waits.is_ok(), "{}", runs().await);
    // Of two who declare it, one hears of it. What the other would say, nobody expects.
    let said = alert(&bot, "m1", KEY, 0, r#"{"title": "fire"}"#).await;
    assert_eq!(said, StatusCode::ACCEPTED);
    bot.expect("#ops witbot: webhook.alerts of alerts: fire")
        .await;
    let (status, _) = send(&bot, "other", &[], r#"{"title": "smoke"}"#).await;
    assert_eq!(status, StatusCode::ACCEPTED);
    bot.expect("#console witbot: I overheard smoke.").await;
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_is_held_until_each_of_its_webhooks_is_granted() {
    let home = home().with_settings("[plugins.rings.grants]\nchat = [{ channel = \"ops\" }]");
    let mut bot = Bot::start(home).await;
    bot.expect_log("WARN [rings] the plugin is held: it needs a grant for the webhook `alerts` and `builds`. …webhooks = [{ name = \"alerts\", verify = \"standard\", secret = \"ALERTS_SECRET\" }, { name = \"builds\", verify = \"standard\", secret = \"BUILDS_SECRET\" }]")
        .await;
    let (status, _) = send(&bot, "alerts", &[], "{}").await;
    assert_eq!(status, StatusCode::NOT_FOUND);

    // A secret that is not there changes nothing; one that is lets it in.
    let missing = RINGS.replace("BUILDS_SECRET", "OTHER_SECRET");
    bot.home().write_settings(&missing);
    bot.forgive("ERROR the settings stay as they were…");
    bot.expect_log("ERROR the settings stay as they were…`OTHER_SECRET`, which is not set…")
        .await;
    bot.home().write_settings(RINGS);
    bot.expect_log("INFO [rings] the plugin is live").await;
    let said = alert(&bot, "m1", KEY, 0, r#"{"title": "at last"}"#).await;
    assert_eq!(said, StatusCode::ACCEPTED);
    bot.expect("#ops witbot: webhook.alerts of alerts: at last")
        .await;
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn grants_that_verify_nothing_are_told_with_their_line() {
    let home = Home::new();
    for (grant, told) in [
        (
            r#"name = "a", verify = "token", secret = "A_SECRET""#,
            "`A_SECRET`, which is not set",
        ),
        (r#"name = "a", verify = "token""#, "needs a `secret`"),
        (
            r#"name = "a", verify = "none", secret = "A_SECRET""#,
            "verifies nothing",
        ),
        (
            r#"name = "a", verify = "hmac-sha256", secret = "A_SECRET""#,
            "needs a `header`",
        ),
        (
            r#"name = "a", verify = "basic", secret = "A_SECRET", header = "X-A""#,
            "take `header` out",
        ),
        (
            r#"name = "a", verify = "token", secret = "hunter2 itself""#,
            "not the name of a variable",
        ),
        (
            r#"name = "A b", verify = "none""#,
            "is not a name of a webhook",
        ),
        (r#"name = "a""#, "lacks `verify`"),
        (r#"name = "a", verify = "jwt""#, "does not know `jwt`"),
    ] {
        home.write_settings(&format!(
            "[plugins.a.grants]\nwebhooks = [\n  {{ {grant} }},\n]"
        ));
        for command in ["check", "run"] {
            let answer = home.witbot(&[command]).await;
            // It is broken into lines that fit a terminal.
            let words = answer.complained.replace('│', " ");
            let words: Vec<&str> = words.split_whitespace().collect();
            let complained = words.join(" ");
            assert_eq!(answer.code, Some(64), "{grant}: {complained}");
            assert!(complained.contains(told), "{grant}: {complained}");
            assert!(
                complained.contains("witbot.toml:5"),
                "{grant}: {complained}"
            );
            assert!(!complained.contains("hunter2"), "{complained}");
        }
    }
}
