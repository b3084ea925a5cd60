//! Long lists, a page at a time.

use crate::fakes::request::{Answer, Request};

const PER_PAGE_DEFAULT: usize = 30;
const PER_PAGE_MAX: usize = 100;

/// A part of a list, and the links to the others.
pub(super) struct Page<T> {
    pub(super) items: Vec<T>,
    pub(super) links: Option<String>,
}

/// Cuts out the page that was asked for. Links name the list by `path`, which is not the path of the request: GitHub
/// uses the repository's number in them.
pub(super) fn page<T>(request: &Request, url: &str, path: &str, items: Vec<T>) -> Page<T> {
    let number = |name: &str| {
        request
            .query(name)
            .and_then(|text| text.parse::<usize>().ok())
    };
    let per_page = number("per_page")
        .unwrap_or(PER_PAGE_DEFAULT)
        .clamp(1, PER_PAGE_MAX);
    let page = number("page").unwrap_or(1).max(1);
    let last = items.len().div_ceil(per_page).max(1);
    let link = |to: usize, name: &str| {
        let kept = request.query.iter().filter(|(name, _)| name != "page");
        let mut query: Vec<String> = kept
            .map(|(name, value)| format!("{name}={}", escape(value)))
            .collect();
        query.push(format!("page={to}"));
        format!("<{url}{path}?{}>; rel=\"{name}\"", query.join("&"))
    };
    let mut links = Vec::new();
    if page > 1 {
        links.push(link(page - 1, "prev"));
    }
    if page < last {
        links.push(link(page + 1, "next"));
        links.push(link(last, "last"));
    }
    if page > 1 {
        links.push(link(1, "first"));
    }
    let items = items
        .into_iter()
        .skip((page - 1) * per_page)
        .take(per_page)
        .collect();
    Page {
        items,
        links: (!links.is_empty()).then(|| links.join(", ")),
    }
}

impl<T> Page<T> {
    pub(super) fn link(&self, answer: Answer) -> Answer {
        match &self.links {
            Some(links) => answer.with("link", links),
            None => answer,
        }
    }
}

fn escape(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let escaped = text.bytes().map(|byte| {
        if plain(byte) {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02X}")
        }
    });
    escaped.collect()
}
