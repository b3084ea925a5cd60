//! Hears of everything that happens in repositories, and reads of it what one would.

use witbot_sdk::{Event, Plugin, Result, log};

witbot_sdk::plugin!(plugin);

/// As many as a plugin may subscribe to: all of github.com's that are about a repository.
const KINDS: [&str; 50] = [
    "branch_protection_rule",
    "check_run",
    "check_suite",
    "code_scanning_alert",
    "commit_comment",
    "create",
    "delete",
    "dependabot_alert",
    "deploy_key",
    "deployment",
    "deployment_review",
    "deployment_status",
    "discussion",
    "discussion_comment",
    "fork",
    "gollum",
    "issue_comment",
    "issues",
    "label",
    "member",
    "merge_group",
    "meta",
    "milestone",
    "package",
    "page_build",
    "project",
    "project_card",
    "project_column",
    "public",
    "pull_request",
    "pull_request_review",
    "pull_request_review_comment",
    "pull_request_review_thread",
    "push",
    "release",
    "repository",
    "repository_dispatch",
    "repository_import",
    "repository_vulnerability_alert",
    "secret_scanning_alert",
    "secret_scanning_alert_location",
    "star",
    "status",
    "team",
    "team_add",
    "watch",
    "workflow_dispatch",
    "workflow_job",
    "workflow_run",
    "deployment_protection_rule",
];

fn plugin() -> Plugin {
    let plugin = Plugin::new("Hears of everything.").wants("github", "To hear of repositories.");
    KINDS.iter().fold(plugin, |plugin, kind| {
        plugin.subscribe(format!("github.{kind}"), hear)
    })
}

fn hear(event: &Event) -> Result {
    let id: u64 = event.parse_field("/repository/id")?.unwrap_or_default();
    let action = event.field("/action").unwrap_or_default();
    let sender = event.field("/sender/login").unwrap_or_default();
    let (kind, subject) = (event.kind(), event.subject());
    log::info!("heard {kind} {action} of {subject}, {id}, by {sender}");
    Ok(())
}
