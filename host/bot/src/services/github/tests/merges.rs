//! Merges: sent once, and known again by what the branch has since.

use serde_json::{Value, json};
use witbot_core::call::Merge;
use witbot_core::ids::UnixMillis;

use super::stand_in::{Answer, StandIn};
use super::{api, call_id, commit, github, told};

const MERGE: &str = "POST /repos/acme/api/merges";
const LOOK: &str = "GET /repos/acme/api/compare/main...fix%2Flogin?per_page=50&page=1";
/// When the commits of the stand-in were made.
const MADE: UnixMillis = UnixMillis(1_795_372_200_000);

fn merge() -> Merge {
    Merge {
        repository: api(),
        base: "fix/login".to_owned(),
        head: "main".to_owned(),
        message: "Bring fix/login up to date".to_owned(),
    }
}

/// What the branch has that is not in `main`, newest first, and how much of `main` it lacks.
fn since(commits: &[Value], behind_by: u32) -> Value {
    let commits: Vec<&Value> = commits.iter().rev().collect();
    json!({
        "ahead_by": commits.len(), "behind_by": behind_by, "html_url": "https://github.com/x",
        "base_commit": {"sha": "head"}, "commits": commits,
    })
}

/// Answers the merge in one way, and all reads with the same comparison.
async fn merge_and_look(merge: impl Fn() -> Answer + Send + 'static, since: Value) -> StandIn {
    StandIn::new(move |seen| match seen.line.starts_with("POST") {
        true => merge(),
        false => Answer::Json(200, since.clone()),
    })
    .await
}

#[tokio::test]
async fn a_merge_is_sent_once_and_says_what_it_made() {
    let made = || Answer::Json(201, commit("made", "Bring it up to date", &["tip", "head"]));
    let stand_in = merge_and_look(made, Value::Null).await;
    let merged = github(&stand_in).merge(&merge(), &call_id()).await;
    assert_eq!(merged, Ok(Some("made".to_owned())));
    assert_eq!(stand_in.lines(), [MERGE]);
    stand_in.with_seen(|seen| {
        let message = "Bring fix/login up to date";
        let body = json!({"base": "fix/login", "head": "main", "commit_message": message});
        assert_eq!(seen[0].body, body);
    });

    let stand_in = merge_and_look(|| Answer::Text(204, ""), Value::Null).await;
    let mut quiet = merge();
    quiet.message.clear();
    let merged = github(&stand_in).merge(&quiet, &call_id()).await;
    assert_eq!(merged, Ok(None));
    stand_in.with_seen(|seen| {
        assert_eq!(seen[0].body, json!({"base": "fix/login", "head": "main"}));
    });
}

#[tokio::test]
async fn a_refused_merge_says_why() {
    let check = async |status: u16, message: &'static str, expected: &str| {
        let answer = move || {
            let permission = ("x-accepted-github-permissions", "contents=write".to_owned());
            Answer::With(status, vec![permission], json!({"message": message}))
        };
        let stand_in = merge_and_look(answer, Value::Null).await;
        let error = github(&stand_in)
            .merge(&merge(), &call_id())
            .await
            .unwrap_err();
        assert_eq!(told(error), expected);
        assert_eq!(stand_in.lines(), [MERGE]);
    };
    check(
        409,
        "Merge conflict",
        "conflict: GitHub did not merge `main` into `fix/login` in acme/api: Merge conflict.",
    )
    .await;
    check(
        404,
        "Base does not exist",
        "not-found: acme/api has no branch, tag or commit `fix/login`.",
    )
    .await;
    check(
        404,
        "Head does not exist",
        "not-found: acme/api has no branch, tag or commit `main`.",
    )
    .await;
    check(
        404,
        "Not Found",
        "not-found: GitHub has no branch `fix/login`, or no `main`, in acme/api, or the bot's credentials (GITHUB_TOKEN) cannot see it. They need `contents=write` for it.",
    )
    .await;
    check(
        403,
        "Resource not accessible by integration",
        "denied: GitHub does not let the bot merge `main` into `fix/login` in acme/api: Resource not accessible by integration. The bot's credentials (GITHUB_TOKEN) need `contents=write`.",
    )
    .await;
    check(
        403,
        "You have exceeded a secondary rate limit.",
        "rate-limited [60000 ms]: GitHub wants fewer requests of the bot: try again in 60 s.",
    )
    .await;
}

#[tokio::test]
async fn names_that_are_none_are_not_sent() {
    let stand_in = merge_and_look(|| Answer::Text(204, ""), Value::Null).await;
    for (base, head) in [("fix/login", "evil:main"), ("../x", "main"), ("", "main")] {
        let call = Merge {
            base: base.to_owned(),
            head: head.to_owned(),
            ..merge()
        };
        let error = github(&stand_in).merge(&call, &call_id()).await;
        assert!(told(error.unwrap_err()).starts_with("not-found: acme/api has no branch"));
    }
    assert!(stand_in.lines().is_empty());
}

#[tokio::test]
async fn a_lost_answer_is_found_in_the_branch() {
    let mut made = commit("made", "Bring it up to date", &["tip", "head"]);
    made["commit"]["committer"]["date"] = "2099-01-01T00:00:00Z".into();
    let commits = [
        commit("later", "More", &["made"]),
        made,
        commit("tip", "Work", &["1"]),
    ];
    for answer in [
        || Answer::Lost,
        || Answer::Text(502, "<html>"),
        || Answer::Text(201, "{"),
        || Answer::Text(202, ""),
    ] {
        let stand_in = merge_and_look(answer, since(&commits, 0)).await;
        let merged = github(&stand_in).merge(&merge(), &call_id()).await;
        assert_eq!(merged, Ok(Some("made".to_owned())));
        assert_eq!(stand_in.lines(), [MERGE, LOOK]);
    }
}

#[tokio::test]
async fn a_merge_that_did_not_happen_is_not_sent_again() {
    let stand_in = merge_and_look(|| Answer::Text(502, ""), since(&[], 3)).await;
    let error = github(&stand_in)
        .merge(&merge(), &call_id())
        .await
        .unwrap_err();
    assert_eq!(
        told(error),
        "unavailable: GitHub failed (502) when asked to merge `main` into `fix/login` in acme/api. As far as it shows, it was not done: try again in a while."
    );
    assert_eq!(stand_in.lines(), [MERGE, LOOK]);

    let stand_in = StandIn::new(|_| Answer::Text(503, "")).await;
    let error = github(&stand_in)
        .merge(&merge(), &call_id())
        .await
        .unwrap_err();
    assert!(told(error).starts_with("in-doubt: GitHub failed (503) when asked to merge `main`"));
}

#[tokio::test]
async fn after_a_crash_the_branch_says_what_became_of_a_merge() {
    let check = async |since: Value, begun: UnixMillis, expected: Option<Option<&str>>| {
        let stand_in = merge_and_look(|| Answer::Lost, since).await;
        let found = github(&stand_in).find_merge(&merge(), begun).await.unwrap();
        let found = found.as_ref().map(Option::as_deref);
        assert_eq!(found, expected);
        assert_eq!(stand_in.lines(), [LOOK]);
    };
    let ours = || commit("made", "Bring it up to date", &["tip", "head"]);
    let later = UnixMillis(MADE.0 + 3_600_000);
    check(since(&[ours()], 0), MADE, Some(Some("made"))).await;
    // An hour later there was nothing left to merge.
    check(since(&[ours()], 0), later, Some(None)).await;
    check(since(&[], 0), MADE, Some(None)).await;
    check(since(&[ours()], 1), MADE, None).await;
    // A branch that begins at that commit, or merges another one into it, was not merged into.
    let other = [
        commit("a", "Work", &["head"]),
        commit("b", "Work", &["head", "x"]),
    ];
    check(since(&other, 0), MADE, Some(None)).await;
}
