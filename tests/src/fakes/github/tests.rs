use anyhow::Result;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::{Client, Response};
use serde_json::{Value, json};

use super::{Access, CheckState, CommitState, DeploymentState, GITHUB_TOKEN, Github};
use crate::fakes::clock;
use crate::fakes::fault::{Fault, Trouble};
use crate::fakes::receiver::Receiver;
use crate::fakes::signature::hmac_hex;

const API: &str = "/repos/acme/api";

/// A person with a token who speaks to the stand-in.
struct Caller<'a> {
    github: &'a Github,
    token: &'a str,
    client: Client,
}

impl<'a> Caller<'a> {
    fn new(github: &'a Github, token: &'a str) -> Result<Caller<'a>> {
        let client = Client::builder().no_proxy().user_agent("witbot").build()?;
        Ok(Caller {
            github,
            token,
            client,
        })
    }

    async fn get(&self, path: &str) -> Result<Response> {
        let url = format!("{}{path}", self.github.url());
        Ok(self.client.get(url).bearer_auth(self.token).send().await?)
    }

    async fn post(&self, path: &str, body: Value) -> Result<Response> {
        let url = format!("{}{path}", self.github.url());
        Ok(self
            .client
            .post(url)
            .bearer_auth(self.token)
            .json(&body)
            .send()
            .await?)
    }

    /// The status and the body.
    async fn posted(&self, path: &str, body: Value) -> Result<(u16, Value)> {
        let answer = self.post(path, body).await?;
        Ok((answer.status().as_u16(), answer.json().await?))
    }

    /// The status and the body.
    async fn got(&self, path: &str) -> Result<(u16, Value)> {
        let answer = self.get(path).await?;
        Ok((answer.status().as_u16(), answer.json().await?))
    }

    /// Creates a deployment without GitHub's gates, and gives its id.
    async fn deploy(&self, reference: &str, environment: &str) -> Result<u64> {
        let body = json!({ "ref": reference, "environment": environment, "auto_merge": false, "required_contexts": [] });
        let (status, body) = self.posted("/repos/acme/api/deployments", body).await?;
        assert_eq!(status, 201, "{body}");
        Ok(body["id"].as_u64().unwrap_or_default())
    }

    async fn set(&self, deployment: u64, state: &str) -> Result<(u16, Value)> {
        let path = format!("/repos/acme/api/deployments/{deployment}/statuses");
        self.posted(&path, json!({ "state": state })).await
    }
}

async fn acme() -> Result<Github> {
    let github = Github::start().await?;
    github.add_repository("acme/api", &["main", "fix-login", "feature/slash"]);
    Ok(github)
}

#[tokio::test]
async fn deployments_have_gates() -> Result<()> {
    let github = acme().await?;
    let alice = Caller::new(&github, GITHUB_TOKEN)?;
    let path = "/repos/acme/api/deployments";

    // Behind the default branch: merged first, and nothing is deployed.
    github.push("acme/api", "main", "News");
    let before = github.sha("acme/api", "fix-login");
    let (status, body) = alice.posted(path, json!({ "ref": "fix-login" })).await?;
    assert_eq!(status, 202);
    assert_eq!(
        body,
        json!({ "message": "Auto-merged main into fix-login on deployment." })
    );
    assert_ne!(github.sha("acme/api", "fix-login"), before);
    assert_eq!(github.deployments("acme/api").len(), 0);

    // Asked again, it is up to date.
    let (status, body) = alice.posted(path, json!({ "ref": "fix-login" })).await?;
    assert_eq!(
        (status, &body["environment"], &body["task"]),
        (201, &json!("production"), &json!("deploy"))
    );
    assert_eq!(body["production_environment"], true);
    assert!(
        body["id"].as_u64() > Some(u64::from(u32::MAX)),
        "{}",
        body["id"]
    );

    github.push("acme/api", "main", "More news");
    github.make_conflicting("acme/api", "fix-login");
    let (status, body) = alice.posted(path, json!({ "ref": "fix-login" })).await?;
    assert_eq!(
        (status, &body["message"]),
        (409, &json!("Conflict merging main into fix-login."))
    );

    let (status, body) = alice.posted(path, json!({ "ref": "nope" })).await?;
    assert_eq!(
        (status, &body["message"]),
        (422, &json!("No ref found for: nope"))
    );
    let (status, _) = alice
        .posted(path, json!({ "ref": "main", "auto_merge": "no" }))
        .await?;
    assert_eq!(status, 422);
    let (status, _) = alice.posted(path, json!({})).await?;
    assert_eq!(status, 422);
    Ok(())
}

#[tokio::test]
async fn required_contexts_count_statuses_and_check_runs() -> Result<()> {
    let github = acme().await?;
    let alice = Caller::new(&github, GITHUB_TOKEN)?;
    github.set_status("acme/api", "main", "lint", CommitState::Success);
    github.set_check_run("acme/api", "main", "tests", CheckState::Skipped);
    let cases = [
        (json!(null), 409),
        (json!([]), 201),
        (json!(["lint"]), 201),
        (json!(["lint", "tests"]), 409),
        (json!(["never seen"]), 409),
        (json!("lint"), 422),
    ];
    for (contexts, expected) in cases {
        let request = json!({ "ref": "main", "required_contexts": contexts });
        let (status, body) = alice.posted("/repos/acme/api/deployments", request).await?;
        assert_eq!(status, expected, "{contexts}: {body}");
    }
    Ok(())
}

#[tokio::test]
async fn statuses_are_checked_and_retire_earlier_deployments() -> Result<()> {
    let github = acme().await?;
    let alice = Caller::new(&github, GITHUB_TOKEN)?;
    let first = alice.deploy("main", "staging").await?;
    let failed = alice.deploy("main", "staging").await?;
    let production = alice.deploy("main", "production").await?;
    alice.set(first, "success").await?;
    alice.set(failed, "failure").await?;
    alice.set(production, "success").await?;

    assert_eq!(alice.set(first, "done").await?.0, 422);
    let long = json!({ "state": "success", "description": "x".repeat(141) });
    let statuses = format!("{API}/deployments/{first}/statuses");
    assert_eq!(alice.posted(&statuses, long).await?.0, 422);

    let second = alice.deploy("main", "staging").await?;
    let (status, body) = alice.set(second, "success").await?;
    assert_eq!(
        (status, &body["log_url"], &body["description"]),
        (201, &json!(""), &json!(""))
    );
    let again = alice.deploy("main", "production").await?;
    alice.set(again, "success").await?;

    use DeploymentState::{Failure, Inactive, Success};
    let states: Vec<_> = github
        .deployments("acme/api")
        .iter()
        .map(super::Deployment::states)
        .collect();
    let expected = [
        vec![Success, Inactive],
        vec![Failure],
        vec![Success],
        vec![Success],
        vec![Success],
    ];
    assert_eq!(states, expected);

    // Newest first.
    let (_, body) = alice.got(&statuses).await?;
    assert_eq!(
        (&body[0]["state"], &body[1]["state"]),
        (&json!("inactive"), &json!("success"))
    );

    // Only what is inactive can be deleted.
    for (id, expected) in [(first, 204), (production, 422)] {
        let url = format!("{}{API}/deployments/{id}", github.url());
        let answer = alice
            .client
            .delete(url)
            .bearer_auth(GITHUB_TOKEN)
            .send()
            .await?;
        assert_eq!(answer.status().as_u16(), expected);
    }
    Ok(())
}

#[tokio::test]
async fn lists_are_filtered_and_paged_by_repository_number() -> Result<()> {
    let github = acme().await?;
    let alice = Caller::new(&github, GITHUB_TOKEN)?;
    for environment in ["staging", "production", "staging", "staging"] {
        alice.deploy("main", environment).await?;
    }
    let answer = alice
        .get(&format!("{API}/deployments?environment=staging&per_page=2"))
        .await?;
    let links = answer.headers()["link"].to_str()?.to_owned();
    let url = github.url();
    let list = format!("{url}/repositories/1296269/deployments?environment=staging&per_page=2");
    assert_eq!(
        links,
        format!("<{list}&page=2>; rel=\"next\", <{list}&page=2>; rel=\"last\"")
    );
    let first: Value = answer.json().await?;
    let (_, second) = alice
        .got(&format!("{}&page=2", list.trim_start_matches(&url)))
        .await?;
    assert_eq!(
        (
            first.as_array().map(Vec::len),
            second.as_array().map(Vec::len)
        ),
        (Some(2), Some(1))
    );
    assert!(first[0]["id"].as_u64() > second[0]["id"].as_u64());
    Ok(())
}

#[tokio::test]
async fn commits_checks_and_comparisons() -> Result<()> {
    let github = acme().await?;
    let alice = Caller::new(&github, GITHUB_TOKEN)?;
    let sha = github.sha("acme/api", "feature/slash");
    github.tag("acme/api", "v1", "main");
    github.push("acme/api", "main", "News");

    for reference in [
        "feature/slash",
        "feature%2Fslash",
        "heads/feature/slash",
        &sha,
        &sha[..7],
    ] {
        let (status, body) = alice.got(&format!("{API}/commits/{reference}")).await?;
        assert_eq!((status, &body["sha"]), (200, &json!(sha)), "{reference}");
    }
    let answer = alice
        .client
        .get(format!("{}{API}/commits/main", github.url()));
    let answer = answer
        .header("accept", "application/vnd.github.sha")
        .bearer_auth(GITHUB_TOKEN);
    assert_eq!(
        answer.send().await?.text().await?,
        github.sha("acme/api", "main")
    );

    for (path, expected) in [
        ("/repos/acme/api/commits/nope", 422),
        ("/repos/acme/api/commits/nope/check-runs", 422),
        ("/repos/acme/api/commits/nope/status", 404),
        ("/repos/acme/api/git/ref/heads/nope", 404),
        ("/repos/acme/api/git/ref/heads/feature/slash", 200),
        ("/repos/acme/api/git/ref/tags/v1", 200),
        ("/repos/acme/api/compare/main...nope", 404),
        ("/repos/acme/nope", 404),
        ("/api/v3/repos/acme/api", 200),
    ] {
        assert_eq!(alice.get(path).await?.status().as_u16(), expected, "{path}");
    }

    let (_, body) = alice
        .got(&format!("{API}/compare/main...feature/slash"))
        .await?;
    let numbers = (&body["status"], &body["ahead_by"], &body["behind_by"]);
    assert_eq!(numbers, (&json!("diverged"), &json!(1), &json!(1)));

    // A commit without statuses is pending.
    let (_, body) = alice.got(&format!("{API}/commits/main/status")).await?;
    assert_eq!(
        (&body["state"], &body["total_count"]),
        (&json!("pending"), &json!(0))
    );
    github.set_status("acme/api", "main", "lint", CommitState::Success);
    github.set_status("acme/api", "main", "audit", CommitState::Error);
    let (_, body) = alice.got(&format!("{API}/commits/main/status")).await?;
    assert_eq!(
        (&body["state"], &body["total_count"]),
        (&json!("failure"), &json!(2))
    );
    github.set_check_run("acme/api", "main", "tests", CheckState::InProgress);
    let (_, body) = alice.got(&format!("{API}/commits/main/check-runs")).await?;
    let run = &body["check_runs"][0];
    assert_eq!(
        (&run["status"], &run["conclusion"]),
        (&json!("in_progress"), &json!(null))
    );
    Ok(())
}

#[tokio::test]
async fn tokens_reach_as_far_as_they_do() -> Result<()> {
    let github = acme().await?;
    github.add_repository("acme/web", &["main"]);
    github.add_token("reader", "bob", Access::Read, Some(&["acme/api"]));
    for (token, path, expected) in [
        ("wrong", API, 401),
        ("reader", API, 200),
        ("reader", "/repos/acme/web", 404),
        (GITHUB_TOKEN, "/repos/acme/web", 200),
    ] {
        let answer = Caller::new(&github, token)?.get(path).await?;
        assert_eq!(answer.status().as_u16(), expected, "{token} {path}");
    }
    let bob = Caller::new(&github, "reader")?;
    let (status, body) = bob
        .posted("/repos/acme/api/deployments", json!({ "ref": "main" }))
        .await?;
    let message = "Resource not accessible by personal access token";
    assert_eq!((status, &body["message"]), (403, &json!(message)));
    let url = format!("{}{API}", github.url());
    let nameless = Client::builder().no_proxy().build()?;
    let answer = nameless.get(&url).bearer_auth(GITHUB_TOKEN).send().await?;
    assert_eq!(
        answer.status().as_u16(),
        403,
        "requests without a user agent are refused"
    );
    github.revoke_token("reader");
    assert_eq!(bob.get(API).await?.status().as_u16(), 401);
    Ok(())
}

#[tokio::test]
async fn versions_limits_and_tags_of_answers() -> Result<()> {
    let github = acme().await?;
    let alice = Caller::new(&github, GITHUB_TOKEN)?;
    let url = format!("{}{API}", github.url());
    let get = || alice.client.get(&url).bearer_auth(GITHUB_TOKEN);
    let answer = get()
        .header("X-GitHub-Api-Version", "2022-11-28")
        .send()
        .await?;
    assert_eq!(answer.headers()["x-ratelimit-remaining"], "4999");
    let tag = answer.headers()["etag"].clone();
    let answer = get().header("If-None-Match", tag).send().await?;
    assert_eq!(answer.status().as_u16(), 304);
    assert_eq!(answer.headers()["x-ratelimit-remaining"], "4999");
    let answer = get()
        .header("X-GitHub-Api-Version", "1999-01-01")
        .send()
        .await?;
    assert_eq!(answer.status().as_u16(), 400);
    let versions = github.requests();
    assert_eq!(
        versions[0].header("x-github-api-version"),
        Some("2022-11-28")
    );
    Ok(())
}

#[tokio::test]
async fn apps_get_tokens_for_their_repositories() -> Result<()> {
    let github = acme().await?;
    github.add_repository("acme/web", &["main"]);
    let installation = github.add_app(7, &["acme/api"]);
    let now = clock::now() / 1000;
    let token = |claims: Value| {
        let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!(
            "{}.{}.c2ln",
            part(json!({ "alg": "RS256", "typ": "JWT" })),
            part(claims)
        )
    };
    let own = token(json!({ "iss": 7, "iat": now - 60, "exp": now + 500 }));
    let app = Caller::new(&github, &own)?;
    let (_, found) = app.got("/repos/acme/api/installation").await?;
    assert_eq!(found["id"].as_u64(), Some(installation));
    assert_eq!(
        app.get("/repos/acme/web/installation")
            .await?
            .status()
            .as_u16(),
        404
    );

    let path = format!("/app/installations/{installation}/access_tokens");
    let read = json!({ "repositories": ["api"], "permissions": { "deployments": "read" } });
    let (status, body) = app.posted(&path, read).await?;
    assert_eq!(status, 201);
    let given = body["token"].as_str().unwrap_or_default().to_owned();
    let bot = Caller::new(&github, &given)?;
    assert_eq!(bot.get(API).await?.status().as_u16(), 200);
    assert_eq!(bot.get("/repos/acme/web").await?.status().as_u16(), 404);
    let (status, _) = bot
        .posted("/repos/acme/api/deployments", json!({ "ref": "main" }))
        .await?;
    assert_eq!(status, 403);

    let (status, body) = app.posted(&path, json!({})).await?;
    assert_eq!(status, 201);
    let given = body["token"].as_str().unwrap_or_default().to_owned();
    Caller::new(&github, &given)?
        .deploy("main", "staging")
        .await?;
    assert_eq!(github.deployments("acme/api")[0].creator, "witbot[bot]");

    let late = token(json!({ "iss": 7, "iat": now - 60, "exp": now - 1 }));
    let long = token(json!({ "iss": 7, "iat": now - 60, "exp": now + 3600 }));
    for bad in [late, long] {
        let answer = Caller::new(&github, &bad)?.get("/app").await?;
        assert_eq!(answer.status().as_u16(), 401);
    }
    Ok(())
}

#[tokio::test]
async fn webhooks_are_signed_and_never_sent_again_by_themselves() -> Result<()> {
    let (github, bot) = (acme().await?, Receiver::start().await?);
    github.send_webhooks_to(&bot.url(), "secret");
    let alice = Caller::new(&github, GITHUB_TOKEN)?;

    bot.answer_next(503);
    let id = alice.deploy("main", "staging").await?;
    github.webhooks_settled().await;
    let received = bot.received();
    assert_eq!(received.len(), 1);
    assert_eq!(received[0].header("x-github-event"), Some("deployment"));
    let signature = format!("sha256={}", hmac_hex("secret", &received[0].body));
    assert_eq!(
        received[0].header("X-Hub-Signature-256"),
        Some(signature.as_str())
    );
    let body = received[0].json().unwrap_or_default();
    assert_eq!(body["deployment"]["id"].as_u64(), Some(id));
    assert_eq!(body["repository"]["full_name"], "acme/api");
    assert!(body.get("installation").is_none());

    // Asked for, it comes again with its GUID, and with an id of its own.
    let first = github.deliveries()[0].clone();
    assert_eq!(first.status, Some(503));
    assert!(first.id > 1 << 53);
    let (_, listed) = alice
        .got(&format!("{API}/hooks/109948940/deliveries"))
        .await?;
    assert_eq!(
        (&listed[0]["guid"], &listed[0]["status_code"]),
        (&json!(first.guid), &json!(503))
    );
    let attempts = format!("{API}/hooks/109948940/deliveries/{}/attempts", first.id);
    assert_eq!(alice.posted(&attempts, json!({})).await?.0, 202);
    github.webhooks_settled().await;
    assert_eq!(
        bot.received()[1].header("x-github-delivery"),
        Some(first.guid.as_str())
    );
    let second = github.deliveries()[1].clone();
    assert!(second.redelivery && second.accepted() && second.id != first.id);

    // What becomes inactive is not told.
    alice.set(id, "inactive").await?;
    alice.set(id, "success").await?;
    github.webhooks_settled().await;
    assert_eq!(bot.received().len(), 3);
    let body = bot.received()[2].json().unwrap_or_default();
    assert_eq!(body["deployment_status"]["state"], "success");
    Ok(())
}

#[tokio::test]
async fn webhooks_get_lost_doubled_and_held() -> Result<()> {
    let (github, bot) = (acme().await?, Receiver::start().await?);
    github.send_webhooks_to(&bot.url(), "secret");
    let alice = Caller::new(&github, GITHUB_TOKEN)?;

    github.lose_webhooks(1);
    alice.deploy("main", "one").await?;
    github.webhooks_settled().await;
    assert_eq!(bot.received().len(), 0);
    assert_eq!(github.deliveries()[0].status, Some(502));

    github.duplicate_webhooks(1);
    alice.deploy("main", "two").await?;
    github.webhooks_settled().await;
    let guids: Vec<_> = bot
        .received()
        .iter()
        .map(|r| r.header("x-github-delivery").map(str::to_owned))
        .collect();
    assert_eq!(guids.len(), 2);
    assert_eq!(guids[0], guids[1]);

    github.hold_webhooks();
    alice.deploy("main", "three").await?;
    github.webhooks_settled().await;
    assert_eq!(bot.received().len(), 2);
    github.release_webhooks();
    let lost = github.deliveries()[0].guid.clone();
    assert!(github.redeliver(&lost));
    github.webhooks_settled().await;
    assert_eq!(bot.received().len(), 4);
    Ok(())
}

#[tokio::test]
async fn an_unreachable_bot_is_listed_as_502() -> Result<()> {
    let github = acme().await?;
    let gone = Github::start().await?;
    let address = gone.url();
    gone.stop().await;
    github.send_webhooks_to(&address, "secret");
    Caller::new(&github, GITHUB_TOKEN)?
        .deploy("main", "staging")
        .await?;
    github.webhooks_settled().await;
    assert_eq!(github.deliveries()[0].status, Some(502));
    Ok(())
}

#[tokio::test]
async fn faults_befall_requests() -> Result<()> {
    let github = acme().await?;
    let alice = Caller::new(&github, GITHUB_TOKEN)?;
    let path = "/repos/acme/api/deployments";
    let deploy = || alice.post(path, json!({ "ref": "main" }));
    let count = || github.deployments("acme/api").len();
    let on = |trouble| Fault::on("POST", "/repos/*/deployments", trouble);

    github.inject(on(Trouble::Status(502)));
    assert_eq!(deploy().await?.status().as_u16(), 502);
    assert_eq!(count(), 0, "nothing happened before the trouble");
    github.inject(on(Trouble::Status(502)).after_effect());
    assert_eq!(deploy().await?.status().as_u16(), 502);
    assert_eq!(count(), 1, "it happened, and then the answer was lost");

    github.inject(on(Trouble::Cut).after_effect());
    let error = deploy().await.err();
    let error = error
        .as_ref()
        .and_then(|error| error.downcast_ref::<reqwest::Error>());
    assert!(
        error.is_some_and(|error| error.status().is_none()),
        "{error:?}"
    );
    assert_eq!(count(), 2);

    github.inject(on(Trouble::TooManyRequests(Some(7))));
    let answer = deploy().await?;
    assert_eq!(answer.status().as_u16(), 429);
    assert_eq!(answer.headers()["retry-after"], "7");
    github.inject(on(Trouble::SecondaryLimit(None)));
    let answer = deploy().await?;
    assert_eq!(answer.status().as_u16(), 403);
    assert!(answer.text().await?.contains("secondary rate limit"));

    github.inject(on(Trouble::Malformed).after_effect());
    let answer = deploy().await?;
    assert_eq!(answer.status().as_u16(), 201);
    assert!(answer.json::<Value>().await.is_err());
    assert_eq!(count(), 3);
    assert_eq!(github.requests().len(), 6, "nobody tries again unasked");
    Ok(())
}

#[tokio::test]
async fn a_request_that_hangs_ends_with_the_stand_in() -> Result<()> {
    let github = acme().await?;
    github.inject(Fault::on("GET", API, Trouble::Hang));
    let client = Client::builder().no_proxy().user_agent("witbot").build()?;
    let request = client
        .get(format!("{}{API}", github.url()))
        .bearer_auth(GITHUB_TOKEN)
        .send();
    let waiting = tokio::spawn(request);
    github
        .until(|github| (!github.requests().is_empty()).then_some(()))
        .await;
    github.stop().await;
    assert!(waiting.await?.is_err());
    Ok(())
}

#[tokio::test]
async fn branches_commits_and_comparisons_are_listed() -> Result<()> {
    let github = acme().await?;
    let alice = Caller::new(&github, GITHUB_TOKEN)?;
    let (_, body) = alice.got(API).await?;
    assert_eq!(body["default_branch"], "main");
    let bob = ("Bob", Some("bob"));
    github.push_by(bob, "acme/api", "feature/slash", "Add a door\n\nIt opens.");
    github.push_by(("Mallory M", None), "acme/api", "feature/slash", "Paint it");

    let (_, body) = alice
        .got(&format!("{API}/branches?per_page=1&page=1"))
        .await?;
    assert_eq!(
        (body.as_array().map(Vec::len), &body[0]["name"]),
        (Some(1), &json!("feature/slash"))
    );
    let compare = format!("{API}/compare/main...feature/slash");
    let (_, all) = alice.got(&compare).await?;
    let told: Vec<_> = all["commits"].as_array().into_iter().flatten().collect();
    let authors: Vec<&Value> = told
        .iter()
        .map(|commit| &commit["author"]["login"])
        .collect();
    assert_eq!(authors, [&json!("alice"), &json!("bob"), &json!(null)]);
    assert_eq!(told[2]["commit"]["author"]["name"], "Mallory M");
    let (_, last) = alice.got(&format!("{compare}?per_page=2&page=2")).await?;
    let count = last["commits"].as_array().map(Vec::len);
    assert_eq!((count, &last["total_commits"]), (Some(1), &json!(3)));
    assert_eq!(last["commits"][0]["sha"], told[2]["sha"]);
    Ok(())
}

#[tokio::test]
async fn branches_are_merged_and_go_away() -> Result<()> {
    let github = acme().await?;
    github.add_token("reader", "bob", Access::Read, None);
    let alice = Caller::new(&github, GITHUB_TOKEN)?;
    let merges = format!("{API}/merges");
    let main = github.push("acme/api", "main", "News");
    let tip = github.sha("acme/api", "feature/slash");
    let into = |base: &str, head: &str| json!({ "base": base, "head": head });

    let answer = Caller::new(&github, "reader")?
        .post(&merges, into("feature/slash", "main"))
        .await?;
    assert_eq!(answer.status().as_u16(), 403);
    assert_eq!(
        answer.headers()["x-accepted-github-permissions"],
        "contents=write"
    );
    let (status, made) = alice.posted(&merges, into("feature/slash", "main")).await?;
    let parents = (&made["parents"][0]["sha"], &made["parents"][1]["sha"]);
    assert_eq!((status, parents), (201, (&json!(tip), &json!(main))));
    assert_eq!(made["sha"], json!(github.sha("acme/api", "feature/slash")));
    let again = alice.post(&merges, into("feature/slash", "main")).await?;
    assert_eq!(again.status().as_u16(), 204);

    github.push("acme/api", "main", "More news");
    github.make_conflicting("acme/api", "feature/slash");
    for (body, expected) in [
        (into("feature/slash", "main"), (409, "Merge conflict")),
        (into("nope", "main"), (404, "Base does not exist")),
        (into("main", "nope"), (404, "Head does not exist")),
    ] {
        let (status, body) = alice.posted(&merges, body).await?;
        assert_eq!((status, &body["message"]), (expected.0, &json!(expected.1)));
    }
    github.remove_branch("acme/api", "feature/slash");
    let (status, _) = alice.posted(&merges, into("main", "feature/slash")).await?;
    assert_eq!(status, 404);
    assert_eq!(
        alice.get(&format!("{API}/commits/{tip}")).await?.status(),
        200
    );
    Ok(())
}

#[tokio::test]
async fn a_deployment_that_was_removed_is_gone() -> Result<()> {
    let github = acme().await?;
    let alice = Caller::new(&github, GITHUB_TOKEN)?;
    let id = alice.deploy("main", "staging").await?;
    github.remove_deployment("acme/api", id);
    let path = format!("{API}/deployments/{id}");
    assert_eq!(alice.get(&path).await?.status(), 404);
    let added = json!({ "state": "success" });
    let (status, _) = alice.posted(&format!("{path}/statuses"), added).await?;
    assert_eq!(status, 404);
    Ok(())
}
