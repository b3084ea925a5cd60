//! What is sent to start a pipeline, and what is wrong with it.

use serde_json::{Map, Value, json};
use witbot_core::ci::{Parameter, RunRequest};
use witbot_core::error::{Code, Error};
use witbot_core::ids::CallId;

use super::slug::Slug;

/// CircleCI's own bounds. <https://circleci.com/docs/api/v2/#operation/triggerPipeline>
const PARAMETERS_MAX: usize = 100;
const NAME_CHARS_MAX: usize = 128;
const TEXT_CHARS_MAX: usize = 512;
/// Where a branch or tag is named; git allows more than any service does.
const REFERENCE_CHARS_MAX: usize = 255;

/// Path and body.
///
/// `pipeline/run` is the trigger that CircleCI recommends, and the only one for projects that are connected through the
/// GitHub App; but it wants the id of a pipeline definition, which only its settings pages show. The older trigger takes
/// the one definition that projects connected by OAuth have, so it is used when none is named.
pub fn of<'a>(
    slug: &'a Slug,
    request: &RunRequest,
    id: &CallId,
) -> Result<(Vec<&'a str>, Value), Error> {
    let reference = reference(request)?;
    let parameters = parameters(request, id)?;
    let mut path = slug.path();
    path.push("pipeline");
    let mut body = match &request.definition {
        Some(definition) => {
            path.push("run");
            let mut body = Map::from_iter([("definition_id".to_owned(), json!(uuid(definition)?))]);
            if let Some((kind, name)) = reference {
                body.insert("config".to_owned(), json!({ kind: name }));
                body.insert("checkout".to_owned(), json!({ kind: name }));
            }
            body
        }
        None => reference
            .map(|(kind, name)| (kind.to_owned(), json!(name)))
            .into_iter()
            .collect(),
    };
    if !parameters.is_empty() {
        body.insert("parameters".to_owned(), Value::Object(parameters));
    }
    Ok((path, Value::Object(body)))
}

/// Adds what CircleCI does not say.
pub fn explained(mut error: Error, slug: &Slug, request: &RunRequest) -> Error {
    let refused = matches!(error.code, Code::Invalid | Code::NotFound);
    if refused && request.definition.is_none() && slug.is_opaque() {
        error.message.push_str(
            " Projects connected through the GitHub App need a definition: the id of a pipeline in the project's settings.",
        );
    }
    error
}

fn reference(request: &RunRequest) -> Result<Option<(&'static str, &str)>, Error> {
    let (kind, name) = match (&request.branch, &request.tag) {
        (Some(_), Some(_)) => {
            return Err(Error::invalid(
                "A run is of a branch or of a tag, not of both.",
            ));
        }
        (Some(branch), None) => ("branch", branch),
        (None, Some(tag)) => ("tag", tag),
        (None, None) => return Ok(None),
    };
    if name.trim().is_empty() || name.chars().count() > REFERENCE_CHARS_MAX {
        return Err(Error::invalid(format!(
            "The name of a {kind} has 1 to {REFERENCE_CHARS_MAX} characters."
        )));
    }
    Ok(Some((kind, name)))
}

fn parameters(request: &RunRequest, id: &CallId) -> Result<Map<String, Value>, Error> {
    let mark = request
        .correlate_by
        .iter()
        .map(|name| (name, json!(id.as_str())));
    let given = request
        .parameters
        .iter()
        .map(|(name, value)| (name, value_of(value)));
    let mut parameters = Map::new();
    for (name, value) in given.chain(mark) {
        let name_chars = name.chars().count();
        if name_chars == 0 || name_chars > NAME_CHARS_MAX {
            return Err(Error::invalid(format!(
                "The name of a parameter has 1 to {NAME_CHARS_MAX} characters."
            )));
        }
        if value
            .as_str()
            .is_some_and(|text| text.chars().count() > TEXT_CHARS_MAX)
        {
            return Err(Error::invalid(format!(
                "Parameter `{name}` is longer than {TEXT_CHARS_MAX} characters."
            )));
        }
        if parameters.insert(name.clone(), value).is_some() {
            return Err(Error::invalid(format!(
                "Parameter `{name}` is given twice."
            )));
        }
    }
    if parameters.len() > PARAMETERS_MAX {
        return Err(Error::invalid(format!(
            "A run has at most {PARAMETERS_MAX} parameters."
        )));
    }
    Ok(parameters)
}

fn value_of(parameter: &Parameter) -> Value {
    match parameter {
        Parameter::Text(text) => json!(text),
        Parameter::Integer(number) => json!(number),
        Parameter::Boolean(yes) => json!(yes),
    }
}

/// CircleCI says only "Unexpected request body" to anything else.
fn uuid(text: &str) -> Result<&str, Error> {
    let groups: Vec<usize> = text.split('-').map(str::len).collect();
    if groups == [8, 4, 4, 4, 12] && text.chars().all(|c| c.is_ascii_hexdigit() || c == '-') {
        return Ok(text);
    }
    Err(Error::invalid(
        "A pipeline definition is named by its UUID: copy it from Project Settings > Pipelines.",
    ))
}

#[cfg(test)]
mod tests {
    use witbot_core::ci::{Project, Provider};
    use witbot_core::ids::InvocationId;

    use super::*;

    fn check(project: &str, request: RunRequest, expected: &str) {
        let project = Project {
            provider: Provider::Circleci,
            name: project.to_owned(),
        };
        let invocation: InvocationId = "00112233445566778899".parse().unwrap();
        let slug = Slug::of(&project).unwrap();
        let text = match of(&slug, &request, &CallId::new(&invocation, 3)) {
            Ok((path, body)) => format!("{} {body}", path.join("/")),
            Err(error) => format!("{}: {error}", error.code.as_str()),
        };
        assert_eq!(text, expected);
    }

    #[test]
    fn the_older_trigger_serves_projects_without_a_definition() {
        check(
            "gh/acme/api",
            RunRequest::default(),
            "project/gh/acme/api/pipeline {}",
        );
        check(
            "github/acme/api",
            RunRequest {
                branch: Some("main".into()),
                parameters: vec![
                    ("env".into(), Parameter::Text("staging".into())),
                    ("n".into(), Parameter::Integer(-3)),
                    ("force".into(), Parameter::Boolean(true)),
                ],
                correlate_by: Some("call".into()),
                ..RunRequest::default()
            },
            r#"project/gh/acme/api/pipeline {"branch":"main","parameters":{"call":"00112233445566778899-3","env":"staging","force":true,"n":-3}}"#,
        );
    }

    #[test]
    fn a_definition_is_run() {
        check(
            "circleci/Org/Prj",
            RunRequest {
                tag: Some("v1".into()),
                definition: Some("2338d0ae-5541-4bbf-88a2-55e9f7281f80".into()),
                ..RunRequest::default()
            },
            r#"project/circleci/Org/Prj/pipeline/run {"checkout":{"tag":"v1"},"config":{"tag":"v1"},"definition_id":"2338d0ae-5541-4bbf-88a2-55e9f7281f80"}"#,
        );
    }

    #[test]
    fn what_cannot_be_run_is_refused_before_it_is_sent() {
        let text = |chars: usize| Parameter::Text("é".repeat(chars));
        let with = |parameters| RunRequest {
            parameters,
            ..RunRequest::default()
        };
        let many = (0..101)
            .map(|n| (format!("p{n}"), Parameter::Boolean(true)))
            .collect();
        check(
            "gh/a/b",
            with(many),
            "invalid: A run has at most 100 parameters.",
        );
        check(
            "gh/a/b",
            with(vec![("x".into(), text(513))]),
            "invalid: Parameter `x` is longer than 512 characters.",
        );
        check(
            "gh/a/b",
            with(vec![("x".repeat(129), text(1))]),
            "invalid: The name of a parameter has 1 to 128 characters.",
        );
        check(
            "gh/a/b",
            with(vec![("x".into(), text(1)), ("x".into(), text(1))]),
            "invalid: Parameter `x` is given twice.",
        );
        check(
            "gh/a/b",
            RunRequest {
                correlate_by: Some("x".into()),
                ..with(vec![("x".into(), text(512))])
            },
            "invalid: Parameter `x` is given twice.",
        );
        check(
            "gh/a/b",
            RunRequest {
                branch: Some("main".into()),
                tag: Some("v1".into()),
                ..RunRequest::default()
            },
            "invalid: A run is of a branch or of a tag, not of both.",
        );
        check(
            "gh/a/b",
            RunRequest {
                branch: Some(" ".into()),
                ..RunRequest::default()
            },
            "invalid: The name of a branch has 1 to 255 characters.",
        );
        check(
            "gh/a/b",
            RunRequest {
                definition: Some("build".into()),
                ..RunRequest::default()
            },
            "invalid: A pipeline definition is named by its UUID: copy it from Project Settings > Pipelines.",
        );
    }
}
