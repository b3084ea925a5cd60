//! How long it takes to decide who may do what.

use std::collections::BTreeMap;
use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use witbot_core::chat::{ChannelKind, Standing};
use witbot_core::ids::{ChannelId, PluginName, UnixMillis, UserId};
use witbot_core::policy::{
    Decision, Facts, Origin, Otherwise, Pattern, Policy, Request, Role, Rule, Verdict, Window,
};

const RULES: usize = 1_000;

/// Which part of a rule tells it from the one that is asked for.
#[derive(Clone, Copy)]
enum Differs {
    Plugin,
    Arguments,
    People,
    Hours,
}

fn name<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().expect("it is a valid name")
}

/// All rules but the last are about something else, each in the same way.
fn policy(differs: Differs) -> Policy {
    let role = |number: usize| Role {
        users: (0..20)
            .map(|user| name(&format!("U{number}X{user}")))
            .collect(),
        groups: vec![name("S1")],
        roles: Vec::new(),
    };
    Policy::new(
        (0..10)
            .map(|number| (format!("role{number}"), role(number)))
            .collect(),
        (0..RULES).map(|number| rule(number, differs)).collect(),
    )
}

fn rule(number: usize, differs: Differs) -> Rule {
    let last = number == RULES - 1;
    let plugin = match differs {
        Differs::Plugin if !last => format!("plugin-{number}"),
        _ => "deploy".to_owned(),
    };
    let env = match differs {
        Differs::Arguments if !last => format!("env-{number}"),
        _ => "prod*".to_owned(),
    };
    let closed = || Window::new(&["sun"], Some("03:00"), Some("03:01"), "Europe/Berlin");
    Rule {
        name: None,
        number: number + 1,
        line: number * 8,
        plugin: Some(name(&plugin)),
        commands: Some(vec![Pattern::new("deploy*")]),
        arguments: vec![("env".to_owned(), vec![Pattern::new(&env)])],
        who: match differs {
            Differs::People if !last => Some(vec![format!("role{}", number % 10)]),
            _ => None,
        },
        standings: None,
        channels: None,
        kinds: Some(vec![ChannelKind::Public]),
        origins: None,
        when: match differs {
            Differs::Hours if !last => Some(closed().expect("it is a window")),
            _ => None,
        },
        verdict: Verdict::Allow,
        reason: None,
    }
}

fn decide(criterion: &mut Criterion) {
    let (plugin, user, channel): (PluginName, UserId, ChannelId) =
        (name("deploy"), name("U9"), name("C1"));
    let arguments = [
        ("app".to_owned(), "api".to_owned()),
        ("env".to_owned(), "production".to_owned()),
    ];
    let request = Request {
        plugin: &plugin,
        command: "deploy",
        arguments: &arguments,
        settled: true,
        otherwise: Otherwise::Deny,
        user: &user,
        channel: &channel,
        origin: Origin::Message,
        at: UnixMillis(1_795_213_800_000),
    };
    let facts = Facts {
        groups: BTreeMap::from([(name("S1"), false)]),
        kind: Some(ChannelKind::Public),
        standing: Some(Standing::Member),
        troubles: Vec::new(),
    };
    let mut group = criterion.benchmark_group(format!("the last of {RULES} rules matches"));
    for (title, differs) in [
        ("other plugins", Differs::Plugin),
        ("other arguments", Differs::Arguments),
        ("other people", Differs::People),
        ("other hours", Differs::Hours),
    ] {
        let policy = policy(differs);
        let decision = policy.decide(&request, &facts);
        assert!(matches!(decision, Decision::Rule(rule) if rule.number == RULES));
        group.bench_function(title, |bencher| {
            bencher.iter(|| policy.decide(black_box(&request), black_box(&facts)))
        });
        group.bench_function(format!("{title}, what is needed"), |bencher| {
            bencher.iter(|| policy.needs(black_box(&request)))
        });
    }
    group.finish();
}

criterion_group!(benches, decide);
criterion_main!(benches);
