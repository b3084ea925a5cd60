//! The bot as a GitHub App.

use std::sync::{Arc, LazyLock};

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use base64::Engine as _;
use serde_json::{Value, json};
use witbot_core::call::ResolveReference;
use witbot_core::grants::Grants;

use super::super::{Credentials, Github};
use super::stand_in::{Answer, Seen, StandIn};
use super::{PACE, api, call_id, create, deployment, told};
use crate::metrics::Metrics;
use crate::secret::Secret;

/// One key for all tests, made when it is needed.
static KEY: LazyLock<String> = LazyLock::new(|| {
    let key = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let der: Pkcs8V1Der<'_> = key.as_der().unwrap();
    let text = base64::engine::general_purpose::STANDARD.encode(der.as_ref());
    format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n")
});

const FIND: &str = "GET /repos/acme/api/installation";
const READ: &str = "GET /repos/acme/api/commits/main?per_page=1";

fn github(stand_in: &StandIn) -> Github {
    let credentials = Credentials::App {
        id: 11,
        private_key_pem: Secret::new(KEY.clone()),
    };
    Github::with_pace(&stand_in.url, credentials, PACE, &Metrics::new()).unwrap()
}

fn main() -> ResolveReference {
    ResolveReference {
        repository: api(),
        reference: "main".to_owned(),
    }
}

fn token(expires_at: &str) -> Value {
    json!({"token": "ghs_1", "expires_at": expires_at, "permissions": {"deployments": "write"}, "repository_selection": "all"})
}

/// Who is asking: `app` with a signed token, or the token itself.
fn as_whom(seen: &Seen) -> &str {
    let credentials = seen
        .header("authorization")
        .strip_prefix("Bearer ")
        .unwrap();
    if credentials.split('.').count() == 3 {
        "app"
    } else {
        credentials
    }
}

#[tokio::test]
async fn the_installation_is_found_and_its_token_is_used_again() {
    let stand_in = StandIn::new(|seen| match seen.line.as_str() {
        FIND => Answer::Json(200, json!({"id": 7, "app_id": 11})),
        READ => Answer::Json(200, json!({"sha": "abc"})),
        "POST /repos/acme/api/deployments" => {
            Answer::Json(201, deployment(1, seen.body["payload"].clone()))
        }
        _ => Answer::Json(201, token("2099-01-01T00:00:00Z")),
    })
    .await;
    let github = github(&stand_in);
    let call = main();
    let (first, second) = tokio::join!(github.resolve(&call), github.resolve(&call));
    assert_eq!(
        (first.as_deref(), second.as_deref()),
        (Ok("abc"), Ok("abc"))
    );
    assert!(
        github
            .create_deployment(&create(), &call_id())
            .await
            .is_ok()
    );
    let mut lines = stand_in.with_seen(|seen| {
        seen.iter()
            .map(|seen| format!("{} as {}", seen.line, as_whom(seen)))
            .collect::<Vec<_>>()
    });
    lines.sort();
    lines.dedup_by(|a, b| a == b && a.starts_with(FIND));
    assert_eq!(
        lines,
        [
            "GET /repos/acme/api/commits/main?per_page=1 as ghs_1",
            "GET /repos/acme/api/commits/main?per_page=1 as ghs_1",
            "GET /repos/acme/api/installation as app",
            "POST /app/installations/7/access_tokens as app",
            "POST /repos/acme/api/deployments as ghs_1",
        ]
    );
}

#[tokio::test]
async fn an_app_that_is_not_installed_says_so() {
    let stand_in = StandIn::new(|_| Answer::Json(404, json!({"message": "Not Found"}))).await;
    assert_eq!(
        told(github(&stand_in).resolve(&main()).await.unwrap_err()),
        "not-found: GitHub has no installation of the bot's app on acme/api, or the bot's credentials (GITHUB_APP_ID and GITHUB_APP_PRIVATE_KEY) cannot see it."
    );
    let error = github(&stand_in)
        .create_deployment(&create(), &call_id())
        .await
        .unwrap_err();
    assert!(told(error).starts_with("not-found: GitHub has no installation of the bot's app"));
    assert_eq!(stand_in.lines(), [FIND, FIND]);
}

#[tokio::test]
async fn an_app_that_was_installed_anew_is_found_again() {
    let mut installation = 6;
    let stand_in = StandIn::new(move |seen| match seen.line.as_str() {
        FIND => {
            installation += 1;
            Answer::Json(200, json!({"id": installation}))
        }
        READ => Answer::Json(200, json!({"sha": "abc"})),
        // The first installation gives a token that is over at once, and is gone the next time.
        "POST /app/installations/7/access_tokens" if installation == 7 => {
            installation = 70;
            Answer::Json(201, token("2020-01-01T00:00:00Z"))
        }
        "POST /app/installations/7/access_tokens" => {
            Answer::Json(404, json!({"message": "Not Found"}))
        }
        _ => Answer::Json(201, token("2099-01-01T00:00:00Z")),
    })
    .await;
    let github = github(&stand_in);
    // This token is over, and the next one comes of another installation.
    assert_eq!(github.resolve(&main()).await.as_deref(), Ok("abc"));
    assert_eq!(github.resolve(&main()).await.as_deref(), Ok("abc"));
    assert_eq!(stand_in.lines().last().unwrap(), READ);
    assert!(
        stand_in
            .lines()
            .contains(&"POST /app/installations/71/access_tokens".to_owned())
    );
}

#[tokio::test]
async fn a_failing_token_service_is_not_taken_for_a_lost_write() {
    let stand_in = StandIn::new(|seen| match seen.line.as_str() {
        FIND => Answer::Json(200, json!({"id": 7})),
        _ => Answer::Text(502, ""),
    })
    .await;
    let error = github(&stand_in)
        .create_deployment(&create(), &call_id())
        .await
        .unwrap_err();
    assert_eq!(
        told(error),
        "unavailable: GitHub failed (502) when asked to create a deployment of `fix/login` to staging in acme/api. Try again in a while."
    );
    let mint = "POST /app/installations/7/access_tokens";
    assert_eq!(stand_in.lines(), [FIND, mint, mint, mint]);
}

#[tokio::test]
async fn what_is_asked_for_a_plugin_is_asked_with_a_token_for_its_grants() {
    let stand_in = StandIn::new(|seen| match seen.line.as_str() {
        FIND => Answer::Json(
            200,
            json!({"id": 7, "permissions": {"metadata": "read", "contents": "write", "deployments": "write"}}),
        ),
        READ => Answer::Json(200, json!({"sha": "abc"})),
        _ => Answer::Json(201, token("2099-01-01T00:00:00Z")),
    })
    .await;
    let github = github(&stand_in);
    let grants = |text: &str| Arc::new(toml::from_str::<Grants>(text).unwrap());
    let one = grants(r#"github = [{ repository = "acme/api", permissions = ["contents:read"] }]"#);
    let all = grants(r#"github = [{ repository = "acme/*", permissions = ["contents:write"] }]"#);
    for grants in [&one, &one, &all] {
        let plugin = github.for_plugin(grants);
        assert_eq!(plugin.resolve(&main()).await.as_deref(), Ok("abc"));
    }
    assert_eq!(github.resolve(&main()).await.as_deref(), Ok("abc"));
    github.forget_tokens();
    assert_eq!(
        github.for_plugin(&one).resolve(&main()).await.as_deref(),
        Ok("abc")
    );
    let asked: Vec<Value> = stand_in.with_seen(|seen| {
        let minted = seen
            .iter()
            .filter(|seen| seen.line.ends_with("/access_tokens"));
        minted.map(|seen| seen.body.clone()).collect()
    });
    let narrow =
        json!({"repositories": ["api"], "permissions": {"contents": "read", "metadata": "read"}});
    assert_eq!(
        asked,
        [
            narrow.clone(),
            json!({"permissions": {"contents": "write", "metadata": "read"}}),
            // The bot itself, such as when it looks for webhooks that were lost.
            Value::Null,
            narrow,
        ]
    );
}

#[tokio::test]
async fn an_installation_that_may_do_less_by_now_is_looked_at_again() {
    let mut looked = 0;
    let stand_in = StandIn::new(move |seen| match seen.line.as_str() {
        FIND => {
            looked += 1;
            let permissions = match looked {
                1 => json!({"metadata": "read", "contents": "read", "checks": "read"}),
                _ => json!({"metadata": "read", "contents": "read"}),
            };
            Answer::Json(200, json!({"id": 7, "permissions": permissions}))
        }
        READ => Answer::Json(200, json!({"sha": "abc"})),
        _ if seen.body["permissions"]["checks"].is_string() && looked == 1 => {
            looked = 10;
            Answer::Json(201, token("2020-01-01T00:00:00Z"))
        }
        _ if seen.body["permissions"]["checks"].is_string() => Answer::Json(
            422,
            json!({"message": "The permissions requested are not granted to this installation."}),
        ),
        _ => Answer::Json(201, token("2099-01-01T00:00:00Z")),
    })
    .await;
    let grants = r#"github = [{ repository = "acme/api", permissions = ["contents:read"] }]"#;
    let grants = Arc::new(toml::from_str::<Grants>(grants).unwrap());
    let github = github(&stand_in).for_plugin(&grants);
    for _ in 0..2 {
        assert_eq!(github.resolve(&main()).await.as_deref(), Ok("abc"));
    }
    let mint = "POST /app/installations/7/access_tokens";
    assert_eq!(stand_in.lines(), [FIND, mint, READ, mint, FIND, mint, READ]);
}
