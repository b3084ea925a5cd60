//! Pages of lists.

use serde_json::{Value, json};

use crate::fakes::slack::arguments::Arguments;
use crate::fakes::slack::methods::Failure;

/// Slack gives out no larger pages.
const LIMIT_MAX: usize = 999;

/// Where a page begins and how long it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Page {
    start: usize,
    limit: usize,
}

impl Page {
    pub(super) fn of(arguments: &Arguments, default: usize) -> Result<Page, Failure> {
        let cursor = arguments.text("cursor");
        let start = match cursor.strip_prefix("from:") {
            Some(start) => start.parse().map_err(|_| Failure::of("invalid_cursor"))?,
            None if cursor.is_empty() => 0,
            None => return Err(Failure::of("invalid_cursor")),
        };
        let limit = arguments
            .number("limit")
            .and_then(|limit| usize::try_from(limit).ok())
            .filter(|limit| *limit > 0);
        Ok(Page {
            start,
            limit: limit.unwrap_or(default).min(LIMIT_MAX),
        })
    }

    /// The items on the page, and what belongs to every list: whether there is more, and where it begins.
    pub(super) fn cut<T>(self, items: Vec<T>) -> (Vec<T>, Value) {
        let total = items.len();
        let cut: Vec<T> = items
            .into_iter()
            .skip(self.start)
            .take(self.limit)
            .collect();
        let end = self.start + cut.len();
        let next = if end < total {
            format!("from:{end}")
        } else {
            String::new()
        };
        let rest = json!({
            "has_more": end < total,
            "response_metadata": { "next_cursor": next },
        });
        (cut, rest)
    }
}
