//! What is counted of the calls that pass, and grants that are tried.

use witbot_core::call::OpenRepository;
use witbot_core::usage::{Use, Used};

use super::*;

const GRANTS: &str = r#"
github = [{ repository = "acme/api", permissions = ["contents:read", "deployments:write"] }]
kv = [{ max_bytes = 1024 }]
"#;

fn counted(world: &Memory) -> Vec<String> {
    let kept = world.kept();
    let used = kept.iter().flat_map(|commit| &commit.usage);
    used.map(shown).collect()
}

fn shown(used: &Used) -> String {
    let outcome = used.outcome.as_str();
    let line = used.line.as_deref().unwrap_or("-");
    format!("{} {} {outcome} {line}", used.call, used.subject)
}

fn open(name: &str) -> OpenRepository {
    OpenRepository {
        repository: name.parse().unwrap(),
    }
}

fn resolve() -> ResolveReference {
    ResolveReference {
        repository: "acme/api".parse().unwrap(),
        reference: "main".to_owned(),
    }
}

async fn end(gate: Gate, world: &Memory) {
    let rest = gate.finish();
    world.kept().push(rest);
}

#[tokio::test]
async fn calls_are_counted_where_they_are_recorded() {
    let world = Memory::new(GRANTS);
    let mut gate = world.gate();
    gate.pass(open("acme/api")).await.unwrap();
    // Whatever it is answered.
    let _ = gate.pass(resolve()).await;
    let _ = gate.pass(open("acme/web")).await.unwrap_err();
    end(gate, &world).await;
    let github = r#"github = [{ repository = "acme/web", permissions = ["contents:read", "deployments:read"] }]"#;
    let counted = counted(&world);
    assert_eq!(counted.len(), 2, "{counted:?}");
    assert!(
        counted[0].starts_with("github.resolve acme/api "),
        "{counted:?}"
    );
    assert_eq!(counted[1], format!("github.open acme/web denied {github}"));
    for commit in world
        .kept()
        .iter()
        .filter(|commit| !commit.usage.is_empty())
    {
        assert!(!commit.entries.is_empty() || !commit.answers.is_empty());
    }
}

#[tokio::test]
async fn what_is_answered_from_the_record_is_not_counted_again() {
    let world = Memory::new(GRANTS);
    let mut gate = world.gate();
    let _ = gate.pass(resolve()).await;
    end(gate, &world).await;
    let before = counted(&world);
    let mut gate = world.gate();
    let _ = gate.pass(resolve()).await;
    end(gate, &world).await;
    assert_eq!(counted(&world), before);
    assert_eq!(before.len(), 1);
}

#[tokio::test]
async fn grants_that_are_tried_deny_nothing_and_count_what_they_would() {
    let world = Memory::new(GRANTS);
    let tried = r#"github = [{ repository = "acme/web", permissions = ["contents:read"] }]"#;
    *world.observed.lock().unwrap() = Some(Arc::new(toml::from_str(tried).unwrap()));
    let mut gate = world.gate();
    gate.pass(open("acme/api")).await.unwrap();
    let _ = gate.pass(resolve()).await;
    let _ = gate.pass(open("acme/web")).await.unwrap_err();
    end(gate, &world).await;
    assert_eq!(world.performed(), 1);
    let kept = world.kept();
    let used: Vec<&Used> = kept.iter().flat_map(|commit| &commit.usage).collect();
    let would: Vec<String> = used
        .iter()
        .filter(|used| used.outcome == Use::WouldDeny)
        .map(|used| {
            let first = used.first.as_ref().unwrap();
            assert_eq!(
                (first.action.as_str(), first.outcome.as_str()),
                (used.call, "would-deny")
            );
            format!("{} {}", used.call, used.subject)
        })
        .collect();
    assert_eq!(would, ["github.open acme/api", "github.resolve acme/api"]);
    let denied = used.iter().filter(|used| used.outcome == Use::Denied);
    assert_eq!(denied.count(), 1, "what is denied is not tried");
}
