use super::*;
use crate::journal::Blob;

fn grants(toml: &str) -> Vec<HttpGrant> {
    toml::from_str::<crate::grants::Grants>(&format!("http = [{toml}]"))
        .unwrap()
        .http
}

fn request(method: &str, url: &str) -> Request {
    Request {
        method: method.into(),
        url: url.into(),
        headers: Vec::new(),
        body: Blob::default(),
        timeout_ms: 1,
    }
}

fn check(toml: &str, allowed: &[&str], denied: &[&str]) {
    let grants = grants(toml);
    for url in allowed {
        assert_eq!(
            allows(&grants, &request("GET", url)),
            Ok(()),
            "{toml} {url}"
        );
    }
    for url in denied {
        assert!(
            allows(&grants, &request("GET", url)).is_err(),
            "{toml} {url}"
        );
    }
}

#[test]
fn one_host() {
    check(
        r#"{ host = "Status.Example.com" }"#,
        &[
            "https://status.example.com",
            "https://STATUS.example.COM./x?y#z",
            "http://status.example.com:80/",
            "https://status.example.com:443/",
            "https:\\\\status.example.com\\x",
            "https:status.example.com",
            "https://status%2Eexample.com/",
        ],
        &[
            "https://example.com/",
            "https://a.status.example.com/",
            "https://status.example.com.evil.com/",
            "https://evil-status.example.com/",
            "https://status.example.com@evil.com/",
            "https://evil.com@status.example.com/",
            "https://:x@status.example.com/",
            "https://evil.com\\@status.example.com/",
            "https://evil.com#status.example.com/",
            "https://evil.com?status.example.com/",
            "https://status.example.com:8443/",
            "http://status.example.com:443/",
            "https://status.example.com../",
            "https://ѕtatus.example.com/",
            "ftp://status.example.com/",
            "file:///etc/passwd",
            "//status.example.com/",
            "status.example.com/x",
            "data:text/plain,status.example.com",
            "",
        ],
    );
}

#[test]
fn hosts_below_a_domain() {
    check(
        r#"{ host = "*.example.com" }"#,
        &["https://a.example.com/", "https://a.b.example.com./"],
        &[
            "https://example.com/",
            "https://.example.com/",
            "https://aexample.com/",
            "https://a.example.com.evil/",
        ],
    );
}

#[test]
fn ports_and_other_alphabets() {
    check(
        r#"{ host = "example.com:8443" }"#,
        &["https://example.com:8443/", "http://example.com:8443/"],
        &["https://example.com/"],
    );
    check(
        r#"{ host = "example.com:80" }"#,
        &["http://example.com/"],
        &["https://example.com/", "http://example.com:81/"],
    );
    check(
        r#"{ host = "bücher.example" }"#,
        &["https://BÜCHER.example/", "https://xn--bcher-kva.example/"],
        &["https://bucher.example/"],
    );
}

#[test]
fn paths_are_compared_as_they_are_resolved() {
    check(
        r#"{ host = "h.com", path = "/api/" }"#,
        &[
            "https://h.com/api/",
            "https://h.com/api/x",
            "https://h.com/x/../api/y",
            "https://h.com/api/a%20b/..c/d..",
            "https://h.com/api/a%2fb",
        ],
        &[
            "https://h.com/",
            "https://h.com/api",
            "https://h.com/API/x",
            "https://h.com//api/x",
            "https://h.com/%61pi/x",
            "https://h.com/api/../admin",
            "https://h.com/api/%2e%2e/admin",
            "https://h.com/api/.%2E/admin",
            "https://h.com/api\\..\\admin",
            "https://h.com/api/..%2fadmin",
            "https://h.com/api/x%2f..%2f..%2fadmin",
            "https://h.com/api/..%5cadmin",
            "https://h.com/api/%252e%252e/admin",
            "https://h.com/api/%25252e%25252e/admin",
            "https://h.com/api/%2525252525252e/admin",
            "https://h.com/api/..;/admin",
            "https://h.com/api/..;x=y/admin",
            "https://h.com/api/..%00/admin",
            "https://h.com/api/..%3b/admin",
            "https://h.com/?/api/",
            "https://h.com/#/api/",
        ],
    );
    check(
        r#"{ host = "h.com", path = "/api" }"#,
        &[
            "https://h.com/api",
            "https://h.com/api?x",
            "https://h.com/api/x",
        ],
        &[
            "https://h.com/apix",
            "https://h.com/api%2fx",
            "https://h.com/api;x",
        ],
    );
    check(
        r#"{ host = "h.com", path = "/a b/é" }"#,
        &["https://h.com/a b/é", "https://h.com/a%20b/%C3%A9/x"],
        &["https://h.com/a"],
    );
    // Whoever may go everywhere need not be kept from going up.
    check(r#"{ host = "h.com" }"#, &["https://h.com/a/..%2fb"], &[]);
}

#[test]
fn private_networks_need_a_word_of_their_own() {
    let private = [
        "http://127.0.0.1:8080/",
        "http://0x7f.1:8080/",
        "http://2130706433:8080/",
        "http://127.0.0.1.:8080/",
    ];
    check(r#"{ host = "127.0.0.1:8080" }"#, &[], &private);
    check(
        r#"{ host = "127.0.0.1:8080", private = true }"#,
        &private,
        &["http://127.0.0.1/", "http://127.0.0.2:8080/"],
    );
    check(
        r#"{ host = "[::1]:81", private = true }"#,
        &["http://[0:0::1]:81/"],
        &["http://[::1]/"],
    );
    check(
        r#"{ host = "[::ffff:10.0.0.1]" }"#,
        &[],
        &["http://[::ffff:10.0.0.1]/"],
    );
    check(
        r#"{ host = "1.1.1.1" }"#,
        &["http://1.1.1.1/", "http://1.1.257/"],
        &["http://1.1.1.2/"],
    );

    let grants = grants(
        r#"{ host = "inside.example.com", path = "/x", private = true }, { host = "inside.example.com" }"#,
    );
    assert!(opens_private_network(
        &grants,
        &request("GET", "https://inside.example.com/x")
    ));
    assert!(!opens_private_network(
        &grants,
        &request("GET", "https://inside.example.com/")
    ));
    assert!(!opens_private_network(
        &grants,
        &request("POST", "https://inside.example.com/x")
    ));
}

#[test]
fn methods_are_granted_by_name() {
    let url = "https://h.com/";
    let reading = grants(r#"{ host = "h.com" }"#);
    assert!(allows(&reading, &request("GET", url)).is_ok());
    assert!(allows(&reading, &request("HEAD", url)).is_ok());
    for method in [
        "POST",
        "get",
        "DELETE",
        "CONNECT",
        "GET /x HTTP/1.1\r\n",
        "",
    ] {
        assert!(allows(&reading, &request(method, url)).is_err(), "{method}");
    }
    let posting = grants(r#"{ host = "h.com", methods = ["POST"] }"#);
    assert!(allows(&posting, &request("POST", url)).is_ok());
    assert!(allows(&posting, &request("GET", url)).is_err());
}

#[test]
fn a_host_is_never_granted_as_another() {
    for url in [
        "https://*.example.com/",
        "https://status.example*.com/",
        "https://example.com../",
    ] {
        let denial = allows(&[], &request("GET", url)).unwrap_err();
        assert_eq!(denial.line(), None, "{url}");
    }
    let denial = allows(&[], &request("GET", "https://example.com.:8443/a")).unwrap_err();
    let line = r#"http = [{ host = "example.com:8443", methods = ["GET"], path = "/a" }]"#;
    assert_eq!(denial.line().as_deref(), Some(line));
}

#[test]
fn one_grant_has_to_cover_all_of_a_request() {
    let grants = grants(r#"{ host = "a.com", methods = ["POST"] }, { host = "b.com" }"#);
    assert!(allows(&grants, &request("POST", "https://a.com/")).is_ok());
    assert!(allows(&grants, &request("POST", "https://b.com/")).is_err());
}

#[test]
fn grants_that_cannot_be_meant_are_refused() {
    for host in [
        "",
        "*",
        "*.com",
        "*.1.2.3.4",
        "a.*.com",
        "https://h.com",
        "h.com/x",
        "a@h.com",
        "h.com:x",
        "h.com:99999",
        "h.com?",
        "h com",
        "%68.com",
    ] {
        let toml = format!("http = [{{ host = {host:?} }}]");
        assert!(
            toml::from_str::<crate::grants::Grants>(&toml).is_err(),
            "{host}"
        );
    }
    for path in ["", "api", "/api/../x", "/x/%2e%2e", "/x?y", "/x#y", "/x\\y"] {
        let toml = format!("http = [{{ host = \"h.com\", path = {path:?} }}]");
        assert!(
            toml::from_str::<crate::grants::Grants>(&toml).is_err(),
            "{path}"
        );
    }
    for rest in [
        r#"methods = ["get"]"#,
        r#"methods = ["CONNECT"]"#,
        "redirects = true",
    ] {
        let toml = format!("http = [{{ host = \"h.com\", {rest} }}]");
        assert!(
            toml::from_str::<crate::grants::Grants>(&toml).is_err(),
            "{rest}"
        );
    }
}

#[test]
fn public_addresses() {
    for public in [
        "1.1.1.1",
        "8.8.8.8",
        "100.63.0.1",
        "172.32.0.1",
        "2606:4700::1111",
        "::ffff:8.8.8.8",
        "64:ff9b::808:808",
        "2002:808:808::1",
    ] {
        assert!(is_public(public.parse().unwrap()), "{public}");
    }
    for private in [
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.1",
        "127.8.8.8",
        "169.254.169.254",
        "172.16.0.1",
        "192.0.0.1",
        "192.168.1.1",
        "198.18.0.1",
        "203.0.113.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::10.0.0.1",
        "fe80::1",
        "fc00::1",
        "fd00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::1",
        "2002:7f00:1::1",
        "2001::1",
        "2001:db8::1",
        "3fff::1",
        "4000::1",
    ] {
        assert!(!is_public(private.parse().unwrap()), "{private}");
    }
}
