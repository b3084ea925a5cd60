//! Following a run to its end.

use std::time::Duration;

use witbot_sdk::ci::{Phase, Run};
use witbot_sdk::flow::Timestamp;
use witbot_sdk::github::{State, Status};
use witbot_sdk::{Code, Error, flow, log};

use crate::commit::{self, Worked};
use crate::job::{Job, Stop, stop};
use crate::outcome::{self, Look};
use crate::retire;

/// A run that was just started may not be found by its id yet.
const YOUNG: Duration = Duration::from_secs(30);
/// How soon the next approval is shown after one that was given.
const NEXT_APPROVAL: Duration = Duration::from_secs(60);
/// How long to wait before CI is asked again, when it did not say when.
const PAUSE: Duration = Duration::from_secs(15);

/// What there is to tell.
enum News {
    /// Something has moved.
    Moved(Look),
    /// Nothing has, for too long.
    Silence(Look),
    /// The time is over.
    TimeOver,
    /// Nothing more will be heard of it.
    Lost(Error),
}

/// How the run stood when it was looked at last.
struct Seen {
    phase: Phase,
    look: Option<Look>,
    began: Timestamp,
    end: Timestamp,
    /// How long to wait for something to move. It doubles: a run of the plugin has 500 calls, however long that of CI takes.
    pause: Duration,
    /// How long to wait when CI cannot be asked. It doubles, too.
    trouble: Duration,
    /// Whether it was told that nothing moves.
    silent: bool,
}

impl Job<'_> {
    /// Tells GitHub what becomes of the run, until it is over.
    pub fn follow(&self, run: &Run) -> Result<(), Stop> {
        let began = flow::now();
        let mut seen = Seen {
            phase: Phase::Queued,
            look: None,
            began,
            end: began + self.pipeline.timeout(),
            pause: self.pipeline.silence(),
            trouble: PAUSE,
            silent: false,
        };
        loop {
            match self.news(run, &mut seen) {
                News::Moved(look) => {
                    if self.told_all(run, &look)? {
                        return Ok(());
                    }
                }
                News::Silence(look) => self.tell_silence(&look)?,
                News::TimeOver => return self.tell_last(&self.time_over(run)),
                News::Lost(error) => return self.tell_last(&self.lost(run, &error)),
            }
        }
    }

    fn news(&self, run: &Run, seen: &mut Seen) -> News {
        loop {
            let left = seen.end.since(flow::now());
            if left.is_zero() {
                return News::TimeOver;
            }
            let look = match look(run, &seen.phase, left.min(seen.pause)) {
                Ok(look) => look,
                Err(error) if may_pass(&error) || is_not_there_yet(&error, seen) => {
                    log::warn!("the run {} cannot be looked at: {error}", run.id());
                    let pause = error.retry_after.unwrap_or_default().max(seen.trouble);
                    seen.trouble *= 2;
                    match flow::sleep(pause.min(left)) {
                        Ok(()) => continue,
                        Err(error) => return News::Lost(error),
                    }
                }
                Err(error) => return News::Lost(error),
            };
            if seen.look.as_ref() != Some(&look) {
                seen.phase = look.phase.clone();
                seen.pause = self.pause(&look);
                seen.trouble = PAUSE;
                seen.silent = false;
                seen.look = Some(look.clone());
                return News::Moved(look);
            }
            seen.pause *= 2;
            if !seen.silent {
                seen.silent = true;
                return News::Silence(look);
            }
        }
    }

    /// How long to wait for something to move at first. One approval can follow another without anything that moves between.
    fn pause(&self, look: &Look) -> Duration {
        match look.phase {
            Phase::Blocked => self.pipeline.silence().min(NEXT_APPROVAL),
            _ => self.pipeline.silence(),
        }
    }

    /// Tells how the run stands, and says whether that was all.
    fn told_all(&self, run: &Run, look: &Look) -> Result<bool, Stop> {
        let worked = commit::check(look.commit.as_deref(), &self.values.sha, self.pipeline);
        if let Worked::Wrong(why) = worked {
            if !look.is_finished {
                stop(run)?;
            }
            let status = Status::new(State::Error)
                .description(why)
                .log_url(&look.url);
            self.tell_last(&status)?;
            return Ok(true);
        }
        let environment_url = self.pipeline.environment_url(&self.values)?;
        let note = match &worked {
            Worked::ByParameter(note) => Some(note.as_str()),
            Worked::Right | Worked::Wrong(_) => None,
        };
        let status = outcome::status(look, environment_url.as_deref(), note);
        self.board.show(look, self.pipeline);
        if !look.is_finished {
            status.map_or(Ok(()), |status| self.tell(&status))?;
            return Ok(false);
        }
        let status = status.unwrap_or_else(|| Status::new(State::Error));
        self.tell_last(&status)?;
        if look.phase == Phase::Succeeded && self.pipeline.retire_previous {
            retire::earlier(self);
        }
        Ok(true)
    }

    /// Nobody is surprised that a run stands still which waits for somebody.
    fn tell_silence(&self, look: &Look) -> Result<(), Stop> {
        let state = match look.phase {
            Phase::Queued => State::Queued,
            Phase::Running => State::InProgress,
            _ => return Ok(()),
        };
        let minutes = self.pipeline.silent_minutes;
        let text = format!("Nothing has moved in CI for {}", in_minutes(minutes));
        self.tell(&Status::new(state).description(text).log_url(&look.url))
    }

    fn time_over(&self, run: &Run) -> Status {
        let after = match self.pipeline.cancel_on_timeout {
            true => {
                self.place.end();
                match stop(run) {
                    Ok(()) => "the run was stopped",
                    Err(error) => {
                        log::error!("the run {} cannot be stopped: {error}", run.id());
                        "the run could not be stopped"
                    }
                }
            }
            false => "the run may still go on",
        };
        let minutes = in_minutes(self.pipeline.timeout_minutes);
        let text = format!("No result from CI after {minutes}; {after}");
        Status::new(State::Error)
            .description(text)
            .log_url(run.url())
    }

    /// What is told when the end of a run will not be seen. Who canceled the work here wants the run to end, too.
    fn lost(&self, run: &Run, error: &Error) -> Status {
        let text = match error.code {
            Code::Canceled => {
                if let Err(error) = run.cancel() {
                    log::warn!("the run {} was not stopped: {error}", run.id());
                }
                format!("Canceled: {error}")
            }
            Code::NotFound => "CI has no such run any more".to_owned(),
            _ => format!("The run in CI can no longer be followed: {error}"),
        };
        Status::new(State::Error)
            .description(text)
            .log_url(run.url())
    }
}

/// How the run stands when it has left a phase, or else after that time.
fn look(run: &Run, phase: &Phase, pause: Duration) -> witbot_sdk::Result<Look> {
    match run.past(phase, pause) {
        Ok(status) => Ok(Look::of(&status)),
        Err(error) if error.code == Code::Timeout => Ok(Look::of(&run.status()?)),
        Err(error) => Err(error),
    }
}

fn in_minutes(minutes: u32) -> String {
    match minutes {
        1 => "a minute".to_owned(),
        minutes => format!("{minutes} minutes"),
    }
}

fn may_pass(error: &Error) -> bool {
    error.retry_after.is_some() || matches!(error.code, Code::RateLimited | Code::Unavailable)
}

fn is_not_there_yet(error: &Error, seen: &Seen) -> bool {
    error.code == Code::NotFound && seen.look.is_none() && flow::now().since(seen.began) < YOUNG
}
