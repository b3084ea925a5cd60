use super::*;

const NAMES: Names = Names {
    name: "witbot",
    alias: Some("!"),
    id: Some("U0BOT"),
};

fn called(id: &str) -> Option<String> {
    let name = match id {
        "U1" => "ada",
        "C1" => "dev",
        "S1" => "@deployers",
        _ => return None,
    };
    Some(name.to_owned())
}

fn incoming(text: &str, direct: bool) -> Incoming {
    let written = Written {
        text,
        fallbacks: &[],
        direct,
    };
    read(written, NAMES, called)
}

#[test]
fn what_commands_and_hubots_listeners_get() {
    #[rustfmt::skip]
    let table = [
        // Slack's three entities, decoded once.
        ("a &lt; b &amp;&amp; c &gt; d", "a < b && c > d", None),
        ("&amp;lt;!channel&amp;gt;", "&lt;!channel&gt;", None),
        ("a & b &quot; &#39; &lt &", "a & b &quot; &#39; &lt &", None),
        // Addresses: the address, and what Slack made an address of.
        ("<https://x.example/a?b=1&amp;c=2>", "https://x.example/a?b=1&c=2", None),
        ("<https://x.example/a|x.example/a>", "https://x.example/a", None),
        ("<https://x.example/a|the &lt;log&gt;>", "https://x.example/a", Some("the <log> (https://x.example/a)")),
        ("deploy <http://api.example.com|api.example.com>", "deploy api.example.com", Some("deploy http://api.example.com")),
        ("<http://api.example.com/|api.example.com>", "api.example.com", Some("http://api.example.com/")),
        ("see <http://README.md|README.md>", "see README.md", Some("see http://README.md")),
        ("<http://good.example|evil.example>", "http://good.example", Some("evil.example (http://good.example)")),
        ("<https://evil.example|https://good.example>", "https://evil.example", Some("https://good.example (https://evil.example)")),
        ("<mailto:a@b.example|a@b.example>", "a@b.example", None),
        ("<mailto:a@b.example|Ada>", "a@b.example", Some("Ada (a@b.example)")),
        ("<tel:+4930123|+49 30 123>", "+49 30 123", Some("+49 30 123 (tel:+4930123)")),
        ("<tel:+4930123|call me>", "+4930123", Some("call me (tel:+4930123)")),
        ("<slack://open|open>", "slack://open", None),
        // Mentions, in the form of the typed arguments.
        ("ask <@U1>", "ask <@U1>", Some("ask @ada")),
        ("ask <@U1|Ada L>", "ask <@U1>", Some("ask @Ada L")),
        ("ask <@W9>", "ask <@W9>", Some("ask @W9")),
        ("in <#C1|dev-&amp;-ops>", "in <#C1|dev-&amp;-ops>", Some("in #dev-&-ops")),
        ("in <#C1|>", "in <#C1>", Some("in #dev")),
        ("in <#C1>", "in <#C1>", Some("in #dev")),
        ("in <#C2>", "in <#C2>", Some("in #C2")),
        ("<!subteam^S1|@deployers> go", "<!subteam^S1|@deployers> go", Some("@deployers go")),
        ("<!subteam^S1> go", "<!subteam^S1> go", Some("@deployers go")),
        ("<!here> <!channel> <!everyone> <!here|here>", "@here @channel @everyone @here", None),
        ("since <!date^1^{date}|Monday &amp; Tuesday>", "since Monday & Tuesday", None),
        ("<!new>", "@new", Some("<!new>")),
        // What looks like one of these and is none.
        ("a < b > c", "a < b > c", None),
        ("<", "<", None),
        ("<>", "<>", None),
        ("<<@U1>>", "<<@U1>>", Some("<@ada>")),
        ("<@U1", "<@U1", None),
        ("<@> <#> <!> <|> <@a b> <app> <!subteam^>", "<@> <#> <!> <|> <@a b> <app> <!subteam^>", None),
        ("<https:>", "<https:>", None),
        // What keyboards make of spaces and quotation marks.
        ("say “two words” – it’s ‚so‘ „now‟", "say \"two words\" – it's 'so' \"now\"", None),
        ("deploy\u{a0}api\u{2009}to\u{3000}prod", "deploy api to prod", None),
        ("de\u{200b}ploy\u{feff} a\u{ad}pi\u{2060}", "deploy api", None),
        ("\u{202e}yolped\u{202c}\u{200e}", "yolped", None),
        ("a\u{2028}b\r\nc\td", "a\nb\nc\td", None),
        ("a\u{0}b\u{1b}[2Jc\u{7f}\u{9b}d", "ab[2Jcd", None),
        ("\u{b}a\u{c}", "a", None),
        // What must stay: emoji of several characters, letters with marks, code.
        ("👩\u{200d}💻 e\u{301} می\u{200c}خواهم", "👩\u{200d}💻 e\u{301} می\u{200c}خواهم", None),
        ("```a  &lt;b&gt;\n\tc``` `d`", "```a  <b>\n\tc``` `d`", None),
        ("", "", None),
        (" \u{a0}\u{200b} ", "", None),
    ];
    for (encoded, text, whole) in table {
        let expected = Incoming {
            text: text.into(),
            addressed: false,
            whole: whole.map(str::to_owned),
        };
        assert_eq!(incoming(encoded, false), expected, "{encoded:?}");
    }
}

#[test]
fn what_is_said_to_the_bot() {
    for (encoded, direct, text, whole) in [
        ("<@U0BOT> ping", false, "ping", "@witbot ping"),
        ("<@U0BOT>\u{a0}ping", false, "ping", "@witbot ping"),
        (
            "\u{200b}<@U0BOT|someone>: ping",
            false,
            "ping",
            "@witbot: ping",
        ),
        ("<@U0BOT>", false, "", "@witbot"),
        ("Witbot, ask <@U1>", false, "ask <@U1>", "Witbot, ask @ada"),
        ("!ping", false, "ping", "!ping"),
        ("ping", true, "ping", "witbot ping"),
        ("<@U0BOT> ping", true, "ping", "@witbot ping"),
        ("<@U1> ping", true, "<@U1> ping", "witbot @ada ping"),
        ("!ping", true, "ping", "!ping"),
        ("", true, "", "witbot "),
    ] {
        let expected = Incoming {
            text: text.into(),
            addressed: true,
            whole: Some(whole.into()),
        };
        assert_eq!(incoming(encoded, direct), expected, "{encoded:?}");
    }
    for other in [
        "<@U0BOTTOM> ping",
        "<@U1> ping",
        "witbotany",
        "hey <@U0BOT>",
    ] {
        assert!(!incoming(other, false).addressed, "{other}");
    }
}

#[test]
fn hubots_listeners_hear_the_attachments_too() {
    let written = Written {
        text: "Build <http://ci.example|#12>",
        fallbacks: &["failed &amp; burning", "see <@U1>"],
        direct: false,
    };
    let incoming = read(written, NAMES, called);
    assert_eq!(incoming.text, "Build http://ci.example");
    assert_eq!(
        incoming.whole.as_deref(),
        Some("Build #12 (http://ci.example)\nfailed & burning\nsee @ada")
    );
}

/// Texts of pieces that mean something, in an order without any meaning; always the same ones.
fn nonsense(number: u64) -> String {
    #[rustfmt::skip]
    const PIECES: [&str; 40] = [
        "<", ">", "|", "@", "#", "!", "^", ":", ",", "&", ";", "&lt;", "&gt;", "&amp;", "&am", "U1", "U0BOT", "<@U0BOT>",
        "<@", "<#C1|", "<!subteam^S1|", "<!here>", "<http://a.b|", "a.b", "mailto:", "tel:1", "witbot", "“", "’", "\u{a0}",
        "\u{200b}", "\u{202e}", "\u{0}", "\r\n", "\u{2028}", " ", "`", "😀", "é", "İ",
    ];
    let mut state = number;
    let mut next = || {
        // Knuth's constants, of which the high bits are good.
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize
    };
    let length = next() % 24;
    (0..length).map(|_| PIECES[next() % PIECES.len()]).collect()
}

#[test]
fn any_text_can_be_read() {
    let unseen = |c: char| {
        let invisible = ['\u{200b}', '\u{202e}', '\u{a0}', '\u{2028}'];
        (c.is_control() && c != '\n') || invisible.contains(&c)
    };
    let mut addressed = 0;
    for number in 0..50_000 {
        let encoded = nonsense(number);
        let direct = number % 4 == 0;
        let read = incoming(&encoded, direct);
        addressed += usize::from(read.addressed);
        assert!(read.addressed || !direct, "{encoded:?}");
        assert!(!read.text.contains(unseen), "{encoded:?}: {:?}", read.text);
        assert_eq!(read.text, read.text.trim(), "{encoded:?}");
        let whole = read.whole.unwrap_or_default();
        assert!(!whole.contains(unseen), "{encoded:?}: {whole:?}");
        // Nothing that can be seen is lost, but for the labels of links and people.
        let count = |text: &str| text.matches('😀').count();
        if !encoded.contains('|') {
            assert_eq!(count(&text(&encoded)), count(&encoded), "{encoded:?}");
        }
    }
    assert!(addressed > 13_000, "{addressed}");
}

#[test]
fn no_text_takes_long() {
    const CHARS: usize = 1 << 18;
    let began = std::time::Instant::now();
    for piece in [
        "<",
        "<@",
        "<@U1|",
        "<@U0BOT|",
        "&",
        "&lt",
        "<!a|&",
        ">",
        "@witbot",
        "!",
        "<a:",
        "<http://|",
    ] {
        let encoded = piece.repeat(CHARS / piece.len());
        assert!(incoming(&encoded, true).addressed);
    }
    // A second for all of them; minutes for each that takes time by the square.
    let took = began.elapsed();
    assert!(took.as_secs() < 20, "{took:?}");
}
