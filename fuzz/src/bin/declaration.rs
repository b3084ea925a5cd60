//! What plugins say of themselves, by the check that decides whether they are loaded.
#![no_main]

use witbot_core::command::Fit;
use witbot_core::declaration::Declaration;
use witbot_fuzz::input;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let declaration = input::declaration(text);
    let json = serde_json::to_string(&declaration).expect("a declaration can be stored");
    let stored: Declaration = serde_json::from_str(&json).expect("what is stored can be read");
    assert_eq!(stored, declaration);
    let checked = match declaration.check() {
        Ok(checked) => checked,
        Err(problems) => {
            assert!(!problems.is_empty());
            return;
        }
    };
    let Declaration {
        commands,
        listeners,
        schedules,
        ..
    } = &checked.declaration;
    assert_eq!(checked.usages.len(), commands.len());
    assert_eq!(checked.patterns.len(), listeners.len());
    assert_eq!(checked.schedules.len(), schedules.len());
    for (usage, command) in checked.usages.iter().zip(commands) {
        let fits = |example: &String| matches!(usage.fit(example), Fit::Fits(_));
        assert!(command.examples.iter().all(fits));
    }
});
