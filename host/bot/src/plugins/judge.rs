//! What plugins themselves find wrong with their settings: asked when a version is loaded and when the settings change,
//! before anything serves with them.

use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;

use serde_json::Value;
use witbot_core::ids::{Digest, PluginName};
use witbot_core::policy::Policy;
use witbot_engine::Plugin;

use super::folder::scan;
use super::ordered::Back;
use super::{Keeper, Parts, Plugins, ruled};
use crate::live::Problem;
use crate::settings::{FILE, PluginSettings, Settings};

/// What one version said of some settings.
pub(super) struct Judgement {
    pub(super) digest: Digest,
    settings: Value,
    policy: Arc<Policy>,
    pub(super) problem: Option<Problem>,
}

impl Plugins {
    /// What the plugins that serve find wrong with settings that are about to be taken up: a line for each mistake.
    pub async fn mistakes(&self, settings: &Settings) -> Vec<String> {
        let live = self.parts.live.load_full();
        let mut mistakes = unfounded(settings).await;
        for (name, plugin) in &live.serving {
            if let Ok(Some(Problem::Settings(text))) = self.parts.problem(plugin, settings).await {
                mistakes.push(format!("the plugin {name} cannot use them:\n{text}"));
            }
        }
        mistakes
    }
}

impl Parts {
    /// The error: it could not be asked, which is logged and no reason to keep it from serving.
    async fn problem(
        &self,
        plugin: &Plugin,
        settings: &Settings,
    ) -> Result<Option<Problem>, Unasked> {
        let ruled = ruled::mistakes(&settings.policy, &plugin.name, &plugin.declaration);
        if !ruled.is_empty() {
            let lines: Vec<String> = ruled.iter().map(|line| format!("  {line}")).collect();
            return Ok(Some(Problem::Settings(lines.join("\n"))));
        }
        let nothing = PluginSettings::default();
        let part = settings.plugins.get(&plugin.name).unwrap_or(&nothing);
        let settings = match &part.settings {
            Value::Null => Value::Object(serde_json::Map::new()),
            settings => settings.clone(),
        };
        let rejected = self.engine.check_settings(plugin, settings).await;
        let rejected = rejected.map_err(|reason| {
            tracing::warn!(plugin = %plugin.name, "its settings could not be checked: {reason}");
            Unasked
        })?;
        let lines = rejected.iter().map(|rejected| {
            let place = match part.lines.line(&rejected.pointer) {
                Some(line) => format!("{FILE}:{line}"),
                None => FILE.to_owned(),
            };
            let which = match rejected.pointer.as_str() {
                "" => String::new(),
                pointer => format!("`{}`: ", key(pointer)),
            };
            format!("  {place}: {which}{}", rejected.reason)
        });
        let lines: Vec<String> = lines.collect();
        Ok((!lines.is_empty()).then(|| Problem::Settings(lines.join("\n"))))
    }
}

/// What is wrong with the rules when the files in the plugins folder are all that there is: a line for each mistake. A
/// folder that cannot be read says nothing against a rule.
pub async fn unfounded(settings: &Settings) -> Vec<String> {
    let folder = settings.plugins_folder.clone();
    let scanned = tokio::task::spawn_blocking(move || scan(&folder)).await;
    match scanned {
        Ok(Ok(scan)) => ruled::unfounded(&settings.policy, &scan.found.into_keys().collect()),
        Ok(Err(error)) if error.kind() == io::ErrorKind::NotFound => {
            ruled::unfounded(&settings.policy, &BTreeSet::new())
        }
        Ok(Err(_)) | Err(_) => Vec::new(),
    }
}

/// A plugin could not be asked.
struct Unasked;

/// A pointer as people write a key in the file: `/apps/api` as `apps.api`.
fn key(pointer: &str) -> String {
    let keys = pointer.trim_start_matches('/').split('/');
    let keys = keys.map(|key| key.replace("~1", "/").replace("~0", "~"));
    keys.collect::<Vec<_>>().join(".")
}

impl Keeper {
    /// Asks the newest version, the one that serves, and the one that is gone back to, what they find wrong with the settings, unless they said it
    /// already.
    pub(super) async fn judge(&mut self, name: &PluginName, settings: &Settings) {
        let parts = self.parts.clone();
        let Some(entry) = self.entries.get_mut(name) else {
            return;
        };
        let part = settings.plugins.get(name).cloned().unwrap_or_default();
        let mut judged = Vec::new();
        let older = entry.back.as_ref().and_then(Back::plugin);
        let versions: [Option<&Arc<Plugin>>; 3] =
            [entry.newest.as_ref(), entry.serving.as_ref(), older];
        for plugin in versions.into_iter().flatten() {
            let own = |judgement: &Judgement| {
                judgement.digest == plugin.digest
                    && judgement.settings == part.settings
                    && judgement.policy == settings.policy
            };
            if judged.iter().any(own) {
                continue;
            }
            if let Some(index) = entry.judged.iter().position(own) {
                judged.push(entry.judged.swap_remove(index));
            } else if let Ok(problem) = parts.problem(plugin, settings).await {
                judged.push(Judgement {
                    digest: plugin.digest,
                    settings: part.settings.clone(),
                    policy: settings.policy.clone(),
                    problem,
                });
            }
        }
        entry.judged = judged;
    }
}
