//! Decides what an event comes to: which handlers are called, or what the bot says itself.

use std::sync::Arc;

use serde_json::json;
use witbot_core::audit;
use witbot_core::call::Ask;
use witbot_core::chat::{Answerers, Said, Span, Text};
use witbot_core::event::{Body, Event, Message, Place, Source, Webhook};
use witbot_core::grants::Grants;
use witbot_core::help;
use witbot_core::ids::{CallId, Digest, InvocationId, PluginName, UserId};
use witbot_core::journal::{Act, Begin, Commit, Outgoing, Permission, State};
use witbot_core::route::{Route, Routed};
use witbot_engine::{Invocation, Plugin};

use crate::admin;
use crate::clock;
use crate::identities;
use crate::live::{Live, OWN_NAME};
use crate::schedules;
use crate::theirs::{self, Wish};

/// What an event comes to.
pub enum Action {
    /// Handlers are called.
    Call(Vec<(Arc<Plugin>, Invocation)>),
    /// Somebody wants to know who can have something done.
    WhoCan(String),
    /// The bot says something that everybody may know whom the rules let: the command, and what it says.
    Tell(&'static str, Text),
    /// Somebody wants help: with this, or with everything. What they may do is shown.
    Help(Option<String>),
    /// The bot answers by itself. That is a run as well, so that it happens once and stands in the audit.
    Say(InvocationId, Box<Commit>),
    /// Somebody wants something of plugins, of everybody's runs, or to know who they are.
    Admin(admin::Wish),
    /// Somebody wants to know of their own runs, or to end one.
    Theirs(Wish),
    /// Somebody says who they are at GitHub.
    Identify(identities::Wish),
    /// Nothing.
    Nothing,
}

/// Decides about one event. `owner` is the plugin whose card has the button that was pressed, if that is the event and
/// the card is known.
pub fn decide(
    live: &Live,
    row: i64,
    event: &Arc<Event>,
    grants: impl Fn(&PluginName) -> Arc<Grants>,
    owner: Option<&PluginName>,
) -> Action {
    match &event.body {
        Body::Message(message) => match &message.card {
            Some(card) => pressed(live, row, event, message, card, owner),
            None => heard(live, row, event, message),
        },
        // What it came to was found out before; it starts nothing.
        Body::Click(_) => Action::Nothing,
        Body::Webhook(hook) => subscribed(live, row, event, hook, grants),
    }
}

fn subscribed(
    live: &Live,
    row: i64,
    event: &Arc<Event>,
    hook: &Webhook,
    grants: impl Fn(&PluginName) -> Arc<Grants>,
) -> Action {
    let mut routes = match event.source {
        Source::Schedule => return call(live, row, event, scheduled(live, hook)),
        // Its run began with it.
        Source::Reload => return Action::Nothing,
        Source::Webhook => live.table.webhooks(&hook.subject),
        Source::Console | Source::Github | Source::Circleci | Source::Slack | Source::Topic => {
            live.table.subscribers(&hook.kind)
        }
    };
    routes.retain(|route| grants(&route.plugin).sees(&hook.kind, &hook.subject));
    call(live, row, event, routes)
}

/// The handler that the clock calls. Whether it may was asked when it was due.
fn scheduled(live: &Live, hook: &Webhook) -> Vec<Route> {
    let plugin = schedules::plugin_of(&hook.body);
    let route = plugin.and_then(|plugin| live.table.schedule(&plugin, &hook.subject));
    route.into_iter().collect()
}

fn heard(live: &Live, row: i64, event: &Arc<Event>, message: &Message) -> Action {
    let whole = message.whole.as_deref();
    let mut routes = live.table.listeners(&message.text, whole);
    if !message.addressed {
        return call(live, row, event, routes);
    }
    if message.text.is_empty() && routes.is_empty() {
        let text = "Yes? `help` lists what I can do.".to_owned();
        return say(row, event, message, text);
    }
    if let Some(wish) = theirs::wish(&message.text) {
        return Action::Theirs(wish);
    }
    if let Some(wish) = identities::wish(&message.text) {
        return Action::Identify(wish);
    }
    if let Some(wish) = admin::wish(&message.text) {
        return Action::Admin(wish);
    }
    if let Some(about) = help_wanted(&message.text) {
        return Action::Help(about);
    }
    if let Some(what) = who_can(&message.text) {
        return Action::WhoCan(what);
    }
    if let Some((command, text)) = own_command(live, &message.text) {
        return Action::Tell(command, text);
    }
    match live.table.command(&message.text) {
        Routed::Command(route) => {
            routes.insert(0, route);
            call(live, row, event, routes)
        }
        Routed::Usage { usage, reason, .. } => {
            let reason = reason.map_or(String::new(), |reason| format!("{reason}\n"));
            Action::Tell("help", format!("{reason}Usage: `{usage}`").into())
        }
        // Who listens to it makes something of it.
        Routed::Unknown { .. } if !routes.is_empty() => call(live, row, event, routes),
        Routed::Unknown { nearest } => {
            let text =
                kept_from(live, &message.text).unwrap_or_else(|| unknown(nearest.as_deref()));
            Action::Tell("help", text.into())
        }
    }
}

/// A button says something in the name of whoever presses it. Were it a command of another plugin than the one that
/// made the button, that plugin could have people do what they do not expect.
fn pressed(
    live: &Live,
    row: i64,
    event: &Arc<Event>,
    message: &Message,
    card: &CallId,
    owner: Option<&PluginName>,
) -> Action {
    let Some(owner) = owner else {
        let text = format!("This button is too old: I do not know the message {card} any more.");
        return whisper(row, event, text);
    };
    match live.table.command(&message.text) {
        Routed::Command(route) if route.plugin == *owner => call(live, row, event, vec![route]),
        Routed::Command(_) | Routed::Usage { .. } | Routed::Unknown { .. } => {
            let text = kept_from(live, &message.text).unwrap_or_else(|| {
                format!(
                    "This button does not work any more: `{owner}` has no command `{}`.",
                    message.text
                )
            });
            whisper(row, event, text)
        }
    }
}

/// Tells somebody who pressed a button of a question that somebody else is asked.
pub fn not_theirs(row: i64, event: &Event, ask: &Ask) -> Action {
    let users = match &ask.answerers {
        Answerers::Asked | Answerers::Anyone => std::slice::from_ref(&ask.user),
        Answerers::These(users) => users,
        Answerers::Others { but, .. } if by(event).is_some_and(|user| but.contains(user)) => {
            let text = "Nobody approves what they asked for themselves, or twice.";
            return whisper(row, event, text);
        }
        Answerers::Others { .. } => {
            let text = "Only those whom the question names can answer it.";
            return whisper(row, event, text);
        }
    };
    let mut text = Text::from("Only ");
    for (index, user) in users.iter().enumerate() {
        if index > 0 {
            text.push(Span::Plain(" or ".to_owned()));
        }
        text.push(Span::User(user.clone()));
    }
    whisper(row, event, text.plain(" can answer this."))
}

/// Who caused an event.
fn by(event: &Event) -> Option<&UserId> {
    match &event.body {
        Body::Message(message) => Some(&message.user.id),
        Body::Click(click) => Some(&click.user.id),
        Body::Webhook(_) => None,
    }
}

/// Tells somebody who pressed a button of a question that it is over.
pub fn over(row: i64, event: &Event) -> Action {
    whisper(
        row,
        event,
        "This question is over: it was answered before, or nobody waits for the answer any more.",
    )
}

fn unknown(nearest: Option<&str>) -> String {
    match nearest {
        Some(name) => {
            format!("I do not know that command. Did you mean `{name}`? `help` lists all.")
        }
        None => "I do not know that command. `help` lists all.".to_owned(),
    }
}

/// Why a command that a plugin has is not answered by it.
fn kept_from(live: &Live, text: &str) -> Option<String> {
    let plugin = match live.idle.command(text) {
        Routed::Command(route) => route.plugin,
        Routed::Usage { plugin, .. } => plugin,
        Routed::Unknown { .. } => return None,
    };
    Some(format!(
        "`{plugin}` is kept from answering; its operator sees why with `witbot plugin show {plugin}`."
    ))
}

/// Whether somebody wants help, and with what.
fn help_wanted(text: &str) -> Option<Option<String>> {
    let text = text.trim();
    let (first, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let about = Some(rest.trim().to_owned()).filter(|rest| !rest.is_empty());
    first.eq_ignore_ascii_case("help").then_some(about)
}

/// What somebody wants to know who can have it done.
fn who_can(text: &str) -> Option<String> {
    let mut words = text.trim().splitn(3, char::is_whitespace);
    let is = |word: Option<&str>, wanted: &str| {
        word.is_some_and(|word| word.eq_ignore_ascii_case(wanted))
    };
    let begins = is(words.next(), "who") && is(words.next(), "can");
    let what = words
        .next()
        .unwrap_or_default()
        .trim()
        .trim_end_matches('?');
    (begins && !what.is_empty()).then(|| what.to_owned())
}

/// The answer to somebody who wants help, of what they may do.
pub fn helped(
    row: i64,
    event: &Event,
    message: &Message,
    view: help::View<'_>,
    about: Option<&str>,
) -> Action {
    let text = match about {
        None => help::overview(view),
        Some(words) => help::about(view, words),
    };
    say(row, event, message, text)
}

/// The commands that the bot has without any plugin.
fn own_command(live: &Live, text: &str) -> Option<(&'static str, Text)> {
    let text = text.trim();
    let (first, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    match first.to_lowercase().as_str() {
        // A table, which is lost where letters have different widths.
        "plugins" if rest.is_empty() => {
            let listing = Span::Code(format!("{}\n", live.listing()));
            Some(("plugins", Text::default().with(listing)))
        }
        "stop" => Some((
            "stop",
            "Usage: `stop [RUN]`. `runs` lists what goes on for you.".into(),
        )),
        "who" => Some((
            "who-can",
            "Usage: `who can COMMAND`, such as `who can deploy api to production`.".into(),
        )),
        _ => admin::usage(text).map(|usage| ("help", Text::from(usage))),
    }
}

fn call(live: &Live, row: i64, event: &Arc<Event>, routes: Vec<Route>) -> Action {
    let only = routes.len() == 1;
    let calls: Vec<_> = routes
        .into_iter()
        .filter_map(|route| {
            let plugin = live.serving.get(&route.plugin)?.clone();
            let invocation = invocation(&plugin, row, event, route, only);
            Some((plugin, invocation))
        })
        .collect();
    if calls.is_empty() {
        Action::Nothing
    } else {
        Action::Call(calls)
    }
}

fn invocation(
    plugin: &Plugin,
    row: i64,
    event: &Arc<Event>,
    route: Route,
    only: bool,
) -> Invocation {
    let id = InvocationId::derive(
        event.source.as_str(),
        &event.key,
        &plugin.name,
        &route.handler,
    );
    let begin = Begin {
        event: row,
        plugin: plugin.name.clone(),
        digest: plugin.digest,
        handler: route.handler.clone(),
        arguments: route.arguments.clone(),
        permission: Permission::Given,
        at: clock::now(),
        routed: only,
    };
    Invocation {
        opening: vec![opening(&id, event, &begin)],
        id,
        handler: route.handler,
        arguments: route.arguments,
        permission: Permission::Given,
        event: event.clone(),
        event_row: row,
        begin: Some(begin),
        journal: Vec::new(),
        limits: None,
        started: event.received,
    }
}

fn opening(id: &InvocationId, event: &Event, begin: &Begin) -> audit::Record {
    let (actor, action, detail) = match &event.body {
        Body::Message(message) => {
            let detail = json!({ "text": message.text, "channel": message.place.channel, "handler": begin.handler });
            (Some(message.user.id.clone()), "command", detail)
        }
        Body::Click(click) => {
            let detail = json!({ "choice": click.choice, "question": click.message, "channel": click.place.channel });
            (Some(click.user.id.clone()), "click", detail)
        }
        Body::Webhook(hook) => (
            None,
            "event",
            json!({ "kind": hook.kind, "subject": hook.subject, "handler": begin.handler }),
        ),
    };
    audit::Record {
        at: begin.at,
        actor,
        plugin: Some(begin.plugin.clone()),
        digest: Some(begin.digest),
        invocation: Some(id.clone()),
        action: action.to_owned(),
        detail,
        outcome: "ok".to_owned(),
    }
}

fn say(row: i64, event: &Event, message: &Message, text: impl Into<Text>) -> Action {
    let said = Said::Text(text.into());
    own(row, event, Some((message.place.clone(), Act::Post(said))))
}

/// What the bot answers to a wish. Without a text there is nothing to say.
pub fn granted(
    row: i64,
    event: &Event,
    message: &Message,
    text: Option<impl Into<Text>>,
) -> Action {
    let said = text.map(|text| (message.place.clone(), Act::Post(Said::Text(text.into()))));
    own(row, event, said)
}

/// A run that is not begun, as the rules deny it.
pub struct Refused<'a> {
    /// Whose handler would have been called.
    pub begin: &'a Begin,
    /// Its id.
    pub run: &'a InvocationId,
    /// What says so.
    pub by: &'a str,
    /// For the person.
    pub told: &'a str,
}

impl Refused<'_> {
    /// What the audit keeps of it.
    pub fn record(&self, event: &Event) -> audit::Record {
        let mut record = opening(self.run, event, self.begin);
        record.detail["by"] = json!(self.by);
        record.detail["told"] = json!(self.told);
        audit::Record {
            outcome: "denied".to_owned(),
            ..record
        }
    }
}

/// Tells somebody that the rules deny what they want. Who pressed a button is told alone. `last`: nothing else comes of
/// the event.
pub fn denied(
    row: i64,
    event: &Event,
    message: &Message,
    refused: &Refused<'_>,
    last: bool,
) -> Action {
    let action = if message.card.is_some() {
        whisper(row, event, refused.told)
    } else {
        say(row, event, message, refused.told)
    };
    with_record(action, refused.record(event), last)
}

/// Tells somebody that the rules deny them a command of the bot itself.
pub fn denied_own(row: i64, event: &Event, message: &Message, by: &str, told: &str) -> Action {
    let action = say(row, event, message, told);
    let Action::Say(run, mut commit) = action else {
        return action;
    };
    for record in &mut commit.audit {
        record.detail["by"] = json!(by);
        record.detail["told"] = json!(told);
        "denied".clone_into(&mut record.outcome);
    }
    Action::Say(run, commit)
}

fn with_record(action: Action, record: audit::Record, last: bool) -> Action {
    let Action::Say(run, mut commit) = action else {
        return action;
    };
    commit.audit = vec![record];
    if let Some(begin) = &mut commit.begin {
        begin.routed = last;
    }
    Action::Say(run, commit)
}

/// Tells the person who caused an event something that is for them alone, as a part of what the event comes to: each part is
/// told once.
pub fn tell_alone(row: i64, event: &Event, part: &str, text: impl Into<Text>) -> Action {
    match whispered(event, text) {
        Some(said) => own_part(row, event, part, Some(said)),
        None => Action::Nothing,
    }
}

/// Tells where somebody said something what it led to, under a part of its own. What it is about was audited before.
pub fn told(row: i64, event: &Event, part: &str, text: impl Into<Text>) -> Action {
    let Body::Message(message) = &event.body else {
        return Action::Nothing;
    };
    let said = Act::Post(Said::Text(text.into()));
    let action = own_part(row, event, part, Some((message.place.clone(), said)));
    let Action::Say(run, mut commit) = action else {
        return action;
    };
    commit.audit.clear();
    Action::Say(run, commit)
}

/// What concerns nobody but the person who caused the event.
fn whisper(row: i64, event: &Event, text: impl Into<Text>) -> Action {
    tell_alone(row, event, "say", text)
}

fn whispered(event: &Event, text: impl Into<Text>) -> Option<(Place, Act)> {
    let (user, mut place) = match &event.body {
        Body::Message(message) => (&message.user, message.place.clone()),
        Body::Click(click) => (&click.user, click.place.clone()),
        Body::Webhook(_) => return None,
    };
    // Who presses a button looks at the channel, and sees nothing that is whispered in a thread which is not open.
    place.thread = None;
    let act = Act::Whisper {
        user: user.id.clone(),
        said: Said::Text(text.into()),
    };
    Some((place, act))
}

/// A run of the bot itself, which does one thing in the chat at the most.
fn own(row: i64, event: &Event, said: Option<(Place, Act)>) -> Action {
    own_part(row, event, "say", said)
}

fn own_part(row: i64, event: &Event, part: &str, said: Option<(Place, Act)>) -> Action {
    let plugin: PluginName = OWN_NAME.parse().expect("it is a plugin name");
    let id = InvocationId::derive(event.source.as_str(), &event.key, &plugin, part);
    let begin = Begin {
        event: row,
        plugin,
        digest: Digest::of(&[]),
        handler: part.to_owned(),
        arguments: Vec::new(),
        permission: Permission::Given,
        at: clock::now(),
        routed: true,
    };
    let outgoing = said.map(|(place, act)| Outgoing {
        message: CallId::new(&id, 0),
        place,
        act,
    });
    let commit = Commit {
        audit: vec![opening(&id, event, &begin)],
        begin: Some(begin),
        outgoing: outgoing.into_iter().collect(),
        state: Some(State::Done),
        ..Commit::default()
    };
    Action::Say(id, Box::new(commit))
}
