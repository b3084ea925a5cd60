//! Which workspace something is from, and whether that is for us.
//!
//! An app can be in several workspaces, and Slack sends what happens in all of them to the same place. Each has a token of
//! its own, and the bot has one: it could read what is from another workspace, but could not answer there, and the grants
//! are not meant for the people of that one. Two workspaces of one organisation are no exception. Only an app that was
//! installed for the whole organisation has one token for all of its workspaces: then all of them are ours.

use serde_json::Value;
use witbot_core::chat::Standing;

use super::{Identity, Reader, text};

/// The workspaces and organisations that something is said to be from.
#[derive(Default)]
struct Origin<'v> {
    teams: Vec<&'v str>,
    enterprises: Vec<&'v str>,
}

impl Reader<'_> {
    /// Whether an event is for us. Of a shared channel Slack names any of the workspaces that it is shared with.
    pub(super) fn is_event_for_us(&self, payload: &Value) -> bool {
        let mut origin = Origin::default();
        let installed = payload["authorizations"].as_array();
        for around in std::iter::once(payload).chain(installed.into_iter().flatten()) {
            origin.teams.extend(text(around, "team_id"));
            origin.teams.extend(text(around, "context_team_id"));
            origin.enterprises.extend(text(around, "enterprise_id"));
        }
        payload["is_ext_shared_channel"] == Value::Bool(true) || origin.is_of(self.identity)
    }

    /// Whether a slash command is: they are only there for people of the workspaces that have the app.
    pub(super) fn is_command_for_us(&self, payload: &Value) -> bool {
        let origin = Origin {
            teams: text(payload, "team_id").into_iter().collect(),
            enterprises: text(payload, "enterprise_id").into_iter().collect(),
        };
        origin.is_of(self.identity)
    }

    /// Whether a pressed button is. Slack names the workspace that has the app, also if who pressed it is from another one;
    /// none, if an organisation has it.
    pub(super) fn is_interaction_for_us(&self, payload: &Value) -> bool {
        let origin = Origin {
            teams: text(&payload["team"], "id").into_iter().collect(),
            enterprises: text(&payload["enterprise"], "id").into_iter().collect(),
        };
        origin.is_of(self.identity)
    }

    /// How somebody belongs to us, by all the teams that are named with them. One that is not ours is enough to be a
    /// stranger, although it could be another workspace of our organisation: too little trust can be mended.
    pub(super) fn standing<'t>(
        &self,
        teams: impl IntoIterator<Item = Option<&'t str>>,
    ) -> Standing {
        let mut teams = teams.into_iter().flatten();
        match teams.all(|team| self.identity.is_team(team)) {
            true => Standing::Member,
            false => Standing::Stranger,
        }
    }
}

impl Origin<'_> {
    fn is_of(&self, identity: &Identity) -> bool {
        let of_organisation =
            |enterprise: &&str| identity.enterprise.as_deref() == Some(enterprise);
        let is_of_organisation = self.enterprises.iter().any(of_organisation);
        if self.teams.is_empty() {
            // What says nothing can be from nowhere else.
            return self.enterprises.is_empty() || is_of_organisation;
        }
        let is_of_team = self.teams.iter().any(|team| identity.is_team(team));
        is_of_team || (identity.organisation_wide && is_of_organisation)
    }
}

impl Identity {
    /// Slack writes the organisation where something belongs to no single workspace of it.
    fn is_team(&self, team: &str) -> bool {
        team == self.team || Some(team) == self.enterprise.as_deref()
    }
}
