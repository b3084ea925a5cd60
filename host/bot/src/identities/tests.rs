//! Tests of the room `identities`. That of the whole way is a whole-bot test.

use super::*;

#[test]
fn only_these_words_are_wishes() {
    for (text, expected) in [
        ("link github", Some(Wish::Link)),
        (" Link  GitHub ", Some(Wish::Link)),
        ("unlink github", Some(Wish::Unlink)),
        ("link", None),
        ("link gitlab", None),
        ("link github please", None),
        ("relink github", None),
    ] {
        assert_eq!(wish(text), expected, "{text}");
    }
}
