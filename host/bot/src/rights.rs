//! Who may have what done, as the operator's rules say now. It decides with `witbot_core::policy`, on what `people` finds
//! out, and changes nothing.

use std::collections::BTreeSet;
use std::sync::Arc;

use arc_swap::ArcSwap;
use witbot_core::call::{Judge, May};
use witbot_core::error::Error;
use witbot_core::event::{Event, Message, User};
use witbot_core::ids::{ChannelId, PluginName, UserId};
use witbot_core::journal::Permission;
use witbot_core::policy::{
    Decision, Demand, Facts, Judgement, Membership, Needs, Otherwise, Policy, Request, Rule,
    Verdict, told, who,
};
use witbot_core::printable;
use witbot_core::route::{Command, Route};

use crate::clock;
use crate::live::{Live, OWN_NAME};
use crate::people::People;
use crate::settings::Settings;

/// The rules with all that they are applied to. Cheap to clone.
#[derive(Clone)]
pub struct Rights {
    /// Where the rules stand.
    pub settings: Arc<ArcSwap<Settings>>,
    /// What plugins say of their commands.
    pub live: Arc<ArcSwap<Live>>,
    /// Who and where people are.
    pub people: Arc<People>,
}

/// What the rules say about a command before its handler is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ruled {
    /// The run can begin.
    Begins {
        /// Whether somebody has to be asked first.
        permission: Permission,
        /// What says so.
        by: String,
    },
    /// It cannot.
    Denied {
        /// What says so.
        by: String,
        /// For the person.
        told: String,
    },
}

/// What a plugin says of a command.
#[derive(Debug, Clone, Copy)]
struct Declared {
    dangerous: bool,
    asks_permission: bool,
}

/// A command of the bot itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Own {
    /// As rules call it.
    pub id: &'static str,
    /// Whether it concerns others, so that it takes the role `admin`.
    pub admin: bool,
}

impl Rights {
    /// What the rules say about a handler that is about to be called for a message.
    pub async fn rule(
        &self,
        event: &Event,
        message: &Message,
        plugin: &PluginName,
        handler: &str,
        arguments: &[(String, String)],
    ) -> Ruled {
        let policy = self.policy();
        let declared = self.declared(plugin, handler);
        let request = Request {
            plugin,
            command: handler,
            arguments,
            settled: !declared.asks_permission,
            otherwise: declared.otherwise(),
            user: &message.user.id,
            channel: &message.place.channel,
            origin: message.origin(event.source),
            at: clock::now(),
        };
        let facts = self.facts(&policy, &request, &message.user).await;
        let decision = policy.decide(&request, &facts);
        let by = by(&decision);
        if decision.denies() {
            // Whatever it comes to is denied: so is what was typed, and that is what the person wants to know about.
            let typed = Request {
                settled: true,
                ..request
            };
            let decision = policy.decide(&typed, &facts);
            let told = self.told(&policy, &typed, &decision, &facts, &message.text);
            return Ruled::Denied { by, told };
        }
        let permission = match &decision {
            _ if declared.asks_permission => Permission::Within,
            Decision::Rule(Rule {
                verdict: Verdict::Confirm { .. } | Verdict::Approve { .. },
                ..
            }) => Permission::Before,
            _ => Permission::Given,
        };
        Ruled::Begins { permission, by }
    }

    /// What the rules say about a command of the bot itself. None: it may be done. What would have to be confirmed or
    /// approved cannot be had here, and is denied.
    pub async fn own(&self, event: &Event, message: &Message, own: Own) -> Option<Ruled> {
        let policy = self.policy();
        let plugin: PluginName = OWN_NAME.parse().expect("it is a plugin name");
        let request = Request {
            plugin: &plugin,
            command: own.id,
            arguments: &[],
            settled: true,
            otherwise: if own.admin {
                Otherwise::Role(witbot_core::policy::ADMIN)
            } else {
                Otherwise::Allow
            },
            user: &message.user.id,
            channel: &message.place.channel,
            origin: message.origin(event.source),
            at: clock::now(),
        };
        let facts = self.facts(&policy, &request, &message.user).await;
        let decision = policy.decide(&request, &facts);
        let allowed = match &decision {
            Decision::Rule(rule) => rule.verdict == Verdict::Allow,
            decision => !decision.denies(),
        };
        if allowed {
            return None;
        }
        let told = match &decision {
            // The bot's own commands are not runs that could wait for it.
            Decision::Rule(rule) if rule.verdict != Verdict::Deny => format!(
                "You may not `{}` here: {} wants it confirmed or approved first, which the bot's own commands cannot be.",
                printable::short(&message.text).replace('`', "'"),
                rule.called()
            ),
            decision => self.told(&policy, &request, decision, &facts, &message.text),
        };
        let by = by(&decision);
        Some(Ruled::Denied { by, told })
    }

    /// What the rules say about a command of a run, when it is known what it comes to.
    pub async fn judge(&self, plugin: &PluginName, call: &Judge) -> Result<Judgement, Error> {
        let policy = self.policy();
        let request = self.request(plugin, &call.command, &call.arguments, Where::of(call));
        let facts = self.facts(&policy, &request, &call.user).await;
        let decision = policy.decide(&request, &facts);
        let by = by(&decision);
        if decision.denies() {
            let asked = in_words(&call.command, &call.arguments);
            let told = self.told(&policy, &request, &decision, &facts, &asked);
            return Ok(Judgement::Denied { by, told });
        }
        let Decision::Rule(rule) = &decision else {
            return Ok(Judgement::Allowed { by });
        };
        Ok(match &rule.verdict {
            Verdict::Allow | Verdict::Deny => Judgement::Allowed { by },
            Verdict::Confirm { .. } if call.confirmed => Judgement::Allowed { by },
            Verdict::Confirm { within_ms } => Judgement::Asks(Demand {
                by,
                approvals: 0,
                roles: Vec::new(),
                approvers: Vec::new(),
                counted: Vec::new(),
                within_ms: *within_ms,
                reason: rule.reason.clone(),
            }),
            Verdict::Approve {
                approvals,
                approvers,
                within_ms,
            } => {
                let counted = self.still_approve(&policy, approvers, call).await;
                let valid = u32::try_from(counted.len()).unwrap_or(u32::MAX);
                if valid >= *approvals {
                    return Ok(Judgement::Allowed { by });
                }
                Judgement::Asks(Demand {
                    by,
                    approvals: approvals - valid,
                    roles: approvers.clone(),
                    approvers: members(&policy, approvers),
                    counted,
                    within_ms: *within_ms,
                    reason: rule.reason.clone(),
                })
            }
        })
    }

    /// Those of whom approved a command who are still among those who can. Whoever that cannot be found out of may approve
    /// once more.
    async fn still_approve(&self, policy: &Policy, roles: &[String], call: &Judge) -> Vec<UserId> {
        let mut groups = BTreeSet::new();
        for role in roles {
            policy.groups_of(role, &mut groups);
        }
        let mut counted: BTreeSet<&UserId> = BTreeSet::new();
        for user in &call.approved_by {
            if *user == call.user.id {
                continue;
            }
            let known = self.people.groups(user, &groups).await;
            if policy.membership_of_one(roles, user, &known) == Membership::Yes {
                counted.insert(user);
            }
        }
        counted.into_iter().cloned().collect()
    }

    /// Whether somebody could have something done, be it with the approval of others.
    pub async fn may(&self, plugin: &PluginName, call: &May) -> Result<bool, Error> {
        if self.declares(plugin, &call.command).is_none() {
            let text = format!(
                "the plugin has no command or listener `{}`",
                printable::short(&call.command)
            );
            return Err(Error::invalid(text));
        }
        let place = Where {
            user: &call.user,
            channel: &call.place.channel,
            origin: call.origin,
        };
        let policy = self.policy();
        let request = self.request(plugin, &call.command, &call.arguments, place);
        let facts = self.facts(&policy, &request, &call.user).await;
        Ok(!policy.decide(&request, &facts).denies())
    }

    /// Which commands somebody could give with some arguments, for help. What has to be known for all of them is asked for
    /// at once.
    pub async fn could<'a>(
        &self,
        event: &Event,
        message: &Message,
        commands: impl Iterator<Item = Command<'a>>,
    ) -> Vec<Command<'a>> {
        let (policy, at) = (self.policy(), clock::now());
        let request = |command: &Command<'a>| Request {
            plugin: command.plugin,
            command: &command.declaration.id,
            arguments: &[],
            settled: false,
            otherwise: otherwise(command.declaration.dangerous),
            user: &message.user.id,
            channel: &message.place.channel,
            origin: message.origin(event.source),
            at,
        };
        let mut commands: Vec<Command<'a>> = commands.collect();
        let mut needs = Needs::default();
        for command in &commands {
            needs.add(policy.needs(&request(command)));
        }
        let people = &self.people;
        let facts = people.facts(&needs, &message.user, &message.place.channel);
        let facts = facts.await;
        commands.retain(|command| !policy.decide(&request(command), &facts).denies());
        commands
    }

    /// Who can have a command done where it is asked, with the people of the roles.
    pub async fn who_can(
        &self,
        event: &Event,
        message: &Message,
        route: &Route,
        asked: &str,
    ) -> String {
        let policy = self.policy();
        let declared = self.declared(&route.plugin, &route.handler);
        let request = Request {
            plugin: &route.plugin,
            command: &route.handler,
            arguments: &route.arguments,
            settled: true,
            otherwise: declared.otherwise(),
            user: &message.user.id,
            channel: &message.place.channel,
            origin: message.origin(event.source),
            at: clock::now(),
        };
        let facts = self.facts(&policy, &request, &message.user).await;
        let able = policy.who_can(&request, &facts);
        let mut text = format!(
            "`{}`: {}",
            printable::line(asked).replace('`', "'"),
            who(&able)
        );
        let mut named: BTreeSet<&str> = BTreeSet::new();
        for able in &able {
            named.extend(able.role);
            if let Verdict::Approve { approvers, .. } = able.verdict {
                named.extend(approvers.iter().map(String::as_str));
            }
        }
        for role in named {
            let (users, groups) = policy.members_of(role);
            text += &format!("\n- `{role}`: {}", self.people.named(&users, &groups).await);
        }
        text
    }

    fn policy(&self) -> Arc<Policy> {
        self.settings.load().policy.clone()
    }

    async fn facts(&self, policy: &Policy, request: &Request<'_>, user: &User) -> Facts {
        let needs = policy.needs(request);
        self.people.facts(&needs, user, request.channel).await
    }

    fn request<'a>(
        &self,
        plugin: &'a PluginName,
        command: &'a str,
        arguments: &'a [(String, String)],
        place: Where<'a>,
    ) -> Request<'a> {
        Request {
            plugin,
            command,
            arguments,
            settled: true,
            otherwise: self.declared(plugin, command).otherwise(),
            user: &place.user.id,
            channel: place.channel,
            origin: place.origin,
            at: clock::now(),
        }
    }

    fn told(
        &self,
        policy: &Policy,
        request: &Request<'_>,
        decision: &Decision<'_>,
        facts: &Facts,
        asked: &str,
    ) -> String {
        told(policy, request, decision, facts, asked)
    }

    /// What the plugin says of a command now. One that it does not have any more is taken for dangerous.
    fn declared(&self, plugin: &PluginName, id: &str) -> Declared {
        self.declares(plugin, id).unwrap_or(Declared {
            dangerous: true,
            asks_permission: false,
        })
    }

    fn declares(&self, plugin: &PluginName, id: &str) -> Option<Declared> {
        let live = self.live.load();
        let declaration = &live.serving.get(plugin)?.declaration.declaration;
        let command = declaration.commands.iter().find(|command| command.id == id);
        if let Some(command) = command {
            return Some(Declared {
                dangerous: command.dangerous,
                asks_permission: command.asks_permission,
            });
        }
        let listens = declaration
            .listeners
            .iter()
            .any(|listener| listener.id == id);
        listens.then_some(Declared {
            dangerous: false,
            asks_permission: false,
        })
    }
}

/// By whom and where something is said.
#[derive(Clone, Copy)]
struct Where<'a> {
    user: &'a User,
    channel: &'a ChannelId,
    origin: witbot_core::policy::Origin,
}

impl<'a> Where<'a> {
    fn of(call: &'a Judge) -> Where<'a> {
        Where {
            user: &call.user,
            channel: &call.place.channel,
            origin: call.origin,
        }
    }
}

impl Declared {
    fn otherwise(self) -> Otherwise {
        otherwise(self.dangerous)
    }
}

fn otherwise(dangerous: bool) -> Otherwise {
    if dangerous {
        Otherwise::Deny
    } else {
        Otherwise::Allow
    }
}

/// What decided, for the audit.
fn by(decision: &Decision<'_>) -> String {
    match decision {
        Decision::Rule(rule) | Decision::Undecided(rule) => rule.called(),
        Decision::Allowed | Decision::Denied(_) => "no rule".to_owned(),
        Decision::Open => "what it comes to".to_owned(),
    }
}

/// The people and groups of some roles.
fn members(policy: &Policy, roles: &[String]) -> Vec<UserId> {
    let mut all = BTreeSet::new();
    for role in roles {
        let (users, groups) = policy.members_of(role);
        all.extend(users);
        all.extend(groups);
    }
    all.into_iter().collect()
}

/// A command as it is meant, for people.
fn in_words(command: &str, arguments: &[(String, String)]) -> String {
    let mut text = command.to_owned();
    for (name, value) in arguments {
        text += &format!(" {name}={value}");
    }
    printable::line(&text).into_owned()
}
