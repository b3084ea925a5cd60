//! Gives up what a running bot does not need, before it reads a token or a plugin: what is given up cannot be had back, not
//! even by somebody who has found a way to run code of their own in this process.
//!
//! It is done by the only thread that there is, and holds for all that are started after it, and for the processes that
//! compile. Everything here is best effort: an older kernel offers less, and then the log says what does not hold.

#[cfg(target_os = "linux")]
mod calls;
#[cfg(target_os = "linux")]
mod files;
mod reach;

pub use reach::Reach;

use rustix::process::{Resource, Rlimit, setrlimit};

/// What holds from now on, and what does not.
#[derive(Debug, Default, PartialEq, Eq)]
struct Held {
    well: Vec<String>,
    lacking: Vec<String>,
}

impl Held {
    fn note<E: std::fmt::Display>(&mut self, what: &str, outcome: Result<(), E>) {
        match outcome {
            Ok(()) => self.well.push(what.to_owned()),
            Err(error) => self.lacking.push(format!("{what}: {error}")),
        }
    }

    /// One line.
    fn log(&self) {
        let well = if self.well.is_empty() {
            "nothing".to_owned()
        } else {
            self.well.join("; ")
        };
        if self.lacking.is_empty() {
            tracing::info!("hardened: {well}");
        } else {
            let lacking = self.lacking.join("; ");
            tracing::warn!("hardened: {well}. Not offered by this system: {lacking}");
        }
    }
}

/// Leaves this thread, and all that it starts, with what `reach` names.
pub fn harden(reach: &Reach) {
    give_up(reach).log();
}

fn give_up(reach: &Reach) -> Held {
    let mut held = Held::default();
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    held.note("no core dumps", setrlimit(Resource::Core, none));
    by_kernel(reach, &mut held);
    held
}

#[cfg(target_os = "linux")]
fn by_kernel(reach: &Reach, held: &mut Held) {
    use rustix::process::{DumpableBehavior, set_dumpable_behavior};

    // A limit of 0 does not keep a dump from a program that the kernel is told to pipe it into; this does. It also makes
    // memory and environment unreadable to other processes of the same account.
    held.note(
        "memory closed to other processes",
        set_dumpable_behavior(DumpableBehavior::NotDumpable),
    );
    files::restrict(reach, held);
    // Last, because restricting the files takes system calls too.
    held.note("dangerous system calls refused", calls::refuse());
}

#[cfg(not(target_os = "linux"))]
fn by_kernel(_reach: &Reach, held: &mut Held) {
    held.lacking
        .push("bounds on files and system calls, which only Linux has".to_owned());
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests;
