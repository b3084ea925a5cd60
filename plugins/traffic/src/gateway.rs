//! Kubernetes' Gateway API: the weights of the backends in one rule of an HTTPRoute.
//! <https://gateway-api.sigs.k8s.io/guides/traffic-splitting/>

use std::collections::BTreeMap;

use serde_json::{Value, json};
use witbot_sdk::{Code, Error, Result, http};

use crate::backend::Standing;
use crate::settings::{Place, VERSION, Written};
use crate::split::{ALL, Split};
use crate::web;

const WHOM: &str = "Kubernetes";

/// The split that a route makes.
pub fn read(place: Place<'_>) -> Result<Standing> {
    let document = web::send(WHOM, http::get(route_url(place.written)))?;
    let split = split_of(place.written, &document)?;
    Ok(Standing {
        split,
        document,
        note: None,
    })
}

/// The version that somebody means who types a text: people also name one by its Service.
pub fn version(place: Place<'_>, typed: &str) -> String {
    version_of(place.written, &service_of(place.written, typed))
}

/// Makes sure that a version has a Service.
pub fn check(place: Place<'_>, version: &str, standing: &Standing) -> Result {
    let service = service_of(place.written, version);
    let url = format!("{}/services/{service}", core_url(place.written));
    match web::send(WHOM, http::get(url)) {
        Ok(_) => Ok(()),
        Err(error) if error.code == Code::NotFound => {
            let known: Vec<&str> = standing.split.0.keys().map(String::as_str).collect();
            Err(Error::not_found(format!(
                "There is no version `{version}` of {}: no Service `{service}`. In the route there are: {}.",
                place.title(),
                known.join(", ")
            )))
        }
        Err(error) => Err(error),
    }
}

/// Changes the weights of the rule, and nothing else of the route. It has to be the route that was read.
pub fn write(place: Place<'_>, standing: &Standing, split: &Split) -> Result {
    let patch = patch(place.written, &standing.document, split)?;
    let request = web::merge_patch(route_url(place.written), &patch)?;
    web::send(WHOM, request).map(drop)
}

fn route_url(written: &Written) -> String {
    let (server, namespace, name) = names(written);
    format!("{server}/apis/gateway.networking.k8s.io/v1/namespaces/{namespace}/httproutes/{name}")
}

fn core_url(written: &Written) -> String {
    let (server, namespace, _) = names(written);
    format!("{server}/api/v1/namespaces/{namespace}")
}

/// The settings were checked for having them.
pub fn names(written: &Written) -> (&str, &str, &str) {
    (
        written
            .server
            .as_deref()
            .unwrap_or_default()
            .trim_end_matches('/'),
        written.namespace.as_deref().unwrap_or_default(),
        written.name.as_deref().unwrap_or_default(),
    )
}

fn backends(written: &Written, document: &Value) -> Result<Vec<Value>> {
    let rule = written.rule;
    let found = document.pointer(&format!("/spec/rules/{rule}/backendRefs"));
    let found = found.and_then(Value::as_array);
    found
        .cloned()
        .ok_or_else(|| web::strange(WHOM, &format!("the route has no rule {rule} with backends")))
}

fn split_of(written: &Written, document: &Value) -> Result<Split> {
    let weights = backends(written, document)?;
    let weights = weights.iter().filter_map(|backend| {
        let service = backend["name"].as_str()?;
        // The weight of a backend is 1 unless set.
        let weight = backend["weight"].as_u64().unwrap_or(1);
        Some((version_of(written, service), weight))
    });
    Ok(Split::of_weights(weights))
}

/// The weights come to 100, and each version is one Service, or traffic would go where nobody wants it.
fn refuse_ambiguous(written: &Written, after: &[Value]) -> Result {
    let mut services: BTreeMap<String, &str> = BTreeMap::new();
    for backend in after {
        let service = backend["name"].as_str().unwrap_or_default();
        let version = version_of(written, service);
        if let Some(other) = services.insert(version.clone(), service) {
            return Err(Error::new(
                Code::Conflict,
                format!(
                    "The route has `{other}` and `{service}`, and both would be the version `{version}`: say in the setting `versions` which is which."
                ),
            ));
        }
    }
    let sum: u64 = after
        .iter()
        .filter_map(|backend| backend["weight"].as_u64())
        .sum();
    if sum == u64::from(ALL) {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "The weights would come to {sum}, and not to {ALL}."
    )))
}

/// The whole list of rules, as merging replaces lists; with the version that was read, so that nobody's change is lost.
fn patch(written: &Written, document: &Value, split: &Split) -> Result<Value> {
    let before = backends(written, document)?;
    let model = before
        .first()
        .cloned()
        .unwrap_or_else(|| json!({ "kind": "Service" }));
    let mut after: Vec<Value> = before
        .iter()
        .map(|backend| {
            let version = version_of(written, backend["name"].as_str().unwrap_or_default());
            with_weight(backend, split.share(&version))
        })
        .collect();
    for (version, share) in &split.0 {
        let is_there = before.iter().any(|backend| {
            let service = backend["name"].as_str().unwrap_or_default();
            version_of(written, service) == *version
        });
        if !is_there && *share > 0 {
            let mut backend = with_weight(&model, *share);
            backend["name"] = service_of(written, version).into();
            after.push(backend);
        }
    }
    refuse_ambiguous(written, &after)?;
    let mut rules = document["spec"]["rules"].clone();
    rules[written.rule]["backendRefs"] = Value::Array(after);
    let version = document["metadata"]["resourceVersion"].clone();
    Ok(json!({ "metadata": { "resourceVersion": version }, "spec": { "rules": rules } }))
}

fn with_weight(backend: &Value, weight: u32) -> Value {
    let mut backend = backend.clone();
    backend["weight"] = weight.into();
    backend
}

fn service_of(written: &Written, version: &str) -> String {
    if let Some(service) = written.versions.get(version) {
        return service.clone();
    }
    let template = written.service.as_deref().unwrap_or(VERSION);
    template.replace(VERSION, version)
}

/// A Service that is called otherwise is a version of its own name.
fn version_of(written: &Written, service: &str) -> String {
    if let Some((version, _)) = written.versions.iter().find(|(_, name)| *name == service) {
        return version.clone();
    }
    let template = written.service.as_deref().unwrap_or(VERSION);
    let (before, after) = template.split_once(VERSION).unwrap_or_default();
    let version = service
        .strip_prefix(before)
        .and_then(|rest| rest.strip_suffix(after));
    version
        .filter(|version| !version.is_empty())
        .unwrap_or(service)
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::example;

    fn route() -> Value {
        json!({
            "metadata": { "name": "api", "resourceVersion": "7" },
            "spec": { "hostnames": ["a"], "rules": [{ "matches": [1], "backendRefs": [
                { "name": "api-old", "port": 80, "weight": 1 },
                { "name": "api-v41", "port": 80, "weight": 3, "filters": [2] }
            ] }, { "backendRefs": [] }] }
        })
    }

    #[test]
    fn versions_are_those_of_the_services() {
        let settings = example();
        let written = settings.one("api", Some("production")).unwrap().written;
        assert_eq!(
            split_of(written, &route()).unwrap().to_string(),
            "75% v41, 25% v40"
        );
        assert_eq!(service_of(written, "v42"), "api-v42");
        assert_eq!(version_of(written, "other"), "other");
        assert!(split_of(written, &json!({"spec": {}})).is_err());
    }

    #[test]
    fn a_service_that_no_version_is_called_after_gets_its_share_and_no_second_one() {
        let settings = example();
        let written = settings.one("api", Some("production")).unwrap().written;
        let route = |services: [&str; 2]| {
            let backends = services.map(|name| json!({ "name": name, "port": 80, "weight": 50 }));
            json!({ "spec": { "rules": [{ "backendRefs": backends }] } })
        };
        let split = Split::of_weights([("api".to_owned(), 90), ("v42".to_owned(), 10)]);
        let patched = patch(written, &route(["api", "api-v42"]), &split).unwrap();
        let backends = &patched["spec"]["rules"][0]["backendRefs"];
        let weights = backends.as_array().unwrap().iter();
        let weights: Vec<_> = weights
            .map(|backend| (backend["name"].as_str(), backend["weight"].as_u64()))
            .collect();
        assert_eq!(
            weights,
            [(Some("api"), Some(90)), (Some("api-v42"), Some(10))]
        );
        let error = patch(written, &route(["v42", "api-v42"]), &split).unwrap_err();
        assert!(
            error.message.contains("`v42` and `api-v42`, and both"),
            "{error}"
        );
    }

    #[test]
    fn a_version_can_be_typed_as_its_service_is_called() {
        let settings = example();
        let place = settings.one("api", Some("production")).unwrap();
        assert_eq!(version(place, "old"), "v40");
        assert_eq!(version(place, "v40"), "v40");
        assert_eq!(version(place, "v42"), "v42");
        let lost = Split::of_weights([("v99".to_owned(), 0)]);
        let error = patch(place.written, &route(), &lost).unwrap_err();
        assert!(error.message.contains("come to 0"), "{error}");
    }

    #[test]
    fn a_patch_changes_the_weights_and_nothing_else() {
        let settings = example();
        let written = settings.one("api", Some("production")).unwrap().written;
        let split = Split::of_weights([("v41".to_owned(), 90), ("v42".to_owned(), 10)]);
        let patch = patch(written, &route(), &split).unwrap();
        assert_eq!(
            patch,
            json!({
                "metadata": { "resourceVersion": "7" },
                "spec": { "rules": [{ "matches": [1], "backendRefs": [
                    { "name": "api-old", "port": 80, "weight": 0 },
                    { "name": "api-v41", "port": 80, "weight": 90, "filters": [2] },
                    { "name": "api-v42", "port": 80, "weight": 10 }
                ] }, { "backendRefs": [] }] }
            })
        );
    }
}
