//! The rules for single values: names, folders, addresses, URLs.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use reqwest::Url;

use super::problem::{Checked, Problem, Text};

/// Longer names are not names that people type.
const NAME_CHARS_MAX: usize = 40;

/// A name for the bot, which people type as one word.
pub(super) fn name(text: &Text<'_>) -> Checked<String> {
    word(text, "the name of the bot")
        .map_err(|problem| problem.help(r#"use one word, such as `name = "witbot"`"#))
}

/// A prefix that stands for the name.
pub(super) fn alias(text: &Text<'_>) -> Checked<String> {
    word(text, "the alias").map_err(|problem| {
        problem.help(
            r#"use a short prefix, such as `alias = "/"`, or leave the line out to have none"#,
        )
    })
}

/// A folder, seen from the folder of the settings file.
pub(super) fn folder(text: &Text<'_>, base: &Path) -> Checked<PathBuf> {
    let path = *text.get_ref();
    if path.is_empty() {
        let problem = Problem::at(text.span(), "the folder has no name", "empty");
        return Err(problem
            .help("write a path, seen from the folder of this file; `.` is that folder itself"));
    }
    if path == "~" || path.starts_with("~/") {
        let problem = Problem::at(
            text.span(),
            "`~` is a folder of that name here, not your home",
            "not expanded",
        );
        return Err(problem.help("write the whole path, or one seen from the folder of this file"));
    }
    Ok(base.join(path))
}

/// An address to listen on.
pub(super) fn address(text: &Text<'_>) -> Checked<SocketAddr> {
    text.get_ref().parse().map_err(|_| {
        let message = format!("`{}` is not an address to listen on", text.get_ref());
        Problem::at(text.span(), message, "not an IP address and a port").help(
            "write an IP address and a port: `127.0.0.1:8080` for this machine only, `0.0.0.0:8080` for all networks",
        )
    })
}

/// The address of a service, to which paths are appended. `example` is such an address.
pub(super) fn url(text: &Text<'_>, example: &str) -> Checked<String> {
    let wrong = |label: &str, help: &str| {
        Err(Problem::at(text.span(), "this is not the address of a service", label).help(help))
    };
    let example = &format!("write it as `{example}`");
    let Ok(url) = Url::parse(text.get_ref()) else {
        return wrong("not a URL", example);
    };
    if !matches!(url.scheme(), "http" | "https") {
        return wrong("neither http nor https", example);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return wrong(
            "has a user or password",
            "secrets are not written here: they come from the environment",
        );
    }
    if url.query().is_some() || url.fragment().is_some() {
        return wrong(
            "has more than a path",
            "leave out what begins with `?` or `#`",
        );
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

fn word(text: &Text<'_>, what: &str) -> Checked<String> {
    let word = *text.get_ref();
    let label = if word.is_empty() {
        "empty"
    } else if word.contains(|c: char| c.is_whitespace() || c.is_control()) {
        "has a space or line break"
    } else if word.starts_with(['@', '#']) {
        "begins like a person or a channel"
    } else if word.chars().count() > NAME_CHARS_MAX {
        "longer than 40 characters"
    } else {
        return Ok(word.to_owned());
    };
    let message = match word {
        "" => format!("{what} is missing"),
        word => format!("{what} cannot be `{word}`"),
    };
    Err(Problem::at(text.span(), message, label))
}
