//! Tables of decisions, and made-up policies against the plainest way to decide them.

mod oracle;

use super::*;

fn rule(number: usize, verdict: Verdict) -> Rule {
    Rule {
        name: None,
        number,
        line: number * 10,
        plugin: None,
        commands: None,
        arguments: Vec::new(),
        who: None,
        standings: None,
        channels: None,
        kinds: None,
        origins: None,
        when: None,
        verdict,
        reason: None,
    }
}

fn approve(approver: &str) -> Verdict {
    Verdict::Approve {
        approvals: 1,
        approvers: vec![approver.to_owned()],
        within_ms: 60_000,
    }
}

fn only(text: &str) -> Option<Vec<Pattern>> {
    Some(vec![Pattern::new(text)])
}

fn names(all: &[&str]) -> Option<Vec<String>> {
    Some(all.iter().map(|name| (*name).to_owned()).collect())
}

fn role(users: &[&str], groups: &[&str], roles: &[&str]) -> Role {
    let ids = |all: &[&str]| all.iter().map(|id| id.parse().unwrap()).collect();
    Role {
        users: ids(users),
        groups: ids(groups),
        roles: roles.iter().map(|role| (*role).to_owned()).collect(),
    }
}

/// Deploying to production takes the crew and an approval; to anywhere else, the crew or somebody of a group.
fn story() -> Policy {
    let production = || vec![("env".to_owned(), vec![Pattern::new("prod*")])];
    let deploy = |number, verdict| Rule {
        plugin: Some("deploy".parse().unwrap()),
        commands: only("deploy*"),
        ..rule(number, verdict)
    };
    Policy::new(
        BTreeMap::from([
            ("crew".to_owned(), role(&["UADA"], &["SCREW"], &["leads"])),
            ("leads".to_owned(), role(&["UBOB"], &[], &[])),
        ]),
        vec![
            Rule {
                kinds: Some(vec![ChannelKind::Shared]),
                reason: Some("not before others".to_owned()),
                ..deploy(1, Verdict::Deny)
            },
            Rule {
                name: Some("production".to_owned()),
                arguments: production(),
                who: names(&["crew"]),
                ..deploy(2, approve("leads"))
            },
            Rule {
                arguments: production(),
                reason: Some("ask #releases".to_owned()),
                ..deploy(3, Verdict::Deny)
            },
            Rule {
                who: names(&["crew"]),
                ..deploy(4, Verdict::Allow)
            },
        ],
    )
}

struct Asked {
    plugin: PluginName,
    user: UserId,
    channel: ChannelId,
    arguments: Vec<(String, String)>,
}

impl Asked {
    fn by(user: &str, env: &str) -> Asked {
        Asked {
            plugin: "deploy".parse().unwrap(),
            user: user.parse().unwrap(),
            channel: "C1".parse().unwrap(),
            arguments: vec![("env".to_owned(), env.to_owned())],
        }
    }

    fn request(&self) -> Request<'_> {
        Request {
            plugin: &self.plugin,
            command: "deploy",
            arguments: &self.arguments,
            settled: true,
            otherwise: Otherwise::Deny,
            user: &self.user,
            channel: &self.channel,
            origin: Origin::Message,
            at: UnixMillis(1_700_000_000_000),
        }
    }
}

fn known(crew: Option<bool>, kind: Option<ChannelKind>, standing: Standing) -> Facts {
    Facts {
        groups: crew
            .map(|is| ("SCREW".parse().unwrap(), is))
            .into_iter()
            .collect(),
        kind,
        standing: Some(standing),
        troubles: Vec::new(),
    }
}

#[test]
fn the_first_rule_that_matches_decides() {
    use ChannelKind::{Public, Shared};
    let policy = story();
    let member = |crew| known(crew, Some(Public), Standing::Member);
    // Who, where to, what is known of them, and what decides.
    for (user, env, facts, expected) in [
        (
            "UADA",
            "production",
            member(Some(false)),
            "rule `production`",
        ),
        ("UADA", "PROD", member(Some(false)), "rule `production`"),
        (
            "UBOB",
            "production",
            member(Some(false)),
            "rule `production`",
        ),
        (
            "UCYD",
            "production",
            member(Some(true)),
            "rule `production`",
        ),
        (
            "UCYD",
            "production",
            member(Some(false)),
            "rule 3 (line 30)",
        ),
        ("UCYD", "staging", member(Some(false)), "no rule: denied"),
        ("UCYD", "staging", member(Some(true)), "rule 4 (line 40)"),
        (
            "UCYD",
            "production",
            member(None),
            "undecided: rule `production`",
        ),
        // Who is named needs no group.
        ("UADA", "production", member(None), "rule `production`"),
        (
            "UADA",
            "staging",
            known(Some(true), Some(Shared), Standing::Member),
            "rule 1 (line 10)",
        ),
        (
            "UADA",
            "staging",
            known(Some(true), None, Standing::Member),
            "undecided: rule 1 (line 10)",
        ),
        // Of another organisation, she is no longer meant by a rule that allows.
        (
            "UADA",
            "staging",
            known(Some(true), Some(Public), Standing::Stranger),
            "no rule: denied",
        ),
        (
            "UADA",
            "production",
            known(Some(true), Some(Public), Standing::Stranger),
            "rule 3 (line 30)",
        ),
        (
            "UADA",
            "staging",
            known(Some(true), Some(Public), Standing::Guest),
            "rule 4 (line 40)",
        ),
    ] {
        let asked = Asked::by(user, env);
        let decided = match policy.decide(&asked.request(), &facts) {
            Decision::Rule(rule) => rule.called(),
            Decision::Undecided(rule) => format!("undecided: {}", rule.called()),
            Decision::Denied(_) => "no rule: denied".to_owned(),
            Decision::Allowed => "no rule: allowed".to_owned(),
            Decision::Open => "open".to_owned(),
        };
        assert_eq!(decided, expected, "{user} {env} {facts:?}");
    }
}

#[test]
fn before_the_arguments_are_settled_only_what_none_could_change_is_denied() {
    let policy = story();
    for (user, crew, kind, denied) in [
        ("UADA", false, ChannelKind::Public, false),
        ("UCYD", true, ChannelKind::Public, false),
        ("UCYD", false, ChannelKind::Public, true),
        ("UADA", true, ChannelKind::Shared, true),
    ] {
        let asked = Asked::by(user, "whatever");
        let request = Request {
            settled: false,
            ..asked.request()
        };
        let facts = known(Some(crew), Some(kind), Standing::Member);
        assert_eq!(
            policy.decide(&request, &facts).denies(),
            denied,
            "{user} {crew} {kind:?}"
        );
    }
}

#[test]
fn who_is_denied_is_told_what_decides_and_who_can() {
    let policy = story();
    let facts = known(Some(false), Some(ChannelKind::Public), Standing::Member);
    for (user, env, expected) in [
        (
            "UCYD",
            "production",
            "You may not `deploy api`: rule 3 (line 30) (ask #releases). Who can: `crew`, with 1 approval by `leads`.",
        ),
        (
            "UCYD",
            "staging",
            "You may not `deploy api`: it is a command that nobody may give unless a rule says so, and none does. Who can: `crew`.",
        ),
    ] {
        let asked = Asked::by(user, env);
        let request = asked.request();
        let decision = policy.decide(&request, &facts);
        assert_eq!(
            told(&policy, &request, &decision, &facts, "deploy api"),
            expected
        );
    }
}

#[test]
fn only_what_a_rule_needs_is_asked_for() {
    let policy = story();
    let asked = Asked::by("UADA", "staging");
    let needs = policy.needs(&asked.request());
    assert!(needs.kind && !needs.standing);
    assert_eq!(needs.groups, BTreeSet::from(["SCREW".parse().unwrap()]));
    let other = "hello".parse().unwrap();
    let request = Request {
        plugin: &other,
        ..asked.request()
    };
    assert!(policy.needs(&request).is_empty());
}

#[test]
fn windows_are_in_their_time_zone_and_pass_midnight() {
    // Friday, 20 November 2026, at 23:30 in Berlin.
    let friday = 1_795_213_800_000;
    let hour = 3_600_000;
    let window = |days: &[&str], from, to, zone| Window::new(days, Some(from), Some(to), zone);
    for (window, at, expected) in [
        (
            window(&["fri"], "22:00", "06:00", "Europe/Berlin"),
            friday,
            true,
        ),
        (
            window(&["fri"], "22:00", "06:00", "Europe/Berlin"),
            friday + 6 * hour,
            true,
        ),
        (
            window(&["fri"], "22:00", "06:00", "Europe/Berlin"),
            friday + 7 * hour,
            false,
        ),
        (
            window(&["sat"], "22:00", "06:00", "Europe/Berlin"),
            friday,
            false,
        ),
        (
            window(&["mon-fri"], "23:30", "23:31", "Europe/Berlin"),
            friday,
            true,
        ),
        (window(&["mon-fri"], "23:30", "23:31", "UTC"), friday, false),
        (
            window(&["fri-mon"], "00:00", "24:00", "Asia/Tokyo"),
            friday,
            true,
        ),
        (Window::new(&[], None, None, "UTC"), friday, true),
    ] {
        assert_eq!(window.unwrap().holds(UnixMillis(at)), expected, "{at}");
    }
    for (days, from, to, zone, part) in [
        (&["friday"][..], None, None, "UTC", "`friday` is no day"),
        (&[], Some("9:00"), Some("17:00"), "UTC", "`9:00` is no time"),
        (&[], Some("09:00"), None, "UTC", "belong together"),
        (&[], None, None, "Berlin", "no time zone `Berlin`"),
    ] {
        let error = Window::new(days, from, to, zone).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn patterns_take_no_account_of_case() {
    for (pattern, text, expected) in [
        ("production", "Production", true),
        ("production", "production2", false),
        ("prod*", "PRODUCTION", true),
        ("prod*", "pro", false),
        ("*", "", true),
        ("", "", true),
        ("", "x", false),
        ("straße", "STRASSE", false),
        ("über*", "ÜBERALL", true),
        ("a*b", "a*b", true),
        ("ab", "é", false),
    ] {
        assert_eq!(
            Pattern::new(pattern).matches(text),
            expected,
            "{pattern} {text}"
        );
    }
}
