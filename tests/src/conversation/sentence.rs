//! Sentences with gaps: `status <context> of <reference> is <state>`.

/// The words of a line. What stands in double quotes is one.
pub(super) fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (piece, quoted) in line.split('"').zip([false, true].into_iter().cycle()) {
        if quoted {
            words.push(piece.to_owned());
        } else {
            words.extend(piece.split_whitespace().map(str::to_owned));
        }
    }
    words
}

/// What stands in the gaps of a sentence, if these are its words. A last gap that ends with `…>` takes all that is left.
pub(super) fn gaps<'a>(sentence: &str, words: &'a [String]) -> Option<Vec<&'a str>> {
    let mut words = words.iter().map(String::as_str);
    let mut gaps = Vec::new();
    for expected in sentence.split_whitespace() {
        if expected.ends_with("…>") {
            let rest: Vec<&str> = words.by_ref().collect();
            gaps.extend(&rest);
            return (!rest.is_empty()).then_some(gaps);
        }
        let word = words.next()?;
        if expected.starts_with('<') {
            gaps.push(word);
        } else if expected != word {
            return None;
        }
    }
    words.next().is_none().then_some(gaps)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_quotes_is_one_word() {
        assert_eq!(
            words(r#"push "Fix the login" to  main"#),
            ["push", "Fix the login", "to", "main"]
        );
    }

    #[test]
    fn gaps_are_filled() {
        for (sentence, line, expected) in [
            ("begins", "begins", Some(vec![])),
            ("begins", "begins now", None),
            ("fails at <job>", "fails at deploy", Some(vec!["deploy"])),
            ("fails at <job>", "fails at", None),
            ("fails at <job>", "fails in deploy", None),
            (
                "the jobs are <job…>",
                "the jobs are a b",
                Some(vec!["a", "b"]),
            ),
            ("the jobs are <job…>", "the jobs are", None),
        ] {
            assert_eq!(gaps(sentence, &words(line)), expected, "{sentence} {line}");
        }
    }
}
