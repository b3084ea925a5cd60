//! What people are told who may not do something: what says so, and who can.

use super::{Able, Decision, Facts, Policy, Request, Rule, Verdict, Why};

/// Why a request is denied, for the person who made it. `asked` is what they said, or what it comes to.
pub fn told(
    policy: &Policy,
    request: &Request<'_>,
    decision: &Decision<'_>,
    facts: &Facts,
    asked: &str,
) -> String {
    let asked = asked.replace('`', "'");
    let why = match decision {
        Decision::Rule(rule) => because(rule),
        Decision::Undecided(rule) => return undecided(rule, facts, &asked),
        Decision::Denied(Why::Dangerous) => {
            "it is a command that nobody may give unless a rule says so, and none does".to_owned()
        }
        Decision::Denied(Why::Outsider) => {
            "you are of another organisation, and no rule lets you".to_owned()
        }
        Decision::Denied(Why::Role(role)) => format!("it takes the role `{role}`"),
        Decision::Denied(Why::Unknown) => {
            return format!(
                "I cannot find out who you are just now{}, so you may not `{asked}`.",
                troubles(facts)
            );
        }
        Decision::Allowed | Decision::Open => return format!("You may `{asked}`."),
    };
    let able = policy.who_can(request, facts);
    format!("You may not `{asked}`: {why}. {}", who(&able))
}

fn because(rule: &Rule) -> String {
    match &rule.reason {
        Some(reason) => format!("{} ({})", rule.called(), reason.trim_end_matches('.')),
        None => rule.called(),
    }
}

fn undecided(rule: &Rule, facts: &Facts, asked: &str) -> String {
    format!(
        "You may not `{asked}`: I cannot find out what {} hangs on{}, and without that it is denied. Try again later.",
        rule.called(),
        troubles(facts)
    )
}

fn troubles(facts: &Facts) -> String {
    if facts.troubles.is_empty() {
        return String::new();
    }
    format!(" ({})", facts.troubles.join("; "))
}

/// Who can, as a sentence.
pub fn who(able: &[Able<'_>]) -> String {
    if able.is_empty() {
        return "Nobody can: no rule allows it.".to_owned();
    }
    let each: Vec<String> = able.iter().map(one).collect();
    format!("Who can: {}.", each.join("; "))
}

fn one(able: &Able<'_>) -> String {
    let who = match able.role {
        Some(role) => format!("`{role}`"),
        None => "everybody of this workspace".to_owned(),
    };
    match able.verdict {
        Verdict::Allow | Verdict::Deny => who,
        Verdict::Confirm { .. } => format!("{who}, after confirming it"),
        Verdict::Approve {
            approvals,
            approvers,
            ..
        } => {
            let approvers: Vec<String> = approvers.iter().map(|role| format!("`{role}`")).collect();
            let plural = if *approvals == 1 { "" } else { "s" };
            format!(
                "{who}, with {approvals} approval{plural} by {}",
                approvers.join(" or ")
            )
        }
    }
}
