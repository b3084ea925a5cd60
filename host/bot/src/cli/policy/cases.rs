//! `witbot policy test`: a table of who, what and where, and what is expected of each.

use std::collections::BTreeMap;

use serde::Deserialize;
use witbot_core::chat::{ChannelKind, Standing};
use witbot_core::ids::{ChannelId, PluginName, UserId};
use witbot_core::policy::{Decision, Origin, Policy, Verdict};

use super::asked::{Asked, Circumstances, Wanted};
use crate::live::Live;

/// What a file of cases is like.
pub const HELP: &str = "each case is a table such as\n\
    [[cases]]\n\
    user = \"U0ADA\"\n\
    groups = [\"S0DEPLOY\"]\n\
    say = \"deploy api to production\"\n\
    expect = \"approve\"\n\
    with, if it matters, `name`, `rule`, `channel`, `kind`, `standing`, `origin`, `at`, `arguments`; and instead of `say`, \
    `plugin` and `command`";

/// What became of a file.
#[derive(Debug)]
pub struct Tested {
    /// For people.
    pub report: String,
    /// How many cases are not as expected.
    pub differences: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: Option<String>,
    user: UserId,
    #[serde(default)]
    groups: Vec<UserId>,
    say: Option<String>,
    plugin: Option<PluginName>,
    command: Option<String>,
    #[serde(default)]
    arguments: BTreeMap<String, String>,
    channel: Option<ChannelId>,
    kind: Option<ChannelKind>,
    standing: Option<Standing>,
    origin: Option<Origin>,
    at: Option<String>,
    expect: Outcome,
    rule: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Outcome {
    Allow,
    Deny,
    Confirm,
    Approve,
}

/// Compares. The error: the file is not as it should be.
pub fn test(text: &str, policy: &Policy, live: &Live) -> Result<Tested, String> {
    let file: File = toml::from_str(text).map_err(|error| error.to_string())?;
    let cases = file.cases.len();
    let (mut lines, mut differences) = (Vec::new(), 0);
    for (index, case) in file.cases.into_iter().enumerate() {
        let title = match &case.name {
            Some(name) => format!("case {} ({name})", index + 1),
            None => format!("case {}", index + 1),
        };
        let difference = compare(case, policy, live).map_err(|why| format!("{title}: {why}"))?;
        if let Some(difference) = difference {
            lines.push(format!("{title}: {difference}"));
            differences += 1;
        }
    }
    let plural = |count| if count == 1 { "" } else { "s" };
    lines.push(match differences {
        0 => format!("{cases} case{}, all as expected", plural(cases)),
        more => format!("{cases} case{}, {more} not as expected", plural(cases)),
    });
    Ok(Tested {
        report: lines.join("\n"),
        differences,
    })
}

/// How a case is not as expected.
fn compare(case: Case, policy: &Policy, live: &Live) -> Result<Option<String>, String> {
    let named = |rule: &String| {
        policy
            .rules()
            .iter()
            .any(|known| known.name.as_ref() == Some(rule))
    };
    if let Some(rule) = case.rule.as_ref().filter(|rule| !named(rule)) {
        return Err(format!("no rule has the name `{rule}`"));
    }
    let (expect, rule) = (case.expect, case.rule.clone());
    let wanted = wanted(&case, live)?;
    let asked = Asked::new(wanted.clone(), circumstances(case), policy)?;
    let decision = policy.decide(&asked.request(), asked.facts());
    let (outcome, by, name) = outcome(&decision);
    let is_rule = rule.is_none() || rule.as_ref() == name;
    if outcome == expect && is_rule {
        return Ok(None);
    }
    let by_rule = rule.map_or(String::new(), |rule| format!(" by rule `{rule}`"));
    Ok(Some(format!(
        "expected {}{by_rule}, and it is {} by {by}: {}",
        word(expect),
        word(outcome),
        wanted.in_words()
    )))
}

fn wanted(case: &Case, live: &Live) -> Result<Wanted, String> {
    let wanted = match (&case.say, &case.plugin, &case.command) {
        (Some(text), None, None) => Wanted::said(text, live)?,
        (None, Some(plugin), Some(command)) => {
            Wanted::named(plugin.clone(), command.clone(), live)?
        }
        _ => return Err("write `say`, or both `plugin` and `command`".to_owned()),
    };
    Ok(wanted.with(case.arguments.clone()))
}

fn circumstances(case: Case) -> Circumstances {
    Circumstances {
        user: case.user,
        groups: case.groups,
        channel: case.channel,
        kind: case.kind,
        standing: case.standing,
        origin: case.origin,
        at: case.at,
    }
}

/// What a decision is, by what, and the name of the rule.
fn outcome<'p>(decision: &Decision<'p>) -> (Outcome, String, Option<&'p String>) {
    match decision {
        Decision::Rule(rule) => {
            let outcome = match rule.verdict {
                Verdict::Allow => Outcome::Allow,
                Verdict::Deny => Outcome::Deny,
                Verdict::Confirm { .. } => Outcome::Confirm,
                Verdict::Approve { .. } => Outcome::Approve,
            };
            (outcome, rule.called(), rule.name.as_ref())
        }
        Decision::Undecided(rule) => (Outcome::Deny, rule.called(), rule.name.as_ref()),
        Decision::Allowed => (Outcome::Allow, "no rule".to_owned(), None),
        Decision::Denied(_) | Decision::Open => (Outcome::Deny, "no rule".to_owned(), None),
    }
}

fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Allow => "allow",
        Outcome::Deny => "deny",
        Outcome::Confirm => "confirm",
        Outcome::Approve => "approve",
    }
}
