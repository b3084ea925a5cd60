use super::*;
use witbot_core::chat::Audience;

fn parts(spans: impl IntoIterator<Item = Span>) -> String {
    text(&spans.into_iter().fold(Text::default(), Text::with))
}

#[test]
fn words_call_nobody() {
    for (given, written) in [
        ("plain *bold* _it_ `code`", "plain *bold* _it_ `code`"),
        (
            "<!channel> @channel <@U1>",
            "&lt;!channel&gt; @channel &lt;@U1&gt;",
        ),
        ("a && b &lt;", "a &amp;&amp; b &amp;lt;"),
        ("fix: <https://evil|ok>", "fix: &lt;https://evil|ok&gt;"),
        ("a\r\nb\rc\td", "a\nb\nc\td"),
        ("\u{1b}[31mred\u{0}", "\u{fffd}[31mred\u{fffd}"),
        ("user\u{202e}txt.exe\u{2066}\u{2069}", "usertxt.exe"),
    ] {
        assert_eq!(plain(given), written);
    }
    assert_eq!(line("a\nb\tc"), "a b c");
}

#[test]
fn mentions_are_only_those_that_are_meant() {
    let (user, channel) = ("U024BE7LH", "C024BE7LR");
    let written = parts([
        Span::User(user.parse().unwrap()),
        Span::Channel(channel.parse().unwrap()),
        Span::Group("S1AB".parse().unwrap()),
        Span::Everyone(Audience::Here),
        Span::Everyone(Audience::Channel),
        Span::Everyone(Audience::Everyone),
    ]);
    assert_eq!(
        written,
        "<@U024BE7LH><#C024BE7LR><!subteam^S1AB><!here|here><!channel|channel><!everyone|everyone>"
    );
    let long = "U".repeat(31);
    for bad in ["ada", "U1>", "U", "U1|x", "<!here>", &long] {
        let written = parts([Span::User(bad.parse().unwrap())]);
        assert_eq!(written, format!("@{}", plain(bad)));
        let written = parts([Span::Group(bad.parse().unwrap())]);
        assert_eq!(written, format!("@{}", plain(bad)));
        let written = parts([Span::Channel(bad.parse().unwrap())]);
        assert_eq!(written, format!("#{}", plain(bad)));
    }
}

#[test]
fn code_is_not_left() {
    let code = |words: &str| parts([Span::Code(words.into())]);
    assert_eq!(code("a <b>"), "`a &lt;b&gt;`");
    assert_eq!(code("a`<!here>`b"), "`a\u{2cb}&lt;!here&gt;\u{2cb}b`");
    assert_eq!(
        code("one\n```two\n"),
        "```\none\n\u{2cb}\u{2cb}\u{2cb}two\n```"
    );
    assert_eq!(code(""), "");
}

#[test]
fn links_lead_where_they_may_and_stay_in_their_brackets() {
    for (label, url, written) in [
        (
            "log",
            "https://ci.example/1?a=1&b=2",
            "<https://ci.example/1?a=1&amp;b=2|log>",
        ),
        ("", "http://ci.example", "<http://ci.example>"),
        (
            "a|b>c\nd",
            "https://x.example/p|q>r s",
            "<https://x.example/p%7Cq%3Er%20s|a\u{a6}b&gt;c d>",
        ),
        (
            "mail",
            "mailto:ops@x.example",
            "<mailto:ops@x.example|mail>",
        ),
        ("up", "HTTPS://X.example", "<HTTPS://X.example|up>"),
        ("no", "javascript:alert(1)", "no (javascript:alert(1))"),
        ("no", "https:x", "no (https:x)"),
        ("no", "https://", "no (https://)"),
        ("", "slack://x", "slack://x"),
        ("no", "!here", "no (!here)"),
        ("no", "https://x\u{202e}y", "no (https://xy)"),
    ] {
        assert_eq!(link(label, url), written);
    }
}

#[test]
fn a_long_text_is_cut_between_lines_and_the_rest_is_kept() {
    let text = "one two\nthree four\nfive";
    assert_eq!(
        cut(text, 20),
        Cut {
            shown: "one two\nthree four".into(),
            rest: Some("five".into())
        }
    );
    assert_eq!(cut(text, 23).rest, None);
    assert_eq!(split("ää ööö", 4), ["ää", " ööö"].map(|s| s.to_owned()));
    assert_eq!(split("abcdef", 4), ["abcd", "ef"]);
    assert_eq!(split("", 4), Vec::<String>::new());
}

#[test]
fn nothing_is_torn_that_belongs_together() {
    for (text, chars) in [
        ("ab <@U024BE7LH> cd", 13),
        ("ab &amp; cd", 5),
        ("abc <https://x.example/1|a label of some length>", 50),
    ] {
        let pieces = split(text, chars);
        for piece in &pieces {
            assert_eq!(
                piece.matches('<').count(),
                piece.matches('>').count(),
                "{pieces:?}"
            );
            assert_eq!(
                piece.matches('&').count(),
                piece.matches(';').count(),
                "{pieces:?}"
            );
        }
        assert_eq!(pieces.concat().replace(' ', ""), text.replace(' ', ""));
    }
}

#[test]
fn a_block_of_code_stays_one_in_each_piece() {
    let lines: Vec<String> = (0..50).map(|number| format!("line {number}")).collect();
    let text = format!("before\n```\n{}\n```\nafter", lines.join("\n"));
    let pieces = split(&text, 100);
    assert!(pieces.len() > 3);
    for piece in &pieces {
        assert!(piece.chars().count() <= 100, "{piece}");
        assert_eq!(piece.matches("```").count() % 2, 0, "{piece}");
    }
    for line in lines {
        assert!(
            pieces.iter().any(|piece| piece.lines().any(|l| l == line)),
            "{line}"
        );
    }
}

#[test]
fn any_text_is_split_into_pieces_that_fit() {
    let strange = "<@U12>&amp;`code` ```\nx\n``` <!here|here>\n&lt;&gt; ü\u{1f600}";
    for repeated in [1, 3, 40] {
        let text = strange.repeat(repeated);
        for chars in [40, 41, 57, 100, 3_000] {
            let pieces = split(&text, chars);
            for piece in &pieces {
                assert!(piece.chars().count() <= chars, "{chars}: {piece}");
            }
            let bare = |text: &str| text.replace(['`', '\n', ' '], "");
            assert_eq!(bare(&pieces.concat()), bare(&text), "{chars}");
        }
    }
}

/// Words, lines, code, and what must not be torn, up to more than a block takes; the same for the same seed.
fn made_up(seed: u64) -> String {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = |below: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % below
    };
    let mut text = String::new();
    for _ in 0..=next(12) {
        let long = [1, 7, 90, 4_000][next(4) as usize];
        match next(9) {
            0 => text.push_str("```"),
            1 => text.push_str("```\n"),
            2 => text.push_str(&"`".repeat(1 + next(5) as usize)),
            3 => text.push_str(&"\n ".repeat(1 + next(3) as usize)),
            4 => text.push_str(&format!("<https://x.example/{}|l>", "a".repeat(long))),
            5 => text.push_str(&"&amp;".repeat(long)),
            6 => text.push_str("<@U024BE7LH>"),
            7 => text.push_str(&"w\u{f6}rd ".repeat(long)),
            _ => text.push_str(&"\u{1f600}".repeat(long)),
        }
    }
    text
}

#[test]
fn every_rest_is_shorter_and_nothing_is_lost() {
    let bare = |text: &str| text.replace(['`', '\n', ' '], "");
    let mut cuts = 0;
    for seed in 0..200 {
        let text = made_up(seed);
        for chars in [100, 200, 2_000, 3_000] {
            let (mut left, mut shown) = (text.clone(), String::new());
            loop {
                let cut = cut(&left, chars);
                assert!(cut.shown.chars().count() <= chars, "{seed}, {chars}");
                shown.push_str(&cut.shown);
                let Some(rest) = cut.rest else { break };
                assert!(rest.len() < left.len(), "{seed}, {chars}: {left:?}");
                left = rest;
                cuts += 1;
            }
            assert!(bare(&shown) == bare(&text), "{seed}, {chars}: {text:?}");
        }
    }
    assert!(cuts > 5_000, "{cuts}");
}

#[test]
fn what_is_too_long_behind_the_beginning_of_code_is_torn() {
    let link = format!("<https://x.example/|{}>", "a".repeat(3_100));
    let before = "b".repeat(2_900);
    for text in [
        format!("```{link}"),
        format!("```\n{link}"),
        format!("```\n{before}{link}"),
        format!("a```{link}\n```"),
    ] {
        let mut left = text.clone();
        for _ in 0..4 {
            left = cut(&left, 3_000).rest.unwrap_or_default();
        }
        assert_eq!(left, "", "{text}");
    }
}

#[test]
fn a_link_fits_into_a_block_whatever_its_label() {
    let address = format!("https://x.example/?{}", "&".repeat(400));
    for (label, shown) in [
        ("&".repeat(5_000), "&amp;&amp;\u{2026}>"),
        ("ab ".repeat(5_000), " ab\u{2026}>"),
        ("a".repeat(75), "aaa>"),
    ] {
        let link = link(&label, &address);
        assert!(
            link.starts_with("<https://") && link.ends_with(shown),
            "{link}"
        );
        let code = format!("```\n{link}");
        assert_eq!(cut(&code, limits::SLACK_SECTION_CHARS_MAX).rest, None);
    }
}
