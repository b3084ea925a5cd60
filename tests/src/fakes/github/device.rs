//! The device flow: somebody types a code, and an app learns with which account.

use serde_json::{Value, json};

use super::access::{Access, Token};
use super::json::refusal;
use super::{Github, Shared, State};
use crate::fakes::request::{Answer, Request};
use crate::fakes::traffic::lock;

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// Apps that people can say who they are to, and the codes that they were given.
#[derive(Debug, Default)]
pub(super) struct Device {
    clients: Vec<String>,
    codes: Vec<Code>,
}

#[derive(Debug)]
struct Code {
    secret: String,
    shown: String,
    client: String,
    turn: Turn,
    /// So many more looks are told to be too many.
    slow: usize,
    asked: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Turn {
    Waits,
    Typed(String),
    Declined,
    Over,
}

impl Github {
    /// Adds an app that has the device flow turned on.
    pub fn add_client(&self, id: &str) {
        lock(&self.shared.state).device.clients.push(id.to_owned());
    }

    /// The codes that nobody has typed yet, oldest first.
    pub fn codes(&self) -> Vec<String> {
        let state = lock(&self.shared.state);
        let waiting = state.device.codes.iter();
        let waiting = waiting.filter(|code| code.turn == Turn::Waits);
        waiting.map(|code| code.shown.clone()).collect()
    }

    /// Somebody types a code.
    pub fn type_code(&self, code: &str, login: &str) {
        self.turn(code, Turn::Typed(login.to_owned()));
    }

    /// Somebody types a code, and declines.
    pub fn decline_code(&self, code: &str) {
        self.turn(code, Turn::Declined);
    }

    /// The time of a code is over.
    pub fn let_code_expire(&self, code: &str) {
        self.turn(code, Turn::Over);
    }

    /// Finds the next looks at a code too many.
    pub fn slow_down(&self, code: &str, times: usize) {
        self.on_code(code, |code| code.slow = times);
    }

    /// How often it was asked whether a code was typed.
    pub fn code_asked(&self, code: &str) -> usize {
        self.on_code(code, |code| code.asked)
    }

    fn turn(&self, code: &str, turn: Turn) {
        self.on_code(code, |code| code.turn = turn);
    }

    fn on_code<T>(&self, shown: &str, change: impl FnOnce(&mut Code) -> T) -> T {
        let mut state = lock(&self.shared.state);
        let code = state
            .device
            .codes
            .iter_mut()
            .find(|code| code.shown == shown);
        match code {
            Some(code) => change(code),
            None => panic!("nobody was given the code {shown}"),
        }
    }
}

impl Shared {
    /// What is answered at GitHub as people see it; none: that is not there.
    pub(super) fn device_route(&self, request: &Request) -> Option<Answer> {
        let step = match (request.method.as_str(), request.path.as_str()) {
            ("POST", "/login/device/code") => begin,
            ("POST", "/login/oauth/access_token") => ask,
            _ => return None,
        };
        if !request
            .header("accept")
            .is_some_and(|accept| accept.contains("application/json"))
        {
            let text = "error=not_json&error_description=The+bot+cannot+read+forms.";
            return Some(Answer::text(200, "application/x-www-form-urlencoded", text));
        }
        let fields = request.json().unwrap_or(Value::Null);
        let mut state = lock(&self.state);
        let client = fields["client_id"].as_str().unwrap_or_default();
        if !state.device.clients.iter().any(|known| known == client) {
            return Some(refusal(404, "Not Found"));
        }
        Some(step(&mut state, &fields, &self.url))
    }
}

fn begin(state: &mut State, fields: &Value, url: &str) -> Answer {
    let number = state.device.codes.len();
    let code = Code {
        secret: state.ids.uuid().replace('-', ""),
        shown: format!("WDJB-{number:04}"),
        client: fields["client_id"].as_str().unwrap_or_default().to_owned(),
        turn: Turn::Waits,
        slow: 0,
        asked: 0,
    };
    let body = json!({
        "device_code": code.secret, "user_code": code.shown, "expires_in": 899, "interval": 0,
        "verification_uri": format!("{url}/login/device"),
    });
    state.device.codes.push(code);
    Answer::json(200, &body)
}

fn ask(state: &mut State, fields: &Value, _url: &str) -> Answer {
    let said = |error: &str| {
        let body = json!({ "error": error, "error_description": format!("It is {error}."), "interval": 0 });
        Answer::json(200, &body)
    };
    if fields["grant_type"] != GRANT {
        return said("unsupported_grant_type");
    }
    let codes = state.device.codes.iter_mut();
    let mut codes = codes.filter(|code| fields["client_id"] == *code.client);
    let Some(code) = codes.find(|code| fields["device_code"] == *code.secret) else {
        return said("incorrect_device_code");
    };
    code.asked += 1;
    if code.slow > 0 {
        code.slow -= 1;
        return said("slow_down");
    }
    let login = match &code.turn {
        Turn::Waits => return said("authorization_pending"),
        Turn::Declined => return said("access_denied"),
        Turn::Over => return said("expired_token"),
        Turn::Typed(login) => login.clone(),
    };
    // A code is good for one token.
    code.turn = Turn::Over;
    let text = format!("gho_{}", state.ids.uuid().replace('-', ""));
    state.tokens.push(Token {
        text: text.clone(),
        login,
        access: Access::Read,
        repositories: Some(Vec::new()),
        permissions: None,
    });
    let body = json!({ "access_token": text, "token_type": "bearer", "scope": "" });
    Answer::json(200, &body)
}
