//! Users and user groups.

use serde_json::{Value, json};

use super::{APP, BOT_ID, TEAM};

/// What sort of user somebody is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A member of the workspace.
    Member,
    /// A guest who sees a few channels only.
    Guest,
    /// Somebody of another workspace, in a channel that is shared with it.
    Stranger,
    /// Another app's bot.
    Bot,
}

#[derive(Debug, Clone)]
pub(super) struct User {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) deleted: bool,
}

impl User {
    /// The workspace that the user belongs to.
    pub(super) fn team(&self) -> &'static str {
        match self.kind {
            Kind::Stranger => super::OTHER_TEAM,
            Kind::Member | Kind::Guest | Kind::Bot => TEAM,
        }
    }

    /// The id of the bot behind a bot's user.
    pub(super) fn bot_id(&self) -> Option<String> {
        if self.id == super::BOT_USER {
            return Some(BOT_ID.to_owned());
        }
        (self.kind == Kind::Bot).then(|| format!("B{}", &self.id[1..]))
    }

    /// The app behind a bot's user.
    pub(super) fn app_id(&self) -> Option<String> {
        if self.id == super::BOT_USER {
            return Some(APP.to_owned());
        }
        (self.kind == Kind::Bot).then(|| format!("A{}", &self.id[1..]))
    }

    pub(super) fn json(&self) -> Value {
        let stranger = self.kind == Kind::Stranger;
        let mut user = json!({
            "id": self.id,
            "team_id": self.team(),
            "name": self.name,
            "deleted": self.deleted,
            "color": "9f69e7",
            "real_name": self.name,
            "tz": "Europe/Amsterdam",
            "tz_label": "Central European Time",
            "tz_offset": 3600,
            "profile": {
                "real_name": self.name,
                "real_name_normalized": self.name,
                "display_name": self.name,
                "display_name_normalized": self.name,
                "team": self.team(),
                "avatar_hash": "g1",
                "image_48": "https://secure.gravatar.com/avatar/1.jpg",
            },
            "is_admin": false,
            "is_owner": false,
            "is_primary_owner": false,
            "is_restricted": self.kind == Kind::Guest,
            "is_ultra_restricted": false,
            "is_bot": self.kind == Kind::Bot,
            "is_app_user": false,
            "is_email_confirmed": true,
            "updated": 1_795_000_000,
        });
        // Only people of other workspaces have this field.
        if stranger {
            user["is_stranger"] = json!(true);
        }
        if let (Some(bot), Some(app)) = (self.bot_id(), self.app_id()) {
            user["profile"]["bot_id"] = json!(bot);
            user["profile"]["api_app_id"] = json!(app);
        }
        user
    }
}

#[derive(Debug, Clone)]
pub(super) struct Group {
    pub(super) id: String,
    pub(super) handle: String,
    pub(super) users: Vec<String>,
    pub(super) disabled: bool,
}

impl Group {
    pub(super) fn json(&self, with_users: bool) -> Value {
        let mut group = json!({
            "id": self.id,
            "team_id": TEAM,
            "is_usergroup": true,
            "is_subteam": true,
            "name": self.handle,
            "description": "",
            "handle": self.handle,
            "is_external": false,
            "date_create": 1_790_000_000,
            "date_update": 1_795_000_000,
            "date_delete": if self.disabled { 1_795_000_000 } else { 0 },
            "auto_type": null,
            "auto_provision": false,
            "enterprise_subteam_id": "",
            "created_by": super::BOT_USER,
            "updated_by": super::BOT_USER,
            "deleted_by": null,
            "prefs": { "channels": [], "groups": [] },
            "user_count": self.users.len(),
        });
        if with_users {
            group["users"] = json!(self.users);
        }
        group
    }
}
