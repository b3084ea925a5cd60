//! Requests to the web: a method, an address, and grants as TOML. What is allowed is at the host, and below the path.
#![no_main]

use url::{Host, Url};
use witbot_core::call::{HttpFetch, Operation};
use witbot_core::grants::Grants;
use witbot_core::grants::http::HttpGrant;
use witbot_core::http::{Request, without_secrets};
use witbot_core::journal::Blob;
use witbot_fuzz::input;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let (method, rest) = input::line(text);
    let (address, toml) = input::line(rest);
    let shown = without_secrets(address);
    if let Ok(url) = Url::parse(&shown) {
        assert!(url.password().is_none() && url.query().is_none(), "{shown}");
    }
    let Ok(grants) = toml::from_str::<Grants>(toml) else {
        return;
    };
    let request = Request {
        method: method.to_owned(),
        url: address.to_owned(),
        headers: Vec::new(),
        body: Blob::default(),
        timeout_ms: 1,
    };
    let operation = Operation::from(HttpFetch { request });
    if grants.allows(&operation).is_ok() {
        let url = Url::parse(address).expect("what is allowed is an address");
        assert!(matches!(url.scheme(), "http" | "https"), "{url}");
        assert!(
            url.username().is_empty() && url.password().is_none(),
            "{url}"
        );
        let covers = |grant: &HttpGrant| covers(grant, method, &url);
        assert!(grants.http.iter().any(covers), "{url}");
    }
});

/// The same question in other words.
fn covers(grant: &HttpGrant, method: &str, url: &Url) -> bool {
    let pattern = String::from(grant.host.clone());
    let (name, below) = match pattern.strip_prefix("*.") {
        Some(name) => (name, true),
        None => (pattern.as_str(), false),
    };
    // As an address of its own, which writes it in the one form that hosts have.
    let Ok(granted) = Url::parse(&format!("http://{name}")) else {
        return false;
    };
    let has_port = pattern.rsplit(':').next().is_some_and(|port| {
        pattern.contains(':') && !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit())
    });
    let port = match has_port {
        true => url.port_or_known_default() == granted.port_or_known_default(),
        false => url.port().is_none(),
    };
    port && host(granted.host(), url.host(), below)
        && grant
            .methods
            .iter()
            .any(|granted| granted.as_str() == method)
        && path(&String::from(grant.path.clone()), url.path())
}

fn host(granted: Option<Host<&str>>, asked: Option<Host<&str>>, below: bool) -> bool {
    match (granted, asked) {
        (Some(Host::Domain(granted)), Some(Host::Domain(asked))) => {
            let (granted, asked) = (granted.trim_end_matches('.'), asked.trim_end_matches('.'));
            match below {
                true => asked
                    .strip_suffix(granted)
                    .is_some_and(|rest| rest.len() > 1 && rest.ends_with('.')),
                false => asked == granted,
            }
        }
        (granted, asked) => granted == asked && !below,
    }
}

/// However often a server decodes a path, it does not lead out of what is granted.
fn path(granted: &str, asked: &str) -> bool {
    if granted == "/" {
        return true;
    }
    let below = asked.starts_with(granted)
        && (granted.ends_with('/')
            || matches!(asked[granted.len()..].chars().next(), None | Some('/')));
    let mut path = asked.to_owned();
    let upwards = (0..8).any(|_| {
        let up = path.split(['/', '\\']).any(|part| part == "..");
        for (code, plain) in [
            ("%2e", "."),
            ("%2E", "."),
            ("%2f", "/"),
            ("%2F", "/"),
            ("%5c", "/"),
            ("%5C", "/"),
            ("%25", "%"),
        ] {
            path = path.replace(code, plain);
        }
        up
    });
    below && !upwards
}
