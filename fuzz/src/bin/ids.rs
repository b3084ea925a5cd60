//! Names and ids of others: what is one can be read as it is shown, and stands in one line.
#![no_main]

use std::fmt::Display;
use std::str::FromStr;

use witbot_core::grants::webhooks::{HeaderName, Variable};
use witbot_core::ids::{
    CallId, ChannelId, InvocationId, Namespace, PluginName, Repository, UserId, WebhookName,
};

fn check<T: FromStr + Display>(text: &str) {
    if let Ok(id) = text.parse::<T>() {
        let shown = id.to_string();
        let again = shown.parse::<T>().ok().map(|id| id.to_string());
        assert_eq!(again.as_ref(), Some(&shown));
        assert!(!shown.contains(char::is_control), "{shown:?}");
    }
}

libfuzzer_sys::fuzz_target!(|text: &str| {
    check::<CallId>(text);
    check::<ChannelId>(text);
    check::<InvocationId>(text);
    check::<Namespace>(text);
    check::<PluginName>(text);
    check::<Repository>(text);
    check::<UserId>(text);
    check::<WebhookName>(text);
    check::<Variable>(text);
    let _ = text.parse::<HeaderName>();
});
