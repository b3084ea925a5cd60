//! The pieces of a text as Slack encodes it: words, and what stands between `<` and `>`.

/// A piece. What is in it is still encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token<'t> {
    /// Words.
    Words(&'t str),
    /// Somebody or something that has an id.
    Mention(Mention<'t>),
    /// `<!here>`, `<!date^…|yesterday>`.
    Special {
        /// What it is.
        word: &'t str,
        /// How it reads.
        label: Option<&'t str>,
    },
    /// An address.
    Link {
        /// Where it leads.
        url: &'t str,
        /// How it reads.
        label: Option<&'t str>,
    },
}

/// Somebody or something that has an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mention<'t> {
    /// What it is.
    pub kind: Kind,
    /// Its id.
    pub id: &'t str,
    /// How it reads.
    pub label: Option<&'t str>,
}

/// What has an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `<@U1>`.
    Person,
    /// `<#C1|name>`.
    Channel,
    /// `<!subteam^S1|@name>`.
    Group,
}

/// The pieces of a text, in order. What looks like one and is none is words. No character is looked at more than a few
/// times, whatever the text.
pub(super) fn tokens(encoded: &str) -> impl Iterator<Item = Token<'_>> {
    let mut rest = encoded;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (token, behind) = first(rest);
        rest = behind;
        Some(token)
    })
}

fn first(text: &str) -> (Token<'_>, &str) {
    if let Some(inner) = text.strip_prefix('<')
        // What is written is encoded, so that a second `<` means that the first one was none.
        && let Some(end) = inner.find(['<', '>'])
        && inner[end..].starts_with('>')
        && let Some(token) = special(&inner[..end])
    {
        return (token, &inner[end + 1..]);
    }
    let first = text.chars().next().map_or(0, char::len_utf8);
    let end = text[first..].find('<').map_or(text.len(), |at| first + at);
    (Token::Words(&text[..end]), &text[end..])
}

/// What stands between `<` and `>`.
fn special(inner: &str) -> Option<Token<'_>> {
    let (head, label) = match inner.split_once('|') {
        Some((head, label)) => (head, Some(label).filter(|label| !label.is_empty())),
        None => (inner, None),
    };
    let (kind, id) = if let Some(id) = head.strip_prefix('@') {
        (Kind::Person, id)
    } else if let Some(id) = head.strip_prefix('#') {
        (Kind::Channel, id)
    } else if let Some(id) = head.strip_prefix("!subteam^") {
        (Kind::Group, id)
    } else if let Some(word) = head.strip_prefix('!') {
        let known = word.starts_with(|c: char| c.is_ascii_alphabetic());
        return known.then_some(Token::Special { word, label });
    } else {
        return is_address(head).then_some(Token::Link { url: head, label });
    };
    let valid = !id.is_empty() && id.chars().all(|c| c.is_ascii_alphanumeric());
    valid.then_some(Token::Mention(Mention { kind, id, label }))
}

fn is_address(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else {
        return false;
    };
    let letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(letter)
        && !rest.is_empty()
}
