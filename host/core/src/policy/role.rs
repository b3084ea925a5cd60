//! Who has a role.

use std::collections::{BTreeMap, BTreeSet};

use super::Policy;
use crate::ids::UserId;

/// The role that may look after the bot in the chat.
pub const ADMIN: &str = "admin";

/// Who has it: by id, never by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Role {
    /// People.
    pub users: Vec<UserId>,
    /// Groups of people that the chat service knows, as they are at the moment.
    pub groups: Vec<UserId>,
    /// Whoever has one of these roles. No circles: the settings refuse them.
    pub roles: Vec<String>,
}

/// Whether somebody has a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Membership {
    /// Certainly.
    Yes,
    /// Certainly not.
    No,
    /// That hangs on a group of which it is not known who is in it.
    Unknown,
}

impl Membership {
    /// What holds for one of two.
    pub(super) fn or(self, other: impl FnOnce() -> Membership) -> Membership {
        if self == Membership::Yes {
            return Membership::Yes;
        }
        match (self, other()) {
            (_, Membership::Yes) => Membership::Yes,
            (Membership::No, Membership::No) => Membership::No,
            _ => Membership::Unknown,
        }
    }
}

impl Policy {
    /// Whether somebody has a role, as far as it is known of which groups they are. Nobody has a role that there is not.
    pub fn membership(
        &self,
        role: &str,
        user: &UserId,
        groups: &BTreeMap<UserId, bool>,
    ) -> Membership {
        let mut found = Membership::No;
        for role in self.reached(role) {
            if role.users.contains(user) {
                return Membership::Yes;
            }
            for group in &role.groups {
                found = found.or(|| match groups.get(group) {
                    Some(true) => Membership::Yes,
                    Some(false) => Membership::No,
                    None => Membership::Unknown,
                });
            }
        }
        found
    }

    /// A role, and those whose people have it as well, each once.
    fn reached<'p>(&'p self, role: &str) -> Vec<&'p Role> {
        let mut reached: Vec<_> = self.roles.get_key_value(role).into_iter().collect();
        let mut next = 0;
        while let Some((_, role)) = reached.get(next).copied() {
            for name in &role.roles {
                if !reached.iter().any(|(known, _)| *known == name) {
                    reached.extend(self.roles.get_key_value(name));
                }
            }
            next += 1;
        }
        reached.into_iter().map(|(_, role)| role).collect()
    }

    /// Whether somebody has one of several roles.
    pub fn membership_of_one(
        &self,
        roles: &[String],
        user: &UserId,
        groups: &BTreeMap<UserId, bool>,
    ) -> Membership {
        roles.iter().fold(Membership::No, |found, role| {
            found.or(|| self.membership(role, user, groups))
        })
    }

    /// Adds the groups on which a role hangs.
    pub fn groups_of(&self, role: &str, groups: &mut BTreeSet<UserId>) {
        for role in self.reached(role) {
            groups.extend(role.groups.iter().cloned());
        }
    }

    /// All people and groups of a role, those of its roles included.
    pub fn members_of(&self, role: &str) -> (BTreeSet<UserId>, BTreeSet<UserId>) {
        let (mut users, mut groups) = (BTreeSet::new(), BTreeSet::new());
        for role in self.reached(role) {
            users.extend(role.users.iter().cloned());
            groups.extend(role.groups.iter().cloned());
        }
        (users, groups)
    }
}
