//! Several versions of one interface, side by side: which of them fits, and that both are called by one plugin.

use std::path::Path;

use wasmtime::Store;
use wasmtime::component::{Component, HasSelf, Linker};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use witbot_core::ids::PluginName;

use super::*;
use crate::component::contract;
use crate::engine::{Fuel, config, linker};
use crate::gate::Gate;
use crate::plugin_log::{Level, PluginLog};
use crate::state::State;

/// What another `log` could be.
mod second {
    wasmtime::component::bindgen!({
        inline: "
            package witbot:log@0.2.0;
            interface log {
                write: func(message: string);
                flush: func();
            }
            world logs { import log; }
        ",
        imports: { default: async | trappable },
    });
}

impl second::witbot::log::log::Host for State {
    async fn write(&mut self, message: String) -> wasmtime::Result<()> {
        self.log.write(Level::Info, &format!("second: {message}"));
        Ok(())
    }

    async fn flush(&mut self) -> wasmtime::Result<()> {
        Ok(())
    }
}

const SECOND: &str = "
    package witbot:log@0.2.0;
    interface log {
        write: func(message: string);
        flush: func();
    }
";

/// The contract with a second version of `log`.
fn with_second() -> Resolve {
    let mut resolve = read().unwrap();
    resolve.push_source("log.wit", SECOND).unwrap();
    resolve
}

/// A component that imports what a world says, from a module in the text format.
fn component(resolve: &mut Resolve, world: &str, module: &str) -> Vec<u8> {
    let package = resolve.push_source("world.wit", world).unwrap();
    let world = resolve.select_world(&[package], None).unwrap();
    let mut module = wat::parse_str(module).unwrap();
    embed_component_metadata(&mut module, resolve, world, StringEncoding::UTF8).unwrap();
    let mut encoder = ComponentEncoder::default().module(&module).unwrap();
    encoder.encode().unwrap()
}

/// Writes one line by each.
const WRITES: &str = r#"(module
    (import "witbot:log/log@0.1.0" "write" (func $first (param i32 i32 i32)))
    (import "witbot:log/log@0.2.0" "write" (func $second (param i32 i32)))
    (memory (export "memory") 1)
    (data (i32.const 8) "hello")
    (func (export "run")
        (call $first (i32.const 2) (i32.const 8) (i32.const 5))
        (call $second (i32.const 8) (i32.const 5))))"#;

#[tokio::test]
async fn two_versions_of_one_interface_are_called_by_one_plugin() {
    let mut resolve = with_second();
    let offered = Offered::of(&resolve);
    let world = "package test:test; world both {
        import witbot:log/log@0.1.0; import witbot:log/log@0.2.0; export run: func(); }";
    let bytes = component(&mut resolve, world, WRITES);

    let engine = config(
        wasmtime::InstanceAllocationStrategy::OnDemand,
        Fuel::Uncounted,
    );
    let engine = wasmtime::Engine::new(&engine).unwrap();
    let component = Component::new(&engine, bytes).unwrap();
    let imported = contract(&component, &offered).unwrap().imports;
    assert_eq!(imported, ["witbot:log/log@0.1.0", "witbot:log/log@0.2.0"]);
    assert!(contract(&component, &OFFERED).is_err());

    let mut linker: Linker<State> = linker(&engine).unwrap();
    second::witbot::log::log::add_to_linker::<State, HasSelf<State>>(&mut linker, |state| state)
        .unwrap();
    let log = PluginLog::new("both".parse::<PluginName>().unwrap(), None);
    let mut store = Store::new(&engine, State::new(Gate::closed(), log, None, 0));
    store.set_epoch_deadline(1_000_000);
    let instance = linker
        .instantiate_async(&mut store, &component)
        .await
        .unwrap();
    let run = instance
        .get_typed_func::<(), ()>(&mut store, "run")
        .unwrap();
    run.call_async(&mut store, ()).await.unwrap();
    assert_eq!(store.into_data().log.close(), ["hello", "second: hello"]);
}

#[test]
fn what_fits_has_the_same_first_numbers() {
    let one = &*OFFERED;
    let two = Offered::of(&with_second());
    for (offered, import, fits) in [
        (one, "witbot:log/log@0.1.0", true),
        (one, "witbot:log/log@0.1.9", true),
        (one, "witbot:log/log@0.2.0", false),
        (one, "witbot:log/log@1.1.0", false),
        (one, "witbot:log/log", false),
        (one, "witbot:log/log@x.y", false),
        (&two, "witbot:log/log@0.1.3", true),
        (&two, "witbot:log/log@0.2.0", true),
        (&two, "witbot:log/log@0.3.0", false),
    ] {
        assert_eq!(offered.has(import).is_ok(), fits, "{import}");
    }
    assert!(track("1.4.0") == track("1.9.2") && track("1.0.0") != track("2.0.0"));
}

/// What somebody is told whose plugin does not fit.
fn told(offered: &Offered, import: &str, function: Option<&str>) -> String {
    let missing = match function {
        None => offered.has(import),
        Some(function) => offered.has_function(import, function),
    };
    let Missing {
        wanted,
        offered,
        advice,
    } = missing.unwrap_err();
    format!("{wanted}; {offered}; {advice}")
}

#[test]
fn what_is_missing_is_told_with_both_versions() {
    let two = Offered::of(&with_second());
    let told = [
        told(&OFFERED, "witbot:log/log@0.0.1", None),
        told(&OFFERED, "witbot:log/log@0.3.0", None),
        told(&two, "witbot:log/log@0.3.0", None),
        told(&OFFERED, "witbot:mail/mail@0.1.0", None),
        told(&OFFERED, "witbot:log/log@0.1.2", Some("flush")),
        told(
            &OFFERED,
            "witbot:kv/kv@0.1.2",
            Some("[method]namespace.size"),
        ),
    ]
    .join("\n");
    insta::assert_snapshot!(told, @"
    witbot:log/log@0.0.1; witbot:log/log@0.1.0; the plugin is older; rebuild it with the SDK of this witbot
    witbot:log/log@0.3.0; witbot:log/log@0.1.0; the plugin is newer; update witbot, or rebuild the plugin with the SDK of this witbot
    witbot:log/log@0.3.0; witbot:log/log@0.1.0 and @0.2.0; the plugin is newer; update witbot, or rebuild the plugin with the SDK of this witbot
    witbot:mail/mail@0.1.0; no witbot:mail/mail; the plugin is newer; update witbot, or rebuild the plugin with the SDK of this witbot
    the function `flush` of witbot:log/log@0.1.2; witbot:log/log@0.1.0 without it; the plugin is newer; update witbot, or rebuild the plugin with the SDK of this witbot
    the function `namespace.size` of witbot:kv/kv@0.1.2; witbot:kv/kv@0.1.0 without it; the plugin is newer; update witbot, or rebuild the plugin with the SDK of this witbot
    ");
}

/// What bindings are made from is what is offered, and no file of it is forgotten.
#[test]
fn every_file_of_the_contract_is_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit");
    let listed = |folder: &Path| {
        let entries = std::fs::read_dir(folder).unwrap();
        entries
            .map(|entry| entry.unwrap().path())
            .collect::<Vec<_>>()
    };
    let packages = listed(&folder.join("deps"));
    let files = packages
        .iter()
        .chain([&folder])
        .flat_map(|package| listed(package));
    let files: BTreeSet<String> = files
        .filter(|path| path.extension().is_some_and(|extension| extension == "wit"))
        .map(|path| path.strip_prefix(&folder).unwrap().display().to_string())
        .collect();
    let read = FILES.iter().map(|(path, _)| (*path).to_owned()).collect();
    assert_eq!(files, read);
    assert_eq!(OFFERED.version(), "0.1.0");
}
