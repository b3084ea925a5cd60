//! The grammar of usages, and what is typed against it: the first line is the usage, each of the others is typed.
#![no_main]

use witbot_core::command::{Fit, Usage};
use witbot_fuzz::input;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let (usage, typed) = input::line(text);
    let Ok(usage) = Usage::parse(usage) else {
        return;
    };
    assert!(!usage.name().is_empty());
    // With single spaces it is the same usage.
    let again = Usage::parse(usage.as_str()).expect("a usage as it is shown is one");
    assert_eq!(again.as_str(), usage.as_str());
    assert_eq!(again.names(), usage.names());
    assert_eq!(again.arguments(), usage.arguments());
    for typed in typed.lines() {
        let fit = usage.fit(typed);
        assert_eq!(fit, again.fit(typed));
        let Fit::Fits(given) = fit else { continue };
        let is_given = |name: &str| given.iter().any(|(given, _)| given == name);
        for argument in usage.arguments() {
            assert!(
                !argument.required || is_given(&argument.name),
                "{argument:?}"
            );
        }
        assert!(given.len() <= usage.arguments().len());
    }
});
