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
        let Some(role) = self.roles.get(role) else {
            return Membership::No;
        };
        if role.users.contains(user) {
            return Membership::Yes;
        }
        let in_group = |found: Membership, group: &UserId| {
            found.or(|| match groups.get(group) {
                Some(true) => Membership::Yes,
                Some(false) => Membership::No,
                None => Membership::Unknown,
            })
        };
        let found = role.groups.iter().fold(Membership::No, in_group);
        role.roles.iter().fold(found, |found, name| {
            found.or(|| self.membership(name, user, groups))
        })
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
        let Some(role) = self.roles.get(role) else {
            return;
        };
        groups.extend(role.groups.iter().cloned());
        for name in &role.roles {
            self.groups_of(name, groups);
        }
    }

    /// All people and groups of a role, those of its roles included.
    pub fn members_of(&self, role: &str) -> (BTreeSet<UserId>, BTreeSet<UserId>) {
        let (mut users, mut groups) = (BTreeSet::new(), BTreeSet::new());
        self.groups_of(role, &mut groups);
        self.users_of(role, &mut users);
        (users, groups)
    }

    fn users_of(&self, role: &str, users: &mut BTreeSet<UserId>) {
        let Some(role) = self.roles.get(role) else {
            return;
        };
        users.extend(role.users.iter().cloned());
        for name in &role.roles {
            self.users_of(name, users);
        }
    }
}
