//! `witbot:flow/permission`: whether somebody may have done what they asked for. The same is asked for a handler that does
//! not ask itself, before it is called.

use std::fmt::Write as _;

use witbot_core::call::{Ask, Judge, May};
use witbot_core::chat::{Answerers, Text};
use witbot_core::error::{Code, Error};
use witbot_core::event::{Body, Message, User};
use witbot_core::policy::{Demand, Judgement, Origin};
use witbot_core::{limits, printable};

use crate::bindings::witbot::flow::permission::Host;
use crate::gate::Refusal;
use crate::state::State;

const CONFIRM: [&str; 2] = ["Yes, do it", "No"];
const APPROVE: [&str; 2] = ["Approve", "Deny"];

type Arguments = Vec<(String, String)>;

impl Host for State {
    async fn demand(&mut self, subject: Arguments) -> Result<bool, Refusal> {
        bounded(&subject)?;
        self.permit(subject).await
    }

    async fn may(&mut self, command: String, arguments: Arguments) -> Result<bool, Refusal> {
        bounded(&arguments)?;
        if command.len() > limits::TEXT_BYTES_MAX {
            return Err(Error::invalid("no command has so long an id").into());
        }
        let Some((message, origin)) = self.request() else {
            return Ok(true);
        };
        let call = May {
            user: known(&message.user),
            place: message.place.clone(),
            origin,
            command,
            arguments,
        };
        self.gate.pass(call).await
    }
}

impl State {
    /// Answers when what somebody asked for may be done, and whether others were asked: whomever the rules want to be
    /// asked. It is judged again after each of their answers, as things are then.
    pub(crate) async fn permit(&mut self, subject: Arguments) -> Result<bool, Refusal> {
        let Some((message, origin)) = self.request() else {
            self.gate.permitted();
            return Ok(false);
        };
        let (user, place, asked) = (
            message.user.clone(),
            message.place.clone(),
            message.text.clone(),
        );
        let mut judge = Judge {
            user: known(&user),
            place: place.clone(),
            origin,
            command: self.handler().to_owned(),
            arguments: self.with_subject(&subject),
            confirmed: false,
            approved_by: Vec::new(),
        };
        loop {
            let demand = match self.gate.pass(judge.clone()).await? {
                Judgement::Allowed { .. } => {
                    self.gate.permitted();
                    return Ok(judge.confirmed || !judge.approved_by.is_empty());
                }
                Judgement::Denied { told, .. } => return Err(Error::new(Code::Denied, told).into()),
                Judgement::Asks(demand) => demand,
            };
            let asked = question(&user, &asked, &subject, &demand)?;
            let (choices, answerers) = if demand.approvals == 0 {
                (CONFIRM, Answerers::Asked)
            } else {
                let mut but = demand.counted.clone();
                but.push(user.id.clone());
                let these = demand.approvers.clone();
                (APPROVE, Answerers::Others { these, but })
            };
            let ask = Ask {
                place: place.clone(),
                user: user.id.clone(),
                question: asked,
                choices: choices.map(str::to_owned).to_vec(),
                answerers,
                timeout_ms: demand.within_ms,
            };
            let chosen = match self.gate.pass(ask).await {
                Err(Refusal::Error(error)) if error.code == Code::Timeout => {
                    return Err(Error::new(Code::Timeout, nobody(&demand)).into());
                }
                other => other?,
            };
            if chosen.choice != choices[0] {
                return Err(Error::new(Code::Denied, refused(&demand)).into());
            }
            if demand.approvals == 0 {
                judge.confirmed = true;
            } else {
                judge.approved_by.push(chosen.user);
            }
        }
    }

    /// What somebody said that caused this run, and how. None: nobody said anything.
    fn request(&self) -> Option<(&Message, Origin)> {
        let event = &self.invocation.as_ref()?.event;
        match &event.body {
            Body::Message(message) => Some((message, message.origin(event.source))),
            Body::Click(_) | Body::Webhook(_) => None,
        }
    }

    fn handler(&self) -> &str {
        let invocation = self.invocation.as_ref();
        invocation.map_or("", |invocation| &invocation.handler)
    }

    /// The arguments as they are really meant.
    fn with_subject(&self, subject: &[(String, String)]) -> Arguments {
        let invocation = self.invocation.as_ref();
        let mut arguments =
            invocation.map_or(Vec::new(), |invocation| invocation.arguments.clone());
        for (name, value) in subject {
            match arguments.iter_mut().find(|(known, _)| known == name) {
                Some((_, known)) => known.clone_from(value),
                None => arguments.push((name.clone(), value.clone())),
            }
        }
        arguments
    }
}

/// Names change, and would make two judgements of the same thing differ.
fn known(user: &User) -> User {
    User {
        id: user.id.clone(),
        name: None,
        standing: user.standing,
    }
}

fn bounded(arguments: &[(String, String)]) -> Result<(), Error> {
    let too_long = |(name, value): &(String, String)| {
        name.len() > limits::SUBJECT_NAME_BYTES_MAX || value.len() > limits::SUBJECT_VALUE_BYTES_MAX
    };
    if arguments.len() > limits::SUBJECT_NAMES_MAX || arguments.iter().any(too_long) {
        return Err(Error::invalid(format!(
            "a subject has at most {} names of {} bytes, with values of {} bytes",
            limits::SUBJECT_NAMES_MAX,
            limits::SUBJECT_NAME_BYTES_MAX,
            limits::SUBJECT_VALUE_BYTES_MAX
        )));
    }
    Ok(())
}

/// What the others get to read: who wants what, all that it comes to, and why they are asked. Of what was typed it is the
/// beginning, as the person chooses how long that is.
///
/// # Errors
/// `invalid`: all that it comes to cannot be shown, and nobody is to approve what they do not see.
fn question(
    user: &User,
    asked: &str,
    subject: &[(String, String)],
    demand: &Demand,
) -> Result<Text, Error> {
    // Blanks would push what matters out of sight.
    let code = |text: &str| {
        let words: Vec<&str> = text.split_whitespace().collect();
        printable::line(&words.join(" ")).replace('`', "'")
    };
    let mut about = String::new();
    for (name, value) in subject {
        // Writing to a string cannot fail.
        let _ = write!(about, "\n{}: `{}`", code(name), code(value));
    }
    let reason = demand.reason.as_ref();
    let reason = reason.map_or(String::new(), |reason| format!(": {reason}"));
    let words = code(asked);
    let asked = match words.char_indices().nth(limits::SHOWN_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &words[..end]),
        None => words,
    };
    let text = if demand.approvals == 0 {
        format!(
            ": `{asked}`?{about}\nYou are asked to confirm it, by {}{reason}.",
            demand.by
        )
    } else {
        let more = match demand.counted.len() {
            0 => String::new(),
            so_far => format!(" {so_far} did."),
        };
        format!(
            " wants `{asked}`.{about}\n{} by {} needed, by {}{reason}.{more} Nobody approves what they asked for themselves.",
            approvals(demand.approvals),
            roles(&demand.roles),
            demand.by,
        )
    };
    if text.chars().count() > limits::DEMAND_CHARS_MAX {
        return Err(Error::invalid(format!(
            "what it comes to is too long to be shown to those who are asked: {} characters at most",
            limits::DEMAND_CHARS_MAX
        )));
    }
    Ok(Text::default().user(user.id.clone()).plain(text))
}

fn approvals(count: u32) -> String {
    match count {
        1 => "1 approval".to_owned(),
        more => format!("{more} approvals"),
    }
}

fn roles(roles: &[String]) -> String {
    let roles: Vec<String> = roles.iter().map(|role| format!("`{role}`")).collect();
    roles.join(" or ")
}

fn nobody(demand: &Demand) -> String {
    let minutes = demand.within_ms.div_ceil(60_000);
    if demand.approvals == 0 {
        format!(
            "it was not confirmed within {minutes} min, as {} wants it; nothing was done",
            demand.by
        )
    } else {
        format!(
            "nobody of {} approved it within {minutes} min, as {} wants it; nothing was done",
            roles(&demand.roles),
            demand.by
        )
    }
}

fn refused(demand: &Demand) -> String {
    if demand.approvals == 0 {
        "it was not confirmed; nothing was done".to_owned()
    } else {
        "it was not approved; nothing was done".to_owned()
    }
}
