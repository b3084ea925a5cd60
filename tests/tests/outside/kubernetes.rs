//! What the plugin `traffic` makes of a route is one, as the Gateway API describes it, and so is what the stand-in begins with.

use witbot_tests::bot::Bot;
use witbot_tests::fakes::{KUBERNETES_TOKEN, Kubernetes};
use witbot_tests::home::Home;
use witbot_tests::outside::schema;

#[tokio::test(flavor = "multi_thread")]
async fn every_version_of_a_route_is_one() {
    let kubernetes = Kubernetes::start(&["api-v41", "api-v42"]).await;
    let url = kubernetes.url();
    let host = url.trim_start_matches("http://");
    let settings = format!(
        r#"
[plugins.traffic.settings.apps.api.staging]
backend = "gateway"
server = "{url}"
namespace = "prod"
name = "api"
service = "api-{{version}}"

[plugins.traffic.grants]
http = [{{ host = "{host}", methods = ["GET", "PATCH"], path = "/", private = true, headers = {{ Authorization = "Bearer ${{KUBERNETES_TOKEN}}" }} }}]
kv = [{{ max_bytes = 1048576 }}]
topics = [{{ name = "traffic-steer", publish = true }}]

[[rules]]
plugin = "traffic"
decision = "allow"
"#
    );
    let home = Home::new()
        .with_plugin("traffic")
        .with_settings(&settings)
        .with_secret("KUBERNETES_TOKEN", KUBERNETES_TOKEN);
    let mut bot = Bot::start(home).await;
    for (split, told) in [
        ("10% v42", "90% v41, 10% v42"),
        ("100% v42", "100% v42"),
        ("0% v42 100% v41", "100% v41"),
    ] {
        bot.say(&format!("@ada #ops: traffic api {split}")).await;
        bot.expect(&format!(
            "#ops witbot: The traffic of api in staging is now {told}, for ada. …"
        ))
        .await;
    }
    bot.stop().await;
    let mut routes = kubernetes.routes();
    assert_eq!(routes.len(), 4);
    assert_eq!(schema::strange(&routes), Vec::<String>::new());
    routes[0]["spec"]["rules"][0]["backendRefs"][0]["weight"] = (-1).into();
    assert_eq!(schema::strange(&routes).len(), 1);
}
