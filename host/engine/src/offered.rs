//! What this build offers to plugins, read from the files that its bindings are made from, so that there is no second list.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::LazyLock;

use wit_parser::{Resolve, SourceMap};

macro_rules! file {
    ($path:literal) => {
        ($path, include_str!(concat!("../../../wit/", $path)))
    };
}

/// The contract: the path of each file below `wit/`, and what is in it.
pub const FILES: [(&str, &str); 16] = [
    file!("world.wit"),
    file!("declare.wit"),
    file!("events.wit"),
    file!("handler.wit"),
    file!("deps/types/types.wit"),
    file!("deps/chat/chat.wit"),
    file!("deps/chat/content.wit"),
    file!("deps/chat/messages.wit"),
    file!("deps/ci/ci.wit"),
    file!("deps/config/config.wit"),
    file!("deps/flow/flow.wit"),
    file!("deps/github/github.wit"),
    file!("deps/http/http.wit"),
    file!("deps/kv/kv.wit"),
    file!("deps/log/log.wit"),
    file!("deps/topics/topics.wit"),
];

/// The interfaces of the contract that plugins can import.
pub(crate) static OFFERED: LazyLock<Offered> = LazyLock::new(|| {
    let read = read().expect("the bindings were made of the same files");
    Offered::of(&read)
});

/// The contract's files, resolved.
fn read() -> Result<Resolve, String> {
    let mut packages: BTreeMap<&str, SourceMap> = BTreeMap::new();
    for (path, text) in FILES {
        let package = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        packages.entry(package).or_default().push_str(path, text);
    }
    let parse = |map: SourceMap| map.parse().map_err(|(_, error)| format!("{error:?}"));
    let main = parse(packages.remove("").unwrap_or_default())?;
    let others: Result<Vec<_>, String> = packages.into_values().map(parse).collect();
    let mut resolve = Resolve::default();
    let pushed = resolve.push_groups(main, others?);
    pushed.map_err(|error| format!("{error:?}"))?;
    Ok(resolve)
}

/// Interfaces, each in the versions that are offered side by side, with the functions of each.
pub(crate) struct Offered(BTreeMap<String, Vec<Version>>);

struct Version {
    number: String,
    functions: BTreeSet<String>,
}

/// Why something that is imported is not offered.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Missing {
    /// What is imported.
    pub(crate) wanted: String,
    /// What there is.
    pub(crate) offered: String,
    /// What can be done.
    pub(crate) advice: &'static str,
}

impl Offered {
    /// All interfaces of ours.
    pub(crate) fn of(resolve: &Resolve) -> Offered {
        let mut offered: BTreeMap<String, Vec<Version>> = BTreeMap::new();
        for (_, interface) in resolve.interfaces.iter() {
            let package = interface
                .package
                .map(|package| &resolve.packages[package].name);
            let (Some(name), Some(package)) = (&interface.name, package) else {
                continue;
            };
            let versions = offered
                .entry(format!("{}:{}/{name}", package.namespace, package.name))
                .or_default();
            versions.push(Version {
                number: package
                    .version
                    .as_ref()
                    .map(ToString::to_string)
                    .unwrap_or_default(),
                functions: interface.functions.keys().cloned().collect(),
            });
        }
        Offered(offered)
    }

    /// The version of the contract as a whole: that of the interface that a plugin exports.
    pub(crate) fn version(&self) -> &str {
        let handler = self.0.get("witbot:plugin/handler");
        let newest = handler.and_then(|versions| versions.last());
        newest.map_or("", |version| &version.number)
    }

    /// Whether an interface is offered in a version that fits. Below 1.0, what has the same second number fits.
    pub(crate) fn has(&self, import: &str) -> Result<(), Missing> {
        self.find(import).map(drop)
    }

    /// Whether a function of an interface is.
    pub(crate) fn has_function(&self, import: &str, function: &str) -> Result<(), Missing> {
        let version = self.find(import)?;
        if version.functions.contains(function) {
            return Ok(());
        }
        let (interface, _) = split(import);
        Err(Missing {
            wanted: format!("the function `{}` of {import}", readable(function)),
            offered: format!("{interface}@{} without it", version.number),
            advice: NEWER,
        })
    }

    fn find(&self, import: &str) -> Result<&Version, Missing> {
        let (interface, wanted) = split(import);
        let Some(versions) = self.0.get(interface) else {
            return Err(Missing {
                wanted: import.to_owned(),
                offered: format!("no {interface}"),
                advice: NEWER,
            });
        };
        let fits = |version: &&Version| track(&version.number) == track(wanted);
        versions.iter().find(fits).ok_or_else(|| {
            let oldest = versions.iter().map(|version| track(&version.number)).min();
            Missing {
                wanted: import.to_owned(),
                offered: format!("{interface}{}", Numbers(versions)),
                advice: if Some(track(wanted)) < oldest {
                    OLDER
                } else {
                    NEWER
                },
            }
        })
    }
}

const OLDER: &str = "the plugin is older; rebuild it with the SDK of this witbot";
const NEWER: &str =
    "the plugin is newer; update witbot, or rebuild the plugin with the SDK of this witbot";

/// An import without its version, and the version.
fn split(import: &str) -> (&str, &str) {
    import.split_once('@').unwrap_or((import, ""))
}

/// What has to be the same in two versions of which one can take the place of the other. None: it is no version.
fn track(version: &str) -> Option<(u64, u64)> {
    let mut numbers = version.split('.').map(|number| number.parse().ok());
    let (major, minor) = (numbers.next()??, numbers.next()??);
    Some((major, if major == 0 { minor } else { 0 }))
}

/// A function's name as authors know it: `[method]namespace.get` as `namespace.get`.
fn readable(function: &str) -> &str {
    function.rsplit_once(']').map_or(function, |(_, name)| name)
}

/// `@0.1.0 and @0.2.0`.
struct Numbers<'a>(&'a [Version]);

impl fmt::Display for Numbers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, version) in self.0.iter().enumerate() {
            let between = if index == 0 { "" } else { " and " };
            write!(f, "{between}@{}", version.number)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
