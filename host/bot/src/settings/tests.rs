use std::path::{Path, PathBuf};

use miette::{Diagnostic as _, GraphicalReportHandler, GraphicalTheme};

use super::problem::SettingsError;
use super::slack::{ChannelRate, SlackMode, SlackSettings};
use super::{FILE, Origin, Settings};

const EXAMPLE: &str = include_str!("../../witbot.example.toml");

fn parse(text: &str) -> Result<Settings, SettingsError> {
    Settings::parse(text, Path::new("/etc/witbot/witbot.toml"))
}

/// What an operator sees of a wrong file.
#[track_caller]
fn report(text: &str) -> String {
    rendered(&parse(text).expect_err("the file is wrong"))
}

pub(super) fn rendered(error: &SettingsError) -> String {
    let handler =
        GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor()).with_width(100);
    let mut report = String::new();
    handler
        .render_report(&mut report, error)
        .expect("writing to a text does not fail");
    report
        .lines()
        .map(|line| format!("{}\n", line.trim_end()))
        .collect()
}

/// The problems of an error, without where they are.
pub(super) fn lines(error: &SettingsError) -> Vec<String> {
    error
        .related()
        .into_iter()
        .flatten()
        .map(ToString::to_string)
        .collect()
}

#[test]
fn an_empty_file_gives_the_defaults() {
    let settings = parse("").unwrap();
    assert_eq!(settings.name, "witbot");
    assert_eq!(settings.alias, None);
    assert_eq!(settings.plugins_folder, Path::new("/etc/witbot/plugins"));
    assert_eq!(settings.data, Path::new("/etc/witbot/data"));
    assert_eq!(settings.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(settings.slack, SlackSettings::default());
    assert_eq!(settings.slack.api_url, "https://slack.com/api");
    assert_eq!(settings.github_api_url, "https://api.github.com");
    assert_eq!(settings.circleci_api_url, "https://circleci.com");
    assert!(settings.plugins.is_empty());
}

#[test]
fn every_key_is_read() {
    let settings = parse(
        r##"
        name = "hal"
        alias = "!"
        plugins_folder = "/srv/plugins"
        data = "../data"
        listen.address = "[::]:80"
        listen.metrics = "10.0.0.1:9464"
        slack.mode = "http"
        slack.api_url = "http://127.0.0.1:4001/api/"
        slack.channel_rate = { per_second = 2, burst = 1_000 }
        slack.connections = 3
        slack.bots = ["B0123ABCD", "A1"]
        github.api_url = "http://127.0.0.1:4000/"
        ci.circleci.api_url = "https://circleci.example.com"
        [plugins.deploy]
        settings = { since = 2024-05-01, at = 07:30:00, n = 0x10, big = 18446744073709551615, f = 1.5, l = [{ on = true }] }
        [plugins.deploy.grants]
        chat = [{ channel = "deploys" }]
        "##,
    )
    .unwrap();
    assert_eq!(settings.name, "hal");
    assert_eq!(settings.alias.as_deref(), Some("!"));
    assert_eq!(settings.plugins_folder, Path::new("/srv/plugins"));
    assert_eq!(settings.data, Path::new("/etc/witbot/../data"));
    assert_eq!(settings.listen.to_string(), "[::]:80");
    let metrics = settings.metrics.map(|address| address.to_string());
    assert_eq!(metrics.as_deref(), Some("10.0.0.1:9464"));
    let slack = SlackSettings {
        mode: SlackMode::Http,
        api_url: "http://127.0.0.1:4001/api".to_owned(),
        channel_rate: ChannelRate {
            per_second: 2.0,
            burst: 1000,
        },
        connections: 3,
        bots: vec!["B0123ABCD".to_owned(), "A1".to_owned()],
    };
    assert_eq!(settings.slack, slack);
    assert_eq!(settings.github_api_url, "http://127.0.0.1:4000");
    assert_eq!(settings.circleci_api_url, "https://circleci.example.com");
    let deploy = &settings.plugins[&"deploy".parse().unwrap()];
    assert_eq!(deploy.grants.chat.len(), 1);
    assert!(deploy.grants.github.is_empty());
    insta::assert_snapshot!(deploy.settings, @r##"{"at":"07:30:00","big":18446744073709551615,"f":1.5,"l":[{"on":true}],"n":16,"since":"2024-05-01"}"##);
}

#[test]
fn the_example_is_understood() {
    let settings = parse(EXAMPLE).unwrap();
    let deploy = &settings.plugins[&"deploy".parse().unwrap()];
    assert_eq!(deploy.settings["apps"]["api"]["repository"], "acme/api");
    assert_eq!(deploy.grants.github.len(), 1);
    let pipeline = &settings.plugins[&"pipeline".parse().unwrap()];
    let staging = &pipeline.settings["repositories"]["acme/api"]["staging"];
    assert_eq!(staging["project"], "gh/acme/api");
    assert_eq!(pipeline.grants.ci.len(), 1);
}

#[test]
fn the_defaults_in_the_example_are_the_defaults() {
    // `#key = value` is a default, `# word` is a comment.
    let is_default = |line: &&str| {
        line.strip_prefix('#')
            .is_some_and(|rest| rest.starts_with(char::is_alphabetic))
    };
    assert_eq!(EXAMPLE.lines().filter(is_default).count(), 12);
    let lines = EXAMPLE
        .lines()
        .map(|line| if is_default(&line) { &line[1..] } else { line });
    let all = lines.collect::<Vec<_>>().join("\n");

    let (shown, given) = (parse(&all).unwrap(), parse("").unwrap());
    assert_eq!(shown.name, given.name);
    assert_eq!(shown.plugins_folder, given.plugins_folder);
    assert_eq!(shown.data, given.data);
    assert_eq!(shown.listen, given.listen);
    assert_eq!((shown.metrics, given.metrics), (None, None));
    assert_eq!(shown.slack, given.slack);
    assert_eq!(shown.github_api_url, given.github_api_url);
    assert_eq!(shown.linking, given.linking);
    assert_eq!(shown.circleci_api_url, given.circleci_api_url);
}

#[test]
fn a_misspelt_key_is_refused_with_the_right_one() {
    insta::assert_snapshot!(report("# mine\nplugin_folder = \"p\"\n"), @r##"
      × `/etc/witbot/witbot.toml` has a problem

    Error:
      × there is no setting `plugin_folder`
       ╭─[/etc/witbot/witbot.toml:2:1]
     1 │ # mine
     2 │ plugin_folder = "p"
       · ──────┬──────
       ·       ╰── nothing reads this
       ╰────
      help: did you mean `plugins_folder`?
    "##);
}

#[test]
fn a_key_below_the_wrong_table_is_sent_to_the_top() {
    insta::assert_snapshot!(report("[listen]\naddress = \"127.0.0.1:80\"\n\ndata = \"/srv\"\n"), @r##"
      × `/etc/witbot/witbot.toml` has a problem

    Error:
      × there is no setting `listen.data`
       ╭─[/etc/witbot/witbot.toml:4:1]
     3 │
     4 │ data = "/srv"
       · ──┬─
       ·   ╰── nothing reads this
       ╰────
      help: move `data` to the top of the file, above the first line in brackets
    "##);
}

#[test]
fn all_problems_are_reported_in_the_order_of_the_file() {
    insta::assert_snapshot!(report("ci = 3\nname = \"wit bot\"\n[github]\ntls = \"x\"\n"), @r##"
      × `/etc/witbot/witbot.toml` has 3 problems

    Error:
      × `ci` has to be a table, and this is an integer
       ╭─[/etc/witbot/witbot.toml:1:6]
     1 │ ci = 3
       ·      ┬
       ·      ╰── an integer
     2 │ name = "wit bot"
       ╰────
      help: begin it with a line `[ci]`

    Error:
      × the name of the bot cannot be `wit bot`
       ╭─[/etc/witbot/witbot.toml:2:8]
     1 │ ci = 3
     2 │ name = "wit bot"
       ·        ────┬────
       ·            ╰── has a space or line break
     3 │ [github]
       ╰────
      help: use one word, such as `name = "witbot"`

    Error:
      × there is no setting `github.tls`
       ╭─[/etc/witbot/witbot.toml:4:1]
     3 │ [github]
     4 │ tls = "x"
       · ─┬─
       ·  ╰── nothing reads this
       ╰────
      help: `[github]` may have `api_url`, `url` and `client_id`
    "##);
}

#[test]
fn the_connection_to_slack_is_checked() {
    insta::assert_snapshot!(
        report(concat!(
            "[slack]\nmode = \"sockets\"\napi_url = \"slack.com\"\nchannel_rate = { per_second = 0, burst = 1.5 }\n",
            "connections = 11\nbots = [\"@jenkins\", 3]\ntoken = \"xoxb-123\"\n",
        )),
        @r##"
      × `/etc/witbot/witbot.toml` has 8 problems

    Error:
      × Slack has no mode `sockets`
       ╭─[/etc/witbot/witbot.toml:2:8]
     1 │ [slack]
     2 │ mode = "sockets"
       ·        ────┬────
       ·            ╰── unknown
     3 │ api_url = "slack.com"
       ╰────
      help: did you mean `socket`?

    Error:
      × this is not the address of a service
       ╭─[/etc/witbot/witbot.toml:3:11]
     2 │ mode = "sockets"
     3 │ api_url = "slack.com"
       ·           ─────┬─────
       ·                ╰── not a URL
     4 │ channel_rate = { per_second = 0, burst = 1.5 }
       ╰────
      help: write it as `https://slack.com/api`

    Error:
      × `slack.channel_rate.per_second` has to be from 0.001 to 10000
       ╭─[/etc/witbot/witbot.toml:4:31]
     3 │ api_url = "slack.com"
     4 │ channel_rate = { per_second = 0, burst = 1.5 }
       ·                               ┬
       ·                               ╰── out of bounds
     5 │ connections = 11
       ╰────

    Error:
      × `slack.channel_rate.burst` has to be a whole number, and this is a number
       ╭─[/etc/witbot/witbot.toml:4:42]
     3 │ api_url = "slack.com"
     4 │ channel_rate = { per_second = 0, burst = 1.5 }
       ·                                          ─┬─
       ·                                           ╰── a number
     5 │ connections = 11
       ╰────
      help: write a whole number from 1 to 10000

    Error:
      × `slack.connections` has to be from 1 to 5
       ╭─[/etc/witbot/witbot.toml:5:15]
     4 │ channel_rate = { per_second = 0, burst = 1.5 }
     5 │ connections = 11
       ·               ─┬
       ·                ╰── out of bounds
     6 │ bots = ["@jenkins", 3]
       ╰────

    Error:
      × `@jenkins` is not the id of a bot
       ╭─[/etc/witbot/witbot.toml:6:9]
     5 │ connections = 11
     6 │ bots = ["@jenkins", 3]
       ·         ─────┬────
       ·              ╰── not an id
     7 │ token =***********
       ╰────
      help: names can be anybody's: write the id of the bot (`B…`), of its app (`A…`) or of its user
            (`U…`)

    Error:
      × `slack.bots` has to be a list of strings, and this is an integer
       ╭─[/etc/witbot/witbot.toml:6:21]
     5 │ connections = 11
     6 │ bots = ["@jenkins", 3]
       ·                     ┬
       ·                     ╰── an integer
     7 │ token =***********
       ╰────
      help: write it as `bots = ["B0123ABCD"]`

    Error:
      × there is no setting `slack.token`
       ╭─[/etc/witbot/witbot.toml:7:1]
     6 │ bots = ["@jenkins", 3]
     7 │ token =***********
       · ──┬──
       ·   ╰── nothing reads this
       ╰────
      help: secrets are not written here: they come from the environment, as `GITHUB_TOKEN` does
    "##
    );
    insta::assert_snapshot!(report("[slack]\nmode = \"rtm\"\nchannel_rate = 1\nbots = \"B1\"\n"), @r##"
      × `/etc/witbot/witbot.toml` has 3 problems

    Error:
      × Slack has no mode `rtm`
       ╭─[/etc/witbot/witbot.toml:2:8]
     1 │ [slack]
     2 │ mode = "rtm"
       ·        ──┬──
       ·          ╰── unknown
     3 │ channel_rate = 1
       ╰────
      help: `socket` needs no address that Slack can reach; with `http`, Slack sends requests to the
            bot

    Error:
      × `slack.channel_rate` has to be a table, and this is an integer
       ╭─[/etc/witbot/witbot.toml:3:16]
     2 │ mode = "rtm"
     3 │ channel_rate = 1
       ·                ┬
       ·                ╰── an integer
     4 │ bots = "B1"
       ╰────
      help: begin it with a line `[slack.channel_rate]`

    Error:
      × `slack.bots` has to be a list of strings, and this is a string
       ╭─[/etc/witbot/witbot.toml:4:8]
     3 │ channel_rate = 1
     4 │ bots = "B1"
       ·        ──┬─
       ·          ╰── a string
       ╰────
      help: write it as `bots = ["B0123ABCD"]`
    "##);
    for wrong in [
        "connections = 0",
        "connections = 6",
        "connections = 2.0",
        "connections = \"2\"",
        "connections = 99999999999",
        "channel_rate.per_second = -1",
        "channel_rate.per_second = nan",
        "channel_rate.per_second = inf",
        "channel_rate.per_second = true",
        "channel_rate.burst = 0",
        "bots = [\"\"]",
        "bots = [\"B\"]",
        "command = \"/hal\"",
    ] {
        let error = parse(&format!("[slack]\n{wrong}")).unwrap_err();
        assert_eq!(lines(&error).len(), 1, "{wrong}: {error:?}");
    }
}

#[test]
fn secrets_are_refused_and_not_shown() {
    let shown =
        report("[github]\ntoken = \"ghp_123\"\napi_url = \"https://me:pw123@example.com\"\n");
    assert!(!shown.contains("123"), "{shown}");
    insta::assert_snapshot!(shown, @r##"
      × `/etc/witbot/witbot.toml` has 2 problems

    Error:
      × there is no setting `github.token`
       ╭─[/etc/witbot/witbot.toml:2:1]
     1 │ [github]
     2 │ token =**********
       · ──┬──
       ·   ╰── nothing reads this
     3 │ api_url = "https://********@example.com"
       ╰────
      help: secrets are not written here: they come from the environment, as `GITHUB_TOKEN` does

    Error:
      × this is not the address of a service
       ╭─[/etc/witbot/witbot.toml:3:11]
     2 │ token =**********
     3 │ api_url = "https://********@example.com"
       ·           ───────────────┬──────────────
       ·                          ╰── has a user or password
       ╰────
      help: secrets are not written here: they come from the environment
    "##);
}

#[test]
fn a_file_that_is_not_toml_is_shown_where_it_stops_being_it() {
    insta::assert_snapshot!(report("name = \"witbot\nalias = /\n[listen\n"), @r##"
      × `/etc/witbot/witbot.toml` has 3 problems

    Error:
      × this is not TOML: invalid basic string, expected `"`
       ╭─[/etc/witbot/witbot.toml:1:15]
     1 │ name = "witbot
       ·               ▲
       ·               ╰── here
     2 │ alias = /
       ╰────

    Error:
      × this is not TOML: string values must be quoted, expected literal string
       ╭─[/etc/witbot/witbot.toml:2:9]
     1 │ name = "witbot
     2 │ alias = /
       ·         ┬
       ·         ╰── here
     3 │ [listen
       ╰────

    Error:
      × this is not TOML: unclosed table, expected `]`
       ╭─[/etc/witbot/witbot.toml:3:8]
     2 │ alias = /
     3 │ [listen
       ·        ▲
       ·        ╰── here
       ╰────
    "##);
}

#[test]
fn a_folder_called_plugins_is_explained() {
    insta::assert_snapshot!(report("plugins = \"p\"\n[plugins.a]\n[plugins.b.grants]\n"), @r##"
      × `/etc/witbot/witbot.toml` has a problem

    Error:
      × `plugins` holds the tables of plugins, and this is a string
       ╭─[/etc/witbot/witbot.toml:1:11]
     1 │ plugins = "p"
       ·           ─┬─
       ·            ╰── a string
     2 │ [plugins.a]
       ╰────
      help: name the folder with `plugins_folder = "p"`
    "##);
    assert_eq!(lines(&parse("plugins = \"p\"").unwrap_err()).len(), 1);
}

#[test]
fn values_that_cannot_be_are_refused() {
    insta::assert_snapshot!(
        report(concat!(
            "name = \"\"\nalias = \"@\"\nplugins_folder = \"\"\ndata = \"~/witbot\"\n",
            "listen.address = \"localhost:8080\"\n",
        )),
        @r##"
      × `/etc/witbot/witbot.toml` has 5 problems

    Error:
      × the name of the bot is missing
       ╭─[/etc/witbot/witbot.toml:1:8]
     1 │ name = ""
       ·        ─┬
       ·         ╰── empty
     2 │ alias = "@"
       ╰────
      help: use one word, such as `name = "witbot"`

    Error:
      × the alias cannot be `@`
       ╭─[/etc/witbot/witbot.toml:2:9]
     1 │ name = ""
     2 │ alias = "@"
       ·         ─┬─
       ·          ╰── begins like a person or a channel
     3 │ plugins_folder = ""
       ╰────
      help: use a short prefix, such as `alias = "/"`, or leave the line out to have none

    Error:
      × the folder has no name
       ╭─[/etc/witbot/witbot.toml:3:18]
     2 │ alias = "@"
     3 │ plugins_folder = ""
       ·                  ─┬
       ·                   ╰── empty
     4 │ data = "~/witbot"
       ╰────
      help: write a path, seen from the folder of this file; `.` is that folder itself

    Error:
      × `~` is a folder of that name here, not your home
       ╭─[/etc/witbot/witbot.toml:4:8]
     3 │ plugins_folder = ""
     4 │ data = "~/witbot"
       ·        ─────┬────
       ·             ╰── not expanded
     5 │ listen.address = "localhost:8080"
       ╰────
      help: write the whole path, or one seen from the folder of this file

    Error:
      × `localhost:8080` is not an address to listen on
       ╭─[/etc/witbot/witbot.toml:5:18]
     4 │ data = "~/witbot"
     5 │ listen.address = "localhost:8080"
       ·                  ────────┬───────
       ·                          ╰── not an IP address and a port
       ╰────
      help: write an IP address and a port: `127.0.0.1:8080` for this machine only, `0.0.0.0:8080` for
            all networks
    "##
    );
}

#[test]
fn addresses_of_services_are_checked() {
    insta::assert_snapshot!(
        report("github.api_url = \"api.github.com\"\nci.circleci.api_url = \"ftp://circleci.com\"\n"),
        @r##"
      × `/etc/witbot/witbot.toml` has 2 problems

    Error:
      × this is not the address of a service
       ╭─[/etc/witbot/witbot.toml:1:18]
     1 │ github.api_url = "api.github.com"
       ·                  ────────┬───────
       ·                          ╰── not a URL
     2 │ ci.circleci.api_url = "ftp://circleci.com"
       ╰────
      help: write it as `https://github.example.com/api/v3`

    Error:
      × this is not the address of a service
       ╭─[/etc/witbot/witbot.toml:2:23]
     1 │ github.api_url = "api.github.com"
     2 │ ci.circleci.api_url = "ftp://circleci.com"
       ·                       ──────────┬─────────
       ·                                 ╰── neither http nor https
       ╰────
      help: write it as `https://circleci.example.com`
    "##
    );
    for wrong in [
        "https://",
        "https://x.org?a=b",
        "/api",
        "",
        "file:///etc/passwd",
    ] {
        assert!(
            parse(&format!("github.api_url = \"{wrong}\"")).is_err(),
            "{wrong}"
        );
    }
}

#[test]
fn plugins_are_checked() {
    insta::assert_snapshot!(
        report("[plugins.Deploy]\n[plugins.hello]\nsettings = \"x\"\ngrant = {}\n[plugins]\nfolder = \"p\"\n"),
        @r##"
      × `/etc/witbot/witbot.toml` has 4 problems

    Error:
      × `Deploy` is not a plugin name: use lower-case letters, digits and hyphens, at most 40,
      │ beginning with a letter
       ╭─[/etc/witbot/witbot.toml:1:10]
     1 │ [plugins.Deploy]
       ·          ───┬──
       ·             ╰── not a plugin name
     2 │ [plugins.hello]
       ╰────
      help: the name of a plugin is that of its file: `deploy.wasm` is set up in `[plugins.deploy]`

    Error:
      × `plugins.hello.settings` has to be a table, and this is a string
       ╭─[/etc/witbot/witbot.toml:3:12]
     2 │ [plugins.hello]
     3 │ settings = "x"
       ·            ─┬─
       ·             ╰── a string
     4 │ grant = {}
       ╰────
      help: write it as `settings = { key = "value" }`

    Error:
      × there is no setting `plugins.hello.grant`
       ╭─[/etc/witbot/witbot.toml:4:1]
     3 │ settings = "x"
     4 │ grant = {}
       · ──┬──
       ·   ╰── nothing reads this
     5 │ [plugins]
       ╰────
      help: did you mean `grants`?

    Error:
      × `plugins.folder` has to be a table, and this is a string
       ╭─[/etc/witbot/witbot.toml:6:10]
     5 │ [plugins]
     6 │ folder = "p"
       ·          ─┬─
       ·           ╰── a string
       ╰────
      help: each key of `plugins` is a plugin, with a table such as `[plugins.deploy]`; the folder is
            `plugins_folder`, at the top of the file
    "##
    );
}

#[test]
fn numbers_that_json_does_not_have_are_refused() {
    insta::assert_snapshot!(
        report("[plugins.a.settings]\nlist = [1, inf]\nlarge = 99999999999999999999\n"),
        @r##"
      × `/etc/witbot/witbot.toml` has 2 problems

    Error:
      × JSON, which plugins read, has no such number
       ╭─[/etc/witbot/witbot.toml:2:12]
     1 │ [plugins.a.settings]
     2 │ list = [1, inf]
       ·            ─┬─
       ·             ╰── no such number
     3 │ large = 99999999999999999999
       ╰────
      help: write a smaller number, or a string

    Error:
      × JSON, which plugins read, has no such number
       ╭─[/etc/witbot/witbot.toml:3:9]
     2 │ list = [1, inf]
     3 │ large = 99999999999999999999
       ·         ──────────┬─────────
       ·                   ╰── no such number
       ╰────
      help: write a smaller number, or a string
    "##
    );
}

#[test]
fn each_grant_is_checked_by_itself() {
    insta::assert_snapshot!(
        report(concat!(
            "[plugins.a.grants]\ngithb = []\nchat = \"deploys\"\nkv = [1]\n",
            "github = [\n",
            "  { repositroy = \"acme/api\", permissions = [\"deployment:write\"] },\n",
            "  { repository = \"acme\", permissions = [] },\n",
            "]\n",
            "[[plugins.a.grants.ci]]\nprovider = \"circleci\"\n",
        )),
        @r##"
      × `/etc/witbot/witbot.toml` has 7 problems

    Error:
      × `githb` is nothing that can be granted
       ╭─[/etc/witbot/witbot.toml:2:1]
     1 │ [plugins.a.grants]
     2 │ githb = []
       · ──┬──
       ·   ╰── unknown
     3 │ chat = "deploys"
       ╰────
      help: did you mean `github`?

    Error:
      × `plugins.a.grants.chat` has to be a list of tables, and this is a string
       ╭─[/etc/witbot/witbot.toml:3:8]
     2 │ githb = []
     3 │ chat = "deploys"
       ·        ────┬────
       ·            ╰── a string
     4 │ kv = [1]
       ╰────
      help: begin each grant with a line `[[plugins.a.grants.chat]]`

    Error:
      × `plugins.a.grants.kv` has to be a list of tables, and this is an integer
       ╭─[/etc/witbot/witbot.toml:4:7]
     3 │ chat = "deploys"
     4 │ kv = [1]
       ·       ┬
       ·       ╰── an integer
     5 │ github = [
       ╰────
      help: write each grant as `{ key = "value" }`

    Error:
      × a grant in `plugins.a.grants.github` has no `repositroy`
       ╭─[/etc/witbot/witbot.toml:6:5]
     5 │ github = [
     6 │   { repositroy = "acme/api", permissions = ["deployment:write"] },
       ·     ─────┬────
       ·          ╰── nothing reads this
     7 │   { repository = "acme", permissions = [] },
       ╰────
      help: did you mean `repository`?

    Error:
      × `plugins.a.grants.github` does not know `deployment:write`
       ╭─[/etc/witbot/witbot.toml:6:45]
     5 │ github = [
     6 │   { repositroy = "acme/api", permissions = ["deployment:write"] },
       ·                                             ─────────┬────────
       ·                                                      ╰── unknown
     7 │   { repository = "acme", permissions = [] },
       ╰────
      help: did you mean `deployments:write`?

    Error:
      × `plugins.a.grants.github`: `acme` is not a repository: write `owner/name`, `owner/*` for all
      │ of an owner, or `*` for all
       ╭─[/etc/witbot/witbot.toml:7:18]
     6 │   { repositroy = "acme/api", permissions = ["deployment:write"] },
     7 │   { repository = "acme", permissions = [] },
       ·                  ───┬──
       ·                     ╰── refused
     8 │ ]
       ╰────

    Error:
      × a grant in `plugins.a.grants.ci` lacks `project`
        ╭─[/etc/witbot/witbot.toml:9:1]
      8 │ ]
      9 │ [[plugins.a.grants.ci]]
        · ───────────┬───────────
        ·            ╰── this grant
     10 │ provider = "circleci"
        ╰────
      help: add `project = …` to it
    "##
    );
}

#[test]
fn a_grant_that_allows_nothing_is_refused() {
    insta::assert_snapshot!(report("[plugins.a.grants]\nkv = [{}, { max_bytes = 0 }]\n"), @r##"
      × `/etc/witbot/witbot.toml` has a problem

    Error:
      × a grant in `plugins.a.grants.kv` allows nothing, by its `max_bytes`
       ╭─[/etc/witbot/witbot.toml:2:25]
     1 │ [plugins.a.grants]
     2 │ kv = [{}, { max_bytes = 0 }]
       ·                         ┬
       ·                         ╰── nothing
       ╰────
      help: name what it allows, or take it out
    "##);
    for wrong in [
        r#"github = [{ repository = "acme/api", permissions = [] }]"#,
        r#"github = [{ repository = "acme/api", permissions = ["deployments:write"], environments = [] }]"#,
        r#"ci = [{ provider = "circleci", project = "gh/acme/api", actions = [] }]"#,
        r#"http = [{ host = "example.com", methods = [] }]"#,
        "chat = [{}]",
        "chat = [{ broadcast = true }]",
    ] {
        let error = parse(&format!("[plugins.a.grants]\n{wrong}")).unwrap_err();
        assert!(
            lines(&error)
                .iter()
                .all(|line| line.contains("allows nothing")),
            "{wrong}: {error:?}"
        );
    }
}

#[test]
fn what_core_refuses_is_shown_at_its_place() {
    insta::assert_snapshot!(
        report(concat!(
            "[[plugins.a.grants.http]]\nhost = \"https://example.com\"\nmethods = [\"get\", 1]\n",
            "[[plugins.a.grants.chat]]\nchannel = \"two words\"\nport = 1\n",
            "[[plugins.a.grants.ci]]\nprovider = \"circle-ci\"\nproject = \"acme/../api\"\nactions = \"read\"\n",
        )),
        @r##"
      × `/etc/witbot/witbot.toml` has 7 problems

    Error:
      × `plugins.a.grants.http`: `https://example.com` is not a host: write a name such as
      │ `status.example.com`, without scheme and path, or `*.example.com` for all hosts below
       ╭─[/etc/witbot/witbot.toml:2:8]
     1 │ [[plugins.a.grants.http]]
     2 │ host = "https://example.com"
       ·        ──────────┬──────────
       ·                  ╰── refused
     3 │ methods = ["get", 1]
       ╰────

    Error:
      × `plugins.a.grants.http` does not know `get`
       ╭─[/etc/witbot/witbot.toml:3:12]
     2 │ host = "https://example.com"
     3 │ methods = ["get", 1]
       ·            ──┬──
       ·              ╰── unknown
     4 │ [[plugins.a.grants.chat]]
       ╰────
      help: did you mean `GET`?

    Error:
      × `plugins.a.grants.chat`: `two words` is not a channel: use 1 to 100 characters without spaces
      │ and without `#`
       ╭─[/etc/witbot/witbot.toml:5:11]
     4 │ [[plugins.a.grants.chat]]
     5 │ channel = "two words"
       ·           ─────┬─────
       ·                ╰── refused
     6 │ port = 1
       ╰────

    Error:
      × a grant in `plugins.a.grants.chat` has no `port`
       ╭─[/etc/witbot/witbot.toml:6:1]
     5 │ channel = "two words"
     6 │ port = 1
       · ──┬─
       ·   ╰── nothing reads this
     7 │ [[plugins.a.grants.ci]]
       ╰────
      help: known: `channel`, `direct`, `mentions` and `broadcast`

    Error:
      × `plugins.a.grants.ci` does not know `circle-ci`
       ╭─[/etc/witbot/witbot.toml:8:12]
     7 │ [[plugins.a.grants.ci]]
     8 │ provider = "circle-ci"
       ·            ─────┬─────
       ·                 ╰── unknown
     9 │ project = "acme/../api"
       ╰────
      help: did you mean `circleci`?

    Error:
      × `plugins.a.grants.ci`: `acme/../api` is not a project: write it as the service names it, such
      │ as `gh/acme/api`, or `gh/acme/*` for all below, or `*` for all
        ╭─[/etc/witbot/witbot.toml:9:11]
      8 │ provider = "circle-ci"
      9 │ project = "acme/../api"
        ·           ──────┬──────
        ·                 ╰── refused
     10 │ actions = "read"
        ╰────

    Error:
      × `plugins.a.grants.ci`: invalid type: string "read", expected a sequence
        ╭─[/etc/witbot/witbot.toml:10:11]
      9 │ project = "acme/../api"
     10 │ actions = "read"
        ·           ───┬──
        ·              ╰── refused
        ╰────
      help: write a list, such as `["…"]`
    "##
    );
}

#[test]
fn without_a_file_the_defaults_hold_unless_one_was_named() {
    let folder = tempfile::tempdir().unwrap();
    let (settings, origin) = Settings::find(None, folder.path()).unwrap();
    assert_eq!(origin, Origin::Defaults);
    assert_eq!(settings.data, folder.path().join("data"));

    let file = folder.path().join(FILE);
    assert!(Settings::find(Some(&file), folder.path()).is_err());
    std::fs::write(&file, "name = \"hal\"").unwrap();
    for named in [None, Some(file.as_path())] {
        let (settings, origin) = Settings::find(named, folder.path()).unwrap();
        assert_eq!(
            (settings.name.as_str(), &origin),
            ("hal", &Origin::File(file.clone()))
        );
    }
}

#[test]
fn a_file_that_cannot_be_read_says_so() {
    let missing = Settings::read(&PathBuf::from("/nonexistent/witbot.toml")).unwrap_err();
    insta::assert_snapshot!(rendered(&missing), @r##"
      × there are no settings

    Error:
      × cannot read `/nonexistent/witbot.toml`: No such file or directory (os error 2)
      help: make one from `host/bot/witbot.example.toml`, or leave `--config` out to run with the
            defaults
    "##);

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(FILE);
    std::fs::write(&file, b"name = \"a\"\ndata = \"\xff\"").unwrap();
    let binary = rendered(&Settings::read(&file).unwrap_err());
    assert!(binary.contains("is not UTF-8 text: line 2"), "{binary}");
    assert!(rendered(&Settings::read(folder.path()).unwrap_err()).contains("not its folder"));
}
