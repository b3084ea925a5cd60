//! Argo Rollouts: a Rollout walks steps of its own. It can be paused, resumed, promoted and aborted, as its command line does.
//! <https://argo-rollouts.readthedocs.io/en/stable/generated/kubectl-argo-rollouts/kubectl-argo-rollouts/>

use serde_json::{Value, json};
use witbot_sdk::{Error, Result, http};

use crate::backend::Standing;
use crate::gateway::names;
use crate::settings::Place;
use crate::split::{ALL, Split};
use crate::steer::What;
use crate::web;

const WHOM: &str = "Kubernetes";

/// How far a Rollout is.
pub fn read(place: Place<'_>) -> Result<Standing> {
    let document = web::send(WHOM, http::get(url(place)))?;
    let canary = weight(&document);
    let mut split = Split::default();
    split.0.insert("canary".to_owned(), canary);
    split.0.insert("stable".to_owned(), ALL - canary);
    let note = note(&document);
    Ok(Standing {
        split,
        document,
        note: Some(note),
    })
}

/// Does what somebody wants with it.
pub fn steer(place: Place<'_>, what: What) -> Result {
    for (of_status, patch) in patches(what) {
        let url = if of_status {
            format!("{}/status", url(place))
        } else {
            url(place)
        };
        let request = web::merge_patch(url, &patch)?;
        web::send(WHOM, request)?;
    }
    Ok(())
}

/// What the command line of Argo Rollouts sends; whether it goes to the status.
fn patches(what: What) -> Vec<(bool, Value)> {
    let go_on = (false, json!({ "spec": { "paused": false } }));
    match what {
        What::Pause => vec![(false, json!({ "spec": { "paused": true } }))],
        What::Resume => vec![
            go_on,
            (true, json!({ "status": { "pauseConditions": null } })),
        ],
        What::Promote => vec![go_on, (true, json!({ "status": { "promoteFull": true } }))],
        What::Abort => vec![(true, json!({ "status": { "abort": true } }))],
    }
}

/// What is told to who wants another split of it.
pub fn walks_by_itself(place: Place<'_>) -> Error {
    Error::invalid(format!(
        "{} is a Rollout, which walks its own steps when its image changes. `{}`, `resume`, `promote` and `abort` steer it.",
        place.title(),
        place.command("pause")
    ))
}

fn url(place: Place<'_>) -> String {
    let (server, namespace, name) = names(place.written);
    format!("{server}/apis/argoproj.io/v1alpha1/namespaces/{namespace}/rollouts/{name}")
}

/// What the canary has: as the router says it, or else the last weight of the steps that it has walked.
fn weight(document: &Value) -> u32 {
    let told = document
        .pointer("/status/canary/weights/canary/weight")
        .and_then(Value::as_u64);
    let steps = document
        .pointer("/spec/strategy/canary/steps")
        .and_then(Value::as_array);
    let at = document
        .pointer("/status/currentStepIndex")
        .and_then(Value::as_u64)
        .unwrap_or(0);
    let at = usize::try_from(at).unwrap_or(usize::MAX);
    let walked = || {
        let steps = steps?;
        // At its end it is stable.
        if at >= steps.len() {
            return None;
        }
        let walked = steps[..=at].iter().rev();
        walked.filter_map(|step| step["setWeight"].as_u64()).next()
    };
    let weight = told.or_else(walked).unwrap_or(0);
    u32::try_from(weight).unwrap_or(ALL).min(ALL)
}

fn note(document: &Value) -> String {
    let phase = document
        .pointer("/status/phase")
        .and_then(Value::as_str)
        .unwrap_or("unknown");
    let message = document.pointer("/status/message").and_then(Value::as_str);
    let steps = document
        .pointer("/spec/strategy/canary/steps")
        .and_then(Value::as_array)
        .map_or(0, Vec::len);
    let at = document
        .pointer("/status/currentStepIndex")
        .and_then(Value::as_u64)
        .unwrap_or(0);
    let message = message.map_or(String::new(), |message| {
        let message: String = message
            .chars()
            .filter(|c| !c.is_control())
            .take(100)
            .collect();
        format!(" ({message})")
    });
    format!("Rollout: {phase}{message}, step {at} of {steps}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_weight_is_that_of_the_router_or_of_the_steps() {
        let steps = json!([{ "setWeight": 20 }, { "pause": {} }, { "setWeight": 60 }]);
        let at = |index: u64| json!({ "spec": { "strategy": { "canary": { "steps": steps } } }, "status": { "currentStepIndex": index, "phase": "Paused", "message": "CanaryPauseStep" } });
        assert_eq!(
            [
                weight(&at(0)),
                weight(&at(1)),
                weight(&at(2)),
                weight(&at(3))
            ],
            [20, 20, 60, 0]
        );
        let told = json!({ "status": { "canary": { "weights": { "canary": { "weight": 33 } } } } });
        assert_eq!(weight(&told), 33);
        assert_eq!(weight(&json!({})), 0);
        assert_eq!(
            note(&at(1)),
            "Rollout: Paused (CanaryPauseStep), step 1 of 3"
        );
    }
}
