//! `[plugins.NAME.limits]`: what the operator gives a plugin more or less of than others.

use witbot_core::limits::plugin::{PluginLimits, SETTABLE};

use super::problem::Problems;
use super::section::Section;

/// The limits in a section; what is not set is as everywhere.
pub(super) fn read(mut section: Section<'_>, problems: &mut Problems) -> PluginLimits {
    let mut limits = PluginLimits::default();
    for settable in &SETTABLE {
        let bounds = settable.floor..=settable.ceiling;
        if let Some(number) = section.whole_number(settable.key, bounds, problems) {
            *(settable.place)(&mut limits) = number;
        }
    }
    section.close(problems);
    limits
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::Settings;
    use super::super::tests::lines;

    fn limits(text: &str) -> Result<Vec<(&'static str, u32, u32)>, Vec<String>> {
        let text = format!("[plugins.deploy.limits]\n{text}");
        let settings = Settings::parse(&text, Path::new("/etc/witbot.toml"));
        settings
            .map(|settings| {
                let name = "deploy".parse().unwrap();
                settings.limits(&name).changed()
            })
            .map_err(|error| lines(&error))
    }

    #[test]
    fn what_is_set_differs_and_the_rest_does_not() {
        assert_eq!(limits(""), Ok(vec![]));
        assert_eq!(limits("calls = 500"), Ok(vec![]));
        assert_eq!(
            limits("memory_mib = 128\nwaiting = 0"),
            Ok(vec![("memory_mib", 128, 64), ("waiting", 0, 100)])
        );
    }

    #[test]
    fn what_is_unknown_or_above_the_ceiling_is_refused() {
        assert_eq!(
            limits("memory_mib = 4096\ncall_seconds = 0\ncals = 7\nlog_kib = \"64\""),
            Err(vec![
                "`plugins.deploy.limits.memory_mib` has to be from 1 to 256".to_owned(),
                "`plugins.deploy.limits.call_seconds` has to be from 1 to 60".to_owned(),
                "there is no setting `plugins.deploy.limits.cals`".to_owned(),
                "`plugins.deploy.limits.log_kib` has to be a whole number, and this is a string"
                    .to_owned(),
            ])
        );
    }
}
