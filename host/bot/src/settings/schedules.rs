//! `[plugins.NAME] schedules`: what the operator makes of the schedules that a plugin declares.

use std::collections::BTreeMap;

use witbot_core::schedule::Override;

use super::problem::{Problem, Problems};
use super::section::{Section, wrong_type};

const EXAMPLE: &str =
    r#"write it as `ID = "0 9 * * mon-fri Europe/Berlin"`, `ID = "every 5m"` or `ID = "off"`"#;

/// The schedules in a section, by their ids. Whether the plugin has them is not known here.
pub(super) fn read(section: Section<'_>, problems: &mut Problems) -> BTreeMap<String, Override> {
    let mut schedules = BTreeMap::new();
    for (id, value) in section.table().into_iter().flatten() {
        let Some(text) = value.get_ref().as_str() else {
            let path = format!("{}.{}", section.path(), id.get_ref());
            problems.add(wrong_type(&path, "a string", value).help(EXAMPLE));
            continue;
        };
        match text.parse::<Override>() {
            Ok(schedule) => {
                schedules.insert(id.get_ref().to_string(), schedule);
            }
            Err(error) => {
                problems.add(Problem::at(value.span(), error, "not a schedule").help(EXAMPLE));
            }
        }
    }
    schedules
}
