//! One rule, and whether it is about a request.

use super::known::Known;
use super::pattern::Pattern;
use super::same::Same;
use super::window::Window;
use super::{Facts, Membership, Origin, Request};
use crate::chat::{ChannelKind, Standing};
use crate::ids::{ChannelId, PluginName};

/// A rule. What it does not name is not restricted.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// What the operator calls it.
    pub name: Option<String>,
    /// Which of the rules, counted from 1.
    pub number: usize,
    /// Where it stands in the file.
    pub line: usize,
    /// About this plugin.
    pub plugin: Option<PluginName>,
    /// About these commands and listeners, by their ids.
    pub commands: Option<Vec<Pattern>>,
    /// When each of these arguments is one of its values. What was not given is the empty text.
    pub arguments: Vec<(String, Vec<Pattern>)>,
    /// About who has one of these roles.
    pub who: Option<Vec<String>>,
    /// About people who belong to the workspace so. None: for denials everybody, otherwise members and guests.
    pub standings: Option<Vec<Standing>>,
    /// In these channels.
    pub channels: Option<Vec<ChannelId>>,
    /// In channels of these kinds.
    pub kinds: Option<Vec<ChannelKind>>,
    /// When it was said so.
    pub origins: Option<Vec<Origin>>,
    /// At these times.
    pub when: Option<Window>,
    /// What is to be done.
    pub verdict: Verdict,
    /// What people are told.
    pub reason: Option<String>,
}

/// What a rule says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It may be done.
    Allow,
    /// It may not.
    Deny,
    /// When the person confirms it in this time, in milliseconds.
    Confirm {
        /// How long the question stands.
        within_ms: u64,
    },
    /// When others approve it.
    Approve {
        /// How many.
        approvals: u32,
        /// Who has one of these roles.
        approvers: Vec<String>,
        /// How long each question stands, in milliseconds.
        within_ms: u64,
    },
}

/// Whether a rule is about a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Match {
    /// It is not.
    No,
    /// It is.
    Yes,
    /// That hangs on arguments which are not settled.
    Open,
    /// That hangs on a fact which is not known.
    Unknown,
}

/// What a rule names, by which it can be about something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The plugin or the command.
    Command,
    /// When.
    Time,
    /// Which channel.
    Channel,
    /// How it was said.
    Origin,
    /// The arguments.
    Arguments,
    /// The kind of channel.
    Kind,
    /// How the person belongs to the workspace.
    Standing,
    /// The roles.
    Who,
}

impl From<bool> for Match {
    fn from(is: bool) -> Match {
        if is { Match::Yes } else { Match::No }
    }
}

impl Match {
    /// What holds when both have to.
    fn and(self, other: impl FnOnce() -> Match) -> Match {
        if self == Match::No {
            return Match::No;
        }
        match (self, other()) {
            (_, Match::No) => Match::No,
            (Match::Open, _) | (_, Match::Open) => Match::Open,
            (Match::Unknown, _) | (_, Match::Unknown) => Match::Unknown,
            (_, Match::Yes) => Match::Yes,
        }
    }
}

impl Rule {
    /// What people call it: its name, or else which one it is and where it stands.
    pub fn called(&self) -> String {
        match &self.name {
            Some(name) => format!("rule `{name}`"),
            None => format!("rule {} (line {})", self.number, self.line),
        }
    }

    /// Whether it is about the command.
    pub(super) fn is_about_command(&self, request: &Request<'_>) -> bool {
        self.plugin
            .as_ref()
            .is_none_or(|plugin| plugin == request.plugin)
            && self.commands.as_ref().is_none_or(|commands| {
                commands
                    .iter()
                    .any(|command| command.matches(request.command))
            })
    }

    /// Whether it can be about a request, whatever is found out.
    pub(super) fn may_be_about<'a>(
        &'a self,
        same: &Same,
        known: &Known<'a>,
        request: &Request<'_>,
    ) -> bool {
        self.settled(same, known, request) != Match::No
    }

    /// Whether it is about a request.
    pub(super) fn matches<'a>(
        &'a self,
        same: &Same,
        known: &Known<'a>,
        request: &Request<'_>,
    ) -> Match {
        self.settled(same, known, request)
            .and(|| self.place(known.facts))
            .and(|| self.standing(known.facts))
            .and(|| match &self.who {
                None => Match::Yes,
                Some(roles) => known.once(same.who, || match known.has_one(roles, request) {
                    Membership::Yes => Match::Yes,
                    Membership::No => Match::No,
                    Membership::Unknown => Match::Unknown,
                }),
            })
    }

    /// Whether it is about a request, whoever makes it.
    pub(super) fn fits<'a>(
        &'a self,
        same: &Same,
        known: &Known<'a>,
        request: &Request<'_>,
    ) -> Match {
        self.settled(same, known, request)
            .and(|| self.place(known.facts))
    }

    /// The first part by which a rule that does not match is about something else.
    pub(super) fn apart<'a>(&'a self, known: &Known<'a>, request: &Request<'_>) -> Part {
        let facts = known.facts;
        let parts = [
            (Part::Command, self.is_about_command(request)),
            (Part::Time, self.now(known, request)),
            (Part::Channel, self.here(request)),
            (Part::Origin, self.so(request)),
            (Part::Arguments, self.arguments(request) != Match::No),
            (Part::Kind, self.place(facts) != Match::No),
            (Part::Standing, self.standing(facts) != Match::No),
        ];
        let apart = parts.into_iter().find(|(_, is)| !is);
        apart.map_or(Part::Who, |(part, _)| part)
    }

    /// What the request itself says.
    fn settled<'a>(&'a self, same: &Same, known: &Known<'a>, request: &Request<'_>) -> Match {
        // The time last: it costs most.
        known
            .once(same.command, || self.is_about_command(request).into())
            .and(|| Match::from(self.here(request) && self.so(request)))
            .and(|| match self.arguments.is_empty() {
                true => Match::Yes,
                false => known.once(same.arguments, || self.arguments(request)),
            })
            .and(|| match &self.when {
                None => Match::Yes,
                Some(_) => known.once(same.when, || self.now(known, request).into()),
            })
    }

    fn now<'a>(&'a self, known: &Known<'a>, request: &Request<'_>) -> bool {
        let when = self.when.as_ref();
        when.is_none_or(|when| known.is_in(when, request))
    }

    fn here(&self, request: &Request<'_>) -> bool {
        let channels = self.channels.as_ref();
        channels.is_none_or(|channels| channels.contains(request.channel))
    }

    fn so(&self, request: &Request<'_>) -> bool {
        let origins = self.origins.as_ref();
        origins.is_none_or(|origins| origins.contains(&request.origin))
    }

    fn arguments(&self, request: &Request<'_>) -> Match {
        if !self.arguments.is_empty() && !request.settled {
            return Match::Open;
        }
        let is = |(name, values): &(String, Vec<Pattern>)| {
            let given = request.arguments.iter().find(|(given, _)| given == name);
            let value = given.map_or("", |(_, value)| value.as_str());
            values.iter().any(|pattern| pattern.matches(value))
        };
        self.arguments.iter().all(is).into()
    }

    fn place(&self, facts: &Facts) -> Match {
        match (&self.kinds, facts.kind) {
            (None, _) => Match::Yes,
            (Some(kinds), Some(kind)) => kinds.contains(&kind).into(),
            (Some(_), None) => Match::Unknown,
        }
    }

    fn standing(&self, facts: &Facts) -> Match {
        if self.standings.is_none() && self.verdict == Verdict::Deny {
            return Match::Yes;
        }
        match facts.standing {
            None => Match::Unknown,
            Some(standing) => self.is_about_standing(standing).into(),
        }
    }

    fn is_about_standing(&self, standing: Standing) -> bool {
        match &self.standings {
            Some(standings) => standings.contains(&standing),
            None => {
                self.verdict == Verdict::Deny
                    || matches!(standing, Standing::Member | Standing::Guest)
            }
        }
    }

    /// Whether it is about ordinary people of the workspace.
    pub(super) fn is_about_members(&self) -> bool {
        self.is_about_standing(Standing::Member)
    }

    /// Whether it makes a difference to it whether a member is a guest.
    pub(super) fn tells_guests_apart(&self) -> bool {
        self.is_about_standing(Standing::Member) != self.is_about_standing(Standing::Guest)
    }
}
