//! What names and values are compared with in rules: `production`, or `prod*` for all that begins so.

/// A text, or the beginning of one, without regard to case.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Pattern {
    /// In small letters.
    text: String,
    whole: bool,
    ascii: bool,
}

impl Pattern {
    /// As it is written in settings. A `*` counts at the end only; elsewhere it stands for itself.
    pub fn new(text: &str) -> Pattern {
        let (text, whole) = match text.strip_suffix('*') {
            Some(begin) => (begin.to_lowercase(), false),
            None => (text.to_lowercase(), true),
        };
        let ascii = text.is_ascii();
        Pattern { text, whole, ascii }
    }

    /// Whether a text is meant.
    pub fn matches(&self, text: &str) -> bool {
        // Most patterns mean something else, which their first letter says.
        if let ([wanted, ..], [letter, ..]) = (self.text.as_bytes(), text.as_bytes())
            && wanted.is_ascii()
            && letter.is_ascii()
            && !letter.eq_ignore_ascii_case(wanted)
        {
            return false;
        }
        if self.ascii && text.is_ascii() {
            let begins = text
                .get(..self.text.len())
                .is_some_and(|begin| begin.eq_ignore_ascii_case(&self.text));
            return begins && (!self.whole || text.len() == self.text.len());
        }
        let text = text.to_lowercase();
        if self.whole {
            text == self.text
        } else {
            text.starts_with(&self.text)
        }
    }

    /// Whether whatever another pattern means is meant by this one.
    pub fn covers(&self, other: &Pattern) -> bool {
        if self.whole {
            other.whole && self.text == other.text
        } else {
            other.text.starts_with(&self.text)
        }
    }
}

impl std::fmt::Display for Pattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}", self.text, if self.whole { "" } else { "*" })
    }
}
