//! Files that were made to break a bot, written by hand where no toolchain would make them: each is refused with its reason, or
//! costs its one command, and the plugin beside them answers throughout.

use std::path::Path;

use wit_component::{StringEncoding, embed_component_metadata};
use wit_parser::Resolve;
use witbot_tests::bot::Bot;
use witbot_tests::home::Home;

/// What a plugin of these tests imports, and what of WASI is enough to sleep.
const WORLD: &str = "
    package made:made;
    world plugin {
        import wasi:io/poll@0.2.0;
        import wasi:clocks/monotonic-clock@0.2.0;
        import witbot:plugin/declare@0.1.0;
        export witbot:plugin/handler@0.1.0;
    }
";
const POLL: &str = "
    package wasi:io@0.2.0;
    interface poll { resource pollable { block: func(); } }
";
const CLOCK: &str = "
    package wasi:clocks@0.2.0;
    interface monotonic-clock {
        use wasi:io/poll@0.2.0.{pollable};
        subscribe-duration: func(when: u64) -> pollable;
    }
";

/// A plugin from a module in the text format, around which the exports are put that every plugin has.
fn plugin(head: &str, describe: &str, handle: &str, tail: &str) -> Vec<u8> {
    let text = format!(
        r#"(module
            (import "wasi:clocks/monotonic-clock@0.2.0" "subscribe-duration" (func $subscribe (param i64) (result i32)))
            (import "wasi:io/poll@0.2.0" "[method]pollable.block" (func $block (param i32)))
            (import "wasi:io/poll@0.2.0" "[resource-drop]pollable" (func $drop-pollable (param i32)))
            (import "witbot:plugin/declare@0.1.0" "[method]declaration.summary" (func $summary (param i32 i32 i32)))
            (import "witbot:plugin/declare@0.1.0" "[method]declaration.command"
                (func $command (param i32 i32 i32 i32 i32 i32 i32) (result i32)))
            (import "witbot:plugin/declare@0.1.0" "[resource-drop]declaration" (func $drop-declaration (param i32)))
            (import "witbot:plugin/declare@0.1.0" "[resource-drop]command" (func $drop-command (param i32)))
            {head}
            (memory (export "memory") 1)
            (data (i32.const 16) "doze")
            (global $next (mut i32) (i32.const 1024))
            (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
                (global.get $next)
                (global.set $next (i32.add (global.get $next) (local.get 3))))
            (func $boom unreachable)
            (func $spin (loop $again (br $again)))
            (func $doze (param $nanoseconds i64) (local $pollable i32)
                (local.set $pollable (call $subscribe (local.get $nanoseconds)))
                (call $block (local.get $pollable))
                (call $drop-pollable (local.get $pollable)))
            (func $declare (param $declaration i32)
                (call $summary (local.get $declaration) (i32.const 16) (i32.const 4))
                (call $drop-command (call $command (local.get $declaration)
                    (i32.const 16) (i32.const 4) (i32.const 16) (i32.const 4) (i32.const 16) (i32.const 4)))
                (call $drop-declaration (local.get $declaration)))
            (func (export "witbot:plugin/handler@0.1.0#describe") (param $declaration i32) {describe})
            (func (export "witbot:plugin/handler@0.1.0#handle") (param $event i32) (result i32) {handle})
            {tail})"#
    );
    let mut module = wat::parse_str(text).unwrap_or_else(|error| panic!("{error}"));
    let mut resolve = Resolve::default();
    let contract = Path::new(env!("CARGO_MANIFEST_DIR")).join("../wit");
    resolve
        .push_dir(contract)
        .expect("the contract can be read");
    let packages = [POLL, CLOCK, WORLD].map(|package| {
        let pushed = resolve.push_source("made.wit", package);
        pushed.unwrap_or_else(|error| panic!("{error:#}"))
    });
    let world = resolve
        .select_world(&packages[2..], None)
        .expect("there is one");
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8)
        .expect("it is a module");
    module
}

const DECLARES: &str = "(call $declare (local.get $declaration))";
/// An hour.
const DOZES: &str = "(call $doze (i64.const 3600000000000))";

fn starting(what: &str) -> Vec<u8> {
    plugin("", DECLARES, "unreachable", &format!("(start {what})"))
}

fn having(what: &str, how_often: usize) -> Vec<u8> {
    plugin("", DECLARES, "unreachable", &what.repeat(how_often))
}

fn with_import(what: &str) -> Vec<u8> {
    let import = format!(r#"(import "env" {what})"#);
    plugin(&import, DECLARES, "unreachable", "")
}

/// A custom section with a name, as long as it is to be.
fn with_section(name: &str, bytes: usize) -> Vec<u8> {
    let mut file = having("", 0);
    let mut content = vec![name.len() as u8];
    content.extend(name.as_bytes());
    content.resize(content.len() + bytes, 0xff);
    file.push(0);
    let mut length = content.len();
    while length >= 0x80 {
        file.push(length as u8 | 0x80);
        length >>= 7;
    }
    file.push(length as u8);
    file.extend(content);
    file
}

async fn answers(bot: &mut Bot) {
    bot.ask("hello Ada", "#console witbot: Hello, Ada!").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_cannot_be_loaded_are_refused_with_their_reason() {
    let dozes = format!("{DOZES} {DECLARES}");
    let describing = "it failed while it described itself: ";
    let no_plugin = "it is a plain module that does not say which plugin interface it has (";
    let files: [(&str, Vec<u8>, &str, &str); 12] = [
        (
            "panics",
            starting("$boom"),
            describing,
            "it crashed (wasm trap: wasm `unreachable` instruction executed)",
        ),
        (
            "spins",
            starting("$spin"),
            describing,
            "it took longer than 2 s",
        ),
        (
            "dozes",
            plugin("", &dozes, "unreachable", ""),
            describing,
            "it took longer than 2 s",
        ),
        (
            "memories",
            having("(memory 1)", 99),
            "",
            "it has 100 memories, and a plugin can have 16",
        ),
        (
            "large",
            having("(memory 65536)", 1),
            "",
            "it has a memory of 4096 MiB, and a plugin can have 256",
        ),
        (
            "tables",
            having("(table 1 funcref)", 99),
            "",
            "it has 99 tables, and a plugin can have 64",
        ),
        (
            "wide",
            having("(table 50000000 funcref)", 1),
            "",
            "it has a table of 50000000 elements, and a plugin can have 100000",
        ),
        (
            "lasting",
            with_import(r#""memory" (memory 1 2 shared)"#),
            no_plugin,
            "failed to satisfy import `env::memory`",
        ),
        (
            "foreign",
            with_import(r#""system" (func (param i32))"#),
            no_plugin,
            "failed to decode world",
        ),
        (
            "typed",
            with_section("component-type", 100),
            no_plugin,
            "decoding custom section component-type",
        ),
        (
            "named",
            with_section("name", 17 << 20),
            "",
            "it has 178… bytes of debug information and other custom sections",
        ),
        (
            "wordy",
            with_section("producers", 17 << 20),
            "",
            "it has 178… bytes of debug information and other custom sections",
        ),
    ];
    let mut bot = Bot::start(Home::new().with_plugin("hello")).await;
    for (name, file, ..) in &files {
        bot.home().put(name, file);
        answers(&mut bot).await;
    }
    for (name, _, what, reason) in &files {
        let told = format!("WARN [{name}] the plugin is refused: {what}{reason}…");
        bot.expect_log(&told).await;
        answers(&mut bot).await;
    }
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sleep_in_wasi_costs_its_command_and_its_time_is_bounded() {
    let home = Home::new().with_plugin("hello");
    let home = home.with_settings("[plugins.dozes.limits]\nwall_seconds = 1\n");
    home.put(
        "dozes",
        &plugin("", DECLARES, &format!("{DOZES} (i32.const 0)"), ""),
    );
    let mut bot = Bot::start(home).await;
    bot.forgive("ERROR [dozes] …");
    bot.say("doze").await;
    answers(&mut bot).await;
    bot.expect("#console witbot: `dozes` failed: it took longer than 1 s. Incident …")
        .await;
    answers(&mut bot).await;
    bot.stop().await;
}
