//! The arguments of a call, however they were sent.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::speech::Said;
use super::ts::Ts;
use crate::fakes::request::{Request, pairs};

/// Fields whose value in a form is JSON.
const JSON_FIELDS: [&str; 4] = ["blocks", "attachments", "metadata", "files"];

/// Arguments by name.
#[derive(Debug, Clone)]
pub(super) struct Arguments(pub(super) Arc<Value>);

impl Arguments {
    /// Reads the query and the body. A method that takes no JSON does not see what is in it, as with Slack.
    pub(super) fn read(request: &Request, takes_json: bool) -> Result<Arguments, &'static str> {
        let mut fields = Map::new();
        for (name, value) in &request.query {
            fields.insert(name.clone(), in_form(name, value)?);
        }
        if request.body.is_empty() {
            return Ok(Arguments(Arc::new(Value::Object(fields))));
        }
        if request.says_json() {
            let body: Value = serde_json::from_slice(&request.body).map_err(|_| "invalid_json")?;
            let Value::Object(body) = body else {
                return Err("json_not_object");
            };
            if takes_json {
                fields.extend(body);
            }
        } else {
            let body = std::str::from_utf8(&request.body).map_err(|_| "invalid_form_data")?;
            for (name, value) in pairs(body) {
                let value = in_form(&name, &value)?;
                fields.insert(name, value);
            }
        }
        Ok(Arguments(Arc::new(Value::Object(fields))))
    }

    /// A text; empty when there is none.
    pub(super) fn text(&self, name: &str) -> &str {
        self.0[name].as_str().unwrap_or_default()
    }

    pub(super) fn given(&self, name: &str) -> bool {
        !self.0[name].is_null()
    }

    pub(super) fn flag(&self, name: &str) -> bool {
        match &self.0[name] {
            Value::Bool(flag) => *flag,
            Value::String(text) => text == "true" || text == "1",
            _ => false,
        }
    }

    pub(super) fn number(&self, name: &str) -> Option<u64> {
        match &self.0[name] {
            Value::String(text) => text.parse().ok(),
            other => other.as_u64(),
        }
    }

    pub(super) fn ts(&self, name: &str) -> Option<Ts> {
        match &self.0[name] {
            Value::String(text) => Ts::parse(text),
            Value::Number(number) => Ts::parse(&number.to_string()),
            _ => None,
        }
    }

    pub(super) fn json(&self, name: &str) -> &Value {
        &self.0[name]
    }

    /// What a message is to say.
    pub(super) fn said(&self) -> Said {
        Said {
            text: self.text("text").to_owned(),
            blocks: filled(self.json("blocks")),
            attachments: filled(self.json("attachments")),
            metadata: self.json("metadata").clone(),
        }
    }
}

/// An empty list is as good as none.
pub(super) fn filled(list: &Value) -> Value {
    match list {
        Value::Array(items) if items.is_empty() => Value::Null,
        other => other.clone(),
    }
}

fn in_form(name: &str, value: &str) -> Result<Value, &'static str> {
    if !JSON_FIELDS.contains(&name) {
        return Ok(Value::String(value.to_owned()));
    }
    serde_json::from_str(value).map_err(|_| match name {
        "blocks" => "invalid_blocks_format",
        "metadata" => "invalid_metadata_format",
        _ => "invalid_arguments",
    })
}
