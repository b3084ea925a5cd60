//! What is said, by the commands and listeners of a plugin: what it declares, an empty line, and what is said.
#![no_main]

use std::sync::Arc;

use witbot_core::address::Names;
use witbot_core::hubot;
use witbot_core::route::Table;
use witbot_fuzz::input;

const NAMES: Names = Names {
    name: "witbot",
    alias: Some("!"),
    id: Some("U0BOT"),
};

libfuzzer_sys::fuzz_target!(|text: &str| {
    let (declared, said) = text.split_once("\n\n").unwrap_or((text, ""));
    let Ok(checked) = input::declaration(declared).check() else {
        return;
    };
    let plugin = "deploy".parse().expect("a name of a plugin");
    let table = Table::new(vec![(plugin, Arc::new(checked))], NAMES);
    for said in said.lines() {
        let command = NAMES.addressed(said, false);
        let whole = hubot::whole(said, NAMES, command.is_some());
        let heard = table.listeners(said, Some(&whole));
        assert!(heard.len() <= table.plugins()[0].1.patterns.len());
        let Some(command) = command else { continue };
        let routed = table.command(command);
        assert_eq!(routed, table.command(command));
        let _ = table.nearest(command);
    }
});
