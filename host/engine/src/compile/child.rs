//! The process in which one plugin is compiled. It limits itself before it reads a byte, and ends when its input does, so it
//! cannot outlive who started it.
//!
//! Input: the length of the file in eight bytes, little end first, then the file, then nothing for as long as the result is
//! wanted. Output: the machine code. Standard error: one line, which says what it cost, or why there is no code. The exit
//! code says which.

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::process::ExitCode;
use std::str::FromStr;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, nice, setrlimit};
use rustix::time::{ClockId, clock_gettime};
use wasmtime::InstanceAllocationStrategy;
use witbot_core::limits;

use crate::engine::{self, Fuel};

/// The plugin is refused: `EX_DATAERR` of `sysexits.h`.
pub(super) const REFUSED: u8 = 65;
/// The machine does not allow what is needed: `EX_OSERR`.
const HOST: u8 = 71;

/// A third of what a thread of the bot gets: it goes on answering, and on a machine that is busy a plugin is ready in less
/// than a second all the same.
const NICE: i32 = 5;
/// Standard input, output and error, and a few that the compiler opens to look at the machine.
const FILES_MAX: u64 = 16;
/// After the limit of processor time has ended the process with a signal that it could catch.
const MERCY: u64 = 5;

/// Compiles the plugin on standard input and answers the exit code, in a process that was started by an engine with
/// [`Compiler::Child`](crate::Compiler) and does nothing else. `arguments`: the seconds of processor time and the bytes of
/// address space that it may use up, and whether the code is to count [`Fuel`], as 0 or 1.
pub fn compile_as_child(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    std::panic::set_hook(Box::new(|panic| say(&panic.to_string())));
    let (code, said) = match compile(arguments) {
        Ok(()) => (ExitCode::SUCCESS, cost()),
        Err(Failure::Refused(reason)) => (REFUSED.into(), reason),
        Err(Failure::Host(reason)) => (HOST.into(), reason),
    };
    say(&said);
    code
}

enum Failure {
    Refused(String),
    Host(String),
}

fn compile(arguments: impl Iterator<Item = OsString>) -> Result<(), Failure> {
    let host = |error: &dyn std::fmt::Display| Failure::Host(error.to_string());
    let numbers: Vec<u64> = arguments
        .filter_map(|argument| u64::from_str(argument.to_str()?).ok())
        .collect();
    let [seconds, bytes, fuel] = numbers[..] else {
        return Err(Failure::Host("this is for witbot itself".to_owned()));
    };
    limit_itself(seconds, bytes).map_err(|error| host(&error))?;
    let file = read().map_err(|error| host(&error))?;
    end_with_input().map_err(|error| host(&error))?;
    let fuel = match fuel {
        0 => Fuel::Uncounted,
        _ => Fuel::Counted,
    };
    let config = engine::config(InstanceAllocationStrategy::OnDemand, fuel);
    let engine = wasmtime::Engine::new(&config).map_err(|error| host(&format!("{error:#}")))?;
    let code =
        super::machine_code(&engine, &file).map_err(|error| Failure::Refused(error.to_string()))?;
    let mut output = io::stdout().lock();
    output
        .write_all(&code)
        .and_then(|()| output.flush())
        .map_err(|error| host(&error))
}

fn limit_itself(seconds: u64, bytes: u64) -> rustix::io::Result<()> {
    limit(Resource::Cpu, seconds, seconds + MERCY)?;
    limit(Resource::As, bytes, bytes)?;
    limit(Resource::Nofile, FILES_MAX, FILES_MAX)?;
    // It writes to pipes alone, and a dump would have the plugin and the memory of the compiler in it.
    limit(Resource::Fsize, 0, 0)?;
    limit(Resource::Core, 0, 0)?;
    nice(NICE).map(|_| ())
}

/// Who started it may already have set stricter limits, and these stay.
fn limit(resource: Resource, current: u64, maximum: u64) -> rustix::io::Result<()> {
    let before = getrlimit(resource);
    let stricter = |new: u64, old: Option<u64>| Some(old.map_or(new, |old| old.min(new)));
    let limits = Rlimit {
        current: stricter(current, before.current),
        maximum: stricter(maximum, before.maximum),
    };
    setrlimit(resource, limits)
}

fn read() -> io::Result<Vec<u8>> {
    let mut input = io::stdin().lock();
    let mut length = [0; 8];
    input.read_exact(&mut length)?;
    let length = u64::from_le_bytes(length);
    if length > limits::COMPONENT_BYTES_MAX {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    let mut file = vec![0; length as usize];
    input.read_exact(&mut file)?;
    Ok(file)
}

/// Ends the process when nobody waits for its result any more. That holds whichever way who started it has ended, and the
/// signal that the kernel could send instead would also come when only the thread ends that did it.
#[expect(
    clippy::disallowed_methods,
    reason = "the process is to end although its other threads are at work"
)]
fn end_with_input() -> io::Result<()> {
    let watch = || {
        let _ = io::stdin().lock().read(&mut [0]);
        std::process::exit(HOST.into());
    };
    std::thread::Builder::new().spawn(watch).map(|_| ())
}

fn cost() -> String {
    let used = clock_gettime(ClockId::ProcessCPUTime);
    let used = Duration::new(used.tv_sec.unsigned_abs(), used.tv_nsec as u32);
    let memory = std::fs::read_to_string("/proc/self/status")
        .ok()
        .and_then(|status| {
            let line = status
                .lines()
                .find_map(|line| line.strip_prefix("VmHWM:"))?;
            u64::from_str(line.trim().strip_suffix("kB")?.trim()).ok()
        });
    let memory = memory.map_or(String::new(), |kib| {
        format!(", {} MiB of memory", kib >> 10)
    });
    format!("{} ms of processor time{memory}", used.as_millis())
}

/// One line, and not too long.
fn say(text: &str) {
    let mut text = text.to_owned();
    text.truncate(text.floor_char_boundary(limits::COMPILE_REASON_BYTES_MAX - 1));
    // Nobody is there to be told that this failed.
    let _ = writeln!(io::stderr(), "{text}");
}
