//! Where each setting of a plugin stands in the file, for what the plugin itself says is wrong with it.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::Spanned;
use toml::de::DeValue;

/// The lines of one plugin's settings. Default: there are none in any file.
#[derive(Debug, Clone, Default)]
pub struct Lines {
    /// By JSON pointer (RFC 6901) from the plugin's settings; the empty one is that of all of them.
    lines: BTreeMap<String, usize>,
}

impl Lines {
    /// Those of the table under `settings`; when there is none, all that there is to point at is `otherwise`.
    pub(super) fn of(
        settings: Option<&Spanned<DeValue<'_>>>,
        otherwise: Range<usize>,
        text: &str,
    ) -> Lines {
        let starts = Starts::of(text);
        let mut lines = BTreeMap::new();
        match settings {
            Some(value) => note(value, String::new(), &starts, &mut lines),
            None => _ = lines.insert(String::new(), starts.line(otherwise.start)),
        }
        Lines { lines }
    }

    /// The line, counted from 1, of a setting, or of the nearest one around it that was written.
    pub fn line(&self, pointer: &str) -> Option<usize> {
        let mut pointer = pointer;
        loop {
            if let Some(line) = self.lines.get(pointer) {
                return Some(*line);
            }
            pointer = &pointer[..pointer.rfind('/')?];
        }
    }
}

fn note(
    value: &Spanned<DeValue<'_>>,
    pointer: String,
    starts: &Starts,
    lines: &mut BTreeMap<String, usize>,
) {
    match value.get_ref() {
        DeValue::Table(table) => {
            for (key, value) in table {
                let name = key.get_ref().replace('~', "~0").replace('/', "~1");
                let below = format!("{pointer}/{name}");
                note(value, below.clone(), starts, lines);
                // The span of a table that is spread over the file says little; its key stands where it begins.
                lines.insert(below, starts.line(key.span().start));
            }
        }
        DeValue::Array(list) => {
            for (index, value) in list.iter().enumerate() {
                note(value, format!("{pointer}/{index}"), starts, lines);
            }
        }
        _ => {}
    }
    lines.insert(pointer, starts.line(value.span().start));
}

/// Where the lines of a text begin.
struct Starts(Vec<usize>);

impl Starts {
    fn of(text: &str) -> Starts {
        let breaks = text.match_indices('\n').map(|(at, _)| at + 1);
        Starts(std::iter::once(0).chain(breaks).collect())
    }

    fn line(&self, offset: usize) -> usize {
        self.0.partition_point(|start| *start <= offset)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::settings::Settings;

    const FILE: &str = r#"
[plugins.deploy.settings]
minutes = 10

[plugins.deploy.settings.apps.api]
repository = "acme/api"
environments = [
  "staging",
  "production",
]

[plugins.hello.grants]
"#;

    fn line(plugin: &str, pointer: &str) -> Option<usize> {
        let settings = Settings::parse(FILE, Path::new("witbot.toml")).unwrap();
        settings.plugins[&plugin.parse::<witbot_core::ids::PluginName>().unwrap()]
            .lines
            .line(pointer)
    }

    #[test]
    fn each_setting_has_its_line() {
        assert_eq!(line("deploy", "/minutes"), Some(3));
        assert_eq!(line("deploy", "/apps/api/repository"), Some(6));
        assert_eq!(line("deploy", "/apps/api/environments/1"), Some(9));
        assert_eq!(line("deploy", "/apps/api"), Some(5));
    }

    #[test]
    fn what_is_missing_is_missed_where_it_would_be() {
        assert_eq!(line("deploy", "/apps/api/default_ref"), Some(5));
        assert_eq!(line("deploy", "/people/ada"), Some(2));
        assert_eq!(line("hello", "/greeting"), Some(12));
    }
}
