//! Which files a running bot needs, from what it is started with.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::settings::Settings;

/// What the system's libraries read: their own code, the names of hosts, certificates and time zones. None of it is a
/// secret that an account of its own could read; the last three are where some distributions keep the certificates, or all of
/// it.
const SYSTEM: [&str; 7] = [
    "/usr",
    "/lib",
    "/lib64",
    "/etc",
    "/var/lib/ca-certificates",
    "/nix/store",
    "/gnu/store",
];

/// What the process and the standard library read of the machine: its own figures, how many processors it may use, and
/// chance. Other processes' memory and environment are below `/proc` as well: the kernel keeps those closed to an account of
/// the bot's own, and newer kernels open some of it to root, or whoever else has `CAP_PERFMON` or `CAP_SYS_ADMIN`.
const MACHINE: [&str; 5] = [
    "/proc",
    "/sys/fs/cgroup",
    "/sys/devices/system/cpu",
    "/dev/random",
    "/dev/urandom",
];

/// The files and folders that the bot may go on to open. Those that do not exist are none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reach {
    /// These, and what is below them, can be read.
    pub read: Vec<PathBuf>,
    /// Files below these can be made, written and removed.
    pub write: Vec<PathBuf>,
}

impl Reach {
    /// What a bot with these settings needs. `others` are files that the command line names.
    pub fn of<'a>(
        settings: &Settings,
        settings_file: &Path,
        others: impl IntoIterator<Item = &'a Path>,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Reach {
        let mut read: Vec<PathBuf> = SYSTEM.iter().chain(&MACHINE).map(PathBuf::from).collect();
        read.extend(around(settings_file));
        read.push(settings.plugins_folder.clone());
        if settings.plugins_folder.is_symlink() {
            // A deployment may make the link point to the folder beside it.
            read.extend(around(&settings.plugins_folder));
        }
        read.extend(linked_plugins(&settings.plugins_folder));
        // It may be a link to a file that is replaced whenever the network changes.
        read.extend(around(Path::new("/etc/resolv.conf")));
        read.extend(others.into_iter().map(Path::to_owned));
        read.extend(named_by_environment(environment));
        read.sort();
        read.dedup();
        Reach {
            read,
            write: vec![settings.data.clone()],
        }
    }
}

/// The folder of a file, and of what it is a link to: the file may be replaced, and what replaces it has to be reached.
/// The root is too much: there only the file counts.
fn around(file: &Path) -> Vec<PathBuf> {
    let here = match file.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Some(Path::new(".").to_owned()),
        parent => parent.map(Path::to_owned),
    };
    let there = fs::canonicalize(file).ok();
    let there = there.and_then(|file| Some(file.parent()?.to_owned()));
    let mut folders: Vec<PathBuf> = here.into_iter().chain(there).collect();
    folders.dedup();
    if folders.iter().any(|folder| is_root(folder)) {
        folders.retain(|folder| !is_root(folder));
        folders.push(file.to_owned());
    }
    folders
}

fn is_root(folder: &Path) -> bool {
    fs::canonicalize(folder).is_ok_and(|folder| folder.parent().is_none())
}

/// Where plugins are that have only a link in their folder, as those do that somebody works on.
fn linked_plugins(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let plugins = entries.map(|entry| entry.path()).filter(|path| {
        path.extension()
            .is_some_and(|extension| extension == "wasm")
            && path.is_symlink()
    });
    plugins.flat_map(|link| around(&link)).collect()
}

/// What `NAME_FILE` names, which are secrets for the most part, and where OpenSSL's variables say that certificates are.
fn named_by_environment(
    environment: impl IntoIterator<Item = (OsString, OsString)>,
) -> Vec<PathBuf> {
    let mut named = Vec::new();
    for (name, value) in environment {
        // Most of them are not paths, and some are secrets.
        let value = Zeroizing::new(value.into_vec());
        let path = || PathBuf::from(OsString::from_vec(value.to_vec()));
        if name.as_encoded_bytes().ends_with(b"_FILE") {
            named.extend(around(&path()));
        } else if name == "SSL_CERT_DIR" {
            named.extend(std::env::split_paths(&path()));
        }
    }
    named.retain(|path| !path.as_os_str().is_empty());
    named
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(folder: &Path, environment: &[(&str, &str)]) -> Vec<PathBuf> {
        let settings = Settings::default_in(folder);
        let environment = environment
            .iter()
            .map(|(name, value)| (OsString::from(name), OsString::from(value)));
        let reach = Reach::of(&settings, &folder.join("witbot.toml"), [], environment);
        assert_eq!(reach.write, [folder.join("data")]);
        let system = |path: &PathBuf| {
            SYSTEM
                .iter()
                .chain(&MACHINE)
                .any(|known| path.starts_with(known))
        };
        let named = reach.read.into_iter().filter(|path| !system(path));
        // The link to the addresses of name servers is another one on each machine.
        let name_servers = around(Path::new("/etc/resolv.conf"));
        named.filter(|path| !name_servers.contains(path)).collect()
    }

    #[test]
    fn a_bot_reaches_its_settings_and_its_plugins_and_writes_only_its_data() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().canonicalize().unwrap();
        assert_eq!(of(&folder, &[]), [folder.clone(), folder.join("plugins")]);
    }

    #[test]
    fn the_folders_of_secrets_are_reached_but_no_root_and_no_value_that_is_no_path() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().canonicalize().unwrap();
        let environment = [
            ("GITHUB_TOKEN_FILE", "/credentials/bot/github"),
            ("PAGER_TOKEN_FILE", "/pager"),
            ("EMPTY_FILE", ""),
            ("SSL_CERT_DIR", "/certificates:/more"),
            ("GITHUB_TOKEN", "/credentials/elsewhere/file"),
        ];
        let plugins = folder.join("plugins");
        let expected = [
            "/certificates",
            "/credentials/bot",
            "/more",
            "/pager",
            folder.to_str().unwrap(),
            plugins.to_str().unwrap(),
        ];
        let mut found = of(&folder, &environment);
        found.retain(|path| path != Path::new("."));
        assert_eq!(found, expected.map(PathBuf::from));
    }

    #[test]
    fn what_is_only_linked_is_reached_where_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().canonicalize().unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        let elsewhere = elsewhere.path().canonicalize().unwrap();
        for inside in ["releases/1", "builds"] {
            fs::create_dir_all(elsewhere.join(inside)).unwrap();
        }
        fs::write(elsewhere.join("builds/hello.wasm"), "").unwrap();
        std::os::unix::fs::symlink(
            elsewhere.join("builds/hello.wasm"),
            elsewhere.join("releases/1/hello.wasm"),
        )
        .unwrap();
        std::os::unix::fs::symlink(elsewhere.join("releases/1"), folder.join("plugins")).unwrap();
        let found = of(&folder, &[]);
        for reached in ["releases", "builds"] {
            assert!(found.contains(&elsewhere.join(reached)), "{found:?}");
        }
    }
}
