//! Which of the pipelines of a project may be the one that a call started.

use serde_json::Value;
use witbot_core::ci::RunRequest;
use witbot_core::ids::{CallId, UnixMillis};
use witbot_core::limits;

use super::wire::Pipeline;

/// What is known of the pipeline.
pub struct Search<'a> {
    request: &'a RunRequest,
    id: &'a CallId,
    from: UnixMillis,
    until: UnixMillis,
}

impl<'a> Search<'a> {
    /// It was asked for by this call, which was begun at that time.
    pub fn new(request: &'a RunRequest, id: &'a CallId, begun: UnixMillis) -> Search<'a> {
        let ms = |time: std::time::Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let skew = ms(limits::CI_CLOCK_SKEW);
        let until =
            begun.plus_ms(skew + ms(limits::SERVICE_TIME_MAX) + ms(limits::CI_LISTED_WITHIN));
        Search {
            request,
            id,
            from: UnixMillis(begun.0.saturating_sub(skew)),
            until,
        }
    }

    /// Whether a pipeline was there before the call.
    pub fn is_before(&self, pipeline: &Pipeline) -> bool {
        pipeline.created_at.is_some_and(|at| at < self.from)
    }

    /// The one that carries the id of the call. Some projects tell the values of parameters without their names, so any
    /// value counts: nobody else has this one.
    pub fn marked<'b>(&self, pipelines: &'b [Pipeline]) -> Option<&'b Pipeline> {
        self.request.correlate_by.as_ref()?;
        pipelines
            .iter()
            .find(|pipeline| holds(&pipeline.trigger_parameters, self.id.as_str()))
    }

    /// Those that may be it although they do not say so: CircleCI often tells no parameters at all.
    pub fn alike<'b>(&self, pipelines: &'b [Pipeline]) -> Vec<&'b Pipeline> {
        pipelines
            .iter()
            .filter(|pipeline| self.may_be(pipeline))
            .collect()
    }

    fn may_be(&self, pipeline: &Pipeline) -> bool {
        let in_time = pipeline
            .created_at
            .is_none_or(|at| self.from <= at && at <= self.until);
        in_time
            && self.may_be_asked_for(pipeline)
            && !self.is_of_another_call(pipeline)
            && self.may_be_of(pipeline)
    }

    /// Pushes and schedules make pipelines of their own.
    fn may_be_asked_for(&self, pipeline: &Pipeline) -> bool {
        let kind = pipeline
            .trigger
            .as_ref()
            .map_or("", |trigger| &trigger.kind);
        !matches!(kind, "webhook" | "scheduled_pipeline" | "schedule")
    }

    fn is_of_another_call(&self, pipeline: &Pipeline) -> bool {
        let mark = self
            .request
            .correlate_by
            .as_ref()
            .and_then(|name| named(&pipeline.trigger_parameters, name));
        mark.is_some_and(|mark| mark.as_str() != Some(self.id.as_str()))
    }

    /// Whether branch and tag are those of the request, as far as both are known.
    fn may_be_of(&self, pipeline: &Pipeline) -> bool {
        let git = &pipeline.trigger_parameters["git"];
        let told = |from: Option<&String>, key: &str| {
            let text = from.map(String::as_str).or(git[key].as_str());
            text.filter(|text| !text.is_empty()).map(str::to_owned)
        };
        let branch = told(
            pipeline.vcs.as_ref().and_then(|vcs| vcs.branch.as_ref()),
            "branch",
        );
        let tag = told(
            pipeline.vcs.as_ref().and_then(|vcs| vcs.tag.as_ref()),
            "tag",
        );
        if branch.is_none() && tag.is_none() {
            return true;
        }
        match (&self.request.branch, &self.request.tag) {
            (Some(wanted), _) => branch.as_ref() == Some(wanted),
            (None, Some(wanted)) => tag.as_ref() == Some(wanted),
            // The default branch: which one that is we do not know.
            (None, None) => tag.is_none(),
        }
    }
}

/// Whether a text is one of the values, at any depth. Depth is bounded by the reader of the JSON.
fn holds(value: &Value, text: &str) -> bool {
    match value {
        Value::String(other) => other == text,
        Value::Array(items) => items.iter().any(|item| holds(item, text)),
        Value::Object(map) => map.values().any(|item| holds(item, text)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// The value under a name, at any depth.
fn named<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    let map = value.as_object()?;
    map.get(name)
        .or_else(|| map.values().find_map(|item| named(item, name)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use witbot_core::ids::InvocationId;

    use super::*;

    /// `begun` is 12:00:00.
    fn check(request: &RunRequest, pipelines: Value, expected: &str) {
        let invocation: InvocationId = "00112233445566778899".parse().unwrap();
        let id = CallId::new(&invocation, 3);
        let search = Search::new(request, &id, UnixMillis(1_795_348_800_000));
        let pipelines: Vec<Pipeline> = serde_json::from_value(pipelines).unwrap();
        let text = match search.marked(&pipelines) {
            Some(one) => format!("marked {}", one.id),
            None => search
                .alike(&pipelines)
                .iter()
                .map(|one| one.id.as_str())
                .collect::<Vec<_>>()
                .join(" "),
        };
        assert_eq!(text, expected);
    }

    fn pipeline(id: &str, at: &str, more: Value) -> Value {
        let mut pipeline =
            json!({"id": id, "state": "created", "created_at": format!("2026-11-22T{at}.000Z")});
        pipeline
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        pipeline
    }

    #[test]
    fn the_mark_decides_wherever_it_is() {
        let request = RunRequest {
            correlate_by: Some("call".into()),
            ..RunRequest::default()
        };
        for parameters in [
            json!({"call": "00112233445566778899-3"}),
            json!({"circleci": {"values": ["staging", "00112233445566778899-3"]}}),
        ] {
            let one = pipeline("a", "12:00:01", json!({}));
            let other = pipeline("b", "12:00:02", json!({"trigger_parameters": parameters}));
            check(&request, json!([other, one]), "marked b");
        }
    }

    #[test]
    fn without_a_mark_time_branch_and_trigger_decide() {
        let request = RunRequest {
            branch: Some("main".into()),
            correlate_by: Some("call".into()),
            ..RunRequest::default()
        };
        let main = json!({"vcs": {"branch": "main"}});
        check(
            &request,
            json!([pipeline("a", "12:00:01", main.clone())]),
            "a",
        );
        check(
            &request,
            json!([pipeline("a", "11:59:10", main.clone())]),
            "a",
        );
        check(
            &request,
            json!([pipeline("a", "11:58:00", main.clone())]),
            "",
        );
        check(
            &request,
            json!([pipeline("a", "12:05:00", main.clone())]),
            "",
        );
        check(
            &request,
            json!([pipeline(
                "a",
                "12:00:01",
                json!({"vcs": {"branch": "other"}})
            )]),
            "",
        );
        check(
            &request,
            json!([pipeline("a", "12:00:01", json!({"vcs": {"tag": "main"}}))]),
            "",
        );
        check(&request, json!([pipeline("a", "12:00:01", json!({}))]), "a");
        check(
            &request,
            json!([pipeline(
                "a",
                "12:00:01",
                json!({"trigger_parameters": {"git": {"branch": "x"}}})
            )]),
            "",
        );
        check(
            &request,
            json!([pipeline(
                "a",
                "12:00:01",
                json!({"trigger": {"type": "webhook"}})
            )]),
            "",
        );
        check(
            &request,
            json!([pipeline(
                "a",
                "12:00:01",
                json!({"trigger_parameters": {"call": "other-1"}})
            )]),
            "",
        );
        check(
            &request,
            json!([
                pipeline("a", "12:00:02", main.clone()),
                pipeline("b", "12:00:01", main)
            ]),
            "a b",
        );
    }

    #[test]
    fn the_default_branch_can_be_any_branch() {
        let request = RunRequest::default();
        check(
            &request,
            json!([pipeline(
                "a",
                "12:00:01",
                json!({"vcs": {"branch": "trunk"}})
            )]),
            "a",
        );
        check(
            &request,
            json!([pipeline("a", "12:00:01", json!({"vcs": {"tag": "v1"}}))]),
            "",
        );
    }
}
