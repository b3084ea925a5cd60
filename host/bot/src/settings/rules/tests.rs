//! What is read, and everything that is wrong with roles and rules.

use std::path::Path;

use witbot_core::ids::UserId;
use witbot_core::policy::{Policy, Verdict};

use crate::settings::Settings;
use crate::settings::tests::{lines, rendered};

const ROLES: &str = "[roles.leads]\nusers = [\"U0ADA\", \"U0BOB\"]\n[roles.crew]\ngroups = [\"S0CREW\"]\nroles = [\"leads\"]\n\
    [roles.one]\nusers = [\"U0ADA\"]\n";

fn policy(text: &str) -> Policy {
    let settings = Settings::parse(text, Path::new("/etc/witbot/witbot.toml"));
    let settings = settings.map_err(|error| rendered(&error)).unwrap();
    settings.policy.as_ref().clone()
}

/// The problems of a file with the roles above it.
#[track_caller]
fn problems(text: &str) -> Vec<String> {
    let text = format!("{ROLES}{text}");
    let read = Settings::parse(&text, Path::new("/etc/witbot/witbot.toml"));
    lines(&read.expect_err(&text))
}

#[test]
fn everything_is_read() {
    let rule = "[[rules]]\nname = \"production\"\nplugin = \"deploy\"\ncommands = [\"deploy*\"]\n\
        arguments = { env = [\"prod*\", \"\"], app = \"api\" }\nwho = [\"crew\"]\nstandings = [\"member\"]\n\
        channels = [\"C0DEPLOYS\"]\nkinds = [\"public\", \"private\"]\norigins = [\"message\", \"button\"]\n\
        when = { days = [\"mon-fri\"], from = \"09:00\", to = \"17:00\", zone = \"Europe/Berlin\" }\n\
        decision = \"approve\"\napprovals = 2\napprovers = [\"leads\"]\nwithin = \"15m\"\nreason = \"ask\"\n";
    let policy = policy(&format!("{ROLES}{rule}[[rules]]\ndecision = \"confirm\"\n"));
    assert_eq!(policy.roles().len(), 3);
    assert_eq!(
        policy.roles()["crew"].groups,
        ["S0CREW".parse::<UserId>().unwrap()]
    );
    assert_eq!(policy.roles()["crew"].roles, ["leads"]);
    let [first, second] = policy.rules() else {
        panic!("{policy:?}")
    };
    assert_eq!(first.called(), "rule `production`");
    assert_eq!((first.number, first.line), (1, 8));
    assert_eq!(first.arguments.len(), 2);
    assert!(first.when.is_some() && first.plugin.is_some() && first.commands.is_some());
    let expected = Verdict::Approve {
        approvals: 2,
        approvers: vec!["leads".to_owned()],
        within_ms: 15 * 60_000,
    };
    assert_eq!(first.verdict, expected);
    assert_eq!(second.called(), "rule 2 (line 24)");
    assert_eq!(
        second.verdict,
        Verdict::Confirm {
            within_ms: 3_600_000
        }
    );
    assert!(second.who.is_none() && second.arguments.is_empty());
}

#[test]
fn every_mistake_in_a_role_is_told() {
    for (text, expected) in [
        ("[roles.x]\nusers = [\"@ada\"]", "`@ada` is a name"),
        (
            "[roles.x]\nusers = [\"Ada Lovelace\"]",
            "`Ada Lovelace` is a name",
        ),
        ("[roles.x]\nusers = [\"S0123456789\"]", "is a group"),
        ("[roles.x]\ngroups = [\"U0123456789\"]", "is a person"),
        ("[roles.x]\nroles = [\"lead\"]", "there is no role `lead`"),
        (
            "[roles.x]\nroles = [\"x\"]",
            "the role `x` stands for itself",
        ),
        (
            "[roles.x]\nroles = [\"y\"]\n[roles.y]\nroles = [\"x\"]",
            "stand for each other",
        ),
        (
            "[roles.x]\nuser = [\"U1\"]",
            "there is no setting `roles.x.user`",
        ),
        ("[roles.x]\nusers = []", "`roles.x.users`"),
        ("[roles.x]", "nobody has the role `x`"),
        ("[roles]\nx = [\"U1\"]", "`roles.x` has to be a table"),
    ] {
        // A table cannot be opened twice, so that the one case with `[roles]` stands alone.
        let read = if text.starts_with("[roles]") {
            lines(&Settings::parse(text, Path::new("witbot.toml")).expect_err(text))
        } else {
            problems(text)
        };
        assert!(
            read.iter().any(|line| line.contains(expected)),
            "{text}: {read:?}"
        );
    }
}

#[test]
fn every_mistake_in_a_rule_is_told() {
    for (rule, expected) in [
        ("who = [\"crew\"]", "a rule without a decision"),
        ("decision = \"permit\"", "`permit` is no decision"),
        (
            "decision = \"allow\"\nplugins = \"deploy\"",
            "there is no setting `rules.plugins`",
        ),
        ("decision = \"allow\"\nplugin = \"De ploy\"", "De ploy"),
        (
            "decision = \"allow\"\nwho = [\"crews\"]",
            "there is no role `crews`",
        ),
        ("decision = \"allow\"\nwho = []", "`rules.who`"),
        ("decision = \"allow\"\ncommands = []", "`rules.commands`"),
        ("decision = \"allow\"\narguments = { env = [] }", "env"),
        ("decision = \"allow\"\narguments = { env = 3 }", "env"),
        (
            "decision = \"allow\"\nchannels = [\"#deploys\"]",
            "`#deploys` is a name",
        ),
        (
            "decision = \"allow\"\nkinds = [\"publik\"]",
            "`publik` is none of `kinds`",
        ),
        (
            "decision = \"allow\"\norigins = [\"email\"]",
            "`email` is none of `origins`",
        ),
        (
            "decision = \"allow\"\nstandings = [\"boss\"]",
            "`boss` is none of `standings`",
        ),
        (
            "decision = \"allow\"\nwhen = { days = [\"friday\"] }",
            "`friday` is no day",
        ),
        (
            "decision = \"allow\"\nwhen = { from = \"9:00\", to = \"17:00\" }",
            "`9:00` is no time of day",
        ),
        (
            "decision = \"allow\"\nwhen = { from = \"09:00\" }",
            "belong together",
        ),
        (
            "decision = \"allow\"\nwhen = { zone = \"Berlin\" }",
            "there is no time zone `Berlin`",
        ),
        (
            "decision = \"allow\"\nwhen = { until = \"17:00\" }",
            "there is no setting `rules.when.until`",
        ),
        ("decision = \"approve\"", "nobody can approve it"),
        (
            "decision = \"approve\"\napprovers = [\"lead\"]",
            "there is no role `lead`",
        ),
        (
            "decision = \"approve\"\napprovers = [\"leads\"]\napprovals = 0",
            "`rules.approvals` has to be from 1",
        ),
        (
            "decision = \"approve\"\napprovers = [\"leads\"]\napprovals = 3",
            "3 have to approve, and there are 2",
        ),
        (
            "decision = \"approve\"\nwho = [\"one\"]\napprovers = [\"one\"]",
            "the only one who may ask",
        ),
        (
            "decision = \"allow\"\napprovers = [\"leads\"]",
            "`approvers` says nothing",
        ),
        (
            "decision = \"allow\"\nwithin = \"1h\"",
            "`within` says nothing",
        ),
        (
            "decision = \"confirm\"\nwithin = \"31d\"",
            "`31d` is no length of time",
        ),
        (
            "decision = \"confirm\"\nwithin = \"soon\"",
            "`soon` is no length of time",
        ),
        (
            "decision = \"allow\"\norigins = [\"console\"]\nkinds = [\"shared\"]",
            "can never match",
        ),
    ] {
        let read = problems(&format!("[[rules]]\n{rule}\n"));
        assert!(
            read.iter().any(|line| line.contains(expected)),
            "{rule}: {read:?}"
        );
    }
}

#[test]
fn a_rule_that_never_decides_is_told() {
    let all = "decision = \"allow\"";
    for (above, below, expected) in [
        (
            all,
            "plugin = \"deploy\"\ndecision = \"allow\"",
            "rule 2 (line 10) can never match: rule 1 (line 8)",
        ),
        (
            "plugin = \"deploy\"\ndecision = \"allow\"",
            "plugin = \"deploy\"\ndecision = \"confirm\"",
            "decide differently",
        ),
        (
            "commands = [\"deploy*\"]\ndecision = \"deny\"",
            "commands = [\"deploy!\"]\nwho = [\"crew\"]\ndecision = \"allow\"",
            "can never match",
        ),
        (
            "name = \"a\"\nwho = [\"crew\"]\ndecision = \"allow\"",
            "name = \"a\"\ndecision = \"deny\"",
            "two rules are called `a`",
        ),
    ] {
        let read = problems(&format!("[[rules]]\n{above}\n[[rules]]\n{below}\n"));
        assert!(
            read.iter().any(|line| line.contains(expected)),
            "{above} / {below}: {read:?}"
        );
    }
    // Each of these leaves something for the one below it.
    for (above, below) in [
        (
            "plugin = \"deploy\"\ndecision = \"deny\"",
            "decision = \"allow\"",
        ),
        (all, "standings = [\"stranger\"]\ndecision = \"allow\""),
        (all, "decision = \"deny\""),
        (
            "arguments = { env = \"production\" }\ndecision = \"deny\"",
            "arguments = { env = \"prod*\" }\ndecision = \"allow\"",
        ),
        (
            "when = { days = [\"sun\"] }\ndecision = \"deny\"",
            "when = { days = [\"sat\"] }\ndecision = \"deny\"",
        ),
        (
            "who = [\"one\"]\ndecision = \"deny\"",
            "who = [\"leads\"]\ndecision = \"allow\"",
        ),
    ] {
        let policy = policy(&format!("{ROLES}[[rules]]\n{above}\n[[rules]]\n{below}\n"));
        assert_eq!(policy.rules().len(), 2);
    }
}

#[test]
fn a_mistake_is_shown_with_its_line_and_what_to_write() {
    let text = format!("{ROLES}[[rules]]\nwho = [\"lead\"]\ndecision = \"allow\"\n");
    let shown = rendered(&Settings::parse(&text, Path::new("witbot.toml")).unwrap_err());
    assert!(
        shown.contains("witbot.toml:9:") && shown.contains("did you mean `leads`?"),
        "{shown}"
    );
    let named = "[roles.x]\nusers = [\"@ada\"]\n";
    let shown = rendered(&Settings::parse(named, Path::new("witbot.toml")).unwrap_err());
    assert!(
        shown.contains("witbot.toml:2:") && shown.contains("Copy member"),
        "{shown}"
    );
}
