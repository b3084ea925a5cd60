//! How a pipeline comes to be: the trigger in use and the older one.

use serde_json::{Map, Value};

use super::json::{message, not_found};
use super::pipeline::{Pipeline, PipelineState, Plan};
use super::project::{Next, Project};
use crate::fakes::clock;
use crate::fakes::ids::Ids;
use crate::fakes::request::{Answer, Request};

const PARAMETERS_MAX: usize = 100;
const PARAMETER_NAME_CHARS_MAX: usize = 128;
const PARAMETER_TEXT_CHARS_MAX: usize = 512;

/// What is asked for, whichever way.
#[derive(Default)]
pub(super) struct Trigger {
    branch: Option<String>,
    tag: Option<String>,
    definition: Option<String>,
    parameters: Map<String, Value>,
}

/// `POST /project/{provider}/{organization}/{project}/pipeline/run`.
pub(super) fn read(request: &Request) -> Result<Trigger, Answer> {
    if !request.says_json() && !request.body.is_empty() {
        return Err(message(
            400,
            "Unexpected content type; send application/json.",
        ));
    }
    let body = object(request)?;
    let (config, checkout) = (place(body.get("config"))?, place(body.get("checkout"))?);
    let (branch, tag) = if checkout == (None, None) {
        config
    } else {
        checkout
    };
    let definition = text(&body, "definition_id")?;
    Ok(Trigger {
        branch,
        tag,
        definition,
        parameters: parameters(&body)?,
    })
}

/// `POST /project/{slug}/pipeline`. A body that does not say that it is JSON counts for nothing.
pub(super) fn read_older(request: &Request) -> Result<Trigger, Answer> {
    if !request.says_json() {
        return Ok(Trigger::default());
    }
    let body = object(request)?;
    let (branch, tag) = place(Some(&Value::Object(body.clone())))?;
    Ok(Trigger {
        branch,
        tag,
        definition: None,
        parameters: parameters(&body)?,
    })
}

fn object(request: &Request) -> Result<Map<String, Value>, Answer> {
    if request.body.is_empty() {
        return Ok(Map::new());
    }
    match request.json() {
        Some(Value::Object(body)) => Ok(body),
        Some(_) | None => Err(message(400, "Malformed JSON.")),
    }
}

fn text(body: &Map<String, Value>, name: &str) -> Result<Option<String>, Answer> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(message(400, &format!("{name}: expected type: String"))),
    }
}

type Place = (Option<String>, Option<String>);

/// A branch or a tag.
fn place(value: Option<&Value>) -> Result<Place, Answer> {
    let body = match value {
        None | Some(Value::Null) => return Ok((None, None)),
        Some(Value::Object(body)) => body,
        Some(_) => return Err(message(400, "config and checkout: expected type: Map")),
    };
    match (text(body, "branch")?, text(body, "tag")?) {
        (Some(_), Some(_)) => Err(message(400, "branch and tag are mutually exclusive")),
        place => Ok(place),
    }
}

fn parameters(body: &Map<String, Value>) -> Result<Map<String, Value>, Answer> {
    let parameters = match body.get("parameters") {
        None | Some(Value::Null) => return Ok(Map::new()),
        Some(Value::Object(parameters)) => parameters,
        Some(_) => return Err(message(400, "parameters: expected type: Map")),
    };
    let long = |text: &str, max: usize| text.chars().count() > max;
    if parameters.len() > PARAMETERS_MAX {
        return Err(message(400, "parameters: at most 100"));
    }
    for (name, value) in parameters {
        let text = value.as_str().unwrap_or_default();
        if long(name, PARAMETER_NAME_CHARS_MAX) || long(text, PARAMETER_TEXT_CHARS_MAX) {
            return Err(message(400, &format!("parameters: {name:.20} is too long")));
        }
        if value.is_array() || value.is_object() || value.is_null() {
            let text = format!("parameters: {name} must be a string, an integer or a boolean");
            return Err(message(400, &text));
        }
    }
    Ok(parameters.clone())
}

/// Creates the pipeline. A trigger that is skipped is answered with 200, which is an `Err` here.
pub(super) fn run(
    project: &mut Project,
    ids: &mut Ids,
    actor: &str,
    trigger: Trigger,
) -> Result<Pipeline, Answer> {
    match &trigger.definition {
        Some(definition) if *definition != project.definition => {
            return Err(not_found("Pipeline definition"));
        }
        None if project.needs_definition() => {
            return Err(message(400, "definition_id is required for this project"));
        }
        Some(_) | None => {}
    }
    let (branch, tag, revision) = checkout(project, &trigger)?;
    let next = project.next.pop_front().unwrap_or(Next::Succeeds);
    let mut plan = Plan {
        setup: project.setup,
        workflows: project.workflows.clone(),
        fails_at: None,
        error: project.complaint(&trigger.parameters),
    };
    match next {
        Next::Succeeds => {}
        Next::FailsAt(job) => plan.fails_at = Some(job),
        Next::IsSkipped => {
            return Err(message(
                200,
                "Pipeline was not created: the commit asks to skip CI.",
            ));
        }
        Next::HasNothingToDo => plan.workflows.clear(),
        Next::HasBadConfig(error) => plan.error = Some(error),
    }
    project.pipelines += 1;
    Ok(Pipeline {
        id: ids.uuid(),
        number: project.pipelines,
        project: project.slug.clone(),
        state: if plan.setup {
            PipelineState::SetupPending
        } else {
            PipelineState::Pending
        },
        parameters: trigger.parameters,
        branch,
        tag,
        revision,
        actor: actor.to_owned(),
        created: clock::now(),
        errors: Vec::new(),
        workflows: Vec::new(),
        plan,
    })
}

fn checkout(
    project: &Project,
    trigger: &Trigger,
) -> Result<(Option<String>, Option<String>, String), Answer> {
    if let Some(tag) = &trigger.tag {
        let revision = project
            .tags
            .get(tag)
            .ok_or_else(|| message(400, "Tag not found"))?;
        return Ok((None, Some(tag.clone()), revision.clone()));
    }
    let branch = trigger.branch.as_ref().unwrap_or(&project.default_branch);
    let revision = project
        .branches
        .get(branch)
        .ok_or_else(|| message(400, "Branch not found"))?;
    Ok((Some(branch.clone()), None, revision.clone()))
}
