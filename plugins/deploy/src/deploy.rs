//! A deployment from the order to its end.

use witbot_sdk::chat::{self, Message};
use witbot_sdk::github::{self, Repository};
use witbot_sdk::{Code, Error, Event, Result, permission};

use crate::changes;
use crate::checks::{Check, Subject};
use crate::commits::{self, Chosen};
use crate::create;
use crate::follow;
use crate::gate::{self, Verdict};
use crate::history::{self, Success};
use crate::line;
use crate::names;
use crate::order::Order;
use crate::progress::Progress;
use crate::room::{Room, announce};
use crate::settings::Settings;
use crate::shown::{News, Shown};
use crate::waiting::{self, Waiting};

/// `deploy`, as it is typed most.
pub fn ordinary(event: &Event) -> Result {
    let settings = Settings::read()?;
    let order = Order::of(event, &settings)?;
    carry_out(order, &Room::Asked(event), &settings, &event.id())
}

/// `deploy!`: passes over the checks that can be passed over.
pub fn forced(event: &Event) -> Result {
    let settings = Settings::read()?;
    let mut order = Order::of(event, &settings)?;
    order.forced = true;
    carry_out(order, &Room::Asked(event), &settings, &event.id())
}

/// Carries an order out, and follows it until it is over. What goes wrong after people were told of it is told there.
///
/// # Errors
/// What went wrong before anybody was told.
pub fn carry_out(order: Order<'_>, room: &Room<'_>, settings: &Settings, run: &str) -> Result {
    let repository = github::open(&order.app.app.repository)?;
    let chosen = commits::choose(&order, &repository)?;
    let shown = shown(&order, &chosen);
    let root = room.say(shown.headline())?;
    let progress = Progress::begin(root.as_ref(), shown, &News::text("Checking."))?;
    let mut work = Work {
        order,
        repository,
        chosen,
        room,
        settings,
        run,
        root,
        progress,
        passed_over: Vec::new(),
        waits: false,
        permitted: false,
    };
    let done = work.go_on_to_the_end();
    work.no_longer_waits();
    match done {
        Ok(()) => Ok(()),
        Err(error) => work.give_up(&error),
    }
}

/// What an order looks like before anything is known of it.
pub fn shown(order: &Order<'_>, chosen: &Chosen) -> Shown {
    Shown {
        app: order.app.name.to_owned(),
        environment: order.environment.to_owned(),
        task: order.special_task().map(str::to_owned),
        hosts: order.hosts.clone(),
        reference: chosen.reference.clone(),
        sha: chosen.sha.clone(),
        commit: chosen.about.clone(),
        by: order.by.clone(),
        forced: None,
        changes: None,
        again: order.again.clone(),
    }
}

/// A deployment that is under way.
pub struct Work<'a> {
    /// What is wanted.
    pub order: Order<'a>,
    /// Where it comes from.
    pub repository: Repository,
    /// The commit.
    pub chosen: Chosen,
    /// Where it is told.
    pub room: &'a Room<'a>,
    /// What the operator wrote.
    pub settings: &'a Settings,
    /// The id of this run.
    pub run: &'a str,
    /// The message that says that there is a deployment.
    pub root: Option<Message>,
    /// The message that says how it stands.
    pub progress: Progress,
    /// The checks that said no, and that somebody passed over.
    pub passed_over: Vec<Check>,
    waits: bool,
    permitted: bool,
}

impl Work<'_> {
    /// What checks look at.
    pub fn subject(&self) -> Subject<'_> {
        Subject {
            app: self.order.app,
            environment: self.order.environment,
            repository: &self.repository,
            reference: &self.chosen.reference,
            sha: &self.chosen.sha,
            by: &self.order.by,
        }
    }

    fn go_on_to_the_end(&mut self) -> Result {
        if !self.is_checked_and_permitted()? || !line::wait(self)? {
            return Ok(());
        }
        self.no_longer_waits();
        let last = self.look_back();
        let Some(deployment) = create::create(self)? else {
            return Ok(());
        };
        announce(self.order.app, self.room, self.begun());
        let outcome = follow::to_the_end(self, &deployment, last.as_ref())?;
        announce(
            self.order.app,
            self.room,
            format!("{}: {outcome}", self.what()),
        );
        Ok(())
    }

    /// Whether nothing is in the way, and the operator's rules let it be done. Who is asked to approve it is asked when
    /// there is nothing else in the way; what may have changed while they thought about it is looked at again.
    fn is_checked_and_permitted(&mut self) -> Result<bool> {
        if gate::pass(self)? == Verdict::Stop {
            return Ok(false);
        }
        if !self.ask_permission()? {
            return Ok(true);
        }
        let (reference, sha) = (&self.chosen.reference, &self.chosen.sha);
        // Who named a version means that one, wherever the branch is by now.
        let named = self.order.sha.is_some();
        if !named && commits::is_still(&self.repository, reference, sha)? != Some(true) {
            let text = format!(
                "Not deployed: `{reference}` moved on since this was asked for, or was deleted; what was approved was {}.",
                names::short(sha)
            );
            self.refuse(&News::text(text))?;
            return Ok(false);
        }
        Ok(gate::pass(self)? == Verdict::Go)
    }

    /// Asks whether it may be done, once: for this commit, with the default branch merged in where that is wanted. True if
    /// somebody had to be asked.
    ///
    /// # Errors
    /// `denied`, with the rule and who can; `timeout`; `canceled`.
    pub fn ask_permission(&mut self) -> Result<bool> {
        if std::mem::replace(&mut self.permitted, true) {
            return Ok(false);
        }
        self.now_waits()?;
        let subject = [
            ("app", self.order.app.name),
            ("env", self.order.environment),
            ("hosts", self.order.hosts.as_deref().unwrap_or_default()),
            ("ref", self.chosen.reference.as_str()),
            ("commit", self.chosen.sha.as_str()),
        ];
        let given = subject.into_iter().filter(|(_, value)| !value.is_empty());
        permission::demand(given)
    }

    /// Whether the operator's rules let the person pass over checks: whether they could have said `deploy!`.
    pub fn may_be_forced(&self) -> bool {
        let arguments = [
            ("app", self.order.app.name),
            ("env", self.order.environment),
        ];
        self.order.forced || permission::may("deploy!", arguments).unwrap_or(false)
    }

    /// The last deployment there, and what is new since then. It is good to know, and no more.
    fn look_back(&mut self) -> Option<Success> {
        let (app, environment) = (self.order.app.name, self.order.environment);
        let last = history::present(&self.repository, app, environment).ok()??;
        let changes = changes::since(&self.repository, &last, &self.chosen.sha);
        self.progress.shown.changes = changes.ok().flatten();
        Some(last)
    }

    /// Tells that nothing is deployed, with a way to try again.
    ///
    /// # Errors
    /// As with an edit.
    pub fn refuse(&mut self, news: &News) -> Result {
        let again = self.progress.shown.again();
        let news = news.clone().button("Try again", again);
        self.progress
            .finish("not deployed", chat::State::Failure, &news)
    }

    fn give_up(&mut self, error: &Error) -> Result {
        if error.code == Code::Canceled {
            let news = News::text("Canceled before anything was deployed.");
            return self
                .progress
                .finish("canceled", chat::State::Canceled, &news);
        }
        self.refuse(&News::text(format!("Not deployed: {error}")))
    }

    /// Lets others find this run.
    ///
    /// # Errors
    /// The store.
    pub fn now_waits(&mut self) -> Result {
        if self.waits {
            return Ok(());
        }
        self.waits = true;
        let waiting = Waiting {
            run: self.run.to_owned(),
            version: self.progress.shown.version(),
            by: self.order.by.clone(),
        };
        waiting::add(self.order.app.name, self.order.environment, &waiting)
    }

    fn no_longer_waits(&mut self) {
        if !std::mem::take(&mut self.waits) {
            return;
        }
        let (app, environment) = (self.order.app.name, self.order.environment);
        if let Err(error) = waiting::remove(app, environment, self.run) {
            witbot_sdk::log::warn!("a run is still listed as waiting: {error}");
        }
    }

    /// The command that cancels a deployment that GitHub knows: just this one, however late somebody presses the button.
    pub fn cancel_number(&self, id: u64) -> String {
        let (app, environment) = (self.order.app.name, self.order.environment);
        format!("cancel deploy {app} in {environment} number {id}")
    }

    /// The command that cancels this run while it waits.
    pub fn cancel_command(&self) -> String {
        format!(
            "cancel deploy {} in {} run {}",
            self.order.app.name, self.order.environment, self.run
        )
    }

    /// What is deployed, for people who were not there.
    fn what(&self) -> String {
        let shown = &self.progress.shown;
        format!("{} {}", shown.title(), shown.version())
    }

    fn begun(&self) -> String {
        format!("{}: begun for {}.", self.what(), self.order.by.name)
    }
}
