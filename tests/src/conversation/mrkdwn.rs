//! Slack's `mrkdwn` as the words that people read.

use std::collections::BTreeMap;

/// The words of a text. `names` are those of the ids in it, with their signs.
pub(super) fn words(text: &str, names: &BTreeMap<String, String>) -> String {
    let mut words = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('<') {
        words.push_str(&unescaped(before));
        let (inside, after) = after.split_once('>').unwrap_or((after, ""));
        words.push_str(&bracketed(inside, names));
        rest = after;
    }
    words.push_str(&unescaped(rest));
    words
}

/// The labels and addresses of a text that is links and nothing else, with dots between them.
pub(super) fn links(text: &str) -> Option<Vec<(String, String)>> {
    let pieces = text.split("  \u{b7}  ");
    pieces
        .map(|piece| link(piece.strip_prefix('<')?.strip_suffix('>')?))
        .collect()
}

/// Text of a person, so that nothing in it has a meaning.
pub(super) fn escaped(words: &str) -> String {
    words
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

fn link(inside: &str) -> Option<(String, String)> {
    let (url, label) = inside.split_once('|')?;
    let is_link = !url.contains('<') && !label.contains('<') && !url.starts_with(['@', '#', '!']);
    is_link.then(|| (unescaped(label), unescaped(url)))
}

/// A mention or a link, by what stands in its brackets.
fn bracketed(inside: &str, names: &BTreeMap<String, String>) -> String {
    let named = |id: &str| names.get(id).cloned();
    let (target, label) = inside.split_once('|').unwrap_or((inside, ""));
    let mention = match target.split_at_checked(1) {
        Some(("@" | "#", id)) => named(id),
        Some(("!", audience)) => match audience.strip_prefix("subteam^") {
            Some(group) => named(group),
            None => Some(format!("@{audience}")),
        },
        _ => None,
    };
    // Who is unknown is shown as they are written, which no conversation expects.
    let is_mention = target.starts_with(['@', '#', '!']);
    mention.unwrap_or_else(|| match (unescaped(target), unescaped(label)) {
        (target, _) if is_mention => format!("<{target}>"),
        (url, label) if label.is_empty() || label == url => url,
        (url, label) => format!("{label} ({url})"),
    })
}

fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_brackets_is_read() {
        let names = [("U1", "@ada"), ("C1", "#ops"), ("S1", "@devs")];
        let names = names
            .map(|(id, name)| (id.to_owned(), name.to_owned()))
            .into();
        for (text, expected) in [
            ("plain *bold* `code`", "plain *bold* `code`"),
            (
                "for <@U1> in <#C1>, <!subteam^S1>",
                "for @ada in #ops, @devs",
            ),
            ("<!here|here> &lt;@U1&gt; &amp;lt;", "@here <@U1> &lt;"),
            (
                "see <https://a.example/?a=1&amp;b=2|the log>.",
                "see the log (https://a.example/?a=1&b=2).",
            ),
            ("<https://a.example>", "https://a.example"),
            ("<https://a.example|https://a.example>", "https://a.example"),
            ("<@U9>", "<@U9>"),
        ] {
            assert_eq!(words(text, &names), expected, "{text}");
        }
    }

    #[test]
    fn a_row_of_links_is_no_text() {
        let row = "<https://a.example|Log>  \u{b7}  <https://b.example|See>";
        let expected = [("Log", "https://a.example"), ("See", "https://b.example")];
        let expected = expected.map(|(label, url)| (label.to_owned(), url.to_owned()));
        assert_eq!(links(row).as_deref(), Some(expected.as_slice()));
        for text in ["See <https://a.example|Log>", "<@U1>", "<!here|here>", ""] {
            assert_eq!(links(text), None, "{text}");
        }
    }
}
