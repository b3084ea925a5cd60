//! Which known word somebody may have meant.

/// What can be said of a text without comparing it letter by letter. Small, since there are thousands of them to look at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    /// A bit for each letter that is in it.
    letters: u64,
    length: u32,
    words: u32,
}

impl Shape {
    /// The shape of a text with single spaces.
    pub(crate) fn of(text: &str) -> Shape {
        let mut shape = Shape {
            letters: 0,
            length: 0,
            words: 1,
        };
        for c in text.chars() {
            // Letters of other alphabets share bits: the bound below is then lower than it could be, and still right.
            shape.letters |= 1 << (c as u32 % 64);
            shape.length += 1;
            shape.words += u32::from(c == ' ');
        }
        shape
    }

    /// How many words.
    pub(crate) fn words(self) -> usize {
        self.words as usize
    }

    /// A slip is at most one wrong letter in three, and never more than three.
    fn most(self, other: Shape) -> u32 {
        (self.length.max(other.length) / 3).min(3)
    }

    /// No fewer letters than this are wrong: each mistake adds, removes or replaces one.
    fn least(self, other: Shape) -> u32 {
        let missing = (self.letters & !other.letters).count_ones();
        let foreign = (other.letters & !self.letters).count_ones();
        missing.max(foreign)
    }

    fn can_be_a_slip(self, other: Shape) -> bool {
        let most = self.most(other);
        self.length.abs_diff(other.length) <= most && self.least(other) <= most
    }
}

/// The search for the candidate that is closest to what was typed. The first one wins among equals.
#[derive(Debug, Default)]
pub(crate) struct Search<'a> {
    best: Option<(usize, &'a str)>,
}

impl<'a> Search<'a> {
    /// Looks at one candidate, which is only asked for if its shape does not rule it out.
    pub(crate) fn look(
        &mut self,
        typed: (&str, Shape),
        shape: Shape,
        candidate: impl FnOnce() -> &'a str,
    ) {
        if !typed.1.can_be_a_slip(shape) {
            return;
        }
        let least = typed.1.least(shape) as usize;
        if self.best.is_some_and(|(best, _)| least >= best) {
            return;
        }
        let candidate = candidate();
        let wrong = strsim::osa_distance(typed.0, candidate);
        let close = wrong <= typed.1.most(shape) as usize;
        if close && self.best.is_none_or(|(best, _)| wrong < best) {
            self.best = Some((wrong, candidate));
        }
    }

    /// The closest, if one was close.
    pub(crate) fn found(self) -> Option<&'a str> {
        self.best.map(|(_, candidate)| candidate)
    }
}

/// The closest of a few candidates, if one is close.
pub(crate) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let word = word.to_lowercase();
    let shape = Shape::of(&word);
    let mut search = Search::default();
    for candidate in candidates {
        search.look((&word, shape), Shape::of(candidate), || candidate);
    }
    search.found()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_slips_are_corrected() {
        let known = ["integer", "number", "boolean", "ci"];
        assert_eq!(nearest("interger", known), Some("integer"));
        assert_eq!(nearest("nubmer", known), Some("number"));
        assert_eq!(nearest("Bool", known), None);
        assert_eq!(nearest("hi", known), None);
        assert_eq!(nearest("float", known), None);
        assert_eq!(nearest("", known), None);
    }

    #[test]
    fn the_closest_wins_and_then_the_first() {
        assert_eq!(
            nearest("deploy", ["deplux", "deploi", "deplox"]),
            Some("deploi")
        );
    }

    #[test]
    fn shapes_never_promise_too_much() {
        let words = [
            "",
            "a",
            "deploy",
            "depoly",
            "deployment",
            "größe",
            "grosse",
            "v1-2",
            "v2-1",
            "aab",
            "abb",
        ];
        for one in words {
            for other in words {
                let least = Shape::of(one).least(Shape::of(other)) as usize;
                assert!(least <= strsim::osa_distance(one, other), "{one} {other}");
            }
        }
    }
}
