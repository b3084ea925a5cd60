//! An API server of Kubernetes, as far as a route of the Gateway API needs one: it merges patches, and refuses those of an
//! older version of the route.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::request::{Answer, Request};
use super::server::{Server, Service};
use super::traffic::{Traffic, lock};

/// What a client says that it is.
pub const KUBERNETES_TOKEN: &str = "a-token-of-a-service-account";

const ROUTE: &str = "/apis/gateway.networking.k8s.io/v1/namespaces/prod/httproutes/api";
const SERVICES: &str = "/api/v1/namespaces/prod/services/";

/// The stand-in. It stops when it is dropped.
#[derive(Debug)]
pub struct Kubernetes {
    server: Server,
    cluster: Arc<Cluster>,
}

#[derive(Debug)]
struct Cluster(Mutex<State>);

#[derive(Debug)]
struct State {
    /// All versions of the route, the newest last.
    routes: Vec<Value>,
    services: Vec<String>,
    /// How often somebody else is a moment faster.
    conflicts: u32,
}

impl Kubernetes {
    /// Starts one with a route that gives all of its traffic to the first of these Services.
    ///
    /// # Panics
    ///
    /// When loopback has no free port.
    pub async fn start(services: &[&str]) -> Kubernetes {
        let listener = Server::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await;
        let state = State {
            routes: vec![route(services[0])],
            services: services.iter().map(|name| (*name).to_owned()).collect(),
            conflicts: 0,
        };
        let cluster = Arc::new(Cluster(Mutex::new(state)));
        let listener = listener.expect("loopback has free ports");
        let server = Server::start(listener, cluster.clone(), Arc::new(Traffic::new()));
        Kubernetes {
            server: server.expect("it has an address"),
            cluster,
        }
    }

    /// `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// All versions of the route, the newest last.
    pub fn routes(&self) -> Vec<Value> {
        lock(&self.cluster.0).routes.clone()
    }

    /// The weights of all versions of the route, each as `api-v41 90, api-v42 10`.
    pub fn weights(&self) -> Vec<String> {
        self.routes().iter().map(weights).collect()
    }

    /// Has somebody else be a moment faster, so often.
    pub fn be_faster(&self, times: u32) {
        lock(&self.cluster.0).conflicts = times;
    }
}

impl Service for Cluster {
    fn answer(&self, request: &Request) -> Answer {
        let state = &mut *lock(&self.0);
        if request.header("authorization") != Some(&format!("Bearer {KUBERNETES_TOKEN}")) {
            return status(401, "Unauthorized");
        }
        match (request.method.as_str(), request.path.as_str()) {
            ("GET", ROUTE) => Answer::json(200, &state.newest()),
            ("PATCH", ROUTE) => state.patch(request),
            ("GET", path) => match path.strip_prefix(SERVICES) {
                Some(name) if state.services.iter().any(|known| known == name) => Answer::json(
                    200,
                    &json!({ "kind": "Service", "metadata": { "name": name } }),
                ),
                Some(name) => status(404, &format!("services \"{name}\" not found")),
                None => status(404, "the server could not find the requested resource"),
            },
            _ => status(
                405,
                "the server does not allow this method on the requested resource",
            ),
        }
    }
}

impl State {
    fn newest(&self) -> Value {
        self.routes.last().cloned().unwrap_or_default()
    }

    fn patch(&mut self, request: &Request) -> Answer {
        if request.header("content-type") != Some("application/merge-patch+json") {
            return status(415, "the body of the request was in an unknown format");
        }
        let Some(patch) = request.json() else {
            return status(400, "the body is no JSON");
        };
        if self.conflicts > 0 {
            self.conflicts -= 1;
            let note =
                json!({ "metadata": { "annotations": { "touched": self.conflicts.to_string() } } });
            self.keep(&note);
        }
        let mut route = self.newest();
        let version = &patch["metadata"]["resourceVersion"];
        if !version.is_null() && *version != route["metadata"]["resourceVersion"] {
            return status(
                409,
                "Operation cannot be fulfilled on httproutes \"api\": the object has been modified",
            );
        }
        merge(&mut route, &patch);
        self.keep(&patch);
        Answer::json(200, &self.newest())
    }

    fn keep(&mut self, patch: &Value) {
        let mut route = self.newest();
        merge(&mut route, patch);
        route["metadata"]["resourceVersion"] = (self.routes.len() + 1).to_string().into();
        self.routes.push(route);
    }
}

/// As RFC 7396 has it.
fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(fields) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    for (name, value) in fields {
        if value.is_null() {
            target.as_object_mut().map(|fields| fields.remove(name));
        } else {
            merge(&mut target[name], value);
        }
    }
}

fn weights(route: &Value) -> String {
    let backends = route["spec"]["rules"][0]["backendRefs"].as_array();
    let backends = backends.into_iter().flatten().map(|backend| {
        let name = backend["name"].as_str().unwrap_or_default();
        format!("{name} {}", backend["weight"])
    });
    backends.collect::<Vec<_>>().join(", ")
}

fn route(service: &str) -> Value {
    json!({
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": { "name": "api", "namespace": "prod", "resourceVersion": "1" },
        "spec": {
            "parentRefs": [{ "name": "public" }],
            "hostnames": ["api.acme.example"],
            "rules": [{
                "matches": [{ "path": { "type": "PathPrefix", "value": "/" } }],
                "backendRefs": [{ "name": service, "port": 8080, "weight": 100 }]
            }]
        }
    })
}

fn status(code: u16, message: &str) -> Answer {
    let body = json!({ "kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message, "code": code });
    Answer::json(code, &body)
}
