//! Slack over HTTP: events, forms of slash commands and of what is pressed. What is not signed is none.
#![no_main]

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};

use axum::Router;
use witbot_core::ids::UnixMillis;
use witbot_fuzz::bot::metrics::Metrics;
use witbot_fuzz::bot::secret::Secret;
use witbot_fuzz::bot::slack::envelope::Ack;
use witbot_fuzz::bot::slack::hooks::{self, Hooks};
use witbot_fuzz::http::{Asked, NOW, SECRET};

/// How many payloads were taken.
static TAKEN: AtomicU64 = AtomicU64::new(0);

static ROUTER: LazyLock<Router> = LazyLock::new(|| {
    hooks::router(Hooks {
        secrets: vec![Secret::new(SECRET.to_owned())],
        now: || UnixMillis(NOW * 1_000),
        metrics: Metrics,
        handle: Arc::new(|envelope| {
            assert!(envelope.payload.is_object());
            TAKEN.fetch_add(1, Ordering::Relaxed);
            Box::pin(async { Ok(Ack::default()) })
        }),
    })
});

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some(asked) = Asked::read(data) else {
        return;
    };
    let before = TAKEN.load(Ordering::Relaxed);
    let Some(status) = asked.answer(&ROUTER) else {
        return;
    };
    let taken = TAKEN.load(Ordering::Relaxed) - before;
    assert!(!status.is_server_error(), "{status} {asked:?}");
    assert!(taken <= u64::from(asked.signed), "{asked:?}");
    assert!(asked.signed || !status.is_success(), "{status} {asked:?}");
});
