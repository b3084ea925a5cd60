//! Whether something is said to the bot: its name, its alias, and what is said.
#![no_main]

use witbot_core::address::Names;
use witbot_core::hubot;
use witbot_fuzz::input;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let (name, rest) = input::line(text);
    let (alias, said) = input::line(rest);
    if name.is_empty() {
        return;
    }
    let names = Names {
        name,
        alias: Some(alias).filter(|alias| !alias.is_empty()),
        id: Some("U0BOT"),
    };
    let direct = names.addressed(said, true);
    // In private everything is said to the bot, and it is the end of what is written.
    assert!(direct.is_some_and(|rest| said.trim_end().ends_with(rest)));
    if let Some(rest) = names.addressed(said, false) {
        assert_eq!(direct, Some(rest));
        assert!(rest.len() < said.len());
    }
    assert!(hubot::whole(said, names, true).ends_with(said));
    assert_eq!(hubot::whole(said, names, false), said);
});
