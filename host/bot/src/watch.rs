//! Says "look again" when something changes on the disk. It loads nothing, and may be wrong: the rooms that are told
//! look for themselves, and look every so often anyway.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};
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
        let settings_name = settings_file.file_name().map(ToOwned::to_owned);
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            // Reading is not a change, and we read these files ourselves.
            if event.as_ref().is_ok_and(|event| event.kind.is_access()) {
                return;
            }
            let of_settings = |path: &PathBuf| path.file_name() == settings_name.as_deref();
            if event.is_ok_and(|event| event.paths.iter().any(of_settings)) {
                let _ = wakes.blocking_send(Wake::SettingsChanged);
            }
            plugins.look();
        })?;
        // The folder, not the file: editors replace files, and the watch would stay with the old one.
        let settings_folder = match settings_file.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            Some(_) | None => Path::new("."),
        };
        for folder in [plugins_folder, settings_folder] {
            watcher
                .watch(folder, RecursiveMode::NonRecursive)
                .with_context(|| format!("cannot watch {}", folder.display()))?;
        }
        Ok(Watch { _watcher: watcher })
    }
}
