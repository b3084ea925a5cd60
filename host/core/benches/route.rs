//! How long it takes to find out what a message is for.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use witbot_core::address::Names;
use witbot_core::declaration::{Checked, CommandDeclaration, Declaration, ListenerDeclaration};
use witbot_core::ids::PluginName;
use witbot_core::route::{Routed, Table};

/// Plugins of 50 commands and 5 listeners each.
fn table(commands: usize) -> Table {
    let called = Names {
        name: "witbot",
        alias: Some("/"),
        id: None,
    };
    Table::new((0..commands / 50).map(plugin).collect(), called)
}

fn plugin(number: usize) -> (PluginName, Arc<Checked>) {
    let command = |n: usize| CommandDeclaration {
        id: format!("c{n}"),
        // A fifth of all share the first word, as they do where there are many of a kind.
        usage: match n % 5 {
            0 => format!("deploy service-{number}-{n} <app>[/<ref>] [to|in|on <env>]"),
            1 => format!("scale-{number}-{n} <app> to <count:integer>"),
            2 => format!("show|list tickets-{number}-{n} [<count:integer>]"),
            _ => format!("restart-{number}-{n} <app>[/<ref>] [to|in|on <env>]"),
        },
        ..CommandDeclaration::default()
    };
    let listener = |n: usize| ListenerDeclaration {
        id: format!("l{n}"),
        pattern: format!(r"\b(?P<key>PROJ{number}X{n}-\d+)\b"),
        ..ListenerDeclaration::default()
    };
    let declaration = Declaration {
        commands: (0..50).map(command).collect(),
        listeners: (0..5).map(listener).collect(),
        ..Declaration::default()
    };
    let name = format!("plugin-{number}")
        .parse()
        .expect("it is a valid name");
    (
        name,
        Arc::new(declaration.check().expect("nothing is wrong with it")),
    )
}

fn route(criterion: &mut Criterion) {
    for commands in [1_000, 10_000] {
        let table = table(commands);
        let mut group = criterion.benchmark_group(format!("{commands} commands"));
        let hit = "restart-7-33 api/fix-login to staging";
        assert!(matches!(table.command(hit), Routed::Command(_)));
        group.bench_function("hit", |bencher| {
            bencher.iter(|| table.command(black_box(hit)))
        });
        let hit = "deploy service-7-30 api/fix-login to staging";
        assert!(matches!(table.command(hit), Routed::Command(_)));
        group.bench_function("hit, common word", |bencher| {
            bencher.iter(|| table.command(black_box(hit)))
        });
        let wrong = "scale-7-31 api to many";
        assert!(matches!(table.command(wrong), Routed::Usage { .. }));
        group.bench_function("wrong argument", |bencher| {
            bencher.iter(|| table.command(black_box(wrong)))
        });
        let miss = "good morning everybody, how was the weekend?";
        assert!(matches!(
            table.command(miss),
            Routed::Unknown { nearest: None }
        ));
        group.bench_function("miss", |bencher| {
            bencher.iter(|| table.command(black_box(miss)))
        });
        let slip = "restrat-7-33 api";
        assert!(matches!(
            table.command(slip),
            Routed::Unknown { nearest: Some(_) }
        ));
        group.bench_function("mistyped", |bencher| {
            bencher.iter(|| table.command(black_box(slip)))
        });
        group.bench_function("listeners, hit", |bencher| {
            bencher.iter(|| table.listeners(black_box("what became of PROJ7X3-12 then?"), None))
        });
        group.bench_function("listeners, miss", |bencher| {
            bencher.iter(|| table.listeners(black_box(miss), None))
        });
        group.finish();
    }
}

criterion_group!(benches, route);
criterion_main!(benches);
