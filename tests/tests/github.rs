//! What plugins see and do of a repository at GitHub, besides deployments.

use std::sync::Arc;

use witbot_tests::bot::Bot;
use witbot_tests::fakes::{Access, CheckState, CommitState, Fault, GITHUB_TOKEN, Github, Trouble};
use witbot_tests::home::Home;
use witbot_tests::services::{REPOSITORY, Services};

const MERGES: &str = "/repos/acme/api/merges";

/// A bot whose plugin `inspects` has these permissions.
async fn bot(permissions: &str) -> (Bot, Arc<Services>) {
    let services = Arc::new(Services::start().await);
    let settings = format!(
        "{}[plugins.inspects.grants]\ngithub = [{{ repository = \"acme/api\", permissions = [{permissions}] }}]\n",
        services.addresses()
    );
    let home = Home::new().with_guest("inspects").with_settings(&settings);
    (Bot::start_for(home, &services).await, services)
}

/// How often a merge was asked for.
fn merges(github: &Github) -> usize {
    let requests = github.requests();
    let merges = requests
        .iter()
        .filter(|request| request.method == "POST" && request.path == MERGES);
    merges.count()
}

#[tokio::test(flavor = "multi_thread")]
async fn commits_branches_and_checks_are_seen() {
    let (mut bot, services) = bot("\"contents:read\", \"deployments:read\"").await;
    let github = &services.github;
    bot.ask("inspect commit main", "#console witbot: Start by alice")
        .await;
    let bob = ("Bob", Some("bob"));
    github.push_by(
        bob,
        REPOSITORY,
        "fix-login",
        "Mend the door\n\nIt was open.",
    );
    github.push_by(("Mallory M", None), REPOSITORY, "fix-login", "Paint it");
    github.push(REPOSITORY, "main", "News");
    bot.ask(
        "inspect changes main fix-login",
        "#console witbot: 3 ahead, 1 behind: Paint it by Mallory M, Mend the door by bob, Work on fix-login by alice",
    )
    .await;
    bot.ask("inspect branches 1", "#console witbot: main of fix-login")
        .await;
    bot.ask("inspect branches 0", "#console witbot: main of fix-login")
        .await;
    bot.ask(
        "inspect branches 5000",
        "#console witbot: main of fix-login, main",
    )
    .await;

    bot.ask("inspect checks main", "#console witbot: none: ")
        .await;
    github.set_status(REPOSITORY, "main", "build", CommitState::Pending);
    github.set_check_run(REPOSITORY, "main", "lint", CheckState::Skipped);
    github.set_check_run(REPOSITORY, "main", "docs", CheckState::Neutral);
    github.set_check_run(REPOSITORY, "main", "unit", CheckState::Success);
    bot.ask(
        "inspect checks main",
        "#console witbot: pending: build pending, docs neutral with a page, lint neutral with a page, unit success with a page",
    )
    .await;
    for state in [CheckState::StartupFailure, CheckState::Stale] {
        github.set_check_run(REPOSITORY, "main", "unit", state);
        bot.ask(
            "inspect checks main",
            "#console witbot: failure: build pending, docs neutral…, lint neutral…, unit failure with a page",
        )
        .await;
    }
    bot.ask(
        "inspect commit nowhere",
        "#console witbot: not-found: acme/api has no branch, tag or commit `nowhere`.",
    )
    .await;
    bot.ask("inspect deployments", "#console witbot: 0 deployments")
        .await;
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_checks_than_fit_on_a_page_are_all_seen() {
    let (mut bot, services) = bot("\"contents:read\"").await;
    for number in 0..300 {
        let name = format!("job {number:03}");
        services
            .github
            .set_check_run(REPOSITORY, "main", &name, CheckState::Success);
    }
    services
        .github
        .set_check_run(REPOSITORY, "main", "last", CheckState::TimedOut);
    bot.ask(
        "inspect checks main",
        "#console witbot: failure: job 000 success…, job 299 success with a page, last failure with a page",
    )
    .await;
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn branches_are_merged_once() {
    let (mut bot, services) = bot("\"contents:write\"").await;
    let github = &services.github;
    bot.ask("merge main into fix-login", "#console witbot: nothing")
        .await;
    let news = github.push(REPOSITORY, "main", "News");
    bot.say("merge main into fix-login").await;
    bot.expect("#console witbot: …").await;
    let made = github.sha(REPOSITORY, "fix-login");
    assert_ne!(made, news);
    bot.ask(
        "inspect changes main fix-login",
        "#console witbot: 2 ahead, 0 behind: As asked by witbot, Work on fix-login by alice",
    )
    .await;
    bot.ask("merge main into fix-login", "#console witbot: nothing")
        .await;

    github.push(REPOSITORY, "main", "More news");
    github.make_conflicting(REPOSITORY, "fix-login");
    bot.ask(
        "merge main into fix-login",
        "#console witbot: conflict: GitHub did not merge `main` into `fix-login` in acme/api: Merge conflict.",
    )
    .await;
    github.remove_branch(REPOSITORY, "fix-login");
    let gone = "#console witbot: not-found: acme/api has no branch, tag or commit `fix-login`.";
    bot.ask("merge main into fix-login", gone).await;
    bot.ask("merge fix-login into main", gone).await;
    assert_eq!(merges(github), 6);
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merge_whose_answer_is_lost_is_looked_for() {
    let (mut bot, services) = bot("\"contents:write\"").await;
    let github = &services.github;
    for trouble in [Trouble::Status(502), Trouble::Cut, Trouble::Malformed] {
        github.push(REPOSITORY, "main", "News");
        let before = github.sha(REPOSITORY, "fix-login");
        github.inject(Fault::on("POST", MERGES, trouble).after_effect());
        bot.say("merge main into fix-login").await;
        let told = bot.expect("#console witbot: …").await;
        let made = github.sha(REPOSITORY, "fix-login");
        assert_ne!(made, before);
        assert_eq!(told, format!("#console witbot: {made}"));
    }
    assert_eq!(merges(github), 3);

    let news = github.push(REPOSITORY, "main", "News");
    let before = github.sha(REPOSITORY, "fix-login");
    github.inject(Fault::on("POST", MERGES, Trouble::Status(502)));
    bot.ask(
        "merge main into fix-login",
        "#console witbot: unavailable: GitHub failed (502) when asked to merge `main` into `fix-login` in acme/api. As far as it shows, it was not done: try again in a while.",
    )
    .await;
    assert_eq!(merges(github), 4);
    assert_eq!(github.sha(REPOSITORY, "fix-login"), before, "{news}");
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_merge_is_told_what_is_missing() {
    let (mut reads, services) = bot("\"contents:read\"").await;
    reads
        .ask(
            "merge main into fix-login",
            "#console witbot: denied: plugin `inspects` may not merge into branches of `acme/api`; …\"contents:write\"…",
        )
        .await;
    assert_eq!(merges(&services.github), 0);
    reads.stop().await;

    let (mut bot, services) = bot("\"contents:write\"").await;
    let github = &services.github;
    github.push(REPOSITORY, "main", "News");
    github.add_token(GITHUB_TOKEN, "witbot", Access::Read, None);
    bot.ask(
        "merge main into fix-login",
        "#console witbot: denied: GitHub does not let the bot merge `main` into `fix-login` in acme/api: Resource not accessible by personal access token. The bot's credentials (GITHUB_TOKEN) need `contents=write`.",
    )
    .await;
    github.revoke_token(GITHUB_TOKEN);
    bot.ask(
        "merge main into fix-login",
        "#console witbot: unavailable: GitHub refused the bot's credentials (GITHUB_TOKEN): Bad credentials. Whoever runs the bot can set new ones.",
    )
    .await;
    github.add_token(GITHUB_TOKEN, "witbot", Access::Write, None);
    github.inject(Fault::on(
        "POST",
        MERGES,
        Trouble::SecondaryLimit(Some(600)),
    ));
    for _ in 0..2 {
        bot.ask(
            "merge main into fix-login",
            "#console witbot: rate-limited: GitHub wants fewer requests of the bot: try again in … s.",
        )
        .await;
    }
    // While GitHub wants to hear nothing, it hears nothing.
    assert_eq!(merges(github), 3);
    bot.stop().await;
}
