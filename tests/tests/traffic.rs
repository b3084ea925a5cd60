//! The plugin `traffic` against a stand-in for Kubernetes: a canary is walked once, whatever happens meanwhile.

use witbot_tests::bot::Bot;
use witbot_tests::fakes::{KUBERNETES_TOKEN, Kubernetes};
use witbot_tests::home::Home;

const HEALTH: &str = "health_minutes = 1";
const RULES: &str = r#"
[[rules]]
plugin = "traffic"
decision = "allow"
"#;

/// A bot with a plugin that says of everything in production that it is not healthy.
async fn bot(kubernetes: &Kubernetes, environment: &str, more: &str) -> Bot {
    let url = kubernetes.url();
    let host = url.trim_start_matches("http://");
    let settings = format!(
        r#"
[plugins.traffic.settings.apps.api.{environment}]
backend = "gateway"
server = "{url}"
namespace = "prod"
name = "api"
service = "api-{{version}}"
steps = [10, 50, 100]
pause = "1s"
{more}

[plugins.traffic.grants]
http = [{{ host = "{host}", methods = ["GET", "PATCH"], path = "/", private = true, headers = {{ Authorization = "Bearer ${{KUBERNETES_TOKEN}}" }} }}]
kv = [{{ max_bytes = 1048576 }}]
topics = [
  {{ name = "traffic-steer", publish = true }},
  {{ name = "traffic-steered", publish = true }},
  {{ name = "health-wanted", publish = true }},
  {{ name = "health-verdict" }},
]

[plugins.tells.grants]
chat = [{{ channel = "ops" }}]
topics = [{{ name = "health-wanted" }}, {{ name = "health-verdict", publish = true }}]
{RULES}"#
    );
    let home = Home::new()
        .with_plugin("traffic")
        .with_guest("tells")
        .with_settings(&settings)
        .with_secret("KUBERNETES_TOKEN", KUBERNETES_TOKEN);
    Bot::start(home).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_canary_is_walked_once_although_the_bot_is_killed() {
    let kubernetes = Kubernetes::start(&["api-v41", "api-v42"]).await;
    let mut bot = bot(&kubernetes, "staging", HEALTH).await;
    bot.say("@ada #ops: traffic canary api to v42").await;
    for told in [
        "It has 10%. The next step is in 1s.",
        "It has 50%. The next step is in 1s.",
    ] {
        bot.expect_soon(&format!("    {told}")).await;
        bot.kill9_and_restart().await;
    }
    bot.expect_soon("    v42 has all of the traffic.").await;
    bot.stop_unread().await;
    let expected = [
        "api-v41 100",
        "api-v41 90, api-v42 10",
        "api-v41 50, api-v42 50",
        "api-v41 0, api-v42 100",
    ];
    assert_eq!(kubernetes.weights(), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_healthy_goes_back() {
    let kubernetes = Kubernetes::start(&["api-v41", "api-v42"]).await;
    let mut bot = bot(&kubernetes, "production", HEALTH).await;
    bot.say("@ada #ops: traffic canary api to v42").await;
    bot.expect_soon("    Not healthy with 10%: 1 of 1 checks fail: web: answered 502. The traffic is what it was before.").await;
    bot.stop_unread().await;
    let expected = [
        "api-v41 100",
        "api-v41 90, api-v42 10",
        "api-v41 100, api-v42 0",
    ];
    assert_eq!(kubernetes.weights(), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_slower_than_somebody_else_reads_again() {
    let kubernetes = Kubernetes::start(&["api-v41", "api-v42"]).await;
    let mut bot = bot(&kubernetes, "staging", "").await;
    kubernetes.be_faster(2);
    bot.say("@ada #ops: traffic api 10% v42").await;
    bot.expect("#ops witbot: The traffic of api in staging is now 90% v41, 10% v42, for ada. It was 100% v41.").await;
    kubernetes.be_faster(3);
    bot.say("@ada #ops: traffic api 20% v42").await;
    bot.expect("#ops witbot: Kubernetes answered with 409: …the object has been modified.")
        .await;
    bot.say("@ada #ops: traffic api 20% v43").await;
    bot.expect("#ops witbot: There is no version `v43` of api in staging: no Service `api-v43`…")
        .await;
    bot.stop().await;
    let newest = kubernetes.weights().pop();
    assert_eq!(newest.as_deref(), Some("api-v41 90, api-v42 10"));
}
