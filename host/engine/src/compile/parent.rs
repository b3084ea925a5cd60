//! Starts the process that compiles a plugin, feeds it, waits for it as long as it may take, and says what became of it.

use std::ffi::OsString;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::thread::available_parallelism;

use rustix::process::Signal;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, ChildStdin, Command};
use tokio::time::timeout;
use witbot_core::{limits, printable};

use super::{CompileLimits, Failure, child};
use crate::component::ComponentError;
use crate::engine::Fuel;

/// What came out of the process.
struct Ended {
    code: Vec<u8>,
    said: String,
    status: ExitStatus,
}

/// Compiles a file. Whoever stops waiting ends the process.
pub(super) async fn compile(
    program: &Path,
    arguments: &[OsString],
    limits: &CompileLimits,
    fuel: Fuel,
    bytes: &[u8],
) -> Result<(Vec<u8>, String), Failure> {
    let mut child = command(program, arguments, limits, fuel)
        .spawn()
        .map_err(|error| Failure::Host(format!("the compiler cannot be started: {error}")))?;
    let ended = timeout(limits.wall, attend(&mut child, bytes)).await;
    match ended {
        Ok(ended) => {
            let ended = ended.map_err(|error| Failure::Host(format!("the compiler: {error}")))?;
            outcome(ended, limits)
        }
        Err(_) => {
            // It is gone before anybody is told.
            if let Err(error) = child.kill().await {
                tracing::warn!("the compiler cannot be stopped: {error}");
            }
            let seconds = limits.wall.as_secs();
            let reason = format!("it takes more than {seconds} s to compile");
            Err(Failure::NotNow(reason))
        }
    }
}

/// Nothing of the bot's environment: there are secrets in it.
fn command(program: &Path, arguments: &[OsString], limits: &CompileLimits, fuel: Fuel) -> Command {
    let threads = available_parallelism().map_or(1, |threads| threads.get());
    let threads = threads.min(limits::COMPILE_THREADS_MAX);
    let mut command = Command::new(program);
    command
        .arg0("witbot")
        .args(arguments)
        .arg(limits.processor.as_secs().to_string())
        .arg(limits.memory_bytes.to_string())
        .arg(u8::from(fuel == Fuel::Counted).to_string())
        .env_clear()
        .env("RAYON_NUM_THREADS", threads.to_string())
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // Ctrl-C is for the bot, which decides what is to end.
        .process_group(0)
        .kill_on_drop(true);
    command
}

async fn attend(child: &mut Child, bytes: &[u8]) -> std::io::Result<Ended> {
    let (Some(mut input), Some(output), Some(error)) =
        (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return Err(std::io::ErrorKind::BrokenPipe.into());
    };
    let (fed, code, said) = tokio::join!(
        feed(&mut input, bytes),
        bounded(output, limits::COMPILED_BYTES_MAX),
        bounded(error, limits::COMPILE_REASON_BYTES_MAX as u64),
    );
    // Who ends before all of it is read says why in another way.
    let _ = fed;
    let status = child.wait().await?;
    drop(input);
    let said = String::from_utf8_lossy(&said?).into_owned();
    let said = printable::line(said.trim()).into_owned();
    Ok(Ended {
        code: code?,
        said,
        status,
    })
}

async fn feed(input: &mut ChildStdin, bytes: &[u8]) -> std::io::Result<()> {
    input.write_all(&(bytes.len() as u64).to_le_bytes()).await?;
    input.write_all(bytes).await?;
    input.flush().await
}

/// As much as may come, and one byte more. Who writes on after that writes to nobody.
async fn bounded(from: impl AsyncRead + Unpin, most: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(most + 1).read_to_end(&mut bytes).await?;
    Ok(bytes)
}

fn outcome(ended: Ended, limits: &CompileLimits) -> Result<(Vec<u8>, String), Failure> {
    let Ended { code, said, status } = ended;
    let refused = |reason: String| Err(Failure::Refused(ComponentError::Compile(reason)));
    let out_of_memory = || {
        Err(Failure::Refused(ComponentError::CompileMemory(
            limits.memory_bytes >> 20,
        )))
    };
    if code.len() as u64 > limits::COMPILED_BYTES_MAX {
        let most = limits::COMPILED_BYTES_MAX >> 20;
        return refused(format!("it comes to more than {most} MiB of machine code"));
    }
    match (
        status.code(),
        status.signal().and_then(Signal::from_named_raw),
    ) {
        (Some(0), _) if !code.is_empty() => Ok((code, said)),
        (Some(code), _) if code == i32::from(child::REFUSED) => {
            Err(Failure::Refused(ComponentError::Refused(said)))
        }
        // `abort` after memory could not be had, and what a failed assertion exits with.
        (_, Some(Signal::ABORT)) if said.contains("memory allocation") => out_of_memory(),
        (Some(101), _) => refused(format!("the compiler failed: {said}")),
        (_, Some(Signal::KILL)) => Err(Failure::NotNow(
            "its compiler was killed, as the system does when memory is short".to_owned(),
        )),
        (_, Some(Signal::XCPU)) => Err(Failure::Refused(ComponentError::CompileTime(
            limits.processor.as_secs(),
        ))),
        (
            _,
            Some(
                Signal::ABORT
                | Signal::SEGV
                | Signal::BUS
                | Signal::ILL
                | Signal::TRAP
                | Signal::FPE,
            ),
        ) => refused(format!("the compiler crashed ({status}): {said}")),
        _ => Err(Failure::Host(format!(
            "the compiler ended ({status}): {said}"
        ))),
    }
}
