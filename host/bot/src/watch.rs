//! Says "look again" when something changes on the disk. It loads nothing, and may be wrong: the rooms that are told
//! look for themselves, and look every so often anyway.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use arc_swap::ArcSwap;
use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use witbot_core::limits;

use crate::plugins::Plugins;
use crate::wake::Wake;

/// Watches for as long as it is kept.
pub struct Watch {
    follows: JoinHandle<()>,
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.follows.abort();
    }
}

impl Watch {
    /// Watches the plugins folder, and the file of settings, which need not be there yet. A folder that takes the place of
    /// one of these, or that a link to one leads to from now on, is watched in its stead.
    pub fn start(
        plugins_folder: &Path,
        settings_file: &Path,
        plugins: Plugins,
        wakes: mpsc::Sender<Wake>,
    ) -> anyhow::Result<Watch> {
        let settings_folder = match settings_file.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            Some(_) | None => Path::new("."),
        };
        let files = Arc::new(ArcSwap::from_pointee(Files {
            plugins: plugins_folder.to_owned(),
            plugins_name: plugins_folder.file_name().map(ToOwned::to_owned),
            settings_name: settings_file.file_name().map(ToOwned::to_owned),
        }));
        let (watched, told, wakes_too) = (files.clone(), plugins.clone(), wakes.clone());
        let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            let about = watched.load().about(&event);
            if about.settings {
                let _ = wakes_too.blocking_send(Wake::SettingsChanged);
            }
            if about.plugins {
                told.look();
            }
        })?;
        let mut following = Following {
            watcher,
            files,
            plugins_folder: Followed::new(plugins_folder),
            settings_folder: Followed::new(settings_folder),
            plugins,
            wakes,
        };
        following.begin()?;
        let follows = tokio::spawn(async move {
            loop {
                tokio::time::sleep(limits::RESCAN_BLIND).await;
                // Two questions to the disk, which may be far away.
                following = match tokio::task::spawn_blocking(move || following.again()).await {
                    Ok(following) => following,
                    Err(error) => return tracing::error!("the watch has ended: {error}"),
                };
            }
        });
        Ok(Watch { follows })
    }
}

/// The watcher, and the folders that it watches.
struct Following {
    watcher: RecommendedWatcher,
    files: Arc<ArcSwap<Files>>,
    plugins_folder: Followed,
    settings_folder: Followed,
    plugins: Plugins,
    wakes: mpsc::Sender<Wake>,
}

impl Following {
    fn begin(&mut self) -> anyhow::Result<()> {
        self.settings_folder.follow(&mut self.watcher)?;
        self.plugins_folder.follow(&mut self.watcher)?;
        self.plugins_are_watched();
        Ok(())
    }

    /// Watches what is there now. What is not there is watched when it is there again.
    fn again(mut self) -> Following {
        if self.settings_folder.has_moved()
            && followed(self.settings_folder.follow(&mut self.watcher))
        {
            let _ = self.wakes.blocking_send(Wake::SettingsChanged);
        }
        if self.plugins_folder.has_moved()
            && followed(self.plugins_folder.follow(&mut self.watcher))
        {
            tracing::info!(
                "the plugins folder is another one now: {}",
                self.plugins_folder.name.display()
            );
            self.plugins_are_watched();
        }
        self
    }

    fn plugins_are_watched(&self) {
        if let Some(at) = &self.plugins_folder.at {
            let files = Files {
                plugins: at.real.clone(),
                ..Files::clone(&self.files.load())
            };
            self.files.store(Arc::new(files));
            if let Some(kind) = silent(&at.real) {
                let why = format!("{kind} does not say what others change");
                self.plugins.look_often(&why);
            }
        }
        // What came before somebody watched was not announced.
        self.plugins.look();
    }
}

fn followed(outcome: anyhow::Result<()>) -> bool {
    if let Err(error) = &outcome {
        tracing::debug!("{error:#}");
    }
    outcome.is_ok()
}

/// A folder by its name, and the one that is watched because it had that name.
struct Followed {
    name: PathBuf,
    at: Option<At>,
}

#[derive(PartialEq, Eq)]
struct At {
    /// As it really is, so that the paths of events can be compared with it.
    real: PathBuf,
    /// A folder that is made again under the same name is another one.
    folder: (u64, u64),
}

impl At {
    fn of(name: &Path) -> std::io::Result<At> {
        let (real, metadata) = (fs::canonicalize(name)?, fs::metadata(name)?);
        let folder = (metadata.dev(), metadata.ino());
        Ok(At { real, folder })
    }
}

impl Followed {
    fn new(name: &Path) -> Followed {
        Followed {
            name: name.to_owned(),
            at: None,
        }
    }

    /// Whether its name now stands for another folder than the one that is watched.
    fn has_moved(&self) -> bool {
        At::of(&self.name).is_ok_and(|now| self.at.as_ref() != Some(&now))
    }

    /// Watches the folder, not a file: editors replace files, and the watch would stay with the old one.
    fn follow(&mut self, watcher: &mut RecommendedWatcher) -> anyhow::Result<()> {
        let cannot = || format!("cannot watch {}", self.name.display());
        let now = At::of(&self.name).with_context(cannot)?;
        if let Some(before) = self.at.take() {
            // It is gone already if the folder is.
            let _ = watcher.unwatch(&before.real);
        }
        watcher
            .watch(&now.real, RecursiveMode::NonRecursive)
            .with_context(cannot)?;
        self.at = Some(now);
        Ok(())
    }
}

/// What a file system is called on which the kernel does not announce what other machines, or whoever provides it, change:
/// statfs(2) has the numbers, inotify(7) says why.
#[cfg(target_os = "linux")]
fn silent(folder: &Path) -> Option<&'static str> {
    const SILENT: [(u64, &str); 12] = [
        (0x6969, "NFS"),
        (0x517b, "SMB"),
        (0xfe53_4d42, "SMB"),
        (0xff53_4d42, "CIFS"),
        (0x6573_5546, "FUSE"),
        (0x0102_1997, "9P"),
        (0x00c3_6400, "Ceph"),
        (0x5346_414f, "AFS"),
        (0x6b41_4653, "AFS"),
        (0x7375_7245, "Coda"),
        (0x786f_4256, "a shared folder of VirtualBox"),
        (0x0bd0_0bd0, "Lustre"),
    ];
    let kind = rustix::fs::statfs(folder).ok()?.f_type;
    // As wide as the kernel's word, and signed on some machines.
    let kind = u64::try_from(kind & 0xffff_ffff).ok()?;
    let known = SILENT.iter().find(|(number, _)| *number == kind);
    known.map(|(_, name)| *name)
}

#[cfg(not(target_os = "linux"))]
fn silent(_folder: &Path) -> Option<&'static str> {
    None
}

/// What is watched for. Other files change as well beside the settings, such as a log, which must not lead to looks.
#[derive(Clone)]
struct Files {
    /// The plugins folder, as it really is.
    plugins: PathBuf,
    /// Its name, which may be that of a link.
    plugins_name: Option<OsString>,
    settings_name: Option<OsString>,
}

/// What an event may have changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct About {
    plugins: bool,
    settings: bool,
}

impl Files {
    fn about(&self, event: &notify::Result<Event>) -> About {
        let event = match event {
            // Reading is not a change, and we read these files ourselves.
            Ok(event) if event.kind.is_access() => {
                return About {
                    plugins: false,
                    settings: false,
                };
            }
            Ok(event) if !event.need_rescan() && !event.paths.is_empty() => event,
            // Something changed, and nobody knows what.
            Ok(_) | Err(_) => {
                return About {
                    plugins: true,
                    settings: true,
                };
            }
        };
        let named = |path: &PathBuf, name: &Option<OsString>| {
            name.is_some() && path.file_name() == name.as_deref()
        };
        let plugins =
            |path: &PathBuf| path.starts_with(&self.plugins) || named(path, &self.plugins_name);
        let settings = |path: &PathBuf| named(path, &self.settings_name);
        About {
            plugins: event.paths.iter().any(plugins),
            settings: event.paths.iter().any(settings),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use notify::EventKind;
    use notify::event::{AccessKind, Flag, ModifyKind};

    #[test]
    fn only_what_is_watched_for_leads_to_a_look() {
        let files = Files {
            plugins: "/srv/bot/plugins".into(),
            plugins_name: Some("plugins".into()),
            settings_name: Some("witbot.toml".into()),
        };
        let change = || Event::new(EventKind::Modify(ModifyKind::Any));
        for (event, plugins, settings) in [
            (
                Ok(change().add_path("/srv/bot/plugins/x.wasm".into())),
                true,
                false,
            ),
            (
                Ok(change().add_path("/srv/bot/plugins".into())),
                true,
                false,
            ),
            (
                Ok(change().add_path("/srv/bot/witbot.log".into())),
                false,
                false,
            ),
            (
                Ok(change().add_path("/srv/bot/plugins.log".into())),
                false,
                false,
            ),
            (
                Ok(change().add_path("/srv/bot/witbot.toml".into())),
                false,
                true,
            ),
            (
                Ok(Event::new(EventKind::Access(AccessKind::Any))
                    .add_path("/srv/bot/plugins/x.wasm".into())),
                false,
                false,
            ),
            (Ok(change()), true, true),
            (
                Ok(Event::new(EventKind::Other).set_flag(Flag::Rescan)),
                true,
                true,
            ),
            (Err(notify::Error::generic("broken")), true, true),
        ] {
            assert_eq!(
                files.about(&event),
                About { plugins, settings },
                "{event:?}"
            );
        }
    }
}
