//! The plainest way to decide: every fact is written out, every rule is asked in turn, nothing is put off. Made-up
//! policies and requests have to come to the same either way.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::*;

const CASES: u64 = 10_000;

/// Chooses by chance, the same in every run.
struct Chance(ChaCha8Rng);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        (self.0.next_u32() as usize) % end
    }

    fn one_in(&mut self, of: usize) -> bool {
        self.below(of) == 0
    }

    fn of<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())].clone()
    }

    fn some<T: Clone>(&mut self, all: &[T]) -> Option<Vec<T>> {
        self.one_in(2).then(|| {
            let count = 1 + self.below(2);
            (0..count).map(|_| self.of(all)).collect()
        })
    }
}

const USERS: [&str; 4] = ["U1", "U2", "U3", "U4"];
const GROUPS: [&str; 3] = ["S1", "S2", "S3"];
const ROLES: [&str; 4] = ["a", "b", "c", "nobody"];
const PLUGINS: [&str; 2] = ["deploy", "pipeline"];
const COMMANDS: [&str; 4] = ["deploy", "deploy!", "lock", "rollback"];
const PATTERNS: [&str; 5] = ["deploy", "deploy*", "LOCK", "*", "roll*"];
const VALUES: [&str; 4] = ["production", "staging", "prod-eu", ""];
const VALUE_PATTERNS: [&str; 5] = ["production", "prod*", "Staging", "", "*"];
const CHANNELS: [&str; 3] = ["C1", "C2", "C3"];
const STANDINGS: [Standing; 4] = [
    Standing::Member,
    Standing::Guest,
    Standing::Stranger,
    Standing::Bot,
];

fn policy(chance: &mut Chance) -> Policy {
    let ids = |all: Option<Vec<&str>>| -> Vec<UserId> {
        all.into_iter()
            .flatten()
            .map(|id| id.parse().unwrap())
            .collect()
    };
    let mut roles = BTreeMap::new();
    for (index, name) in ROLES.iter().take(3).enumerate() {
        let role = Role {
            users: ids(chance.some(&USERS)),
            groups: ids(chance.some(&GROUPS)),
            // Only those before it: no circles.
            roles: if index > 0 && chance.one_in(2) {
                vec![ROLES[chance.below(index)].to_owned()]
            } else {
                Vec::new()
            },
        };
        roles.insert((*name).to_owned(), role);
    }
    let rules = (0..chance.below(8))
        .map(|number| made_up_rule(chance, number))
        .collect();
    Policy::new(roles, rules)
}

fn made_up_rule(chance: &mut Chance, number: usize) -> Rule {
    let verdict = match chance.below(4) {
        0 => Verdict::Allow,
        1 => Verdict::Deny,
        2 => Verdict::Confirm { within_ms: 1 },
        _ => approve("a"),
    };
    let patterns = |all: Option<Vec<&str>>| -> Option<Vec<Pattern>> {
        all.map(|all| all.into_iter().map(Pattern::new).collect())
    };
    let mut arguments = Vec::new();
    for name in ["env", "app"] {
        if let Some(values) = patterns(chance.some(&VALUE_PATTERNS)).filter(|_| chance.one_in(2)) {
            arguments.push((name.to_owned(), values));
        }
    }
    Rule {
        plugin: chance
            .one_in(2)
            .then(|| chance.of(&PLUGINS).parse().unwrap()),
        commands: patterns(chance.some(&PATTERNS)),
        arguments,
        who: chance
            .some(&ROLES)
            .map(|all| all.into_iter().map(str::to_owned).collect()),
        standings: chance.some(&STANDINGS).filter(|_| chance.one_in(2)),
        channels: chance
            .some(&CHANNELS)
            .filter(|_| chance.one_in(3))
            .map(|all| all.into_iter().map(|id| id.parse().unwrap()).collect()),
        kinds: chance.some(&ChannelKind::ALL).filter(|_| chance.one_in(2)),
        origins: chance.some(&Origin::ALL).filter(|_| chance.one_in(3)),
        ..rule(number + 1, verdict)
    }
}

/// What is asked, with every fact as it is, known or not.
struct Case {
    plugin: PluginName,
    command: &'static str,
    arguments: Vec<(String, String)>,
    otherwise: Otherwise,
    user: UserId,
    channel: ChannelId,
    origin: Origin,
    facts: Facts,
}

fn case(chance: &mut Chance) -> Case {
    let mut facts = Facts {
        kind: (!chance.one_in(8)).then(|| chance.of(&ChannelKind::ALL)),
        standing: (!chance.one_in(8)).then(|| chance.of(&STANDINGS)),
        ..Facts::default()
    };
    for group in GROUPS {
        if !chance.one_in(5) {
            facts
                .groups
                .insert(group.parse().unwrap(), chance.one_in(2));
        }
    }
    let mut arguments = Vec::new();
    for name in ["env", "app"] {
        if !chance.one_in(3) {
            arguments.push((name.to_owned(), chance.of(&VALUES).to_owned()));
        }
    }
    Case {
        plugin: chance.of(&PLUGINS).parse().unwrap(),
        command: chance.of(&COMMANDS),
        arguments,
        otherwise: chance.of(&[Otherwise::Allow, Otherwise::Deny, Otherwise::Role("b")]),
        user: chance.of(&USERS).parse().unwrap(),
        channel: chance.of(&CHANNELS).parse().unwrap(),
        origin: chance.of(&Origin::ALL),
        facts,
    }
}

/// Some: certainly so. None: it hangs on what is not known.
type Perhaps = Option<bool>;

fn any(all: impl IntoIterator<Item = Perhaps>) -> Perhaps {
    let all: Vec<Perhaps> = all.into_iter().collect();
    if all.contains(&Some(true)) {
        Some(true)
    } else if all.contains(&None) {
        None
    } else {
        Some(false)
    }
}

fn every(all: impl IntoIterator<Item = Perhaps>) -> Perhaps {
    any(all.into_iter().map(|is| is.map(|is| !is))).map(|is| !is)
}

fn fits(pattern: &Pattern, text: &str) -> bool {
    let pattern = pattern.to_string();
    let text = text.to_lowercase();
    match pattern.strip_suffix('*') {
        Some(begin) => text.starts_with(begin),
        None => text == pattern,
    }
}

fn has_role(policy: &Policy, name: &str, case: &Case) -> Perhaps {
    let Some(role) = policy.roles.get(name) else {
        return Some(false);
    };
    let named = [Some(role.users.contains(&case.user))].into_iter();
    let groups = role
        .groups
        .iter()
        .map(|group| case.facts.groups.get(group).copied());
    let roles = role.roles.iter().map(|name| has_role(policy, name, case));
    any(named.chain(groups).chain(roles))
}

fn is_about(policy: &Policy, rule: &Rule, case: &Case) -> Perhaps {
    let value = |name: &str| {
        let given = case.arguments.iter().find(|(given, _)| given == name);
        given.map_or(String::new(), |(_, value)| value.clone())
    };
    let standings = match (&rule.standings, &rule.verdict) {
        (Some(standings), _) => standings.clone(),
        (None, Verdict::Deny) => STANDINGS.to_vec(),
        (None, _) => vec![Standing::Member, Standing::Guest],
    };
    let every_standing = rule.standings.is_none() && rule.verdict == Verdict::Deny;
    every([
        Some(
            rule.plugin
                .as_ref()
                .is_none_or(|plugin| *plugin == case.plugin),
        ),
        Some(
            rule.commands
                .as_ref()
                .is_none_or(|all| all.iter().any(|one| fits(one, case.command))),
        ),
        Some(
            rule.arguments
                .iter()
                .all(|(name, all)| all.iter().any(|one| fits(one, &value(name)))),
        ),
        Some(
            rule.channels
                .as_ref()
                .is_none_or(|all| all.contains(&case.channel)),
        ),
        Some(
            rule.origins
                .as_ref()
                .is_none_or(|all| all.contains(&case.origin)),
        ),
        match &rule.kinds {
            None => Some(true),
            Some(kinds) => case.facts.kind.map(|kind| kinds.contains(&kind)),
        },
        if every_standing {
            Some(true)
        } else {
            case.facts
                .standing
                .map(|standing| standings.contains(&standing))
        },
        match &rule.who {
            None => Some(true),
            Some(roles) => any(roles.iter().map(|name| has_role(policy, name, case))),
        },
    ])
}

/// Whether it may be done, and which rule says so.
fn decided(policy: &Policy, case: &Case) -> (bool, Option<usize>) {
    for rule in &policy.rules {
        match is_about(policy, rule, case) {
            Some(false) => {}
            Some(true) => return (rule.verdict != Verdict::Deny, Some(rule.number)),
            None => return (false, Some(rule.number)),
        }
    }
    let ours = matches!(
        case.facts.standing,
        Some(Standing::Member | Standing::Guest | Standing::Bot)
    );
    let may = match case.otherwise {
        Otherwise::Allow => ours,
        Otherwise::Deny => false,
        Otherwise::Role(role) => {
            case.facts.standing != Some(Standing::Stranger)
                && has_role(policy, role, case) == Some(true)
        }
    };
    (may, None)
}

#[test]
fn made_up_policies_are_decided_as_the_plainest_way_does() {
    let mut chance = Chance(ChaCha8Rng::seed_from_u64(20_261_123));
    let (mut allowed, mut undecided) = (0, 0);
    for number in 0..CASES {
        let (policy, case) = (policy(&mut chance), case(&mut chance));
        let request = Request {
            plugin: &case.plugin,
            command: case.command,
            arguments: &case.arguments,
            settled: true,
            otherwise: case.otherwise,
            user: &case.user,
            channel: &case.channel,
            origin: case.origin,
            at: UnixMillis(0),
        };
        let decision = policy.decide(&request, &case.facts);
        let rule = match &decision {
            Decision::Rule(rule) => Some(rule.number),
            Decision::Undecided(rule) => {
                undecided += 1;
                Some(rule.number)
            }
            Decision::Allowed | Decision::Denied(_) => None,
            Decision::Open => panic!("case {number} is open, and everything is settled"),
        };
        let expected = decided(&policy, &case);
        assert_eq!(
            (!decision.denies(), rule),
            expected,
            "case {number}: {policy:#?}"
        );
        allowed += u32::from(!decision.denies());
        // What is denied whatever the arguments are, is denied with these.
        let early = policy.decide(
            &Request {
                settled: false,
                ..request
            },
            &case.facts,
        );
        if early.denies() {
            assert!(decision.denies(), "case {number}: {policy:#?}");
        }
        // What was not asked for makes no difference.
        let needs = policy.needs(&request);
        let mut asked = case.facts.clone();
        asked.groups.retain(|group, _| needs.groups.contains(group));
        if !needs.kind {
            asked.kind = None;
        }
        assert_eq!(policy.decide(&request, &asked), decision, "case {number}");
    }
    // Of each there is enough to mean something.
    assert!(
        allowed > CASES as u32 / 5 && undecided > CASES as u32 / 100,
        "{allowed} {undecided}"
    );
}
