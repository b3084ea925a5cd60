//! A test in a network of its own, which has nothing but loopback: for programs that would listen at every address of
//! the machine. What it mounts nobody else sees, and is gone with it. Needs Linux, and the right to make such a network.

use std::io::{self, Read as _};
use std::process::Command;

use socket2::{Domain, Socket, Type};
use tokio::runtime;

/// Set for a test that has its network.
const ISOLATED: &str = "WITBOT_TEST_ISOLATED";

const UNSHARE: [&str; 4] = ["--map-root-user", "--net", "--mount", "--"];

/// Whether a test can be run so here, and can mount something.
pub fn is_possible() -> bool {
    let mounts = Command::new("unshare")
        .args(UNSHARE)
        .args(["mount", "-t", "tmpfs", "none", "/tmp"])
        .output();
    mounts.is_ok_and(|output| output.status.success())
}

/// Runs a test in a network of its own: as the program that it is in, once more, for this test alone. `name` is what the
/// test is called, with the modules that it is in.
///
/// # Panics
///
/// When the test fails, and when there can be no such network. It never runs in any other.
pub fn run(name: &str, test: impl Future<Output = ()>) {
    if std::env::var_os(ISOLATED).is_none() {
        return run_isolated(name);
    }
    assert!(
        is_isolated(),
        "this network has more than loopback, and the test is not for it"
    );
    begin_loopback().expect("loopback can be switched on in a network that is new");
    let runtime = runtime::Builder::new_multi_thread().enable_all().build();
    runtime.expect("there are threads").block_on(test);
}

fn run_isolated(name: &str) {
    let program = std::env::current_exe().expect("it runs");
    let output = Command::new("unshare")
        .args(UNSHARE)
        .arg(program)
        .args(["--exact", name, "--nocapture"])
        .env(ISOLATED, "1")
        .output()
        .expect("`unshare` is there, which is a part of util-linux");
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    let said: String = said.lines().map(indented).collect();
    // A name that no test has is no failure to the runner of tests.
    let ran = said.contains("test result: ok. 1 passed;");
    assert!(output.status.success() && ran, "isolated:\n{said}");
}

/// So that it is not taken for what the test outside says.
fn indented(line: &str) -> String {
    format!("  | {line}\n")
}

/// Whether there is nothing but loopback here: without a route there is no address that anybody else could reach.
pub fn is_isolated() -> bool {
    let routes = std::fs::read_to_string("/proc/net/route").expect("Linux tells its routes");
    // The first line names the columns.
    routes.lines().nth(1).is_none()
}

/// What `ip link set lo up` does, which not every machine has: sends an `RTM_NEWLINK` over netlink, and reads whether it
/// was done. The numbers are those of Linux's headers.
fn begin_loopback() -> io::Result<()> {
    const AF_NETLINK: i32 = 16;
    const RTM_NEWLINK: u16 = 16;
    const NLM_F_REQUEST_AND_ACK: u16 = 1 | 4;
    const IFF_UP: u32 = 1;
    // It is the first of every network.
    const LOOPBACK: u32 = 1;

    // How long it is, what it is; a number and a sender, a family and a type, which one, its flags, and which of them to
    // change.
    let length = 32_u32.to_ne_bytes();
    let kind = RTM_NEWLINK.to_ne_bytes();
    let flags = NLM_F_REQUEST_AND_ACK.to_ne_bytes();
    let rest = [0, 0, 0, LOOPBACK, IFF_UP, IFF_UP].map(u32::to_ne_bytes);
    let socket = Socket::new(Domain::from(AF_NETLINK), Type::DGRAM, None)?;
    socket.send(&[&length[..], &kind, &flags, &rest.concat()].concat())?;
    // The same head, and an error.
    let mut answer = [0; 20];
    (&socket).read_exact(&mut answer)?;
    let code = i32::from_ne_bytes([answer[16], answer[17], answer[18], answer[19]]);
    match code {
        0 => Ok(()),
        error => Err(io::Error::from_raw_os_error(-error)),
    }
}
