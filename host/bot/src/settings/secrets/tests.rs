use std::ffi::OsString;
use std::path::Path;

use super::super::tests::{lines, rendered};
use super::slack::{SlackAccess, SlackEar};
use super::{GithubCredential, Secrets};
use crate::settings::problem::SettingsError;
use crate::settings::slack::SlackMode;

const KEY: &str = "-----BEGIN RSA PRIVATE KEY-----\nMII\n-----END RSA PRIVATE KEY-----";

fn read(variables: &[(&str, &str)]) -> Result<Secrets, SettingsError> {
    Secrets::from_environment(|name| {
        variables
            .iter()
            .find(|(given, _)| *given == name)
            .map(|(_, value)| OsString::from(value))
    })
}

#[track_caller]
fn report(variables: &[(&str, &str)]) -> String {
    rendered(&read(variables).expect_err("the environment is wrong"))
}

/// A file that only its owner can read.
fn file(folder: &Path, name: &str, content: &[u8], mode: u32) -> String {
    use std::os::unix::fs::PermissionsExt as _;
    let path = folder.join(name);
    std::fs::write(&path, content).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn without_variables_there_are_no_secrets() {
    let secrets = read(&[]).unwrap();
    assert!(secrets.slack.is_none());
    assert!(secrets.github.is_none() && secrets.circleci.is_none());
    assert!(secrets.github_webhook.is_empty() && secrets.circleci_webhook.is_empty());
}

#[test]
fn variables_are_read() {
    let secrets = read(&[
        ("GITHUB_TOKEN", "ghp_1"),
        ("GITHUB_WEBHOOK_SECRET", "new-secret old-secret"),
        ("CIRCLECI_TOKEN", "cci_1"),
        ("CIRCLECI_WEBHOOK_SECRET", "one-secret\n"),
    ])
    .unwrap();
    assert!(
        matches!(&secrets.github, Some(GithubCredential::Token(token)) if token.expose() == "ghp_1")
    );
    let words: Vec<&str> = secrets
        .github_webhook
        .iter()
        .map(|secret| secret.expose())
        .collect();
    assert_eq!(words, ["new-secret", "old-secret"]);
    assert_eq!(secrets.circleci.as_ref().unwrap().expose(), "cci_1");
    assert_eq!(secrets.circleci_webhook.len(), 1);
    assert!(secrets.warnings.is_empty());

    let shown = format!("{secrets:?}");
    assert!(
        !shown.contains("ghp_1") && !shown.contains("new") && !shown.contains("cci_1"),
        "{shown}"
    );
}

#[test]
fn a_sentence_is_no_secret() {
    let shown = report(&[("GITHUB_WEBHOOK_SECRET", "It's a Secret to Everybody")]);
    assert!(
        shown.contains("a word of fewer than 8 characters"),
        "{shown}"
    );
    assert!(!shown.contains("Everybody"), "{shown}");
}

#[test]
fn an_app_has_a_number_and_a_key() {
    for key in [KEY.to_owned(), KEY.replace('\n', "\\n")] {
        let secrets = read(&[("GITHUB_APP_ID", "12"), ("GITHUB_APP_PRIVATE_KEY", &key)]).unwrap();
        let Some(GithubCredential::App { id, private_key }) = &secrets.github else {
            panic!("{secrets:?}");
        };
        assert_eq!((*id, private_key.expose()), (12, KEY));
    }
}

#[test]
fn files_are_read_without_their_last_line_break() {
    let folder = tempfile::tempdir().unwrap();
    let token = file(folder.path(), "token", b"cci_1\r\n", 0o600);
    let key = file(folder.path(), "key", format!("{KEY}\n").as_bytes(), 0o640);
    let hooks = file(folder.path(), "hooks", b"new-secret\nold-secret\n", 0o400);
    let secrets = read(&[
        ("CIRCLECI_TOKEN_FILE", &token),
        ("GITHUB_APP_ID", "12"),
        ("GITHUB_APP_PRIVATE_KEY_FILE", &key),
        ("GITHUB_WEBHOOK_SECRET_FILE", &hooks),
    ])
    .unwrap();
    assert_eq!(secrets.circleci.unwrap().expose(), "cci_1");
    assert!(
        matches!(secrets.github, Some(GithubCredential::App { private_key, .. }) if private_key.expose() == KEY)
    );
    assert_eq!(secrets.github_webhook.len(), 2);
    assert!(secrets.warnings.is_empty(), "{:?}", secrets.warnings);
}

#[test]
fn a_file_that_everybody_can_read_is_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    let token = file(folder.path(), "token", b"cci_1", 0o644);
    let secrets = read(&[("CIRCLECI_TOKEN_FILE", &token)]).unwrap();
    assert_eq!(
        secrets.warnings,
        [format!(
            "`{token}`, which `CIRCLECI_TOKEN_FILE` names, can be read by every account of this machine: `chmod o-rwx {token}`"
        )]
    );
}

#[test]
fn all_that_is_wrong_is_said_at_once() {
    insta::assert_snapshot!(report(&[
        ("GITHUB_TOKEN", ""),
        ("GITHUB_WEBHOOK_SECRET", " "),
        ("CIRCLECI_TOKEN", "a"),
        ("CIRCLECI_TOKEN_FILE", "/a"),
        ("CIRCLECI_WEBHOOK_SECRET_FILE", "/nonexistent/secret"),
    ]), @r##"
      × the environment has 4 problems

    Error:
      × `GITHUB_TOKEN` is empty
      help: set it to the secret, or unset the variable to do without

    Error:
      × `GITHUB_WEBHOOK_SECRET` is empty
      help: set it to the secret, or unset the variable to do without

    Error:
      × both `CIRCLECI_TOKEN` and `CIRCLECI_TOKEN_FILE` are set
      help: unset one of them

    Error:
      × `/nonexistent/secret`, which `CIRCLECI_WEBHOOK_SECRET_FILE` names, cannot be read: No such
      │ file or directory (os error 2)
      help: give the path of a file that the account of witbot may read
    "##);
}

#[test]
fn github_takes_one_way_to_speak() {
    insta::assert_snapshot!(report(&[("GITHUB_APP_ID", "Iv1.x")]), @r##"
      × the environment has 2 problems

    Error:
      × `GITHUB_APP_ID` is not a number
      help: it is the `App ID` on the app's page at GitHub, not its client id

    Error:
      × `GITHUB_APP_ID` is set, and `GITHUB_APP_PRIVATE_KEY` is not
      help: set `GITHUB_APP_PRIVATE_KEY_FILE` to the path of the key that GitHub made for the app
    "##);
    insta::assert_snapshot!(report(&[("GITHUB_APP_PRIVATE_KEY", "/etc/key.pem")]), @r##"
      × the environment has 2 problems

    Error:
      × `GITHUB_APP_PRIVATE_KEY` is not a private key in PEM
      help: it begins with `-----BEGIN RSA PRIVATE KEY-----`; to give a path, set
            `GITHUB_APP_PRIVATE_KEY_FILE`

    Error:
      × `GITHUB_APP_PRIVATE_KEY` is set, and `GITHUB_APP_ID` is not
      help: set `GITHUB_APP_ID` to the number on the app's page at GitHub
    "##);
    insta::assert_snapshot!(report(&[("GITHUB_APP_ID", "1"), ("GITHUB_TOKEN_FILE", "/nonexistent/token")]), @r##"
      × the environment has 2 problems

    Error:
      × `/nonexistent/token`, which `GITHUB_TOKEN_FILE` names, cannot be read: No such file or
      │ directory (os error 2)
      help: give the path of a file that the account of witbot may read

    Error:
      × both `GITHUB_TOKEN` and a GitHub App are set, and only one can speak for the bot
      help: unset `GITHUB_TOKEN`, or `GITHUB_APP_ID` and `GITHUB_APP_PRIVATE_KEY`
    "##);
}

#[test]
fn what_cannot_be_a_secret_is_not_shown() {
    let folder = tempfile::tempdir().unwrap();
    let large = file(folder.path(), "large", &[b'x'; 70_000], 0o600);
    let binary = file(folder.path(), "binary", b"\xff\xfe", 0o600);
    let spaced = report(&[("CIRCLECI_TOKEN", "Circle-Token: abc")]);
    assert!(
        spaced.contains("has a space") && !spaced.contains("abc"),
        "{spaced}"
    );
    for (path, wrong) in [(&large, "too large for a secret"), (&binary, "is not text")] {
        let error = read(&[("GITHUB_TOKEN_FILE", path.as_str())]).unwrap_err();
        assert!(
            lines(&error).iter().any(|line| line.ends_with(wrong)),
            "{error:?}"
        );
    }
}

const BOT: (&str, &str) = ("SLACK_BOT_TOKEN", "xoxb-1");
const APP: (&str, &str) = ("SLACK_APP_TOKEN", "xapp-1");
const SIGNING: (&str, &str) = ("SLACK_SIGNING_SECRET", "new-secret old-secret");

fn access(variables: &[(&str, &str)], mode: SlackMode) -> Result<SlackAccess, SettingsError> {
    SlackAccess::new(read(variables).unwrap().slack.as_ref(), mode)
}

#[test]
fn slack_needs_two_of_three_secrets() {
    let socket = access(&[BOT, APP], SlackMode::Socket).unwrap();
    assert_eq!(socket.bot_token.expose(), "xoxb-1");
    assert!(
        matches!(&socket.ear, SlackEar::Socket { app_token } if app_token.expose() == "xapp-1")
    );
    let http = access(&[BOT, SIGNING], SlackMode::Http).unwrap();
    let SlackEar::Http { signing_secrets } = &http.ear else {
        panic!("{http:?}");
    };
    let words: Vec<&str> = signing_secrets
        .iter()
        .map(|secret| secret.expose())
        .collect();
    assert_eq!(words, ["new-secret", "old-secret"]);
    let shown = format!("{socket:?} {http:?}");
    assert!(
        !shown.contains("xoxb-1") && !shown.contains("old"),
        "{shown}"
    );

    insta::assert_snapshot!(rendered(&access(&[], SlackMode::Socket).unwrap_err()), @r##"
      × the environment has 2 problems

    Error:
      × `SLACK_BOT_TOKEN` is not set, and witbot speaks to Slack with it
      help: Slack shows it at https://api.slack.com/apps in your app, under `OAuth & Permissions` as
            `Bot User OAuth Token`, when the app is installed; it begins with `xoxb-`

    Error:
      × `SLACK_APP_TOKEN` is not set, and `slack.mode` is `socket`
      help: Slack shows it at https://api.slack.com/apps in your app, under `Basic Information`, `App-
            Level Tokens`: make one with the scope `connections:write`; it begins with `xapp-`
    "##);
    insta::assert_snapshot!(rendered(&access(&[BOT, SIGNING], SlackMode::Socket).unwrap_err()), @r##"
      × the environment has a problem

    Error:
      × `SLACK_APP_TOKEN` is not set, and `slack.mode` is `socket`
      help: Slack shows it at https://api.slack.com/apps in your app, under `Basic Information`, `App-
            Level Tokens`: make one with the scope `connections:write`; it begins with `xapp-`
    "##);
    insta::assert_snapshot!(rendered(&access(&[BOT, APP], SlackMode::Http).unwrap_err()), @r##"
      × the environment has a problem

    Error:
      × `SLACK_SIGNING_SECRET` is not set, and `slack.mode` is `http`
      help: Slack shows it at https://api.slack.com/apps in your app, under `Basic Information`, `App
            Credentials` as `Signing Secret`
    "##);
}

#[test]
fn the_secrets_of_slack_are_not_taken_for_each_other() {
    insta::assert_snapshot!(report(&[
        ("SLACK_BOT_TOKEN", "xapp-123"),
        ("SLACK_APP_TOKEN", "xoxp-123"),
        ("SLACK_SIGNING_SECRET", "0f3c0f3c xoxb-123"),
    ]), @r##"
      × the environment has 3 problems

    Error:
      × `SLACK_BOT_TOKEN` is an app-level token (`xapp-`), and not one that begins with `xoxb-`
      help: Slack shows it at https://api.slack.com/apps in your app, under `OAuth & Permissions` as
            `Bot User OAuth Token`, when the app is installed; it begins with `xoxb-`

    Error:
      × `SLACK_APP_TOKEN` is the token of a person (`xoxp-`), and not one that begins with `xapp-`
      help: Slack shows it at https://api.slack.com/apps in your app, under `Basic Information`, `App-
            Level Tokens`: make one with the scope `connections:write`; it begins with `xapp-`

    Error:
      × `SLACK_SIGNING_SECRET` is a bot token (`xoxb-`)
      help: Slack shows it at https://api.slack.com/apps in your app, under `Basic Information`, `App
            Credentials` as `Signing Secret`
    "##);
    for (token, is) in [
        ("xoxe.xoxb-1-123", "token rotation is switched on"),
        ("xoxr-123", "a token of another kind"),
        ("123", "is no token of Slack"),
    ] {
        let shown = report(&[("SLACK_BOT_TOKEN", token)]);
        assert!(shown.contains(is) && !shown.contains("123"), "{shown}");
    }
    insta::assert_snapshot!(report(&[APP]), @r##"
      × the environment has a problem

    Error:
      × `SLACK_APP_TOKEN` is set, and `SLACK_BOT_TOKEN` is not
      help: Slack shows it at https://api.slack.com/apps in your app, under `OAuth & Permissions` as
            `Bot User OAuth Token`, when the app is installed; it begins with `xoxb-`
    "##);
}

/// What is read here and is not on that list could be sent to anybody whom a grant names.
#[test]
fn all_that_the_bot_itself_is_given_is_known_as_its_own() {
    let asked = std::cell::RefCell::new(Vec::new());
    Secrets::from_environment(|name| {
        asked.borrow_mut().push(name.to_owned());
        None
    })
    .unwrap();
    let asked = asked.into_inner();
    assert!(asked.len() > 10, "{asked:?}");
    for name in asked {
        assert!(super::is_own(&name), "{name}");
    }
}
