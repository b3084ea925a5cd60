use std::path::Path;

use crate::settings::Settings;

use super::*;

fn settings(text: &str) -> Settings {
    Settings::parse(text, Path::new("witbot.toml")).unwrap()
}

fn granted(headers: &str) -> String {
    format!(
        r#"[plugins.page.grants]
http = [{{ host = "api.example.com", methods = ["POST"], headers = {{ {headers} }} }}]
"#
    )
}

fn environment(given: &[(&str, &str)]) -> impl Fn(&str) -> Option<OsString> {
    let given: BTreeMap<String, OsString> = given
        .iter()
        .map(|(name, value)| ((*name).to_owned(), OsString::from(value)))
        .collect();
    move |name| given.get(name).cloned()
}

/// What is told, with the lines of the file, without colours.
fn refusal(headers: &str, given: &[(&str, &str)]) -> String {
    let read = settings(&granted(headers)).secrets.read(environment(given));
    let theme = miette::GraphicalTheme::unicode_nocolor();
    let mut told = String::new();
    miette::GraphicalReportHandler::new_themed(theme)
        .render_report(&mut told, &read.unwrap_err())
        .unwrap();
    told
}

#[test]
fn a_secret_is_read_from_its_variable() {
    let mut settings = settings(&granted(
        r#"Authorization = "Bearer ${PAGER_TOKEN}", X-Id = "${PAGER_ID}""#,
    ));
    let given = [("PAGER_TOKEN", "hunter22"), ("PAGER_ID", "12345678")];
    assert_eq!(
        settings.secrets.read(environment(&given)).unwrap(),
        Vec::<String>::new()
    );
    let secret = |name: &str| settings.secrets.get(name).map(Secret::expose);
    assert_eq!(secret("PAGER_TOKEN"), Some("hunter22"));
    assert_eq!(secret("PAGER_ID"), Some("12345678"));
    assert_eq!(secret("OTHER"), None);
    assert!(!format!("{settings:?}").contains("hunter22"));
}

#[test]
fn a_secret_is_read_from_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, "hunter22\n").unwrap();
    let mut settings = settings(&granted(r#"Authorization = "${PAGER_TOKEN}""#));
    let path = file.display().to_string();
    settings
        .secrets
        .read(environment(&[("PAGER_TOKEN_FILE", &path)]))
        .unwrap();
    let secret = settings.secrets.get("PAGER_TOKEN").map(Secret::expose);
    assert_eq!(secret, Some("hunter22"));
}

#[test]
fn what_is_missing_is_told_with_its_line() {
    let told = refusal(r#"Authorization = "Bearer ${PAGER_TOKEN}""#, &[]);
    for part in [
        "`PAGER_TOKEN` is not set",
        "witbot.toml:2:",
        "${PAGER_TOKEN}",
        "`PAGER_TOKEN_FILE`",
    ] {
        assert!(told.contains(part), "{told}");
    }
}

#[test]
fn what_is_no_secret_for_a_header_is_refused_and_not_shown() {
    let header = r#"Authorization = "Bearer ${PAGER_TOKEN}""#;
    for (value, why) in [
        ("hunter2", "fewer than 8"),
        ("hunter22 ", "has a space"),
        ("hunter22\r\nx: y", "has a space, a line break"),
        ("", "is empty"),
    ] {
        let told = refusal(header, &[("PAGER_TOKEN", value)]);
        assert!(told.contains(why) && !told.contains("hunter"), "{told}");
    }
    let long = "x".repeat(limits::ADDED_SECRET_BYTES.end() + 1);
    let told = refusal(header, &[("PAGER_TOKEN", &long)]);
    assert!(told.contains("more than 8192"), "{told}");
}

#[test]
fn what_the_bot_itself_is_given_cannot_be_named() {
    for name in [
        "SLACK_BOT_TOKEN",
        "SLACK_APP_TOKEN_FILE",
        "GITHUB_TOKEN",
        "GITHUB_APP_PRIVATE_KEY",
        "CIRCLECI_WEBHOOK_SECRET",
    ] {
        let told = refusal(&format!(r#"X-Key = "${{{name}}}""#), &[(name, "hunter22")]);
        assert!(
            told.contains("is a secret of the bot itself") && told.contains("witbot.toml:2:"),
            "{told}"
        );
    }
}
