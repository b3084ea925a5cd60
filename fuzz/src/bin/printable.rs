//! Text of others on a terminal and in the log: no control character comes through.
#![no_main]

use witbot_core::{limits, printable};

libfuzzer_sys::fuzz_target!(|text: &str| {
    assert!(!printable::line(text).contains(char::is_control));
    let drives = |c: char| c.is_control() && c != '\n' && c != '\t';
    assert!(!printable::text(text).contains(drives));
    let short = printable::short(text);
    assert!(!short.contains(char::is_control));
    assert!(short.chars().count() <= limits::SHOWN_CHARS_MAX);
});
