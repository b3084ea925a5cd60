//! How people link their accounts at GitHub: `client_id` and `url` of `[github]`.

use super::problem::{Problem, Problems};
use super::section::Section;
use super::value;

/// Client ids have 20 characters; a text that is much longer is something else, perhaps a secret.
const CLIENT_ID_CHARS_MAX: usize = 60;

/// Where people say who they are at GitHub, and for which app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Linking {
    /// GitHub as people see it, without a slash at the end.
    pub url: String,
    /// The client id of a GitHub App or OAuth app that has the device flow turned on. It is no secret.
    pub client_id: Option<String>,
}

impl Default for Linking {
    fn default() -> Linking {
        Linking {
            url: "https://github.com".to_owned(),
            client_id: None,
        }
    }
}

/// Reads the keys in `[github]`.
pub(super) fn read(github: &mut Section<'_>, problems: &mut Problems) -> Linking {
    let mut linking = Linking::default();
    if let Some(url) = github.string("url", r#"url = "https://github.com""#, problems) {
        let checked = value::url(&url, "https://github.example.com");
        problems.keep(&mut linking.url, checked);
    }
    if let Some(id) = github.string(
        "client_id",
        r#"client_id = "Iv1.0123456789abcdef""#,
        problems,
    ) {
        let checked = client_id(id.get_ref()).map_err(|help| {
            let message = "this is not the client id of an app at GitHub";
            Problem::at(id.span(), message, "not a client id").help(help)
        });
        let mut kept = String::new();
        problems.keep(&mut kept, checked);
        linking.client_id = Some(kept);
    }
    linking
}

fn client_id(text: &str) -> Result<String, &'static str> {
    let letter = |c: char| c.is_ascii_alphanumeric() || c == '.';
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(
            "that is the number of an app; its client id is on the same page and begins with letters",
        );
    }
    if text.is_empty() || text.len() > CLIENT_ID_CHARS_MAX || !text.chars().all(letter) {
        return Err("it is on the page of the app at GitHub, and is like `Iv1.0123456789abcdef`");
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_an_app_is_not_taken_for_its_client_id() {
        for good in [
            "Iv1.0123456789abcdef",
            "Ov23liAbCdEf01234567",
            "0123456789abcdef0123",
        ] {
            assert_eq!(client_id(good), Ok(good.to_owned()));
        }
        for bad in ["", "123456", "client id", "Iv1.\u{e9}", &"a".repeat(61)] {
            assert!(client_id(bad).is_err(), "{bad}");
        }
        assert!(
            client_id("123456")
                .unwrap_err()
                .contains("number of an app")
        );
    }
}
