//! Texts as Slack gets them: spans as JSON, in which only what is meant as a mention is one, however they are cut.
#![no_main]

use witbot_core::chat::{Span, Text};
use witbot_fuzz::bot::slack::mrkdwn;
use witbot_fuzz::mentions::{Bracket, brackets, meant};

libfuzzer_sys::fuzz_target!(|json: &str| {
    for written in [mrkdwn::plain(json), mrkdwn::line(json)] {
        assert_eq!(brackets(&written), [], "{written:?}");
    }
    let link = mrkdwn::link(json, json);
    assert!(brackets(&link).iter().all(Bracket::is_link), "{link:?}");
    let Ok(text) = serde_json::from_str::<Text>(json) else {
        return;
    };
    let written = mrkdwn::text(&text);
    let meant = meant(&text);
    let links = text
        .spans()
        .iter()
        .filter(|span| matches!(span, Span::Link { .. }))
        .count();
    check(&written, meant, links);
    let pieces = mrkdwn::split(&written, 3_000);
    for piece in &pieces {
        assert!(piece.chars().count() <= 3_000);
    }
    check(&pieces.concat(), meant, links);
});

/// There is nothing in brackets that was not meant.
fn check(written: &str, mentions: usize, links: usize) {
    let brackets = brackets(written);
    let found = brackets.iter().filter(|bracket| !bracket.is_link()).count();
    assert!(found <= mentions, "{written:?}");
    assert!(brackets.len() - found <= links, "{written:?}");
}
