//! Who may deploy, told in Slack: by user groups, with an approval of somebody else, and not where another organisation reads
//! along.

use std::sync::Arc;

use serde_json::Value;
use witbot_core::conversation::pattern::matches;
use witbot_tests::bot::Bot;
use witbot_tests::fakes::slack::{Behaviour, Message, UserKind};
use witbot_tests::fakes::{Deployment, Github, Slack, Trouble};
use witbot_tests::home::Home;
use witbot_tests::services::{REPOSITORY, Services};
use witbot_tests::slack::{FAST, Mode, Workspace};

const RULES: &str = r#"
[roles.product]
groups = ["S000PRODUCT"]

[roles.leads]
groups = ["S00000LEADS"]

[[rules]]
name = "our own channels"
plugin = "deploy"
commands = ["deploy*"]
kinds = ["shared"]
decision = "deny"
reason = "others read along here"

[[rules]]
name = "production"
plugin = "deploy"
commands = ["deploy*"]
arguments = { env = "production" }
who = ["product"]
decision = "approve"
approvals = 1
approvers = ["leads"]
reason = "two pairs of eyes"

[[rules]]
name = "the rest"
plugin = "deploy"
commands = ["deploy*"]
decision = "deny"
reason = "ask a product owner"
"#;

const DEPLOY: &str = "deploy api/main to production";

/// `anna` is a product owner and a lead, `ben` a lead, `carl` neither.
struct Stage {
    workspace: Arc<Workspace>,
    services: Arc<Services>,
    bot: Bot,
    ben: String,
    carl: String,
}

impl Stage {
    async fn new(mode: Mode) -> Stage {
        let workspace = Arc::new(Workspace::start().await);
        let services = Arc::new(Services::start().await);
        let slack = &workspace.slack;
        let (ben, carl) = (slack.add_user("ben"), slack.add_user("carl"));
        slack.join(&carl, &workspace.deploys);
        slack.set_group("product", &[&workspace.anna]);
        slack.set_group("leads", &[&workspace.anna, &ben]);
        let settings = format!("{FAST}{}{RULES}", services.settings());
        let home = Home::new().with_plugin("deploy").with_plugin("pipeline");
        let home = workspace.home(home, mode, &settings).await;
        let bot = Bot::start_in_for(home, &workspace, mode, &services).await;
        Stage {
            workspace,
            services,
            bot,
            ben,
            carl,
        }
    }

    fn slack(&self) -> &Slack {
        &self.workspace.slack
    }

    /// Somebody tells the bot to do something in `deploys`.
    fn says(&self, user: &str, text: &str) {
        let text = format!("<@U000WITBOT> {text}");
        let deploys = &self.workspace.deploys;
        self.slack().say(user, deploys, None, &text);
    }

    /// Somebody tells the bot to deploy, and is told this, be it in a text or on a card: nothing is deployed.
    async fn refuses(&self, user: &str, parts: &[&str]) {
        let before = self.slack().post_count(&self.workspace.deploys);
        self.says(user, DEPLOY);
        self.is_refused(before, parts).await;
    }

    /// Waits until a post after so many others says all of this, in its text or on its card.
    async fn is_refused(&self, before: usize, parts: &[&str]) {
        let shown = |post: &Message| format!("{} {}", post.text(), post.now().attachments);
        self.shows(before, parts, shown).await;
        assert_eq!(self.deployments().len(), 0, "nothing is deployed");
    }

    /// Waits until what a post after so many others shows has all of this.
    async fn shows(&self, before: usize, parts: &[&str], shown: impl Fn(&Message) -> String) {
        let deploys = &self.workspace.deploys;
        let has_all = |post: &Message| {
            let shown = shown(post);
            parts.iter().all(|part| shown.contains(part))
        };
        let found = |slack: &Slack| {
            let posts = slack.posts(deploys);
            posts[before..].iter().any(has_all).then_some(())
        };
        self.slack().until(found).await;
    }

    /// The open question whether something is approved.
    async fn question(&self) -> Message {
        let deploys = &self.workspace.deploys;
        self.slack()
            .until(|slack| slack.newest_with(deploys, "Approve"))
            .await
    }

    /// Somebody presses a button, and is told this alone.
    async fn is_told_alone(&self, user: &str, question: &Message, button: &str, pattern: &str) {
        let deploys = &self.workspace.deploys;
        let before = self.slack().ephemerals().len();
        self.slack().click(user, deploys, &question.ts, button);
        let next = |slack: &Slack| slack.ephemerals().get(before).cloned();
        let told = self.slack().until(next).await;
        assert_eq!(told.user, user);
        assert!(matches(pattern, &told.text), "{:?}", told.text);
    }

    fn deployments(&self) -> Vec<Deployment> {
        self.services.github.deployments(REPOSITORY)
    }

    /// Waits until there is a deployment.
    async fn deployed(&self) -> Deployment {
        let first = |github: &Github| github.deployments(REPOSITORY).first().cloned();
        self.services.github.until(first).await
    }

    /// The audit, which is as it was written.
    async fn audit(&self) -> Vec<Value> {
        let home = self.bot.home();
        let verified = home.witbot(&["audit", "verify"]).await.ok();
        assert!(verified.contains("as they were written"), "{verified}");
        let shown = home.witbot(&["audit", "show", "--limit", "1000"]).await;
        let shown = shown.ok();
        let record = |line: &str| serde_json::from_str(line).expect("a line is a record");
        shown.lines().map(record).collect()
    }

    /// Whether the audit says this of somebody.
    async fn is_audited(&self, actor: &str, action: &str, outcome: &str) {
        let audit = self.audit().await;
        let is = |record: &&Value| {
            record["actor"] == actor && record["action"] == action && record["outcome"] == outcome
        };
        assert!(audit.iter().any(|record| is(&record)), "{audit:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_product_owner_deploys_with_the_approval_of_somebody_else() {
    for mode in Mode::BOTH {
        let mut stage = Stage::new(mode).await;
        let (anna, ben, carl) = (
            stage.workspace.anna.clone(),
            stage.ben.clone(),
            stage.carl.clone(),
        );
        stage.says(&anna, DEPLOY);
        let question = stage.question().await;
        let sha = stage.services.github.sha(REPOSITORY, "main");
        let shown = question.now().blocks.to_string();
        for part in [DEPLOY, &sha, "1 approval", "`leads`", "two pairs of eyes"] {
            assert!(shown.contains(part), "{part}: {shown}");
        }
        // She is a lead as well.
        let own = "Nobody approves what they asked for themselves…";
        stage.is_told_alone(&anna, &question, "Approve", own).await;
        let theirs = "Only those whom the question names can answer it.";
        stage
            .is_told_alone(&carl, &question, "Approve", theirs)
            .await;
        assert_eq!(stage.deployments().len(), 0);

        stage.bot.kill9_and_restart().await;
        let slack = stage.slack();
        slack.click(&ben, &stage.workspace.deploys, &question.ts, "Approve");
        let deployment = stage.deployed().await;
        assert_eq!(deployment.environment, "production", "{mode} mode");
        assert_eq!(deployment.sha, sha, "{mode} mode");
        stage.is_audited(&anna, "policy.judge", "asks").await;
        stage.is_audited(&anna, "policy.judge", "allowed").await;
        let by_ben = |audit: &[Value]| audit.iter().any(|record| record.to_string().contains(&ben));
        assert!(by_ben(&stage.audit().await), "who approved it is recorded");
        assert_eq!(stage.deployments().len(), 1);
        stage.bot.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_outside_is_told_why_not_and_whom_to_ask_until_they_are_in_the_group() {
    let mut stage = Stage::new(Mode::Socket).await;
    let (anna, carl) = (stage.workspace.anna.clone(), stage.carl.clone());
    let told = [
        "You may not `deploy ",
        "rule `the rest` (ask a product owner)",
        "Who can: `product`, with 1 approval by `leads`.",
    ];
    stage.refuses(&carl, &told).await;
    stage.slack().set_group("product", &[&carl]);
    stage.slack().settled().await;
    stage.says(&carl, DEPLOY);
    stage.question().await;
    stage.refuses(&anna, &told).await;
    stage.is_audited(&carl, "command", "denied").await;
    stage.bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_deploys_where_another_organisation_reads_along() {
    let mut stage = Stage::new(Mode::Socket).await;
    let (anna, ben) = (stage.workspace.anna.clone(), stage.ben.clone());
    let deploys = stage.workspace.deploys.clone();
    let told = [
        "You may not `deploy ",
        "rule `our own channels` (others read along here)",
    ];
    stage.slack().set_shared(&deploys, true);
    stage.refuses(&anna, &told).await;
    let sam = stage.slack().add_user_of("sam", UserKind::Stranger);
    stage.refuses(&sam, &told).await;
    stage.is_audited(&anna, "command", "denied").await;
    stage.is_audited(&sam, "command", "denied").await;

    stage.slack().set_shared(&deploys, false);
    stage.slack().settled().await;
    let before = stage.slack().post_count(&deploys);
    stage.says(&anna, DEPLOY);
    let question = stage.question().await;
    // Slack does not tell that it is shared again: only what is said there shows it.
    stage.slack().share(&deploys);
    stage.refuses(&anna, &told).await;
    // What was asked for before is judged as things are now, and its card says so.
    stage.slack().click(&ben, &deploys, &question.ts, "Approve");
    let card = |post: &Message| post.now().attachments.to_string();
    stage.shows(before, &told, card).await;
    stage.bot.stop().await;
    assert_eq!(stage.deployments().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_in_a_group_that_cannot_be_read_is_denied_and_told_so() {
    let mut stage = Stage::new(Mode::Socket).await;
    let anna = stage.workspace.anna.clone();
    let unknown = "I cannot find out what rule `production` hangs on";
    let fault = Slack::fault("usergroups.users.list", Trouble::Status(500)).always();
    stage.slack().inject(fault);
    stage.refuses(&anna, &[unknown, "`S000PRODUCT`"]).await;
    stage.slack().clear_faults();
    stage
        .slack()
        .behave(|slack| slack.without("usergroups:read"));
    stage.refuses(&anna, &[unknown, "`usergroups:read`"]).await;
    let give_back = |slack: &mut Behaviour| slack.scopes.push("usergroups:read".to_owned());
    stage.slack().behave(give_back);
    stage.slack().disable_group("S000PRODUCT");
    stage.slack().settled().await;
    stage.refuses(&anna, &[unknown, "or it is disabled"]).await;
    stage.is_audited(&anna, "policy.judge", "denied").await;

    stage.slack().set_group("product", &[&anna]);
    stage.slack().settled().await;
    stage.says(&anna, DEPLOY);
    stage.question().await;
    stage.bot.stop().await;
}
