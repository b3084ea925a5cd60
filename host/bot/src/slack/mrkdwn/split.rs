//! Long `mrkdwn` in pieces: between two lines if there are any, and never within a mention or an escape.

/// What opens and closes a block of code.
const FENCE: &str = "```";
/// A block of code that is interrupted is closed and opened again with these.
const FENCE_CHARS: usize = 2 * (FENCE.len() + 1);

/// The beginning of a text, and what does not fit with it.
#[derive(Debug, PartialEq, Eq)]
pub struct Cut {
    /// As much as fits.
    pub shown: String,
    /// The rest; none if all of it fits.
    pub rest: Option<String>,
}

/// Cuts off what has more than so many characters. A block of code goes on in the rest.
pub fn cut(text: &str, chars: usize) -> Cut {
    let Some(end) = byte_of(text, chars.max(1)) else {
        return Cut {
            shown: text.to_owned(),
            rest: None,
        };
    };
    let room = if text.contains(FENCE) {
        let chars = chars.saturating_sub(FENCE_CHARS).max(FENCE_CHARS);
        byte_of(text, chars).unwrap_or(end)
    } else {
        end
    };
    let cut = cut_at(text, place_to_cut(text, room));
    match &cut.rest {
        // A block of code begins directly before something that is too long to stay whole: with the fence that it would
        // be opened with again, the rest would be all of it once more, and again without an end.
        Some(rest) if rest.len() >= text.len() => cut_at(text, room),
        Some(_) | None => cut,
    }
}

fn cut_at(text: &str, at: usize) -> Cut {
    let (shown, rest) = text.split_at(at);
    let (shown, rest) = (shown.trim_end(), rest.trim_start_matches('\n'));
    if shown.matches(FENCE).count().is_multiple_of(2) {
        return Cut {
            shown: shown.to_owned(),
            rest: Some(rest.to_owned()),
        };
    }
    Cut {
        shown: format!("{shown}\n{FENCE}"),
        rest: Some(format!("{FENCE}\n{rest}")),
    }
}

/// All of a text in pieces of at most so many characters, which have to be some hundred.
pub fn split(text: &str, chars: usize) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut left = Some(text.to_owned());
    while let Some(text) = left {
        let Cut { shown, rest } = cut(&text, chars);
        // What was all blanks would be a piece of nothing.
        if !shown.trim().is_empty() {
            pieces.push(shown);
        }
        left = rest;
    }
    pieces
}

/// Where the character begins that is one too many.
fn byte_of(text: &str, chars: usize) -> Option<usize> {
    text.char_indices().nth(chars).map(|(at, _)| at)
}

/// A good place, at `end` or before it. It is not at the beginning, or nothing would be gained.
fn place_to_cut(text: &str, end: usize) -> usize {
    let whole = not_within(text, end);
    let head = &text[..whole];
    // Half of the room is not given up for the sake of a line end.
    let late_enough = |at: &usize| *at > whole / 2;
    let line = head.rfind('\n').filter(late_enough);
    let word = || {
        let space = head.rfind(' ').filter(late_enough);
        space.filter(|at| not_within(text, *at) == *at)
    };
    line.or_else(word).unwrap_or(whole)
}

/// The same place, or one before what it would tear: a mention, a link, an escape, or a fence.
fn not_within(text: &str, end: usize) -> usize {
    let head = &text[..end];
    let open = |from: char, to: char| head.rfind(from).filter(|at| !head[*at..].contains(to));
    let mut at = end;
    for torn in [open('<', '>'), open('&', ';')].into_iter().flatten() {
        at = at.min(torn);
    }
    let ticks = text[..at].len() - text[..at].trim_end_matches('`').len();
    if text[at..].starts_with('`') && (1..FENCE.len()).contains(&ticks) {
        at -= ticks;
    }
    if at == 0 { end } else { at }
}
