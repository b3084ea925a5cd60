//! Files that are to be plugins, by all that is done with them before they are compiled.
#![no_main]

use witbot_core::limits;
use witbot_fuzz::engine::compile::refuses;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let refused = refuses(bytes);
    assert!(refused.is_none_or(|error| error.len() < 10_000));
    assert!(bytes.len() as u64 <= limits::COMPONENT_BYTES_MAX);
});
