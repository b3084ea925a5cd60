//! The demo as a test: one command in the chat is one deployment at GitHub and one pipeline at CircleCI.

use anyhow::{Result, ensure};
use serde_json::Value;

use super::{Built, Report};
use crate::demo::folder::Folder;
use crate::demo::{self, summary};
use crate::{repository, target_folder};

/// The states of a deployment that goes well, in order.
const STATES: [&str; 3] = ["queued", "in_progress", "success"];

/// Runs it, and looks at what the stand-ins hold.
pub fn tell(report: &mut Report, built: &Built) {
    let options = demo::Options {
        script: Some(repository().join("xtask/demo/story.txt")),
        fast: true,
        keep: false,
    };
    report.check(
        "the demo, by a script (seconds)",
        "see it with `cargo xtask demo --script xtask/demo/story.txt`",
        || {
            // Not where somebody may have a demo of their own.
            let folder = Folder::lay(&target_folder().join("demo-test"), options.keep)?;
            let outcome = demo::show(&options, &folder, &built.binaries, &built.plugins)?;
            println!("{}", summary::of(&outcome.state));
            ensure!(outcome.code == 0, "the bot ended with {}", outcome.code);
            is_told(&outcome.state)
        },
    );
}

/// Whether this is what is left of `deploy api/main to staging`.
fn is_told(state: &Value) -> Result<()> {
    let deployment = only(&state["deployments"], "acme/api", "deployment")?;
    let pipeline = only(&state["pipelines"], "gh/acme/api", "pipeline")?;
    let states = summary::states(deployment);
    ensure!(
        states == STATES,
        "the deployment went through {states:?}, and not through {STATES:?}"
    );
    for (parameter, expected) in [
        ("app", &Value::from("api")),
        ("environment", &deployment["environment"]),
        ("sha", &deployment["sha"]),
        ("deployment_id", &deployment["id"]),
    ] {
        let sent = &pipeline["parameters"][parameter];
        ensure!(
            sent == expected && !sent.is_null(),
            "the pipeline's parameter `{parameter}` is {sent}, and not {expected}"
        );
    }
    ensure!(
        deployment["environment"] == "staging" && deployment["ref"] == "main",
        "the deployment is not of main to staging: {deployment}"
    );
    Ok(())
}

/// The only one in all lists, which is to be in this one.
fn only<'a>(lists: &'a Value, place: &str, what: &str) -> Result<&'a Value> {
    let all = lists.as_object().into_iter().flatten();
    let count: usize = all
        .map(|(_, list)| list.as_array().map_or(0, Vec::len))
        .sum();
    ensure!(
        count == 1 && !lists[place][0].is_null(),
        "there is not one {what}, in {place}: {lists}"
    );
    Ok(&lists[place][0])
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn state() -> Value {
        json!({
            "deployments": { "acme/web": [], "acme/api": [{
                "id": 7, "ref": "main", "sha": "1a2b", "environment": "staging",
                "statuses": [{"state": "queued"}, {"state": "in_progress"}, {"state": "success"}],
            }]},
            "pipelines": { "gh/acme/web": [], "gh/acme/api": [{
                "parameters": {"app": "api", "environment": "staging", "sha": "1a2b", "deployment_id": 7, "witbot": "x"},
            }]},
        })
    }

    #[track_caller]
    fn refused(pointer: &str, value: Value, reason: &str) {
        let mut state = state();
        *state.pointer_mut(pointer).unwrap() = value;
        let error = is_told(&state).unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
    }

    #[test]
    fn the_story_is_recognised() {
        is_told(&state()).unwrap();
    }

    #[test]
    fn other_stories_are_not() {
        let twice = json!([state()["deployments"]["acme/api"][0], {}]);
        refused("/deployments/acme~1api", twice, "not one deployment");
        refused("/pipelines/gh~1acme~1api", json!([]), "not one pipeline");
        refused("/pipelines/gh~1acme~1web", json!([{}]), "not one pipeline");
        refused(
            "/deployments/acme~1api/0/statuses/1",
            json!({"state": "failure"}),
            "went through",
        );
        refused(
            "/pipelines/gh~1acme~1api/0/parameters/sha",
            json!("2b3c"),
            "`sha`",
        );
        refused(
            "/deployments/acme~1api/0/ref",
            json!("fix"),
            "not of main to staging",
        );
    }
}
