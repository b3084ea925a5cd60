//! What stands between a command and a deployment: checks, locks, freezes, an order, a line; and what comes after it.

use std::sync::Arc;

use serde_json::json;
use witbot_tests::bot::Bot;
use witbot_tests::fakes::{CheckState, CommitState, Deployment, DeploymentState, Fault, Trouble};
use witbot_tests::home::Home;
use witbot_tests::services::{REPOSITORY, Services};

use DeploymentState::{Error, Success};

const PLUGINS: &str = r#"
[plugins.deploy.settings]
aliases = { prod = "production" }

[plugins.deploy.settings.apps.api]
repository = "acme/api"
announce = "deploys"

[plugins.deploy.settings.apps.api.environments]
staging = { order = 1 }
production = { order = 2, after = "staging", contexts = ["ci/test", "build"] }
fresh = { order = 3, behind = "merge" }
strict = { order = 4, behind = "refuse", force = "nobody" }
frozen = { order = 5, freezes = [{ reason = "nobody is there" }] }
robot = { order = 6, auto = true, contexts = ["ci/test", "build"] }

[plugins.deploy.grants]
github = [{ repository = "acme/api", permissions = ["contents:write", "deployments:write"] }]
kv = [{ max_bytes = 1048576 }]
chat = [{ channel = "deploys" }]
"#;

const PIPELINE: &str = r#"
[plugins.pipeline.settings.repositories."acme/api".staging]
project = "gh/acme/api"
correlate_by = "witbot"

[plugins.pipeline.grants]
github = [{ repository = "acme/api", permissions = ["deployments:write"] }]
ci = [{ provider = "circleci", project = "gh/acme/api", actions = ["trigger", "read", "cancel"] }]
kv = [{ max_bytes = 1048576 }]
chat = [{ channel = "*" }]
"#;

struct Stage {
    bot: Bot,
    services: Arc<Services>,
}

impl Stage {
    /// A bot that creates deployments, which the test carries out.
    async fn new() -> Stage {
        Stage::with(Home::new().with_plugin("deploy"), "").await
    }

    async fn with(home: Home, more: &str) -> Stage {
        let services = Arc::new(Services::start().await);
        let home = home.with_settings(&format!("{}{PLUGINS}{more}", services.addresses()));
        Stage {
            bot: Bot::start_for(home, &services).await,
            services,
        }
    }

    fn deployments(&self) -> Vec<Deployment> {
        self.services.github.deployments(REPOSITORY)
    }

    /// The newest deployment, once there are so many.
    async fn deployment(&self, count: usize) -> Deployment {
        let look = |github: &witbot_tests::fakes::Github| {
            let all = github.deployments(REPOSITORY);
            all.into_iter().nth(count - 1)
        };
        self.services.github.until(look).await
    }

    /// Whoever carries it out succeeds.
    fn end(&self, deployment: &Deployment) {
        let place = (REPOSITORY, deployment.id);
        self.services
            .github
            .set_deployment_status("octo-ci", place, Success, "");
    }

    /// Expects a card to change into this, whatever comes before it.
    async fn card(&self, state: &str, title: &str, text: &str) {
        let heading = format!("…[{state}] {title}");
        loop {
            self.bot.expect_soon(&heading).await;
            let line = self.bot.expect("…").await;
            if witbot_core::conversation::pattern::matches(&format!("…{text}"), &line) {
                return;
            }
        }
    }

    fn green(&self, reference: &str) {
        let github = &self.services.github;
        github.set_status(REPOSITORY, reference, "ci/test", CommitState::Success);
        github.set_check_run(REPOSITORY, reference, "build", CheckState::Success);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_keeps_others_away_and_can_be_stolen() {
    let mut stage = Stage::new().await;
    let bot = &mut stage.bot;
    bot.ask(
        "@ada #ops: lock api in staging for 2h the database moves",
        "#ops witbot: Locked api in staging by ada: the database moves (since … UTC, until … UTC).",
    )
    .await;
    bot.ask(
        "locks",
        "#console witbot: api in staging is locked by ada: …",
    )
    .await;
    bot.say("@bob #ops: deploy api to staging").await;
    bot.expect_soon("#ops witbot: api to staging main (…): api in staging is locked by ada: …[Deploy anyway / Stop]").await;
    bot.say("@bob #ops: stop").await;
    stage
        .card(
            "failure",
            "api to staging",
            "Not deployed. api in staging is locked by ada: …",
        )
        .await;
    assert!(stage.deployments().is_empty());

    let bot = &mut stage.bot;
    bot.say("@bob #ops: lock api in staging").await;
    bot.expect_soon("#ops witbot: api in staging is already locked by ada: …Take the lock from ada? [Steal / Leave it]").await;
    bot.say("@bob #ops: steal").await;
    bot.expect_soon("#ops witbot: Locked api in staging by bob (since …")
        .await;
    bot.say("@ada #ops: unlock api in staging").await;
    bot.expect_soon(
        "#ops witbot: api in staging is locked by bob (since … Unlock it? [Unlock / Leave it]",
    )
    .await;
    bot.say("@ada #ops: unlock").await;
    bot.expect_soon("#ops witbot: Unlocked api in staging.")
        .await;
    bot.say("locks").await;
    bot.expect_soon("#console witbot: Nothing is locked.").await;
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_passed_over_is_recorded() {
    let mut stage = Stage::new().await;
    let sha = stage.services.github.sha(REPOSITORY, "main");
    stage.bot.say("@ada #ops: deploy api to frozen").await;
    stage.bot.expect_soon("#ops witbot: api to frozen main (…): Nothing is deployed there (UTC): nobody is there. [Deploy anyway / Stop]").await;
    stage.bot.say("@ada #ops: deploy anyway").await;
    let deployment = stage.deployment(1).await;
    assert_eq!(deployment.payload["forced"], json!(["freeze"]));
    assert_eq!(deployment.payload["forced_by"]["name"], "ada");
    assert_eq!(
        (&deployment.sha, deployment.reference.as_str()),
        (&sha, "main")
    );

    stage
        .bot
        .say("@bob #ops: deploy:migrate! api to prod/db1")
        .await;
    let deployment = stage.deployment(2).await;
    let forced = json!(["order", "contexts"]);
    assert_eq!(deployment.payload["forced"], forced);
    assert_eq!(deployment.task, "migrate");
    assert_eq!(deployment.payload["hosts"], "db1");
    assert_eq!(deployment.environment, "production");
    stage.bot.kill9().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_done_in_a_dry_run() {
    let mut stage = Stage::new().await;
    stage
        .services
        .github
        .set_status(REPOSITORY, "main", "ci/test", CommitState::Failure);
    stage.bot.say("deploy --dry-run api to production").await;
    let text = "It would not be deployed. … has to be deployed to staging first, and has not been, or without success.";
    stage
        .card("warning", "api to production: dry run", text)
        .await;
    let text = "Not all checks of … are green. Failed: ci/test. Missing: build.";
    stage.bot.expect(&format!("    {text}")).await;
    stage.bot.expect_soon("    Nothing was done. …").await;
    assert!(stage.deployments().is_empty());
    stage.bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn checks_that_are_not_over_can_be_waited_for() {
    let mut stage = Stage::new().await;
    let github = &stage.services.github;
    github.set_status(REPOSITORY, "main", "ci/test", CommitState::Pending);
    stage.bot.say("deploy api to staging").await;
    stage
        .bot
        .expect_soon("…Not over: ci/test. [Wait until green / Deploy anyway / Stop]")
        .await;
    stage.bot.say("wait until green").await;
    stage
        .card("waiting", "api to staging", "Waiting. Not all checks …")
        .await;
    let github = &stage.services.github;
    github.set_status(REPOSITORY, "main", "ci/test", CommitState::Success);
    stage.deployment(1).await;
    stage.bot.kill9().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_behind_is_merged_or_refused() {
    let mut stage = Stage::new().await;
    let github = &stage.services.github;
    github.push(REPOSITORY, "main", "Something new");
    stage.bot.say("deploy api/fix-login to strict").await;
    stage
        .card(
            "failure",
            "api to strict",
            "Not deployed. fix-login (…) lacks … of main. Merge main into it first.",
        )
        .await;
    stage.bot.say("deploy! api/fix-login to strict").await;
    stage
        .card("failure", "api to strict", "Not deployed. …")
        .await;
    stage
        .bot
        .expect("      You may not pass over the checks here: see the setting `force`.")
        .await;
    assert!(stage.deployments().is_empty());

    stage.bot.say("deploy api/fix-login to fresh").await;
    let deployment = stage.deployment(1).await;
    let merged = stage.services.github.sha(REPOSITORY, "fix-login");
    assert_eq!(
        (&deployment.sha, deployment.reference.as_str()),
        (&merged, "fix-login")
    );
    stage.bot.kill9().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_at_a_time_and_the_next_one_is_checked_again() {
    let mut stage = Stage::new().await;
    let github = &stage.services.github;
    let first = github.sha(REPOSITORY, "main");
    stage.bot.say("@ada #ops: deploy api to staging").await;
    let one = stage.deployment(1).await;
    stage.bot.say("@bob #dev: deploy api to staging").await;
    stage
        .card(
            "waiting",
            "api to staging",
            "Second in line: another deployment of api in staging is under way.",
        )
        .await;
    stage
        .bot
        .say("@eve #dev: deploy api/fix-login to staging")
        .await;
    stage
        .card("waiting", "api to staging", "Third in line: …")
        .await;
    stage
        .bot
        .say("cancel deploy api in staging number 99")
        .await;
    stage
        .bot
        .expect_soon("#console witbot: Deployment 99 of api to staging is over, or not there.")
        .await;

    // What was shown is deployed, although the branch moves; what is gone is told.
    let github = &stage.services.github;
    github.push(REPOSITORY, "main", "Something new");
    github.remove_branch(REPOSITORY, "fix-login");
    stage.end(&one);
    stage.card("success", "api to staging", "Success.").await;
    let two = stage.deployment(2).await;
    assert_eq!((&two.sha, &two.reference), (&first, &first));
    assert_eq!(two.payload["ref"], "main");
    stage.end(&two);
    stage
        .card(
            "failure",
            "api to staging",
            "Not deployed: `fix-login` was deleted at GitHub meanwhile. …",
        )
        .await;
    assert_eq!(stage.deployments().len(), 2);
    stage.bot.kill9().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_in_line_can_be_canceled() {
    let mut stage = Stage::new().await;
    stage.bot.say("@ada #ops: deploy api to staging").await;
    stage.deployment(1).await;
    stage.bot.say("@bob #dev: deploy api to staging").await;
    stage
        .card("waiting", "api to staging", "Second in line: …")
        .await;
    stage.bot.say("cancel deploy api in staging").await;
    stage
        .bot
        .expect_soon("#console witbot: Canceled the deployment of api main (…) to staging.")
        .await;
    stage
        .bot
        .expect_soon("    Canceled the deployment of api main (…) to staging that waited, for bob.")
        .await;
    let one = stage.services.github.until(|github| {
        let one = github.deployments(REPOSITORY).pop()?;
        (one.states() == [Error]).then_some(one)
    });
    one.await;
    assert_eq!(stage.deployments().len(), 1);
    stage.bot.kill9().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_commit_goes_on_and_back() {
    let mut stage = Stage::new().await;
    let github = &stage.services.github;
    let old = github.sha(REPOSITORY, "main");
    stage.green("main");
    stage
        .bot
        .say("promote api from staging to production")
        .await;
    stage
        .bot
        .expect_soon("#console witbot: api was never in staging with success.")
        .await;
    for (count, environment) in [(1, "staging"), (2, "production")] {
        stage.bot.say(&format!("deploy api to {environment}")).await;
        let one = stage.deployment(count).await;
        stage.end(&one);
        stage
            .card("success", &format!("api to {environment}"), "Success.")
            .await;
    }
    stage.bot.say("rollback api in production").await;
    stage.bot.expect_soon("#console witbot: There is nothing to go back to: main (…) is the only version of api that was in production.").await;

    let new = stage
        .services
        .github
        .push(REPOSITORY, "main", "Something new");
    stage.green("main");
    stage.bot.say("deploy api to staging").await;
    let three = stage.deployment(3).await;
    stage.end(&three);
    stage
        .bot
        .expect_soon("      Changes: 1 commit more than …")
        .await;
    stage.card("success", "api to staging", "Success.").await;
    let promote = format!("promote api/{} from staging to production", &new[..7]);
    stage
        .bot
        .expect_soon(&format!("      [Promote to production] `{promote}`"))
        .await;
    stage.bot.say(&promote).await;
    let four = stage.deployment(4).await;
    assert_eq!((&four.sha, four.environment.as_str()), (&new, "production"));
    stage.end(&four);
    stage.card("success", "api to production", "Success.").await;
    stage.bot.say("rollback api in production").await;
    let five = stage.deployment(5).await;
    assert_eq!((&five.sha, five.environment.as_str()), (&old, "production"));
    stage.bot.kill9().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_green_is_deployed_by_itself_once() {
    let mut stage = Stage::new().await;
    stage.bot.ask("auto-deploy api in robot status", "#console witbot: api in robot: auto-deploy is on. The default branch is deployed when ci/test and build are green.").await;
    stage
        .bot
        .ask(
            "lock api in robot",
            "#console witbot: Locked api in robot by you (…",
        )
        .await;
    stage.green("main");
    stage.services.github.tell_of_checks(REPOSITORY, "main");
    stage.bot.expect_soon("#deploys witbot: api main (…) is green, but is not deployed to robot by itself: api in robot is locked by you …").await;
    stage
        .bot
        .ask(
            "unlock api in robot",
            "#console witbot: Unlocked api in robot.",
        )
        .await;
    // Each of these is a reason to look, and all of them are about one commit.
    for _ in 0..3 {
        stage.services.github.tell_of_checks(REPOSITORY, "main");
    }
    let one = stage.deployment(1).await;
    assert_eq!(
        (one.environment.as_str(), &one.payload["auto"]),
        ("robot", &true.into())
    );
    stage.services.github.webhooks_settled().await;
    stage
        .bot
        .expect_soon("#deploys witbot: Deploying api main (…) to robot for auto-deploy")
        .await;
    stage.end(&one);
    stage.card("success", "api to robot", "Success.").await;
    stage
        .services
        .github
        .push(REPOSITORY, "main", "Something new");
    stage.services.github.webhooks_settled().await;
    assert_eq!(stage.deployments().len(), 1);
    stage.bot.kill9().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_holds_for_what_is_deployed_elsewhere() {
    let home = Home::new().with_plugin("deploy").with_plugin("pipeline");
    let mut stage = Stage::with(home, PIPELINE).await;
    stage
        .bot
        .ask(
            "lock api in staging",
            "#console witbot: Locked api in staging by you (…",
        )
        .await;
    let fields = json!({ "ref": "main", "environment": "staging" });
    stage.services.github.deploy_as("eve", REPOSITORY, fields);
    stage.bot.expect_soon("#deploys witbot: eve deployed api in staging at GitHub, which was refused: api in staging is locked by you (…").await;
    let refused = stage.services.github.until(|github| {
        let one = github.deployments(REPOSITORY).pop()?;
        one.statuses
            .iter()
            .any(|status| status.state == Error)
            .then_some(one)
    });
    assert_eq!(refused.await.environment, "staging");
    stage.bot.kill9().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_that_is_deleted_is_told() {
    let mut stage = Stage::new().await;
    stage.bot.say("deploy api to staging").await;
    let one = stage.deployment(1).await;
    stage
        .card("waiting", "api to staging", "Deployment … is created. …")
        .await;
    stage.services.github.remove_deployment(REPOSITORY, one.id);
    stage
        .card(
            "warning",
            "api to staging",
            "Deployment … is no longer there: somebody deleted it at GitHub. …",
        )
        .await;
    stage.bot.kill9().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mistakes_in_the_settings_are_told_with_their_lines() {
    let home = Home::new().with_plugin("deploy").with_settings(
        "[plugins.deploy.settings.apps.api]\nrepository = \"api\"\nenvironments = []\n\
         [plugins.deploy.grants]\nkv = [{}]\ngithub = [{ repository = \"*\", permissions = [\"deployments:read\"] }]\n",
    );
    let mut bot = Bot::start(home).await;
    let held = bot.expect_log("WARN [deploy] the plugin is held: …").await;
    assert!(
        format!("{held:?}").contains("write it as `owner/name`"),
        "{held:?}"
    );
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_beginning_and_the_end_are_announced_elsewhere() {
    let mut stage = Stage::new().await;
    stage.bot.say("@ada #ops: deploy api to staging").await;
    let begun = "#deploys witbot: api to staging main (…): begun for ada.";
    stage.bot.expect_soon(begun).await;
    let one = stage.deployment(1).await;
    stage.end(&one);
    let over = "#deploys witbot: api to staging main (…): Success.";
    stage.bot.expect_soon(over).await;
    stage.bot.kill9().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_is_created_once_whatever_github_answers() {
    for (after_effect, trouble, created) in [
        (false, Trouble::Status(502), 0),
        (true, Trouble::Status(502), 1),
        (true, Trouble::Cut, 1),
        (false, Trouble::Status(403), 0),
        (false, Trouble::TooManyRequests(Some(1)), 1),
    ] {
        let mut stage = Stage::new().await;
        let what = format!("{trouble:?}");
        let fault = Fault::on("POST", "*/deployments", trouble);
        let fault = if after_effect {
            fault.after_effect()
        } else {
            fault
        };
        stage.services.github.inject(fault);
        stage.bot.say("deploy api to staging").await;
        match created {
            0 => {
                let text = "The deployment was not created: …";
                stage.card("failure", "api to staging", text).await;
                let again = "      [Try again] `deploy api/main to staging`";
                stage.bot.expect_soon(again).await;
            }
            _ => {
                let text = "Deployment … is created. …";
                stage.card("waiting", "api to staging", text).await;
            }
        }
        assert_eq!(stage.deployments().len(), created, "{what}");
        stage.bot.kill9().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_in_line_survives_a_kill() {
    let mut stage = Stage::new().await;
    stage.bot.say("@ada #ops: deploy api to staging").await;
    let one = stage.deployment(1).await;
    stage
        .bot
        .say("@bob #dev: deploy api/fix-login to staging")
        .await;
    stage
        .card("waiting", "api to staging", "Second in line: …")
        .await;
    stage.bot.kill9_and_restart().await;
    stage.end(&one);
    let two = stage.deployment(2).await;
    assert_eq!(two.reference, "fix-login");
    assert_eq!(stage.deployments().len(), 2);
    stage.bot.kill9().await;
}

const BY_OTHERS: &str = r#"
[[rules]]
plugin = "deploy"
arguments = { env = "production" }
decision = "deny"
reason = "ask in #releases"

[[rules]]
plugin = "deploy"
decision = "allow"
"#;

#[tokio::test(flavor = "multi_thread")]
async fn an_alias_leads_round_no_rule() {
    let mut stage = Stage::with(Home::new().with_plugin("deploy"), BY_OTHERS).await;
    let bot = &mut stage.bot;
    for command in [
        "auto-deploy api in prod on",
        "auto-deploy api in prod off",
        "lock api in prod",
        // That is all environments, production among them.
        "lock api",
        "unlock api in prod",
        "cancel deploy api in prod",
    ] {
        bot.say(&format!("@ada #ops: {command}")).await;
        bot.expect_soon("#ops witbot: …ask in #releases…").await;
    }
    bot.ask("locks", "#console witbot: Nothing is locked.")
        .await;
    bot.ask(
        "@ada #ops: lock api in staging",
        "#ops witbot: Locked api in staging by ada …",
    )
    .await;
    bot.ask(
        "@ada #ops: auto-deploy api in prod",
        "#ops witbot: api in production: auto-deploy is off.",
    )
    .await;
    assert!(stage.deployments().is_empty());
    stage.bot.forgive("WARN [deploy] the handler gave up…");
    stage.bot.stop().await;
}
