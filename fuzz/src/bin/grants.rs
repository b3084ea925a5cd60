//! Grants, and calls that are judged by them: the name of a call, its arguments as JSON in one line, and TOML.
#![no_main]

use witbot_core::call::Operation;
use witbot_core::grants::Grants;
use witbot_core::ids::PluginName;
use witbot_fuzz::input;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let (name, rest) = input::line(text);
    let (arguments, toml) = input::line(rest);
    let Ok(grants) = toml::from_str::<Grants>(toml) else {
        return;
    };
    let written = toml::to_string(&grants).expect("grants can be written");
    assert_eq!(toml::from_str::<Grants>(&written).as_ref(), Ok(&grants));
    let Ok(arguments) = serde_json::from_str(arguments) else {
        return;
    };
    let Some(operation) = Operation::recorded(name, arguments) else {
        return;
    };
    let Err(denial) = grants.allows(&operation) else {
        return;
    };
    let plugin: PluginName = "deploy".parse().expect("a name of a plugin");
    let _ = (denial.told(&plugin), denial.error(&plugin));
    // The line that is said to allow it does.
    if let Some(line) = denial.line() {
        let granted: Grants = toml::from_str(&line).expect(&line);
        // Who has looked a channel up knows its name without the `#`; whoever has not may write it.
        let allowed = granted.allows(&operation).is_ok() || line.contains("\"#");
        assert!(allowed, "{line}");
    }
});
