//! Says "look again" when something changes on the disk. It loads nothing, and may be wrong: the rooms that are told
//! look for themselves, and look every so often anyway.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::mpsc;

use crate::plugins::Plugins;
use crate::wake::Wake;

/// Watches for as long as it is kept.
pub struct Watch {
    _watcher: RecommendedWatcher,
}

impl Watch {
    /// Watches the plugins folder, and the file of settings, which need not be there yet.
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
        // As they really are, so that the paths of events can be compared with them.
        let real = |folder: &Path| {
            fs::canonicalize(folder).with_context(|| format!("cannot watch {}", folder.display()))
        };
        let (plugins_at, settings_at) = (real(plugins_folder)?, real(settings_folder)?);
        let files = Files {
            plugins: plugins_at.clone(),
            plugins_name: plugins_folder.file_name().map(ToOwned::to_owned),
            settings_name: settings_file.file_name().map(ToOwned::to_owned),
        };
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            let about = files.about(&event);
            if about.settings {
                let _ = wakes.blocking_send(Wake::SettingsChanged);
            }
            if about.plugins {
                plugins.look();
            }
        })?;
        // The folder, not the file: editors replace files, and the watch would stay with the old one.
        for folder in [plugins_at, settings_at] {
            watcher
                .watch(&folder, RecursiveMode::NonRecursive)
                .with_context(|| format!("cannot watch {}", folder.display()))?;
        }
        Ok(Watch { _watcher: watcher })
    }
}

/// What is watched for. Other files change as well beside the settings, such as a log, which must not lead to looks.
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
