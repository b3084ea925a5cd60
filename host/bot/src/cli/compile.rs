//! `witbot compile-plugin`: the process that the bot compiles a plugin in. It is not for people, and is taken before all else
//! that `witbot` does at its start: it needs no settings, no log and no secrets.

use std::ffi::OsString;
use std::process::ExitCode;

use witbot_engine::{CompileLimits, Compiler, compile_as_child};

const ARGUMENT: &str = "compile-plugin";

/// This program itself, also when its file has been replaced by another version's.
const ITSELF: &str = "/proc/self/exe";

/// How all engines of this program compile.
pub fn compiler() -> Compiler {
    Compiler::Child {
        program: ITSELF.into(),
        arguments: vec![ARGUMENT.into()],
        limits: CompileLimits::default(),
    }
}

/// Compiles, if that is what this process was started for.
pub fn if_asked(mut arguments: impl Iterator<Item = OsString>) -> Option<ExitCode> {
    let asked = arguments.nth(1).is_some_and(|first| first == ARGUMENT);
    asked.then(|| compile_as_child(arguments))
}
