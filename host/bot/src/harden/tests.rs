//! What was given up is really gone. It cannot be had back, so it is given up in a process of its own: this program again,
//! with the folder to try it in as a variable.

use std::fs;
use std::io::{self, ErrorKind};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::process::{
    DumpableBehavior, Pid, Resource, dumpable_behavior, geteuid, getrlimit, test_kill_process,
};
use socket2::{Domain, Socket, Type};

use super::{Held, Reach, give_up};

const FOLDER: &str = "WITBOT_TEST_HARDEN";
const DONE: &str = "everything was tried";

#[test]
fn what_was_given_up_is_gone_and_what_a_bot_does_goes_on() {
    if let Some(folder) = std::env::var_os(FOLDER) {
        return try_everything(Path::new(&folder));
    }
    let folder = tempfile::tempdir().unwrap();
    for name in ["plugins", "data", "elsewhere"] {
        fs::create_dir(folder.path().join(name)).unwrap();
        fs::write(folder.path().join(name).join("file"), "text").unwrap();
    }
    let test = "harden::tests::what_was_given_up_is_gone_and_what_a_bot_does_goes_on";
    let tried = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(FOLDER, folder.path())
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&tried.stdout);
    let complained = String::from_utf8_lossy(&tried.stderr);
    assert!(
        tried.status.success() && printed.contains(DONE),
        "{printed}{complained}"
    );
}

fn try_everything(folder: &Path) {
    let reach = Reach {
        read: [
            folder.join("plugins"),
            "/usr".into(),
            "/lib".into(),
            "/lib64".into(),
            "/proc".into(),
        ]
        .to_vec(),
        write: vec![folder.join("data")],
    };
    let Held { well, lacking } = give_up(&reach);
    let core = getrlimit(Resource::Core);
    assert_eq!((core.current, core.maximum), (Some(0), Some(0)));
    assert_eq!(dumpable_behavior().unwrap(), DumpableBehavior::NotDumpable);
    for what in ["no new privileges", "dangerous system calls refused"] {
        assert!(well.iter().any(|held| held == what), "{lacking:?}");
    }
    let status = fs::read_to_string("/proc/thread-self/status").unwrap();
    for line in ["NoNewPrivs:\t1", "Seccomp:\t2"] {
        assert!(status.lines().any(|found| found == line), "{status}");
    }
    sockets(&folder.join("data"));
    inside(folder);
    if well.iter().any(|held| held.starts_with("files")) {
        outside(folder);
    } else {
        assert!(
            lacking.iter().any(|lacks| lacks.contains("landlock")),
            "{lacking:?}"
        );
        println!("this kernel bounds no files: {lacking:?}");
    }
    println!("{DONE}");
}

/// What is listened at and connected to works, and no other kind of socket is there.
fn sockets(data: &Path) {
    for family in [libc::AF_VSOCK, libc::AF_PACKET, libc::AF_ALG] {
        let other = Socket::new(Domain::from(family), Type::STREAM, None);
        denied("another kind of socket", other.map(|_| ()));
    }
    let _control = UnixListener::bind(data.join("socket")).unwrap();
    UnixStream::connect(data.join("socket")).unwrap();
    let web = TcpListener::bind("127.0.0.1:0").unwrap();
    TcpStream::connect(web.local_addr().unwrap()).unwrap();
}

/// What a bot does.
fn inside(folder: &Path) {
    let (plugins, data) = (folder.join("plugins"), folder.join("data"));
    assert_eq!(fs::read_to_string(plugins.join("file")).unwrap(), "text");
    assert_eq!(fs::read_dir(&plugins).unwrap().count(), 1);
    fs::create_dir(data.join("folder")).unwrap();
    fs::write(data.join("file"), "shorter").unwrap();
    fs::rename(data.join("file"), data.join("folder/file")).unwrap();
    fs::remove_file(data.join("folder/file")).unwrap();
    fs::remove_dir(data.join("folder")).unwrap();
    let again = Command::new("/proc/self/exe")
        .arg("--list")
        .env_clear()
        .stdin(Stdio::null())
        .output();
    assert!(again.unwrap().status.success());
}

/// What nobody should do in its place.
fn outside(folder: &Path) {
    let (plugins, elsewhere) = (folder.join("plugins"), folder.join("elsewhere"));
    denied("read", fs::read(elsewhere.join("file")).map(|_| ()));
    denied("look", fs::read_dir(&elsewhere).map(|_| ()));
    denied("write", fs::write(elsewhere.join("file"), ""));
    denied("make", fs::write(plugins.join("new"), ""));
    denied("change", fs::write(plugins.join("file"), ""));
    denied("remove", fs::remove_file(plugins.join("file")));
    let link = std::os::unix::fs::symlink(elsewhere, folder.join("data/link"));
    denied("link", link);
    let shell = ["/bin/sh", "/usr/bin/sh"].map(PathBuf::from);
    for shell in shell.iter().filter(|shell| shell.exists()) {
        denied(
            "start",
            Command::new(shell).arg("-c").arg(":").status().map(|_| ()),
        );
    }
    let parent = std::os::unix::process::parent_id();
    // Newer kernels let who may watch performance read it past all bounds, and that is root.
    if !geteuid().is_root() {
        let environment = fs::read(format!("/proc/{parent}/environ"));
        denied("read the environment of another", environment.map(|_| ()));
    }
    let parent = Pid::from_raw(parent.cast_signed()).unwrap();
    // Kernels before 6.12 have no bound on signals.
    if let Err(error) = test_kill_process(parent) {
        assert_eq!(error, rustix::io::Errno::PERM);
    }
}

fn denied(what: &str, outcome: io::Result<()>) {
    match outcome {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {}
        other => panic!("to {what} was to be denied: {other:?}"),
    }
}
