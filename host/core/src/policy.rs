//! Who may do what: the operator's roles and rules, and what they come to for one command.
//!
//! Rules are read from the top, and the first that matches decides: an order that can be read on one page, and in which
//! an exception stands before what it is an exception of. A rule matches when all that it names does. Whatever cannot be
//! found out where it would decide is a denial, never a silent yes.

mod explain;
mod judgement;
mod known;
mod pattern;
mod role;
mod rule;
mod same;
mod told;
mod window;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::chat::{ChannelKind, Standing};
use crate::ids::{ChannelId, PluginName, UnixMillis, UserId};

pub use explain::{Explanation, Seen};
pub use judgement::{Demand, Judgement};
pub use pattern::Pattern;
pub use role::{ADMIN, Membership, Role};
pub use rule::{Part, Rule, Verdict};
pub use told::{told, who};
pub use window::{Window, WindowError};

use known::Known;
use rule::Match;
use same::Same;

/// All roles and rules of the operator.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Policy {
    roles: BTreeMap<String, Role>,
    rules: Vec<Rule>,
    /// Of each rule.
    same: Vec<Same>,
}

/// How something was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// Written in a chat.
    Message,
    /// By pressing a button of a card.
    Button,
    /// By a slash command.
    Slash,
    /// Typed at the terminal of the bot.
    Console,
}

impl Origin {
    /// All of them.
    pub const ALL: [Origin; 4] = [
        Origin::Message,
        Origin::Button,
        Origin::Slash,
        Origin::Console,
    ];

    /// As settings spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Origin::Message => "message",
            Origin::Button => "button",
            Origin::Slash => "slash",
            Origin::Console => "console",
        }
    }
}

/// What holds when no rule matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Otherwise {
    /// Whoever is of the workspace may; other bots, too, when they are heard at all.
    Allow,
    /// Nobody may: the command says of itself that it is dangerous.
    Deny,
    /// Those of this role may.
    Role(&'static str),
}

/// Something that somebody wants done.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// Whose command.
    pub plugin: &'a PluginName,
    /// The command or listener, by its declared id.
    pub command: &'a str,
    /// What was said with it.
    pub arguments: &'a [(String, String)],
    /// Whether the arguments are what the command comes to. If not, a rule about arguments neither matches nor does not.
    pub settled: bool,
    /// What holds when no rule matches.
    pub otherwise: Otherwise,
    /// Who.
    pub user: &'a UserId,
    /// Where.
    pub channel: &'a ChannelId,
    /// How.
    pub origin: Origin,
    /// When.
    pub at: UnixMillis,
}

/// What has to be found out before a request can be decided.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Needs {
    /// Of which groups somebody is a member.
    pub groups: BTreeSet<UserId>,
    /// What kind of channel it is.
    pub kind: bool,
    /// Whether a member is a guest: events do not say.
    pub standing: bool,
}

impl Needs {
    /// What has to be found out for something else as well.
    pub fn add(&mut self, others: Needs) {
        self.groups.extend(others.groups);
        self.kind |= others.kind;
        self.standing |= others.standing;
    }

    /// Whether nothing has to be found out.
    pub fn is_empty(&self) -> bool {
        self == &Needs::default()
    }
}

/// What was found out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// For each group that was asked for, whether the person is in it. Without an entry: not known.
    pub groups: BTreeMap<UserId, bool>,
    /// None: not known.
    pub kind: Option<ChannelKind>,
    /// None: not known.
    pub standing: Option<Standing>,
    /// Why something is not known, for people.
    pub troubles: Vec<String>,
}

/// What the policy says.
#[derive(Debug, Clone, PartialEq)]
pub enum Decision<'p> {
    /// A rule matches.
    Rule(&'p Rule),
    /// No rule matches, and it is allowed.
    Allowed,
    /// No rule matches, and it is denied.
    Denied(Why),
    /// A fact is missing with which it would be decided: denied.
    Undecided(&'p Rule),
    /// It depends on what the command comes to.
    Open,
}

/// Why something is denied that no rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// The command is dangerous.
    Dangerous,
    /// The person is of another organisation.
    Outsider,
    /// It is not known whether the person is one of the workspace.
    Unknown,
    /// It takes this role.
    Role(&'static str),
}

impl Decision<'_> {
    /// Whether it is certainly not to be done.
    pub fn denies(&self) -> bool {
        match self {
            Decision::Rule(rule) => rule.verdict == Verdict::Deny,
            Decision::Allowed | Decision::Open => false,
            Decision::Denied(_) | Decision::Undecided(_) => true,
        }
    }
}

impl Policy {
    /// Roles by name, and rules in their order.
    pub fn new(roles: BTreeMap<String, Role>, rules: Vec<Rule>) -> Policy {
        let same = same::same(&rules);
        Policy { roles, rules, same }
    }

    /// By name.
    pub fn roles(&self) -> &BTreeMap<String, Role> {
        &self.roles
    }

    /// In their order.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The rules in their order, each with what it has in common with others.
    fn each(&self) -> impl Iterator<Item = (&Rule, &Same)> {
        self.rules.iter().zip(&self.same)
    }

    /// What has to be known before a request is decided. Only rules that can be about it ask for something.
    pub fn needs(&self, request: &Request<'_>) -> Needs {
        let mut needs = Needs::default();
        let nothing = Facts::default();
        let known = Known::new(self, &nothing);
        for (rule, same) in self.each() {
            if !rule.may_be_about(same, &known, request) {
                continue;
            }
            needs.kind |= rule.kinds.is_some();
            needs.standing |= rule.tells_guests_apart();
            known.once(same.who, || {
                for name in rule.who.iter().flatten() {
                    self.groups_of(name, &mut needs.groups);
                }
                Match::Yes
            });
        }
        if let Otherwise::Role(role) = request.otherwise {
            self.groups_of(role, &mut needs.groups);
        }
        needs
    }

    /// What the rules say about a request.
    pub fn decide(&self, request: &Request<'_>, facts: &Facts) -> Decision<'_> {
        // Whether a rule that would not deny may match once the arguments are settled, and one that would.
        let (mut may_pass, mut may_fail) = (false, false);
        let mut first = None;
        let known = Known::new(self, facts);
        for (rule, same) in self.each() {
            match rule.matches(same, &known, request) {
                Match::No => {}
                Match::Yes => {
                    first = Some(Decision::Rule(rule));
                    break;
                }
                Match::Unknown => {
                    first = Some(Decision::Undecided(rule));
                    break;
                }
                Match::Open if rule.verdict == Verdict::Deny => may_fail = true,
                Match::Open => may_pass = true,
            }
        }
        let decision = first.unwrap_or_else(|| self.otherwise(request, facts));
        let certain = if decision.denies() {
            !may_pass
        } else {
            !may_fail && !may_pass
        };
        if certain { decision } else { Decision::Open }
    }

    fn otherwise(&self, request: &Request<'_>, facts: &Facts) -> Decision<'_> {
        if let Otherwise::Role(role) = request.otherwise
            && facts.standing != Some(Standing::Stranger)
        {
            return match self.membership(role, request.user, &facts.groups) {
                Membership::Yes => Decision::Allowed,
                Membership::No | Membership::Unknown => Decision::Denied(Why::Role(role)),
            };
        }
        match (facts.standing, request.otherwise) {
            (Some(Standing::Stranger), _) => Decision::Denied(Why::Outsider),
            (None, _) => Decision::Denied(Why::Unknown),
            (Some(_), Otherwise::Deny) => Decision::Denied(Why::Dangerous),
            (Some(_), Otherwise::Allow | Otherwise::Role(_)) => Decision::Allowed,
        }
    }

    /// Who else could have a request done: the roles, or everybody, with what is wanted of them, in the order of the rules.
    /// Nobody when it is empty.
    pub fn who_can(&self, request: &Request<'_>, facts: &Facts) -> Vec<Able<'_>> {
        let mut able: Vec<Able<'_>> = Vec::new();
        let mut denied: Vec<&str> = Vec::new();
        let known = Known::new(self, facts);
        for (rule, same) in self.each() {
            let fits = match rule.fits(same, &known, request) {
                Match::Yes => true,
                // With some arguments it does: who may do that is told, and who may not is not.
                Match::Open => rule.verdict != Verdict::Deny,
                Match::No | Match::Unknown => false,
            };
            if !fits || !rule.is_about_members() {
                continue;
            }
            match (&rule.who, &rule.verdict) {
                (None, Verdict::Deny) => return able,
                (None, verdict) => {
                    able.push(Able {
                        role: None,
                        verdict,
                    });
                    return able;
                }
                (Some(roles), Verdict::Deny) => denied.extend(roles.iter().map(String::as_str)),
                (Some(roles), verdict) => {
                    for role in roles.iter().filter(|role| !denied.contains(&role.as_str())) {
                        let known = able.iter().any(|able| able.role == Some(role.as_str()));
                        if !known {
                            able.push(Able {
                                role: Some(role),
                                verdict,
                            });
                        }
                    }
                }
            }
        }
        match request.otherwise {
            Otherwise::Allow => able.push(Able {
                role: None,
                verdict: &Verdict::Allow,
            }),
            Otherwise::Role(role) if self.roles.contains_key(role) => able.push(Able {
                role: Some(role),
                verdict: &Verdict::Allow,
            }),
            Otherwise::Role(_) | Otherwise::Deny => {}
        }
        able
    }
}

/// Who can have something done.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Able<'p> {
    /// Those of a role. None: everybody.
    pub role: Option<&'p str>,
    /// What is wanted of them.
    pub verdict: &'p Verdict,
}
