//! `witbot.toml`. What is wrong with it can be shown, and what a command adds to one that is right leaves it right.
#![no_main]

use std::path::Path;

use witbot_fuzz::bot::settings::{Settings, edit};

libfuzzer_sys::fuzz_target!(|text: &str| {
    let path = Path::new("/etc/witbot/witbot.toml");
    let settings = match Settings::parse(text, path) {
        Ok(settings) => settings,
        Err(error) => {
            let mut shown = String::new();
            let handler = miette::NarratableReportHandler::new();
            handler
                .render_report(&mut shown, &error)
                .expect("what is wrong can be shown");
            assert!(!shown.is_empty());
            return;
        }
    };
    let plugin = "deploy".parse().expect("a name of a plugin");
    let lines = ["kv = [{ max_bytes = 7 }]".to_owned()];
    // Tables can be written so that nothing can be added to them.
    let Ok(text) = edit::with_grants(text, &plugin, &lines) else {
        return;
    };
    let after = Settings::parse(&text, path).unwrap_or_else(|error| panic!("{error:?}: {text}"));
    let kv = |settings: &Settings| {
        settings
            .plugins
            .get(&plugin)
            .map_or(0, |plugin| plugin.grants.kv.len())
    };
    assert_eq!(kv(&after), kv(&settings) + 1);
});
