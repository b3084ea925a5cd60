//! Calls, answers and messages as they are stored: the name of a call, and JSON.
#![no_main]

use serde_json::Value;
use witbot_core::call::Operation;
use witbot_core::chat::Said;
use witbot_core::event::Event;
use witbot_core::ids::UnixMillis;
use witbot_core::journal::{Entry, Journal, Outcome, Step};
use witbot_core::usage;
use witbot_fuzz::input;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let (name, json) = input::line(text);
    let Ok(value) = serde_json::from_str::<Value>(json) else {
        return;
    };
    if let Some(operation) = Operation::recorded(name, value.clone()) {
        recorded(&operation);
    }
    if let Ok(said) = serde_json::from_value::<Said>(value.clone()) {
        let _ = (said.shown(), said.bytes(), said.audience(), said.groups());
        let again = serde_json::to_value(&said).expect("what is said can be stored");
        assert_eq!(serde_json::from_value::<Said>(again).ok(), Some(said));
    }
    if let Ok(event) = serde_json::from_value::<Event>(value.clone()) {
        let again = serde_json::to_value(&event).expect("an event can be stored");
        assert_eq!(serde_json::from_value::<Event>(again).ok(), Some(event));
    }
    if let Ok(outcome) = serde_json::from_value::<Outcome>(value) {
        let again = serde_json::to_value(&outcome).expect("an answer can be stored");
        assert_eq!(serde_json::from_value::<Outcome>(again).ok(), Some(outcome));
    }
});

/// A call that is read from its record is the call that was recorded.
fn recorded(operation: &Operation) {
    let arguments = operation.arguments();
    let again = Operation::recorded(operation.name(), arguments);
    assert_eq!(again.as_ref(), Some(operation));
    let mut entry = Entry::begin(0, operation, UnixMillis(1));
    entry.outcome = Some(Outcome::Ok(Value::Null));
    let step = Journal::new(vec![entry]).step(operation);
    assert!(matches!(step, Step::Answered(..)), "{step:?}");
    let _ = (
        operation.audited(),
        operation.wait_key(),
        operation.timeout_ms(),
    );
    let _ = usage::subject(operation);
}
