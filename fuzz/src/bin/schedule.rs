//! Lines of cron and the like: milliseconds since 1970, and the line.
#![no_main]

use witbot_core::ids::UnixMillis;
use witbot_core::schedule::{Override, When};
use witbot_fuzz::input;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let (after, line) = input::line(text);
    let _ = line.parse::<Override>();
    let (Ok(after), Ok(when)) = (after.parse(), line.parse::<When>()) else {
        return;
    };
    assert_eq!(when.as_str().parse::<When>(), Ok(when.clone()));
    assert!(when.gap_ms() > 0);
    let mut at = UnixMillis(after);
    for _ in 0..3 {
        let Some(next) = when.next(at) else { break };
        assert!(next > at, "{} after {at:?} is {next:?}", when.as_str());
        at = next;
    }
});
