//! What an app asks for with its own token: its installations, and tokens for them.

use serde_json::{Value, json};

use super::{Answered, HOUR_MILLIS, not_found};
use crate::fakes::clock;
use crate::fakes::github::access::{Access, App, Token};
use crate::fakes::github::body::Fields;
use crate::fakes::github::json::refusal;
use crate::fakes::github::scope;
use crate::fakes::github::{Shared, State};
use crate::fakes::request::{Answer, Request};

impl Shared {
    pub(super) fn app_route(
        &self,
        state: &mut State,
        app: &App,
        request: &Request,
        path: &[&str],
    ) -> Answered {
        let installation = || self.installation(state, app);
        let is_own = |id: &str| id == app.installation.to_string();
        match (request.method.as_str(), path) {
            ("GET", ["app"]) => Ok(Answer::json(200, &self.app(state, app))),
            ("GET", ["app", "installations"]) => Ok(Answer::json(200, &json!([installation()]))),
            ("GET", ["app", "installations", id]) if is_own(id) => {
                Ok(Answer::json(200, &installation()))
            }
            ("GET", ["repos", owner, name, "installation"])
                if app.repositories.contains(&format!("{owner}/{name}")) =>
            {
                Ok(Answer::json(200, &installation()))
            }
            ("POST", ["app", "installations", id, "access_tokens"]) if is_own(id) => {
                self.installation_token(state, app, &Fields::read(request)?)
            }
            (method, ["app", "hook", rest @ ..]) => self.hook_route(request, method, rest),
            _ => Err(not_found()),
        }
    }

    fn app(&self, state: &State, app: &App) -> Value {
        json!({
            "id": app.id,
            "slug": state.app_slug,
            "node_id": format!("A_{}", app.id),
            "owner": self.writer().user("acme"),
            "name": state.app_slug,
            "description": "",
            "external_url": "https://example.com",
            "html_url": format!("https://github.com/apps/{}", state.app_slug),
            "permissions": { "deployments": "write", "metadata": "read", "push": true, "pull": true },
            "events": ["deployment", "deployment_status"],
        })
    }

    fn installation(&self, state: &State, app: &App) -> Value {
        let url = format!("{}/app/installations/{}", self.url, app.installation);
        let mut account = self.writer().user("acme");
        account["type"] = json!("Organization");
        json!({
            "id": app.installation,
            "account": account,
            "repository_selection": "selected",
            "access_tokens_url": format!("{url}/access_tokens"),
            "repositories_url": format!("{}/installation/repositories", self.url),
            "html_url": format!("https://github.com/organizations/acme/settings/installations/{}", app.installation),
            "app_id": app.id,
            "app_slug": state.app_slug,
            "target_id": account["id"],
            "target_type": "Organization",
            "permissions": scope::shown(&app.permissions),
            "events": ["deployment", "deployment_status"],
            "single_file_name": null,
            "suspended_at": null,
        })
    }

    fn installation_token(&self, state: &mut State, app: &App, fields: &Fields) -> Answered {
        let short_names = fields.texts("repositories")?;
        let repositories = match &short_names {
            None => app.repositories.clone(),
            Some(names) => {
                let wanted = |full: &&String| {
                    full.split_once('/')
                        .is_some_and(|(_, name)| names.iter().any(|n| n == name))
                };
                app.repositories.iter().filter(wanted).cloned().collect()
            }
        };
        if short_names.is_some_and(|names| names.len() != repositories.len()) {
            let text = "There is at least one repository that does not exist or is not accessible to the parent installation.";
            return Err(refusal(422, text));
        }
        let permissions = match fields.value("permissions") {
            Some(asked) => scope::asked(asked, &app.permissions)?,
            None => app.permissions.clone(),
        };
        let granted = scope::shown(&permissions);
        let text = format!("ghs_{}", state.ids.uuid().replace('-', ""));
        state.tokens.push(Token {
            text: text.clone(),
            login: format!("{}[bot]", state.app_slug),
            access: Access::Write,
            repositories: Some(repositories),
            permissions: Some(permissions),
        });
        let body = json!({
            "token": text,
            "expires_at": clock::seconds(clock::now() + HOUR_MILLIS),
            "permissions": granted,
            "repository_selection": "selected",
        });
        Ok(Answer::json(201, &body))
    }
}
