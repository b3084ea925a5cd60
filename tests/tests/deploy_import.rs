//! Whoever comes from hubot-deploy takes the applications along.

use std::fs;

use witbot_tests::bot::Bot;
use witbot_tests::fakes::{CIRCLECI_TOKEN, GITHUB_TOKEN};
use witbot_tests::home::Home;

/// As one that has grown: two applications of one repository, and most of what hubot-deploy and its providers know.
const APPS: &str = r#"{
  "api": {
    "provider": "capistrano",
    "repository": "acme/api",
    "environments": ["staging", "production"],
    "required_contexts": ["ci/circleci: test", "lint"],
    "auto_merge": false,
    "allowed_rooms": ["deploys"],
    "staging_url": "https://staging.acme.example",
    "production_url": "https://acme.example",
    "deploy_script": "script/deploy --password=hunter2"
  },
  "docs": {
    "provider": "heroku_heavenly",
    "repository": "acme/web",
    "required_contexts": [],
    "heroku_production_name": "acme-docs"
  },
  "web": {
    "provider": "heroku_heavenly",
    "repository": "acme/web",
    "environments": ["production", "review"],
    "github_token": "ghp_of_the_web",
    "heroku_production_name": "acme-web",
    "required_contexts": null
  },
  "wiki": { "provider": "shell", "repository": "wiki" }
}"#;

fn home() -> Home {
    let home = Home::new()
        .with_plugin("deploy")
        .with_plugin("pipeline")
        .with_secret("GITHUB_TOKEN", GITHUB_TOKEN)
        .with_secret("CIRCLECI_TOKEN", CIRCLECI_TOKEN);
    fs::write(home.folder().join("apps.json"), APPS).expect("a new folder can be written to");
    home
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_imported_are_settings_that_work() {
    let home = home();
    let imported = home.witbot(&["deploy-import", "apps.json"]).await;
    assert_eq!(imported.code, Some(0), "{imported:?}");
    for secret in ["ghp_of_the_web", "hunter2", "acme-docs"] {
        let shown = [&imported.printed, &imported.complained];
        assert!(
            shown.iter().all(|shown| !shown.contains(secret)),
            "{imported:?}"
        );
    }
    for warning in [
        "api: what is for the provider is not carried over, and for the pipeline to know: `deploy_script`",
        "web: its `github_token`",
        "wiki: left out: ",
    ] {
        // It is told at once, and where somebody reads about it later.
        assert!(
            imported.complained.contains(&format!("warning: {warning}")),
            "{imported:?}"
        );
        assert!(
            imported.printed.contains(&format!("# {warning}")),
            "{imported:?}"
        );
    }

    home.write_settings(&imported.printed);
    let checked = home.witbot(&["check"]).await;
    assert_eq!(checked.code, Some(0), "{checked:?}\n{}", imported.printed);
    for plugin in ["deploy", "pipeline"] {
        let mut lines = checked.printed.lines();
        let is_live = |line: &str| line.starts_with(plugin) && line.ends_with(" live");
        assert!(lines.any(is_live), "{checked:?}");
    }
    let mut bot = Bot::start(home).await;
    for (app, answer) in [
        ("api", "#console witbot: api…acme/api…staging…production…"),
        ("docs", "#console witbot: docs…acme/web…production…"),
        ("web", "#console witbot: web…acme/web…production…review…"),
    ] {
        bot.say(&format!("where can I deploy {app}")).await;
        bot.expect_soon(answer).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_imported_is_said_with_the_reason() {
    let home = home();
    for (text, reason) in [
        (
            "{",
            "apps.json: it is not JSON: EOF while parsing an object at line 1 column 1",
        ),
        (
            "[]",
            "apps.json: it is not an object with an entry for each application",
        ),
        (
            "{}",
            "apps.json: there is no application in it that can be used\n",
        ),
        (
            r#"{"a": {"repository": 1}}"#,
            "a: left out: `repository`: invalid type",
        ),
    ] {
        fs::write(home.folder().join("apps.json"), text).unwrap();
        let answer = home.witbot(&["deploy-import", "apps.json"]).await;
        assert_eq!(
            (answer.code, answer.printed.as_str()),
            (Some(1), ""),
            "{answer:?}"
        );
        assert!(answer.complained.contains(reason), "{answer:?}");
    }
    let answer = home.witbot(&["deploy-import", "no-such-file.json"]).await;
    assert_eq!(answer.code, Some(1), "{answer:?}");
    assert_eq!(home.witbot(&["deploy-import"]).await.code, Some(64));
}
