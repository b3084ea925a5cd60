//! Bounds the files that can be opened, by the kernel's landlock (landlock(7)): since Linux 5.13, more of it with each
//! version.
//!
//! What is open already stays open. Addresses are not bounded: a bot speaks to any host that its settings name.

use std::fs;
use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access as _, AccessFs, BitFlags, LandlockStatus, RestrictionStatus, Ruleset,
    RulesetAttr as _, RulesetCreatedAttr as _, RulesetError, RulesetStatus, Scope, make_bitflags,
    path_beneath_rules,
};

use super::{Held, Reach};

/// What is asked for. A kernel that knows less gives what it has. Later versions would also close the sockets of the
/// system's own resolvers, which looking up names needs.
const ABI: ABI = ABI::V6;

/// This program, also when its file has been replaced.
const ITSELF: &str = "/proc/self/exe";

const READ: BitFlags<AccessFs> = make_bitflags!(AccessFs::{ReadFile | ReadDir});

/// All that the store, the artefacts, the compiled code and the socket of the command line need: no links, no devices.
const WRITE: BitFlags<AccessFs> = make_bitflags!(AccessFs::{
    ReadFile | ReadDir | WriteFile | Truncate | MakeReg | MakeDir | MakeSock | RemoveFile | RemoveDir | Refer
});

/// Where processes that are to read or print nothing read from and print to.
const NOWHERE: &str = "/dev/null";

/// Lets nothing be opened from now on but what `reach` names. The only program that can be started is this one.
pub(super) fn restrict(reach: &Reach, held: &mut Held) {
    match applied(reach) {
        Ok(status) => note(&status, held),
        Err(error) => held.lacking.push(format!("bounds on files: {error}")),
    }
}

fn applied(reach: &Reach) -> Result<RestrictionStatus, RulesetError> {
    let programs = [PathBuf::from(ITSELF)].into_iter().chain(loader());
    Ruleset::default()
        .handle_access(AccessFs::from_all(ABI))?
        .scope(Scope::from_all(ABI))?
        .create()?
        .add_rules(path_beneath_rules(&reach.read, READ))?
        .add_rules(path_beneath_rules(&reach.write, WRITE))?
        .add_rules(path_beneath_rules(
            [NOWHERE],
            AccessFs::ReadFile | AccessFs::WriteFile,
        ))?
        .add_rules(path_beneath_rules(
            programs,
            AccessFs::ReadFile | AccessFs::Execute,
        ))?
        .restrict_self()
}

/// What the kernel starts a program with whose libraries are files: ld.so(8). It counts as a program of its own.
fn loader() -> Option<PathBuf> {
    let maps = fs::read_to_string("/proc/self/maps").ok()?;
    let mut files = maps
        .lines()
        .filter_map(|line| line.find('/').map(|at| &line[at..]));
    let file = files.find(|file| {
        let name = Path::new(file).file_name().and_then(|name| name.to_str());
        name.is_some_and(|name| name.starts_with("ld-") || name.starts_with("ld."))
    })?;
    Some(file.into())
}

fn note(status: &RestrictionStatus, held: &mut Held) {
    let gained = if status.no_new_privs {
        &mut held.well
    } else {
        &mut held.lacking
    };
    gained.push("no new privileges".to_owned());
    match (&status.ruleset, &status.landlock) {
        (RulesetStatus::FullyEnforced, _) => held
            .well
            .push("files outside of its folders closed".to_owned()),
        (RulesetStatus::PartiallyEnforced, _) => {
            held.well
                .push("files outside of its folders closed".to_owned());
            held.lacking.push(format!(
                "all of landlock, of which the kernel has a part ({:?})",
                status.landlock
            ));
        }
        (RulesetStatus::NotEnforced, LandlockStatus::NotEnabled) => held.lacking.push(
            "bounds on files: landlock is not switched on in the kernel (`lsm=` at its start)"
                .to_owned(),
        ),
        (RulesetStatus::NotEnforced, _) => held.lacking.push(
            "bounds on files: the kernel has no landlock (Linux 5.13 and later have)".to_owned(),
        ),
    }
}
