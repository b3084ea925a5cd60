//! Bodies of requests, read as strictly as GitHub does.

use serde_json::{Map, Value};

use super::json::refusal;
use crate::fakes::request::{Answer, Request};

/// The object that was sent.
pub(super) struct Fields(Map<String, Value>);

impl Fields {
    pub(super) fn read(request: &Request) -> Result<Fields, Answer> {
        if request.body.is_empty() {
            return Ok(Fields(Map::new()));
        }
        match request.json() {
            None => Err(refusal(400, "Problems parsing JSON")),
            Some(Value::Object(fields)) => Ok(Fields(fields)),
            Some(_) => Err(refusal(400, "Body should be a JSON object")),
        }
    }

    /// What was sent under this name. Null is as good as nothing.
    pub(super) fn value(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    pub(super) fn text(&self, name: &str) -> Result<Option<String>, Answer> {
        let Some(value) = self.value(name) else {
            return Ok(None);
        };
        let text = value.as_str().ok_or_else(|| wrong(name, value, "string"))?;
        Ok(Some(text.to_owned()))
    }

    pub(super) fn required_text(&self, name: &str) -> Result<String, Answer> {
        let missing = || {
            refusal(
                422,
                &format!("Invalid request.\n\n\"{name}\" wasn't supplied."),
            )
        };
        self.text(name)?.ok_or_else(missing)
    }

    pub(super) fn flag(&self, name: &str, default: bool) -> Result<bool, Answer> {
        let Some(value) = self.value(name) else {
            return Ok(default);
        };
        value.as_bool().ok_or_else(|| wrong(name, value, "boolean"))
    }

    pub(super) fn texts(&self, name: &str) -> Result<Option<Vec<String>>, Answer> {
        let Some(value) = self.value(name) else {
            return Ok(None);
        };
        let items = value
            .as_array()
            .ok_or_else(|| wrong(name, value, "array"))?;
        let text = |item: &Value| {
            item.as_str()
                .map(str::to_owned)
                .ok_or_else(|| wrong(name, item, "string"))
        };
        items
            .iter()
            .map(text)
            .collect::<Result<Vec<String>, Answer>>()
            .map(Some)
    }
}

fn wrong(name: &str, value: &Value, kind: &str) -> Answer {
    let article = if kind == "array" { "an" } else { "a" };
    let message =
        format!("Invalid request.\n\nFor 'properties/{name}', {value} is not {article} {kind}.");
    refusal(422, &message)
}
