//! Roles and rules of the operator, and what they come to: who asks for which command, where and when, and TOML.
#![no_main]

use std::path::Path;

use witbot_core::chat::{ChannelKind, Standing};
use witbot_core::ids::UnixMillis;
use witbot_core::policy::{Decision, Facts, Origin, Otherwise, Request, Seen};
use witbot_fuzz::bot::settings::Settings;
use witbot_fuzz::input;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let (asked, toml) = input::line(text);
    let words: Vec<&str> = asked.split(' ').collect();
    let [plugin, command, user, channel, at, arguments @ ..] = words.as_slice() else {
        return;
    };
    let (Ok(plugin), Ok(user), Ok(channel)) = (plugin.parse(), user.parse(), channel.parse())
    else {
        return;
    };
    let Ok(settings) = Settings::parse(toml, Path::new("witbot.toml")) else {
        return;
    };
    let argument = |text: &&str| {
        let (name, value) = text.split_once('=').unwrap_or((text, ""));
        (name.to_owned(), value.to_owned())
    };
    let arguments: Vec<_> = arguments.iter().map(argument).collect();
    let request = Request {
        plugin: &plugin,
        command,
        arguments: &arguments,
        settled: true,
        otherwise: Otherwise::Deny,
        user: &user,
        channel: &channel,
        origin: Origin::Message,
        at: UnixMillis(at.parse().unwrap_or_default()),
    };
    let policy = &settings.policy;
    // Nothing is known: only a rule that needs to know nothing allows it.
    let needs = policy.needs(&request);
    let unknown = policy.decide(&request, &Facts::default());
    let mut known = Facts {
        kind: Some(ChannelKind::Public),
        standing: Some(Standing::Member),
        ..Facts::default()
    };
    known.groups = needs
        .groups
        .iter()
        .map(|group| (group.clone(), false))
        .collect();
    let decision = policy.decide(&request, &known);
    if needs.is_empty() && matches!(unknown, Decision::Rule(_)) {
        assert_eq!(unknown, decision);
    }
    assert!(
        !matches!(decision, Decision::Allowed),
        "it is denied unless a rule allows it"
    );
    let explained = policy.explain(&request, &known);
    assert_eq!(explained.decision, decision);
    if let Decision::Rule(rule) = decision {
        assert_eq!(explained.looked.last(), Some(&(rule, Seen::Matches)));
    }
    let _ = policy.who_can(&request, &known);
});
