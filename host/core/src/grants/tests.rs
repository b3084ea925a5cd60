use serde_json::{Value, json};

use super::*;
use crate::ids::CallId;
use crate::schedule;

/// Any call, by its name in the journal and its arguments.
fn call(name: &str, arguments: Value) -> Operation {
    Operation::recorded(name, arguments.clone()).unwrap_or_else(|| panic!("{name} {arguments}"))
}

fn grants(toml: &str) -> Grants {
    toml::from_str(toml).unwrap()
}

fn check(toml: &str, allowed: &[Operation], denied: &[Operation]) {
    let plugin: PluginName = "deploy".parse().unwrap();
    for operation in allowed {
        assert_eq!(
            grants(toml).allows(operation),
            Ok(()),
            "{toml}: {operation:?}"
        );
    }
    for operation in denied {
        let denial = grants(toml)
            .allows(operation)
            .expect_err(&format!("{toml}: {operation:?}"));
        // What is suggested has to be right: it is what the operator will copy.
        if let Some(line) = denial.line() {
            assert_eq!(grants(&line).allows(operation), Ok(()), "{line}");
            assert!(denial.told(&plugin).contains("[plugins.deploy.grants]"));
        }
    }
}

fn create(repository: &str, environment: &str) -> Operation {
    let request = json!({
        "reference": "main", "environment": environment, "task": "deploy", "description": "", "payload": "{}",
        "production": null, "transient": false, "auto_merge": false, "required_contexts": [],
    });
    call(
        "github.create-deployment",
        json!({"repository": repository, "request": request}),
    )
}

fn add_status(repository: &str, environment: &str) -> Operation {
    let request =
        json!({"state": "success", "description": "", "log_url": null, "environment_url": null});
    call(
        "github.add-deployment-status",
        json!({"repository": repository, "deployment": 1, "environment": environment, "request": request}),
    )
}

fn merge(repository: &str) -> Operation {
    call(
        "github.merge",
        json!({"repository": repository, "base": "a", "head": "b", "message": ""}),
    )
}

fn reads_of_contents(repository: &str) -> [Operation; 6] {
    [
        call(
            "github.resolve",
            json!({"repository": repository, "reference": "main"}),
        ),
        call(
            "github.checks",
            json!({"repository": repository, "reference": "main"}),
        ),
        call(
            "github.compare",
            json!({"repository": repository, "base": "a", "head": "b"}),
        ),
        call(
            "github.commit",
            json!({"repository": repository, "reference": "main"}),
        ),
        call("github.default-branch", json!({"repository": repository})),
        call(
            "github.branches",
            json!({"repository": repository, "limit": 1}),
        ),
    ]
}

fn reads_of_deployments(repository: &str) -> [Operation; 4] {
    [
        call(
            "github.deployment",
            json!({"repository": repository, "deployment": 1}),
        ),
        call(
            "github.deployments",
            json!({"repository": repository, "environment": "production", "limit": 1}),
        ),
        call(
            "github.deployment-status",
            json!({"repository": repository, "deployment": 1}),
        ),
        call(
            "github.next-deployment-status",
            json!({"repository": repository, "deployment": 1, "after": null, "timeout_ms": 1}),
        ),
    ]
}

fn await_event(kind: &str, subject: &str) -> Operation {
    call(
        "flow.await-event",
        json!({"kind": kind, "subject": subject, "after": 0, "timeout_ms": 1}),
    )
}

fn trigger(project: &str, parameters: &[&str], correlate_by: Option<&str>) -> Operation {
    let parameters: Vec<Value> = parameters
        .iter()
        .map(|name| json!([name, {"text": "x"}]))
        .collect();
    let request = json!({
        "branch": "main", "tag": null, "definition": null, "parameters": parameters, "correlate_by": correlate_by,
    });
    call(
        "ci.trigger",
        json!({"project": {"provider": "circleci", "name": project}, "request": request}),
    )
}

fn of_run(name: &str, project: &str) -> Operation {
    let project = json!({"provider": "circleci", "name": project});
    match name {
        "ci.past" => call(
            name,
            json!({"project": project, "run": "1", "past": "queued", "timeout_ms": 1}),
        ),
        "ci.rerun" => call(
            name,
            json!({"project": project, "run": "1", "only_failed": true}),
        ),
        "ci.approve" => call(
            name,
            json!({"project": project, "run": "1", "approval": "2"}),
        ),
        _ => call(name, json!({"project": project, "run": "1"})),
    }
}

fn post(channel: &str) -> Operation {
    call("chat.post", json!({"channel": channel, "text": "x"}))
}

fn keys_and_values() -> [Operation; 5] {
    [
        call("kv.get", json!({"key": "a"})),
        call("kv.keys", json!({"prefix": "", "after": null, "limit": 1})),
        call("kv.set", json!({"key": "a", "value": ""})),
        call(
            "kv.replace",
            json!({"key": "a", "expected": null, "value": ""}),
        ),
        call("kv.delete", json!({"key": "a"})),
    ]
}

fn request(name: &str, method: &str, url: &str) -> Operation {
    let request = json!({"method": method, "url": url, "headers": [], "body": "", "timeout_ms": 1});
    call(name, json!({"request": request}))
}

#[test]
fn what_needs_no_grant() {
    let place = json!({"channel": "C1"});
    let message = CallId::new(&"0123456789abcdef0123".parse().unwrap(), 1);
    check(
        "",
        &[
            call("config.document", json!({})),
            call("chat.reply", json!({"place": place, "text": "x"})),
            call(
                "chat.edit",
                json!({"message": message, "place": place, "text": "x"}),
            ),
            call("flow.sleep", json!({"milliseconds": 1})),
            call(
                "flow.ask",
                json!({"place": place, "user": "U1", "question": "?", "choices": ["a", "b"], "timeout_ms": 1}),
            ),
        ],
        &[],
    );
}

#[test]
fn without_grants_all_else_is_denied() {
    let mut all = vec![
        create("acme/api", "staging"),
        add_status("acme/api", "staging"),
        post("deploys"),
    ];
    all.extend(reads_of_contents("acme/api"));
    all.extend(reads_of_deployments("acme/api"));
    all.extend(
        [
            "ci.status",
            "ci.past",
            "ci.cancel",
            "ci.rerun",
            "ci.approve",
        ]
        .map(|name| of_run(name, "gh/acme/api")),
    );
    all.extend([
        trigger("gh/acme/api", &[], None),
        trigger("gh/acme/api", &["a", "b"], Some("c")),
    ]);
    all.extend(keys_and_values());
    all.extend([
        await_event("github.push", "acme/api"),
        await_event("circleci.workflow-completed", "gh/acme/api"),
    ]);
    all.extend([
        request("http.fetch", "GET", "https://h.com/a/b?c"),
        request("http.fetch", "HEAD", "http://user.h.com.:8080"),
        request("http.send", "POST", "https://bücher.example/\"x]/é"),
        request("http.send", "DELETE", "http://[::1]:81/"),
    ]);
    check("", &[], &all);
}

#[test]
fn github_permissions() {
    let write = [
        create("acme/api", "staging"),
        add_status("acme/api", "staging"),
    ];
    let merge = [merge("acme/api")];
    let contents = reads_of_contents("acme/api");
    let deployments = reads_of_deployments("acme/api");
    let both = |one: &[Operation], other: &[Operation]| [one, other].concat();
    let grant = |permission: &str| {
        format!(r#"github = [{{ repository = "acme/api", permissions = ["{permission}"] }}]"#)
    };
    check(
        &grant("contents:read"),
        &contents,
        &both(&both(&deployments, &write), &merge),
    );
    check(
        &grant("contents:write"),
        &both(&contents, &merge),
        &both(&deployments, &write),
    );
    check(
        &grant("deployments:read"),
        &deployments,
        &both(&both(&contents, &merge), &write),
    );
    check(
        &grant("deployments:write"),
        &both(&deployments, &write),
        &both(&contents, &merge),
    );
}

#[test]
fn github_repositories() {
    let permissions = r#"permissions = ["deployments:write"]"#;
    check(
        &format!(r#"github = [{{ repository = "acme/api", {permissions} }}]"#),
        &[create("acme/api", "x"), create("Acme/API", "x")],
        &[
            create("acme/apis", "x"),
            create("acme/ap", "x"),
            create("evil/api", "x"),
        ],
    );
    check(
        &format!(r#"github = [{{ repository = "acme/*", {permissions} }}]"#),
        &[create("acme/api", "x"), create("ACME/web", "x")],
        &[create("acme-evil/api", "x"), create("evil/acme", "x")],
    );
    check(
        &format!(r#"github = [{{ repository = "*", {permissions} }}]"#),
        &[create("acme/api", "x")],
        &[],
    );
}

#[test]
fn github_environments_restrict_writing() {
    let toml = r#"github = [
        { repository = "acme/api", permissions = ["deployments:write"], environments = ["staging", "qa"] },
        { repository = "acme/web", permissions = ["deployments:write"] },
        { repository = "acme/doc", permissions = ["deployments:write"], environments = [] },
    ]"#;
    let allowed = [
        create("acme/api", "staging"),
        add_status("acme/api", "qa"),
        create("acme/web", "production"),
        reads_of_deployments("acme/api")[1].clone(),
    ];
    let denied = [
        create("acme/api", "production"),
        create("acme/api", "Staging"),
        create("acme/api", "staging\"] }, { repository = \"*"),
        create("acme/api", "\u{202e}gnigats\n\u{7f}"),
        add_status("acme/api", ""),
        create("acme/doc", "staging"),
    ];
    check(toml, &allowed, &denied);
}

#[test]
fn ci_actions_and_projects() {
    let toml = r#"ci = [
        { provider = "circleci", project = "gh/acme/api", actions = ["trigger", "read"] },
        { provider = "circleci", project = "gh/tools/*", actions = ["cancel"] },
        { provider = "circleci", project = "gh/acme/ops", actions = ["rerun", "approve"] },
        { provider = "github-actions", project = "acme/api", actions = ["cancel"] },
    ]"#;
    check(
        toml,
        &[
            trigger("gh/acme/api", &["anything"], Some("id")),
            of_run("ci.status", "gh/acme/api"),
            of_run("ci.past", "gh/acme/api"),
            of_run("ci.cancel", "gh/tools/x"),
            of_run("ci.rerun", "gh/acme/ops"),
            of_run("ci.approve", "gh/acme/ops"),
        ],
        &[
            of_run("ci.rerun", "gh/acme/api"),
            of_run("ci.approve", "gh/acme/api"),
            of_run("ci.approve", "gh/tools/x"),
            of_run("ci.cancel", "acme/api"),
            of_run("ci.cancel", "gh/acme/api"),
            of_run("ci.status", "gh/acme/apis"),
            of_run("ci.status", "GH/acme/api"),
            of_run("ci.status", "gh/tools/x"),
            of_run("ci.cancel", "gh/tools"),
            of_run("ci.cancel", "gh/tools-evil/x"),
            of_run("ci.cancel", "gh/tools/../acme/api"),
            of_run("ci.cancel", "gh/tools/%2e%2e/acme"),
            of_run("ci.cancel", "gh/tools/x?y"),
            of_run("ci.cancel", "gh/tools//x"),
        ],
    );
    check(
        r#"ci = [{ provider = "circleci", project = "*", actions = ["read"] }]"#,
        &[of_run("ci.status", "gh/acme/api")],
        &[
            of_run("ci.status", "../me"),
            of_run("ci.cancel", "gh/acme/api"),
        ],
    );
}

#[test]
fn ci_parameters() {
    let toml = r#"ci = [
        { provider = "circleci", project = "gh/acme/api", actions = ["trigger"], parameters = ["ref", "id"] },
        { provider = "circleci", project = "gh/acme/api", actions = ["read"], parameters = ["secret"] },
        { provider = "circleci", project = "gh/acme/web", actions = ["trigger"], parameters = [] },
    ]"#;
    check(
        toml,
        &[
            trigger("gh/acme/api", &[], None),
            trigger("gh/acme/api", &["ref"], Some("id")),
            trigger("gh/acme/web", &[], None),
        ],
        &[
            trigger("gh/acme/api", &["ref", "secret"], None),
            trigger("gh/acme/api", &["ref"], Some("secret")),
            trigger("gh/acme/api", &["Ref"], None),
            trigger("gh/acme/web", &[], Some("id")),
        ],
    );
}

#[test]
fn chat_channels() {
    check(
        r##"chat = [{ channel = "#deploys" }, { channel = "C123" }]"##,
        &[post("deploys"), post("C123")],
        &[post("general"), post("deploys-prod"), post("c123")],
    );
    check(r#"chat = [{ channel = "*" }]"#, &[post("general")], &[]);
}

#[test]
fn chat_groups_are_notified_where_that_is_granted() {
    let mention = |channel: &str, name: &str| {
        call(
            "chat.mention-group",
            json!({"channel": channel, "name": name, "group": "S1"}),
        )
    };
    check(
        r#"chat = [{ channel = "ops", mentions = true }, { channel = "C2", broadcast = true }, { channel = "deploys" }]"#,
        &[mention("C1", "ops"), mention("C2", "all")],
        &[mention("C3", "deploys"), mention("C4", "general")],
    );
    check("chat = [{ direct = true }]", &[], &[mention("C1", "ops")]);
}

#[test]
fn keys_and_values_need_room() {
    check("kv = [{}]", &keys_and_values(), &[]);
    assert_eq!(grants("").kv_bytes_max(None), 0);
    assert_eq!(
        grants("kv = [{}]").kv_bytes_max(None),
        limits::KV_BYTES_MAX_DEFAULT
    );
    assert_eq!(
        grants("kv = [{ max_bytes = 5 }, { max_bytes = 7 }]").kv_bytes_max(None),
        7
    );
}

/// The same calls in a shared space: those that read, and those that write.
fn shared(namespace: &str) -> (Vec<Operation>, Vec<Operation>) {
    let of_space = keys_and_values().into_iter().map(|operation| {
        let mut arguments = operation.arguments();
        arguments["namespace"] = namespace.into();
        call(operation.name(), arguments)
    });
    let (mut reads, writes): (Vec<_>, Vec<_>) =
        of_space.partition(|operation| operation.class() == crate::call::Class::Read);
    reads.push(call("kv.open", json!({"namespace": namespace})));
    (reads, writes)
}

#[test]
fn shared_spaces_are_granted_by_name_to_read_or_to_write() {
    let (reads, writes) = shared("team");
    let (other_reads, other_writes) = shared("teams");
    assert_eq!((reads.len(), writes.len()), (3, 3));
    let own = keys_and_values();
    let all = |lists: &[&[Operation]]| lists.concat();
    check(
        r#"kv = [{ namespace = "team" }]"#,
        &reads,
        &all(&[&writes, &own, &other_reads, &other_writes]),
    );
    check(
        r#"kv = [{ namespace = "team", write = false }]"#,
        &reads,
        &writes,
    );
    check(
        r#"kv = [{ namespace = "team", write = true }]"#,
        &all(&[&reads, &writes]),
        &all(&[&own, &other_reads, &other_writes]),
    );
    check(
        r#"kv = [{ namespace = "teams", write = true }, { namespace = "team" }, {}]"#,
        &all(&[&reads, &own, &other_reads, &other_writes]),
        &writes,
    );
    check("kv = [{}]", &own, &all(&[&reads, &writes]));
    check("", &[], &all(&[&reads, &writes]));

    let team = "team".parse().unwrap();
    let both = grants(
        r#"kv = [{ max_bytes = 5 }, { namespace = "team", max_bytes = 7 }, { namespace = "team", max_bytes = 6 }]"#,
    );
    assert_eq!(both.kv_bytes_max(None), 5);
    assert_eq!(both.kv_bytes_max(Some(&team)), 7);
    assert_eq!(both.kv_bytes_max(Some(&"teams".parse().unwrap())), 0);
}

#[test]
fn a_call_of_the_own_space_is_recorded_as_ever() {
    let get = call("kv.get", json!({"key": "a"}));
    assert_eq!(get.arguments(), json!({"key": "a"}));
}

/// A request with headers of the plugin's own.
fn with_headers(method: &str, url: &str, headers: &[&str]) -> Operation {
    let headers: Vec<Value> = headers.iter().map(|name| json!([name, "x"])).collect();
    let request =
        json!({"method": method, "url": url, "headers": headers, "body": "", "timeout_ms": 1});
    call("http.send", json!({"request": request}))
}

#[test]
fn headers_that_the_host_adds_are_not_for_plugins() {
    let toml = r#"http = [
        { host = "api.h.com", methods = ["POST"], path = "/v1/", headers = { Authorization = "Bearer ${TOKEN}" } },
        { host = "api.h.com", methods = ["POST", "GET"] },
        { host = "10.0.0.1", methods = ["POST"], private = true, headers = { X-Key = "${KEY}" } },
    ]"#;
    let url = "https://api.h.com/v1/x";
    check(
        toml,
        &[
            with_headers("POST", url, &[]),
            with_headers("POST", url, &["x-mine", "content-type"]),
            // Where nothing is added, the header is the plugin's.
            with_headers("GET", url, &["Authorization", "range"]),
            with_headers("POST", "https://api.h.com/v2", &["Authorization"]),
            with_headers("POST", "http://10.0.0.1/", &[]),
        ],
        &[
            with_headers("POST", url, &["Authorization"]),
            with_headers("POST", url, &["x-mine", "aUTHORIZATION"]),
            with_headers("POST", url, &["Accept-Encoding"]),
            with_headers("POST", url, &["Range"]),
            with_headers("POST", "http://10.0.0.1/", &["x-key"]),
        ],
    );
    let added = |toml: &str, method: &str, url: &str| -> Vec<String> {
        let Operation::HttpSend(call) = with_headers(method, url, &[]) else {
            unreachable!()
        };
        let grants = grants(toml);
        let added = grants.added_headers(&call.request);
        added
            .iter()
            .map(|(name, value)| format!("{name}: {value}"))
            .collect()
    };
    assert_eq!(added(toml, "POST", url), ["authorization: Bearer ${TOKEN}"]);
    assert_eq!(added(toml, "POST", "http://10.0.0.1/"), ["x-key: ${KEY}"]);
    for (method, url) in [
        ("GET", url),
        ("POST", "https://api.h.com/v2"),
        ("POST", "https://api.h.com:8443/v1/x"),
        ("POST", "https://api.h.com.evil.com/v1/x"),
        ("POST", "https://x.api.h.com/v1/x"),
        // Others could read it on the way.
        ("POST", "http://api.h.com/v1/x"),
        ("POST", "https://api.h.com/v1/..%2fx"),
    ] {
        assert_eq!(added(toml, method, url), [""; 0], "{method} {url}");
    }
    // Of two that add the same, the first counts.
    let twice = r#"http = [
        { host = "h.com", headers = { X-Key = "${ONE}" } },
        { host = "*.h.com", headers = { X-Key = "${TWO}" } },
        { host = "h.com", headers = { x-key = "${THREE}", x-id = "${ID}" } },
    ]"#;
    assert_eq!(
        added(twice, "GET", "https://h.com/"),
        ["x-id: ${ID}", "x-key: ${ONE}"]
    );
}

#[test]
fn a_secret_goes_by_https_only() {
    let grants = grants(r#"http = [{ host = "h.com", headers = { X-Key = "${KEY}" } }]"#);
    let denial = grants
        .allows(&request("http.fetch", "GET", "http://h.com/"))
        .unwrap_err();
    let error = denial.error(&"page".parse().unwrap());
    assert_eq!(
        (error.code, error.message.as_str()),
        (
            crate::error::Code::Invalid,
            "the bot adds a secret to what is sent to `h.com`: begin the address with `https://`"
        )
    );
    assert!(
        grants
            .allows(&request("http.fetch", "GET", "https://h.com/"))
            .is_ok()
    );
}

#[test]
fn events_of_what_was_granted_are_seen() {
    let all = grants(
        r#"
        github = [{ repository = "acme/*", permissions = ["contents:read"] }, { repository = "x/y", permissions = [] }]
        ci = [{ provider = "circleci", project = "gh/acme/*", actions = ["cancel"] }]
        webhooks = [{ name = "alerts", verify = "none" }]
        "#,
    );
    let table = [
        ("webhook.alerts", "alerts", true),
        ("webhook.builds", "builds", false),
        ("webhook.builds", "alerts", false),
        ("webhook.alerts", "", false),
        ("webhook", "alerts", false),
        ("schedule", "nightly", false),
        ("github.deployment", "acme/api", true),
        ("github.deployment", "Acme/API", true),
        ("github.deployment", "evil/api", false),
        ("github.deployment", "x/y", false),
        ("github.deployment", "gh/acme/api", false),
        ("github.installation", "", false),
        ("circleci.workflow-completed", "gh/acme/api", true),
        ("circleci.workflow-completed", "acme/api", false),
        ("circleci.workflow-completed", "", false),
        ("console.message", "acme/api", false),
        ("github", "acme/api", false),
        ("githubx.push", "acme/api", false),
        ("", "", false),
    ];
    for (kind, subject, seen) in table {
        assert_eq!(all.sees(kind, subject), seen, "{kind} {subject}");
        assert_eq!(
            all.allows(&await_event(kind, subject)).is_ok(),
            seen,
            "{kind} {subject}"
        );
        assert!(!grants("").sees(kind, subject), "{kind} {subject}");
    }
}

#[test]
fn schedules_are_granted_by_how_often_they_call() {
    let table = [
        ("5m", "every 5m", true),
        ("5m", "every 1h", true),
        ("5m", "every 4m", false),
        ("5m", "*/5 * * * *", true),
        ("5m", "* * * * *", false),
        ("5m", "0,57 * * * *", false),
        ("1d", "0 9 * * mon-fri Europe/Berlin", true),
        ("25h", "0 9 * * mon-fri Europe/Berlin", false),
        ("7d", "0 9 * * mon", true),
        ("10s", "every 10s", true),
    ];
    let plugin: PluginName = "health".parse().unwrap();
    for (granted, when, allowed) in table {
        let given = format!(
            "schedules = [{{ at_most_every = \"400d\" }}, {{ at_most_every = \"{granted}\" }}]"
        );
        let when: schedule::When = when.parse().unwrap();
        let given = grants(&given).schedules;
        assert_eq!(
            schedules::allows(&given, &when).is_ok(),
            allowed,
            "{granted}: {when}"
        );
        let denial = schedules::allows(&[], &when).unwrap_err();
        let suggested = grants(&denial.line().unwrap()).schedules;
        assert_eq!(schedules::allows(&suggested, &when), Ok(()), "{denial}");
        assert!(denial.told(&plugin).contains("[plugins.health.grants]"));
    }
    let whens = ["every 1h", "every 90s"].map(|when| when.parse().unwrap());
    assert_eq!(
        schedules::enough(&whens).unwrap(),
        r#"{ at_most_every = "90s" }"#
    );
    for wrong in ["", "5", "9s", "1y", "-5m"] {
        assert!(wrong.parse::<schedules::Period>().is_err(), "{wrong}");
    }
}

#[test]
fn topics_are_heard_of_and_published_in_as_granted() {
    let publish = |topic: &str| {
        call(
            "topics.publish",
            json!({"topic": topic, "subject": "api", "body": {}, "depth": 1}),
        )
    };
    let hear = |topic: &str| {
        call(
            "flow.await-event",
            json!({"kind": format!("topic.{topic}"), "subject": "api", "after": 1, "timeout_ms": 1}),
        )
    };
    check(
        r#"topics = [{ name = "deployed" }, { name = "wanted", publish = true }]"#,
        &[hear("deployed"), hear("wanted"), publish("wanted")],
        &[publish("deployed"), publish("want"), hear("want"), hear("")],
    );
    check("", &[], &[publish("deployed"), hear("deployed")]);
    let given = grants(r#"topics = [{ name = "deployed" }]"#);
    assert!(given.sees("topic.deployed", "anything at all"));
    assert!(!given.sees("topic.deployed2", "api") && !given.sees("topic", "api"));
}

#[test]
fn webhooks_are_granted_by_name_with_a_way_to_verify_them() {
    let given = grants(r#"webhooks = [{ name = "alerts", verify = "none" }]"#).webhooks;
    assert_eq!(webhooks::allows(&given, "alerts"), Ok(()));
    for name in ["alert", "alerts2", "", "Alerts", "\"x\" }, { name = \"y"] {
        let denial = webhooks::allows(&given, name).unwrap_err();
        let suggested: Result<Grants, _> = toml::from_str(&denial.line().unwrap());
        match name.parse::<crate::ids::WebhookName>() {
            Ok(_) => assert_eq!(webhooks::allows(&suggested.unwrap().webhooks, name), Ok(())),
            Err(_) => assert!(suggested.is_err(), "{denial}"),
        }
    }
    for wrong in [
        r#"name = "a""#,
        r#"name = "a", verify = "standard""#,
        r#"name = "a", verify = "standard", secret = "A", header = "X""#,
        r#"name = "a", verify = "hmac-sha256", secret = "A""#,
        r#"name = "a", verify = "hmac-sha256", header = "X""#,
        r#"name = "a", verify = "token""#,
        r#"name = "a", verify = "token", secret = "A", header = "X Y""#,
        r#"name = "a", verify = "basic""#,
        r#"name = "a", verify = "none", secret = "A""#,
        r#"name = "a", verify = "none", header = "X""#,
        r#"name = "a", verify = "token", secret = """#,
        r#"name = "a", verify = "token", secret = "lower""#,
        r#"name = "a", verify = "token", secret = "1A""#,
        r#"name = "a", verify = "token", secret = "A_FILE""#,
        r#"name = "a/b", verify = "none""#,
        r#"name = "a", verify = "none", other = 1"#,
    ] {
        let text = format!("webhooks = [{{ {wrong} }}]");
        let error = toml::from_str::<Grants>(&text)
            .expect_err(wrong)
            .to_string();
        assert!(!error.is_empty());
    }
}

#[test]
fn what_can_be_opened() {
    let all = grants(
        r#"
        github = [{ repository = "acme/api", permissions = ["contents:read"] }]
        ci = [{ provider = "circleci", project = "gh/acme/api", actions = ["read"] }]
        "#,
    );
    let project = |name: &str| crate::ci::Project {
        provider: crate::ci::Provider::Circleci,
        name: name.into(),
    };
    assert!(all.opens_repository(&"acme/api".parse().unwrap()).is_ok());
    let denial = all
        .opens_repository(&"acme/web".parse().unwrap())
        .unwrap_err();
    assert!(
        grants(&denial.line().unwrap())
            .opens_repository(&"acme/web".parse().unwrap())
            .is_ok()
    );
    assert!(all.opens_project(&project("gh/acme/api")).is_ok());
    let denial = all.opens_project(&project("gh/acme/web")).unwrap_err();
    assert!(
        grants(&denial.line().unwrap())
            .opens_project(&project("gh/acme/web"))
            .is_ok()
    );
}

#[test]
fn a_denial_says_what_would_allow_it() {
    let plugin: PluginName = "deploy".parse().unwrap();
    let has = grants(
        r#"
        github = [{ repository = "acme/api", permissions = ["contents:read"] }]
        "#,
    );
    let operations = [
        create("acme/api", "staging"),
        add_status("acme/web", "two\nlines \"quoted\""),
        reads_of_contents("acme/web")[0].clone(),
        trigger("gh/acme/api", &["ref"], Some("id")),
        of_run("ci.cancel", "gh/acme/api"),
        of_run("ci.cancel", "gh/acme/../api"),
        post("general"),
        keys_and_values()[0].clone(),
        request("http.send", "POST", "https://h.com/api/x?token=1"),
        request("http.fetch", "GET", "http://10.0.0.1:8080/"),
        request("http.fetch", "GET", "https://user:secret@h.com/"),
        request("http.fetch", "GET", "https://h.com/..%2fx"),
        request("http.fetch", "GET", "h.com"),
        request("http.send", "CONNECT", "https://h.com"),
        await_event("github.push", "acme/web"),
        await_event("github.push", "acme"),
        await_event("slack.message", "x"),
    ];
    let told = operations.iter().map(|operation| {
        let error = has.allows(operation).unwrap_err().error(&plugin);
        format!("{}: {}\n", error.code.as_str(), error.message)
    });
    insta::assert_snapshot!(told.collect::<String>(), @r#"
    denied: plugin `deploy` may not write deployments of `acme/api` for the environment `staging`; to allow it, add to the list `github` in [plugins.deploy.grants]: { repository = "acme/api", permissions = ["deployments:write"], environments = ["staging"] }
    denied: plugin `deploy` may not write deployments of `acme/web` for the environment `two lines "quoted"`; to allow it, add to the list `github` in [plugins.deploy.grants]: { repository = "acme/web", permissions = ["deployments:write"], environments = ["two\U0000000Alines \"quoted\""] }
    denied: plugin `deploy` may not read commits and checks of `acme/web`; to allow it, add to the list `github` in [plugins.deploy.grants]: { repository = "acme/web", permissions = ["contents:read"] }
    denied: plugin `deploy` may not start runs of `gh/acme/api` with the parameters `ref`, `id`; to allow it, add to [plugins.deploy.grants]: ci = [{ provider = "circleci", project = "gh/acme/api", actions = ["trigger"], parameters = ["ref", "id"] }]
    denied: plugin `deploy` may not cancel runs of `gh/acme/api`; to allow it, add to [plugins.deploy.grants]: ci = [{ provider = "circleci", project = "gh/acme/api", actions = ["cancel"] }]
    invalid: `gh/acme/../api` is not a project: write it as the service names it, such as `gh/acme/api`
    denied: plugin `deploy` may not write in the channel `general`; to allow it, add to [plugins.deploy.grants]: chat = [{ channel = "general" }]
    denied: plugin `deploy` may not remember anything; to allow it, add to [plugins.deploy.grants]: kv = [{ max_bytes = 1048576 }]
    denied: plugin `deploy` may not send `POST` to `https://h.com/api/x`; to allow it, add to [plugins.deploy.grants]: http = [{ host = "h.com", methods = ["POST"], path = "/api/x" }]
    denied: plugin `deploy` may not send `GET` to `http://10.0.0.1:8080/`, an address in a private network; to allow it, add to [plugins.deploy.grants]: http = [{ host = "10.0.0.1:8080", methods = ["GET"], path = "/", private = true }]
    invalid: an address cannot have a user name or password in it: send them in a header
    invalid: the path `/..%2fx` has encoded dots in it, so that it cannot be told where it leads: write it without them
    invalid: `h.com` is not an address on the web: relative URL without a base
    invalid: requests cannot be sent with the method `CONNECT`: use one such as `GET`
    denied: plugin `deploy` may not use the repository `acme/web`; to allow it, add to the list `github` in [plugins.deploy.grants]: { repository = "acme/web", permissions = ["contents:read", "deployments:read"] }
    invalid: events of GitHub are about a repository: `acme` is not a repository: write it as `owner/name`
    invalid: there are no events of the kind `slack.message`: name one such as `github.deployment`, `circleci.workflow-completed` or `topic.deployed`
    "#);
}

#[test]
fn a_held_plugin_comes_with_the_lines_that_let_it_in() {
    let text = suggestion(&"deploy".parse().unwrap(), &Capability::ALL);
    insta::assert_snapshot!(text, @r#"
    [plugins.deploy.grants]
    chat = [{ channel = "CHANNEL" }]
    github = [{ repository = "OWNER/NAME", permissions = ["contents:read", "deployments:write"], environments = ["ENVIRONMENT"] }]
    ci = [{ provider = "circleci", project = "gh/OWNER/NAME", actions = ["trigger", "read"] }]
    http = [{ host = "HOST.EXAMPLE.COM", methods = ["GET"], path = "/PATH/" }]
    kv = [{ max_bytes = 1048576 }]
    schedules = [{ at_most_every = "5m" }]
    topics = [{ name = "deployed", publish = true }]
    webhooks = [{ name = "alerts", verify = "standard", secret = "ALERTS_SECRET" }]
    "#);
    for capability in Capability::ALL {
        assert!(
            grants(capability.suggestion()).covers(capability),
            "{capability}"
        );
        assert!(!grants("").covers(capability), "{capability}");
    }
}

#[test]
fn interfaces_of_the_contract_and_their_capabilities() {
    let table = [
        ("witbot:github/github", Some(Capability::Github)),
        ("witbot:ci/ci@0.1.0", Some(Capability::Ci)),
        ("witbot:chat/chat@0.1.0", Some(Capability::Chat)),
        ("witbot:http/http", Some(Capability::Http)),
        ("witbot:kv/kv", Some(Capability::Kv)),
        ("witbot:chat/messages@0.1.0", None),
        ("witbot:flow/flow", None),
        ("witbot:flow/permission", None),
        ("witbot:config/config", None),
        ("witbot:log/log", None),
        ("witbot:plugin/events", None),
        ("wasi:http/http", None),
        ("github", None),
    ];
    for (interface, capability) in table {
        assert_eq!(
            Capability::from_interface(interface),
            capability,
            "{interface}"
        );
    }
    assert_eq!(
        "githb".parse::<Capability>().unwrap_err().to_string(),
        "there is no capability `githb`; did you mean `github`?"
    );
}

#[test]
fn mistakes_in_the_settings_are_refused() {
    let mistakes = [
        r#"git = []"#,
        r#"github = [{ repository = "acme", permissions = [] }]"#,
        r#"github = [{ repository = "*/api", permissions = [] }]"#,
        r#"github = [{ repository = "acme/api*", permissions = [] }]"#,
        r#"github = [{ repository = "../*", permissions = [] }]"#,
        r#"github = [{ repository = "acme/api" }]"#,
        r#"github = [{ repository = "acme/api", permissions = ["deployments"] }]"#,
        r#"github = [{ repository = "acme/api", permissions = [], environment = "x" }]"#,
        r#"ci = [{ provider = "jenkins", project = "x/y", actions = [] }]"#,
        r#"ci = [{ provider = "circleci", project = "gh/acme*", actions = [] }]"#,
        r#"ci = [{ provider = "circleci", project = "gh/*/api", actions = [] }]"#,
        r#"ci = [{ provider = "circleci", project = "gh/../x", actions = [] }]"#,
        r#"ci = [{ provider = "circleci", project = "gh/acme/api", actions = ["start"] }]"#,
        r#"chat = [{ channel = "two words" }]"#,
        r#"chat = [{ channel = "" }]"#,
        r#"kv = [{ max_bytes = -1 }]"#,
        r#"kv = [{ bytes = 1 }]"#,
        r#"kv = [{ write = true }]"#,
        r#"kv = [{ namespace = "Team" }]"#,
        r#"kv = [{ namespace = "shared:team" }]"#,
        r#"topics = [{ name = "Deployed" }]"#,
        r#"topics = [{ publish = true }]"#,
        r#"topics = [{ name = "deployed", write = true }]"#,
        r#"http = [{ host = "h.com", headers = { Authorization = "Bearer abc" } }]"#,
        r#"http = [{ host = "h.com", headers = { Host = "${A}" } }]"#,
        r#"http = [{ host = "h.com", headers = { X-Key = "${A}", x-key = "${B}" } }]"#,
    ];
    for mistake in mistakes {
        assert!(toml::from_str::<Grants>(mistake).is_err(), "{mistake}");
    }
}

#[test]
fn grants_are_written_as_they_are_read() {
    let all = grants(
        r##"
        github = [{ repository = "acme/*", permissions = ["deployments:write"], environments = ["x"] }]
        ci = [{ provider = "circleci", project = "gh/acme/*", actions = ["read"], parameters = ["a"] }]
        chat = [{ channel = "#deploys", mentions = true }]
        http = [{ host = "*.Example.com:8443", path = "/a b", headers = { x-key = "a ${B}" } }]
        kv = [{ max_bytes = 5 }, { namespace = "team", write = true, max_bytes = 6 }]
        schedules = [{ at_most_every = "1h30m" }, { at_most_every = "10500ms" }]
        topics = [{ name = "deployed" }, { name = "wanted", publish = true }]
        webhooks = [
          { name = "a", verify = "standard", secret = "A_SECRET" },
          { name = "b", verify = "hmac-sha256", secret = "B", header = "X-Signature" },
          { name = "c", verify = "token", secret = "C1" },
          { name = "d", verify = "token", secret = "D", header = "X-Token" },
          { name = "e", verify = "basic", secret = "E" },
          { name = "f", verify = "none" },
        ]
        "##,
    );
    assert_eq!(grants(&toml::to_string(&all).unwrap()), all);
    assert_eq!(toml::to_string(&Grants::default()).unwrap(), "");
}
