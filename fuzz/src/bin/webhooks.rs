//! Webhooks of GitHub, of CircleCI and of anybody, from the bytes of a request to the event. What is not signed is none.
#![no_main]

use std::ffi::OsString;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};

use arc_swap::ArcSwap;
use axum::Router;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use witbot_core::event::{Body, Event};
use witbot_core::ids::UnixMillis;
use witbot_fuzz::bot::doors::hooks::{self, Hooks};
use witbot_fuzz::bot::metrics::Metrics;
use witbot_fuzz::bot::secret::Secret;
use witbot_fuzz::bot::settings::Settings;
use witbot_fuzz::bot::settings::secrets::webhooks::Locks;
use witbot_fuzz::http::{Asked, NOW, SECRET};

/// A webhook for each way to prove oneself.
const SETTINGS: &str = r#"
[plugins.alerts.grants]
webhooks = [
    { name = "standard", verify = "standard", secret = "STANDARD" },
    { name = "hmac", verify = "hmac-sha256", secret = "PLAIN", header = "x-signature" },
    { name = "token", verify = "token", secret = "PLAIN" },
    { name = "basic", verify = "basic", secret = "BASIC" },
]
"#;

/// How many events have been stored.
static STORED: AtomicU64 = AtomicU64::new(0);

static ROUTER: LazyLock<Router> = LazyLock::new(|| {
    let secrets = || vec![Secret::new(SECRET.to_owned())];
    hooks::router(Hooks {
        github: secrets(),
        circleci: secrets(),
        inbound: Arc::new(ArcSwap::from_pointee(locks())),
        now: || UnixMillis(NOW * 1_000),
        metrics: Metrics,
        accept: Arc::new(|event| {
            check(&event);
            STORED.fetch_add(1, Ordering::Relaxed);
            Box::pin(async { Ok(true) })
        }),
    })
});

fn locks() -> Locks {
    let settings = Settings::parse(SETTINGS, Path::new("witbot.toml"));
    let settings = settings.expect("the settings are right");
    let variable = |name: &str| match name {
        "STANDARD" => Some(format!("whsec_{}", STANDARD.encode(SECRET))),
        "PLAIN" => Some(SECRET.to_owned()),
        "BASIC" => Some(format!("user:{SECRET}")),
        _ => None,
    };
    let locks = Locks::read(&settings, |name| variable(name).map(OsString::from));
    locks.expect("the secrets are there").0
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some(asked) = Asked::read(data) else {
        return;
    };
    let before = STORED.load(Ordering::Relaxed);
    let Some(status) = asked.answer(&ROUTER) else {
        return;
    };
    let stored = STORED.load(Ordering::Relaxed) - before;
    assert!(!status.is_server_error(), "{status} {asked:?}");
    assert!(stored <= u64::from(asked.signed), "{asked:?}");
});

fn check(event: &Event) {
    assert!(!event.key.is_empty() && !event.key.contains(char::is_control));
    assert!(matches!(event.body, Body::Webhook(_)));
    let stored = serde_json::to_string(event).expect("an event can be stored");
    assert_eq!(
        serde_json::from_str::<Event>(&stored).ok().as_ref(),
        Some(event)
    );
}
