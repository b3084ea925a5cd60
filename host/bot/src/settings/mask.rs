//! Reports show lines of the file; what somebody wrote there as a secret must not reach a log.
//!
//! The file may be broken in any way, so this goes by its text alone. What is covered keeps its length, for the places
//! in the reports to stay right.

/// Words that name a secret, wherever they are in a key.
const SECRETS: [&str; 6] = [
    "token",
    "secret",
    "password",
    "passwd",
    "private_key",
    "credential",
];

/// The key of tables with headers.
const HEADERS: &str = "headers";

/// Whether a key sounds like one whose value nobody should see.
pub fn is_secret(key: &str) -> bool {
    let key = key.to_ascii_lowercase().replace('-', "_");
    SECRETS.iter().any(|word| key.contains(word))
}

/// The text with the values of such keys covered, and the users and passwords in URLs. Of headers, which hold secrets
/// whatever they are called, only the names of variables are left.
pub(super) fn mask(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut open: Option<&str> = None;
    let mut in_headers = false;
    for line in text.split_inclusive('\n') {
        if open.is_none() && line.trim_start().starts_with('[') {
            in_headers = begins_headers(line);
        }
        let covered_from = match open {
            Some(_) => 0,
            None if in_headers => line.find('=').map_or(line.len(), |at| at + 1),
            None => secret_value(line).unwrap_or(line.len()),
        };
        let (plain, secret) = line.split_at(covered_from);
        open = still_open(open, secret);
        shown.push_str(&mask_url(plain));
        shown.push_str(&covered(secret));
    }
    shown
}

/// Whether this is the line of a table of headers.
fn begins_headers(line: &str) -> bool {
    let name = line.split(']').next().unwrap_or_default();
    let last = name.rsplit('.').next().unwrap_or_default();
    last.trim_matches([' ', '\t', '"', '\'']) == HEADERS
}

/// All but what names a variable.
fn covered(secret: &str) -> String {
    let mut shown = String::with_capacity(secret.len());
    let mut rest = secret;
    while let Some((before, variable, after)) = next_variable(rest) {
        shown.extend(before.chars().map(cover));
        shown.push_str(variable);
        rest = after;
    }
    shown.extend(rest.chars().map(cover));
    shown
}

/// The next `${NAME}`, with what is before and after it.
fn next_variable(text: &str) -> Option<(&str, &str, &str)> {
    let start = text.find("${")?;
    let end = start + text[start..].find('}')? + 1;
    let is_name = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    let name = &text[start + 2..end - 1];
    name.chars()
        .all(is_name)
        .then(|| (&text[..start], &text[start..end], &text[end..]))
}

/// Where the value of a secret begins.
fn secret_value(line: &str) -> Option<usize> {
    line.match_indices('=').map(|(at, _)| at).find_map(|at| {
        let key = line[..at].trim_end().trim_end_matches(['"', '\'']);
        let word = key
            .rsplit([' ', '\t', ',', '{', '"', '\''])
            .next()
            .unwrap_or(key);
        let of_headers = word.split('.').any(|part| part == HEADERS);
        (is_secret(word) || of_headers).then_some(at + 1)
    })
}

/// The quotes of a text over several lines that goes on after these characters.
fn still_open<'q>(open: Option<&'q str>, text: &str) -> Option<&'q str> {
    let quotes = open.or_else(|| {
        [r#"""""#, "'''"]
            .into_iter()
            .find(|quotes| text.contains(quotes))
    })?;
    let changes = text.matches(quotes).count() % 2 == 1;
    (open.is_some() != changes).then_some(quotes)
}

/// Covers what is between `://` and `@`.
fn mask_url(text: &str) -> String {
    let Some((before, rest)) = text.split_once("://") else {
        return text.to_owned();
    };
    let end = rest
        .find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '/'))
        .unwrap_or(rest.len());
    let user = rest[..end].rfind('@').unwrap_or(0);
    let covered: String = rest[..user].chars().map(cover).collect();
    format!("{before}://{covered}{}", mask_url(&rest[user..]))
}

/// As many bytes as the character has.
fn cover(c: char) -> &'static str {
    match c {
        '\n' => "\n",
        '\r' => "\r",
        _ => &"****"[..c.len_utf8()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, shown: &str) {
        let masked = mask(text);
        assert_eq!(masked, shown);
        assert_eq!(masked.len(), text.len());
    }

    #[test]
    fn secrets_are_covered_and_keep_their_length() {
        check("name = \"bot\"\n", "name = \"bot\"\n");
        check("token = \"ghp_1\"\nname = 1", "token =********\nname = 1");
        check(
            "github = { Api-Token = \"é\" }\r\n",
            "github = { Api-Token =*******\r\n",
        );
        check("\"webhook_secret\"=\"x\n", "\"webhook_secret\"=**\n");
        check(
            "plugins.x.settings.password = 'a=b'",
            "plugins.x.settings.password =******",
        );
    }

    #[test]
    fn secrets_over_several_lines_are_covered_to_their_end() {
        check(
            "private_key = '''\nMII\n'''\nname = 1",
            "private_key =****\n***\n***\nname = 1",
        );
        check(
            "token = \"\"\"x\"\"\"\nname = 1",
            "token =********\nname = 1",
        );
    }

    #[test]
    fn of_headers_only_the_variables_are_shown() {
        check(
            "headers = { X-Key = \"a ${B_1}\", c = '${d}' }",
            "headers =**************${B_1}***************",
        );
        check(
            "[plugins.x.grants.http.headers]\nX = \"ab\"\n[y]\nX = 1",
            "[plugins.x.grants.http.headers]\nX =*****\n[y]\nX = 1",
        );
        check("headers.X-Key = \"ab\"", "headers.X-Key =*****");
    }

    #[test]
    fn passwords_in_urls_are_covered() {
        check(
            "a = \"https://me:pw@x.org/a@b\"",
            "a = \"https://*****@x.org/a@b\"",
        );
        check(
            "a = 'https://x.org' # http://u@y",
            "a = 'https://x.org' # http://*@y",
        );
    }
}
