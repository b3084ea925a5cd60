//! Secrets that the operator names in the settings, as in `Authorization = "Bearer ${PAGER_TOKEN}"`. The settings have the
//! names; the secrets are in the environment, as the bot's own are.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};
use witbot_core::grants::http::headers::Template;
use witbot_core::limits;

use crate::secret::Secret;

use super::mask;
use super::problem::{Problem, Problems, SettingsError};
use super::secrets;

/// The secrets that the settings name.
#[derive(Debug, Clone, Default)]
pub struct NamedSecrets {
    places: Vec<Place>,
    /// The file that names them, without what must not be shown of it.
    file: PathBuf,
    text: String,
    values: BTreeMap<String, Secret>,
}

/// Where one is named.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    variable: String,
    span: Range<usize>,
}

impl NamedSecrets {
    /// Those that the grants of a file name, of which nothing is read yet.
    pub(super) fn in_grants(file: &DeTable<'_>) -> NamedSecrets {
        let plugins = table(file.get("plugins"));
        let grants = plugins
            .into_iter()
            .flatten()
            .filter_map(|(_, plugin)| table(table(Some(plugin))?.get("grants")));
        NamedSecrets {
            places: grants.flat_map(places).collect(),
            ..NamedSecrets::default()
        }
    }

    /// Keeps the file that names them, to show its lines.
    pub(super) fn stand_in(&mut self, file: &Path, text: &str) {
        // Most files name none, and then the text is not needed.
        if !self.places.is_empty() {
            self.file = file.to_owned();
            self.text = mask::mask(text);
        }
    }

    /// Reads all of them, or says at which lines the missing ones are named. Answers what is not wrong but should be
    /// better: lines for the log.
    pub fn read(
        &mut self,
        variable: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Vec<String>, SettingsError> {
        let mut problems = Problems::default();
        let mut warnings = Vec::new();
        for place in &self.places {
            let (secret, warned) = secret(place, &variable, &mut problems);
            warnings.extend(warned);
            if let Some(secret) = secret {
                self.values.insert(place.variable.clone(), secret);
            }
        }
        warnings.sort();
        warnings.dedup();
        if problems.is_empty() {
            Ok(warnings)
        } else {
            Err(problems.in_file(&self.file, self.text.clone()))
        }
    }

    /// The secret of a name.
    pub fn get(&self, variable: &str) -> Option<&Secret> {
        self.values.get(variable)
    }
}

fn secret(
    place: &Place,
    variable: &impl Fn(&str) -> Option<OsString>,
    problems: &mut Problems,
) -> (Option<Secret>, Vec<String>) {
    let name = &place.variable;
    let at = |problem: Problem| problem.place(place.span.clone(), "this secret");
    if secrets::is_own(name) {
        let message =
            format!("`{name}` is a secret of the bot itself, which is sent to nobody else");
        problems.add(
            at(Problem::plain(message)).help("name a variable with a secret for this host alone"),
        );
        return (None, Vec::new());
    }
    let (secret, wrong, warnings) = secrets::named(name, variable);
    for problem in wrong {
        problems.add(at(problem));
    }
    let secret = secret.filter(|secret| {
        let fits = limits::ADDED_SECRET_BYTES.contains(&secret.expose().len());
        if !fits {
            let (from, to) = (
                limits::ADDED_SECRET_BYTES.start(),
                limits::ADDED_SECRET_BYTES.end(),
            );
            let message = format!("`{name}` has fewer than {from} or more than {to} characters");
            let help = "copy the secret again, and all of it";
            problems.add(at(Problem::plain(message)).help(help));
        }
        fits
    });
    (secret, warnings)
}

/// Where the grants of a plugin name secrets. What is no grant at all is reported where grants are read.
fn places(grants: &DeTable<'_>) -> Vec<Place> {
    let entries = grants
        .get("http")
        .and_then(|http| http.get_ref().as_array());
    let headers = entries
        .into_iter()
        .flatten()
        .filter_map(|entry| table(table(Some(entry))?.get("headers")));
    let place = |value: &Spanned<DeValue<'_>>| {
        let text = value.get_ref().as_str()?.to_owned();
        let template = Template::try_from(text).ok()?;
        Some(Place {
            variable: template.variable().to_owned(),
            span: value.span(),
        })
    };
    headers
        .flatten()
        .filter_map(|(_, value)| place(value))
        .collect()
}

fn table<'v, 't>(value: Option<&'v Spanned<DeValue<'t>>>) -> Option<&'v DeTable<'t>> {
    value?.get_ref().as_table()
}

#[cfg(test)]
mod tests;
