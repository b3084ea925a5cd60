//! What the stand-ins hold after a demo, for people.

use serde_json::Value;

/// Deployments with their statuses, and pipelines with their parameters.
pub fn of(state: &Value) -> String {
    let mut text = "What the stand-ins hold:".to_owned();
    for (repository, deployments) in entries(&state["deployments"]) {
        text.push_str(&format!(
            "\n  GitHub, {repository}: {}",
            count(deployments.len(), "deployment")
        ));
        for deployment in deployments {
            text.push_str(&format!("\n    {}", self::deployment(deployment)));
        }
    }
    for (project, pipelines) in entries(&state["pipelines"]) {
        text.push_str(&format!(
            "\n  CircleCI, {project}: {}",
            count(pipelines.len(), "pipeline")
        ));
        for pipeline in pipelines {
            text.push_str(&format!("\n    {}", self::pipeline(pipeline)));
        }
    }
    text
}

/// The states that a deployment went through.
pub fn states(deployment: &Value) -> Vec<&str> {
    let statuses = deployment["statuses"].as_array().into_iter().flatten();
    statuses.map(|status| word(&status["state"])).collect()
}

fn deployment(deployment: &Value) -> String {
    let states = states(deployment);
    format!(
        "{id}: {reference} to {environment}, {states}",
        id = deployment["id"],
        reference = word(&deployment["ref"]),
        environment = word(&deployment["environment"]),
        states = match states.is_empty() {
            true => "not begun".to_owned(),
            false => states.join(" -> "),
        },
    )
}

fn pipeline(pipeline: &Value) -> String {
    let workflows = pipeline["workflows"].as_array().into_iter().flatten();
    let ends = workflows
        .map(|workflow| format!("{}: {}", word(&workflow["name"]), word(&workflow["status"])))
        .collect::<Vec<_>>();
    let mut text = format!(
        "{number}: on {branch}, {ends}",
        number = pipeline["number"],
        branch = word(&pipeline["branch"]),
        ends = match ends.is_empty() {
            true => word(&pipeline["state"]).to_owned(),
            false => ends.join(", "),
        },
    );
    for (name, value) in pipeline["parameters"].as_object().into_iter().flatten() {
        text.push_str(&format!("\n       {name} = {value}"));
    }
    text
}

fn entries(lists: &Value) -> impl Iterator<Item = (&String, &Vec<Value>)> {
    let lists = lists.as_object().into_iter().flatten();
    lists.filter_map(|(name, list)| Some((name, list.as_array()?)))
}

fn count(count: usize, what: &str) -> String {
    match count {
        0 => "nothing".to_owned(),
        1 => format!("1 {what}"),
        more => format!("{more} {what}s"),
    }
}

fn word(value: &Value) -> &str {
    value.as_str().unwrap_or("?")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn it_is_told_at_a_glance() {
        let state = json!({
            "deployments": {
                "acme/api": [{
                    "id": 5_000_000_001_u64, "ref": "main", "environment": "staging",
                    "statuses": [{"state": "queued"}, {"state": "in_progress"}, {"state": "success"}],
                }],
                "acme/web": [],
            },
            "pipelines": {
                "gh/acme/api": [
                    {
                        "number": 1, "branch": "main", "state": "created",
                        "workflows": [{"name": "deploy", "status": "success"}],
                        "parameters": {"app": "api", "deployment_id": 5_000_000_001_u64},
                    },
                    {"number": 2, "branch": "main", "state": "pending", "workflows": [], "parameters": {}},
                ],
            },
        });
        assert_eq!(
            of(&state),
            "\
What the stand-ins hold:
  GitHub, acme/api: 1 deployment
    5000000001: main to staging, queued -> in_progress -> success
  GitHub, acme/web: nothing
  CircleCI, gh/acme/api: 2 pipelines
    1: on main, deploy: success
       app = \"api\"
       deployment_id = 5000000001
    2: on main, pending"
        );
    }
}
