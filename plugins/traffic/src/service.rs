//! Any service that tells and takes weights by HTTP, in the way that the operator has written down.

use serde_json::{Map, Value};
use witbot_sdk::{Error, Result, http};

use crate::backend::Standing;
use crate::settings::{Place, WEIGHTS};
use crate::split::Split;
use crate::web;

/// The weights that it tells.
pub fn read(place: Place<'_>) -> Result<Standing> {
    let get = place.written.get.as_ref().ok_or_else(unset)?;
    let whom = whom(&get.url);
    let document = web::send(
        &whom,
        http::get(&get.url).header("accept", "application/json"),
    )?;
    let weights = document.pointer(&get.weights).and_then(Value::as_object);
    let weights = weights
        .ok_or_else(|| web::strange(&whom, &format!("it has no weights at `{}`", get.weights)))?;
    let numbers = weights
        .iter()
        .map(|(version, weight)| Some((version.clone(), weight.as_u64()?)));
    let numbers: Option<Vec<(String, u64)>> = numbers.collect();
    let numbers = numbers.ok_or_else(|| web::strange(&whom, "a weight is no whole number"))?;
    Ok(Standing {
        split: Split::of_weights(numbers),
        document: Value::Null,
        note: None,
    })
}

/// It knows the versions that it tells.
pub fn check(place: Place<'_>, version: &str, standing: &Standing) -> Result {
    if standing.split.0.contains_key(version) {
        return Ok(());
    }
    let known: Vec<&str> = standing.split.0.keys().map(String::as_str).collect();
    Err(Error::not_found(format!(
        "There is no version `{version}` of {}. There are: {}.",
        place.title(),
        known.join(", ")
    )))
}

/// Tells it other weights.
pub fn write(place: Place<'_>, split: &Split) -> Result {
    let set = place.written.set.as_ref().ok_or_else(unset)?;
    let body = filled(&set.body, split);
    let request = http::Request::new(&set.method, &set.url).json(&body)?;
    web::send(&whom(&set.url), request).map(drop)
}

fn unset() -> Error {
    Error::invalid("the settings do not say how the weights are read and set")
}

/// The host, as people know it.
fn whom(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split('/').next().unwrap_or(rest).to_owned()
}

fn filled(body: &Value, split: &Split) -> Value {
    match body {
        Value::String(text) if text == WEIGHTS => {
            let weights = split
                .0
                .iter()
                .map(|(version, share)| (version.clone(), (*share).into()));
            Value::Object(weights.collect::<Map<_, _>>())
        }
        Value::Array(items) => items.iter().map(|item| filled(item, split)).collect(),
        Value::Object(fields) => {
            let fields = fields
                .iter()
                .map(|(name, value)| (name.clone(), filled(value, split)));
            Value::Object(fields.collect())
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn weights_stand_where_the_body_wants_them() {
        let split = Split::of_weights([("a".to_owned(), 9), ("b".to_owned(), 1)]);
        assert_eq!(
            filled(&json!("{weights}"), &split),
            json!({"a": 90, "b": 10})
        );
        let body = json!({"x": ["{weights}"], "why": "{weights}!"});
        assert_eq!(
            filled(&body, &split),
            json!({"x": [{"a": 90, "b": 10}], "why": "{weights}!"})
        );
        assert_eq!(
            whom("https://lb.acme.example:8443/w"),
            "lb.acme.example:8443"
        );
    }
}
