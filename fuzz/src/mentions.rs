//! What Slack takes for more than words in a text of ours: an independent reading of `mrkdwn`.

use witbot_core::chat::{Span, Text};

/// What stands between `<` and `>`.
#[derive(Debug, PartialEq, Eq)]
pub struct Bracket<'t>(&'t str);

impl Bracket<'_> {
    /// Whether it leads somewhere, and calls nobody.
    pub fn is_link(&self) -> bool {
        let scheme = self.0.split(':').next().unwrap_or_default();
        ["http", "https", "mailto"]
            .iter()
            .any(|known| scheme.eq_ignore_ascii_case(known))
    }
}

/// All that is in brackets, a last one that is never closed as well.
pub fn brackets(written: &str) -> Vec<Bracket<'_>> {
    let behind = written.split('<').skip(1);
    behind
        .map(|text| Bracket(text.split('>').next().unwrap_or_default()))
        .collect()
}

/// How many mentions a text has that are meant.
pub fn meant(text: &Text) -> usize {
    let calls = |span: &&Span| match span {
        Span::User(_) | Span::Channel(_) | Span::Group(_) | Span::Everyone(_) => true,
        Span::Plain(_) | Span::Code(_) | Span::Link { .. } => false,
    };
    text.spans().iter().filter(calls).count()
}
