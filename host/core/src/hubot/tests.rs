use regex::Regex;

use super::*;

/// Name and alias.
type Called = (&'static str, Option<&'static str>);

fn names((name, alias): Called) -> Names<'static> {
    let id = None;
    Names { name, alias, id }
}

/// What the groups of a listener hold, from 0, once it has heard something.
fn heard(method: Method, called: Called, pattern: &str, flags: &str, said: &str) -> Option<String> {
    let hubot = Hubot {
        method,
        flags: flags.into(),
    };
    assert_eq!(hubot.wrong_flag(), None);
    assert_eq!(hubot.wrong_pattern(pattern), None);
    let regex = Regex::new(&hubot.expression(pattern, names(called))).unwrap();
    let captures = regex.captures(said)?;
    let groups = captures
        .iter()
        .map(|group| group.map_or("-", |group| group.as_str()));
    Some(groups.collect::<Vec<_>>().join("|"))
}

const HUBOT: Called = ("Hubot", None);

#[test]
fn respond_hears_what_begins_with_the_name() {
    const SLASH: Called = ("Hubot", Some("/"));
    #[rustfmt::skip]
    let table = [
        // The name takes its capital letters from the flags of the pattern.
        (HUBOT, "ping", "", "hubot ping", None),
        (HUBOT, "ping", "i", "hubot PING", Some("hubot PING")),
        (HUBOT, "ping", "", "Hubot ping", Some("Hubot ping")),
        // What may stand between them.
        (HUBOT, "ping", "", "Hubotping", Some("Hubotping")),
        (HUBOT, "ping", "", "Hubot:ping", Some("Hubot:ping")),
        (HUBOT, "ping", "", "Hubot,   ping", Some("Hubot,   ping")),
        (HUBOT, "ping", "", " \n Hubot ping", Some(" \n Hubot ping")),
        (HUBOT, "ping", "", "@Hubot\nping", Some("@Hubot\nping")),
        (HUBOT, "ping", "", "@Hubot: ping", Some("@Hubot: ping")),
        (HUBOT, "ping", "", "Hubot; ping", None),
        (HUBOT, "ping", "", "Hubot:: ping", None),
        (HUBOT, "ping", "", "Hubot : ping", None),
        (HUBOT, "ping", "", "@@Hubot ping", None),
        (HUBOT, "ping", "", "hey Hubot ping", None),
        (HUBOT, "ping", "", "ping", None),
        (HUBOT, "ping", "", "Hubot", None),
        // Not anchored at the end, but at the beginning.
        (HUBOT, "ping", "", "Hubot pingxyz", Some("Hubot ping")),
        (HUBOT, "ping", "", "Hubot do ping", None),
        (HUBOT, "ping$", "", "Hubot pingxyz", None),
        // Both alternatives need the address.
        (HUBOT, "a|b", "", "Hubot b", Some("Hubot b")),
        (HUBOT, "a|b", "", "b", None),
        // The alias.
        (SLASH, "ping", "", "/ping", Some("/ping")),
        (SLASH, "ping", "", "@/: ping", Some("@/: ping")),
        (SLASH, "ping", "", "Hubot ping", Some("Hubot ping")),
        (SLASH, "ping", "", "//ping", None),
        (HUBOT, "ping", "", "/ping", None),
        // The longer one is tried first.
        (("Meg", Some("Megan")), "(.*)", "", "Megan hi", Some("Megan hi|hi")),
        (("Meg", Some("Megan")), "(.*)", "", "Meg hi", Some("Meg hi|hi")),
        (("Megan", Some("Meg")), "(.*)", "", "Megan hi", Some("Megan hi|hi")),
        (("Megan", Some("Meg")), "(.*)", "", "Meg: hi", Some("Meg: hi|hi")),
        // Nothing in a name means anything in the expression.
        (("w.t+", Some("$(")), "ping", "", "$( ping", Some("$( ping")),
        (("w.t+", Some("$(")), "ping", "", "witt ping", None),
        // Groups, and a group that took no part.
        (HUBOT, r"deploy (\w+)(?: to (\w+))?", "i", "hubot deploy api", Some("hubot deploy api|api|-")),
        // The flags.
        (HUBOT, "a.b", "", "Hubot a\nb", None),
        (HUBOT, "a.b", "s", "Hubot a\nb", Some("Hubot a\nb")),
        (HUBOT, "ping$", "", "Hubot ping\nx", None),
        (HUBOT, "ping$", "m", "Hubot ping\nx", Some("Hubot ping")),
        (HUBOT, "ping", "m", "hello\nHubot ping", Some("Hubot ping")),
        (HUBOT, "^ping", "m", "Hubot\nping", Some("Hubot\nping")),
        (HUBOT, "(p)ing", "g", "Hubot ping", Some("Hubot ping|p")),
        (HUBOT, "PING", "gims", "hubot ping", Some("hubot ping")),
    ];
    for (called, pattern, flags, said, expected) in table {
        let groups = heard(Method::Respond, called, pattern, flags, said);
        assert_eq!(
            groups.as_deref(),
            expected,
            "/{pattern}/{flags} on {said:?}"
        );
    }
}

#[test]
fn hear_hears_everything() {
    #[rustfmt::skip]
    let table = [
        ("ship it", "i", "Let us SHIP IT now", Some("SHIP IT")),
        ("ship it", "", "Let us SHIP IT now", None),
        ("^ship|boat$", "i", "A BOAT", Some("BOAT")),
        // All hits would be given without their groups: the first is given with them.
        (r"OPS-(\d+)", "g", "OPS-1 and OPS-2", Some("OPS-1|1")),
        ("ping", "", "Hubot ping", Some("ping")),
    ];
    for (pattern, flags, said, expected) in table {
        let groups = heard(Method::Hear, HUBOT, pattern, flags, said);
        assert_eq!(
            groups.as_deref(),
            expected,
            "/{pattern}/{flags} on {said:?}"
        );
    }
}

#[test]
fn what_is_said_to_the_bot_alone_gets_its_name() {
    let called = ("witbot", Some("/"));
    for (said, expected) in [
        ("ping", "witbot ping"),
        ("witbot ping", "witbot ping"),
        ("@Witbot ping", "@Witbot ping"),
        ("witbotping", "witbotping"),
        ("/ping", "/ping"),
        ("@ada ping", "witbot @ada ping"),
        ("hey witbot", "witbot hey witbot"),
    ] {
        assert_eq!(whole(said, names(called), true), expected);
        assert_eq!(whole(said, names(called), false), said);
    }
}
