//! The schema of routes of Kubernetes' Gateway API, as its project publishes it: the package `@kubernetes-models/gateway-api` is
//! made of that.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::file;

/// Reads routes, and says of each that is none what is wrong with it.
const VALIDATE: &str = r#"
const { HTTPRoute } = require(process.argv[1] + "/gateway.networking.k8s.io/v1");
const routes = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
const strange = [];
for (const route of routes) {
  try { new HTTPRoute(route).validate(); } catch (error) { strange.push(error.message); }
}
console.log(JSON.stringify(strange));
"#;

/// What is wrong with those of these routes that are none.
///
/// # Panics
///
/// When Node.js cannot be started, or the package is not as it was when this was written.
pub fn strange(routes: &[Value]) -> Vec<String> {
    let mut node = Command::new("node")
        .args(["-e", VALIDATE])
        .arg(file("@kubernetes-models/gateway-api"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("where there is npm, there is Node.js");
    let mut input = node.stdin.take().expect("it is piped");
    let text = Value::from(routes.to_vec()).to_string();
    input.write_all(text.as_bytes()).expect("it reads");
    drop(input);
    let output = node.wait_with_output().expect("it ends");
    serde_json::from_slice(&output.stdout).expect("it says what is strange")
}
