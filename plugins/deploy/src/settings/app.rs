//! An application, and finding the environment that somebody means.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use witbot_sdk::{Error, Result};

use super::environment::{Behind, Environment};
use super::freeze::Freeze;
use crate::names;

/// An application, as it is written. What an environment says of its own goes before what is said here.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct App {
    /// `owner/name`.
    pub repository: String,
    /// Where it can be deployed: a list of names, or a table with more about each.
    #[serde(deserialize_with = "environments")]
    pub environments: BTreeMap<String, Environment>,
    /// What is deployed when nobody says what. Without it, the repository's default branch.
    pub default_ref: Option<String>,
    /// Where it is deployed when nobody says where.
    pub default_environment: Option<String>,
    /// The checks that must be green: all that there are, unless set.
    pub contexts: Option<Vec<String>>,
    /// What is done when a reference lacks commits of the default branch.
    pub behind: Option<Behind>,
    /// Who may deploy although a check says no.
    #[serde(default)]
    pub force: Force,
    /// The only channels from which it may be deployed, by id, or by name where the chat has no ids.
    pub channels: Option<Vec<String>>,
    /// The channel in which the beginning and the end of each deployment is told.
    pub announce: Option<String>,
    /// When it is not deployed anywhere.
    #[serde(default)]
    pub freezes: Vec<Freeze>,
}

/// Who may deploy although a check says no.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Force {
    /// Whoever may deploy at all.
    #[default]
    Anyone,
    /// Nobody.
    Nobody,
    /// These people, by id.
    These(Vec<String>),
}

impl Force {
    /// Whether somebody, by id, may.
    pub fn allows(&self, user: Option<&str>) -> bool {
        match self {
            Force::Anyone => true,
            Force::Nobody => false,
            Force::These(people) => {
                user.is_some_and(|user| people.iter().any(|person| person == user))
            }
        }
    }
}

impl<'de> Deserialize<'de> for Force {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Force, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Force;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("\"anyone\", \"nobody\", or a list of people's ids")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Force, E> {
                match text {
                    "anyone" => Ok(Force::Anyone),
                    "nobody" => Ok(Force::Nobody),
                    other => Err(E::invalid_value(serde::de::Unexpected::Str(other), &self)),
                }
            }

            fn visit_seq<A: SeqAccess<'de>>(self, people: A) -> Result<Force, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(people)).map(Force::These)
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

/// Names alone, or a table by name. Read by hand so that a mistake is told with its own place.
fn environments<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, Environment>, D::Error> {
    struct Reader;
    impl<'de> Visitor<'de> for Reader {
        type Value = BTreeMap<String, Environment>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list of names, or a table of environments")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, names: A) -> Result<Self::Value, A::Error> {
            let names = Vec::<String>::deserialize(SeqAccessDeserializer::new(names))?;
            let all = (1..).zip(names).map(|(order, name)| {
                let environment = Environment {
                    order: Some(order),
                    ..Environment::default()
                };
                (name, environment)
            });
            Ok(all.collect())
        }

        fn visit_map<A: MapAccess<'de>>(self, table: A) -> Result<Self::Value, A::Error> {
            BTreeMap::deserialize(MapAccessDeserializer::new(table))
        }
    }
    deserializer.deserialize_any(Reader)
}

/// An application with its name.
#[derive(Debug, Clone, Copy)]
pub struct Application<'a> {
    /// As the settings spell it.
    pub name: &'a str,
    /// What is written of it.
    pub app: &'a App,
    aliases: &'a BTreeMap<String, String>,
}

impl<'a> Application<'a> {
    pub(super) fn new(
        name: &'a str,
        app: &'a App,
        aliases: &'a BTreeMap<String, String>,
    ) -> Application<'a> {
        Application { name, app, aliases }
    }

    /// The names of its environments: as they are numbered, then by name.
    pub fn environments(self) -> Vec<&'a str> {
        let mut all: Vec<_> = self.app.environments.iter().collect();
        all.sort_by_key(|(_, environment)| environment.order.unwrap_or(u32::MAX));
        all.into_iter().map(|(name, _)| name.as_str()).collect()
    }

    /// What is written of an environment that is known to be there.
    pub fn at(self, environment: &str) -> Option<&'a Environment> {
        self.app.environments.get(environment)
    }

    /// The environment that was asked for, as the settings spell it, or else the one for when nobody says where.
    ///
    /// # Errors
    /// `not-found`: there is none of that name. `invalid`: nobody said where, and there are several.
    pub fn environment(self, asked: Option<&str>) -> Result<&'a str> {
        let Some(asked) = asked else {
            return self.unasked();
        };
        self.find(asked).ok_or_else(|| {
            let list = names::nearest_first(asked, self.environments().into_iter());
            Error::not_found(format!(
                "{} has no environment `{asked}`. Known: {list}.",
                self.name
            ))
        })
    }

    /// By its own name, by one of its other names, or by one that goes for all applications.
    fn find(self, asked: &str) -> Option<&'a str> {
        let named = |wanted: &str| {
            let mut all = self.app.environments.keys();
            all.find(|name| name.eq_ignore_ascii_case(wanted))
        };
        let alias = || {
            let mut all = self.app.environments.iter();
            all.find(|(_, environment)| environment.is_called(asked))
                .map(|(name, _)| name)
        };
        let anywhere = || {
            let mut all = self.aliases.iter();
            all.find(|(alias, _)| alias.eq_ignore_ascii_case(asked))
                .and_then(|(_, name)| named(name))
        };
        named(asked)
            .or_else(alias)
            .or_else(anywhere)
            .map(String::as_str)
    }

    fn unasked(self) -> Result<&'a str> {
        match (
            self.app.default_environment.as_deref(),
            self.environments().as_slice(),
        ) {
            (Some(default), _) => self.environment(Some(default)),
            (None, [only]) => Ok(only),
            (None, several) => Err(Error::invalid(format!(
                "Say where, for example `deploy {} to {}`.",
                self.name,
                several.join("|")
            ))),
        }
    }

    /// The environment that comes after another: where what is in that one can go next.
    pub fn next(self, environment: &str) -> Option<&'a str> {
        let follows = |name: &&str| {
            let after = self.at(name).and_then(|other| other.after.as_deref());
            after == Some(environment)
        };
        self.environments().into_iter().find(follows)
    }

    /// The checks that must be green before a deployment there. None: all that there are.
    pub fn contexts(self, environment: &str) -> Option<&'a [String]> {
        let own = self.at(environment).and_then(|own| own.contexts.as_deref());
        own.or(self.app.contexts.as_deref())
    }

    /// What is done there when a reference lacks commits of the default branch.
    pub fn behind(self, environment: &str) -> Behind {
        let own = self.at(environment).and_then(|own| own.behind);
        own.or(self.app.behind).unwrap_or_default()
    }

    /// Who may deploy there although a check says no.
    pub fn force(self, environment: &str) -> &'a Force {
        let own = self.at(environment).and_then(|own| own.force.as_ref());
        own.unwrap_or(&self.app.force)
    }

    /// When nothing is deployed there.
    pub fn freezes(self, environment: &str) -> impl Iterator<Item = &'a Freeze> {
        let own = self.at(environment).map_or(&[][..], |own| &own.freezes);
        own.iter().chain(&self.app.freezes)
    }

    /// Whether it may be deployed from a channel, by its id or name.
    pub fn is_at_home_in(self, channel: Option<&str>) -> bool {
        match (&self.app.channels, channel) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(known), Some(channel)) => known
                .iter()
                .any(|known| known.trim_start_matches('#') == channel.trim_start_matches('#')),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::example;
    use super::*;

    fn environment(app: &str, asked: Option<&str>) -> Result<String, String> {
        let settings = example();
        let app = settings.app(app).unwrap();
        app.environment(asked)
            .map(str::to_owned)
            .map_err(|error| error.message)
    }

    #[test]
    fn environments_are_found_or_answered_with_the_known_ones() {
        let found = |name: &str| Ok(name.to_owned());
        assert_eq!(environment("api", None), found("staging"));
        assert_eq!(environment("docs", None), found("pages"));
        assert_eq!(environment("web", Some("Production")), found("production"));
        assert_eq!(environment("web", Some("PROD")), found("production"));
        assert_eq!(environment("shop", Some("live")), found("production"));
        assert_eq!(
            environment("api", Some("produktion")),
            Err("api has no environment `produktion`. Known: production, staging.".to_owned())
        );
        assert_eq!(
            environment("docs", Some("prod")),
            Err("docs has no environment `prod`. Known: pages.".to_owned())
        );
        assert_eq!(
            environment("web", None),
            Err("Say where, for example `deploy web to staging|production`.".to_owned())
        );
    }

    #[test]
    fn what_an_environment_says_goes_first() {
        let settings = example();
        let shop = settings.app("shop").unwrap();
        assert_eq!(shop.environments(), ["staging", "production"]);
        assert_eq!(shop.contexts("staging"), Some(&["ci/test".to_owned()][..]));
        assert_eq!(
            shop.contexts("production"),
            Some(&["ci/test".to_owned(), "e2e".to_owned()][..])
        );
        assert_eq!(shop.behind("staging"), Behind::Ignore);
        assert_eq!(shop.behind("production"), Behind::Refuse);
        assert_eq!(shop.next("staging"), Some("production"));
        assert_eq!(shop.next("production"), None);
        assert_eq!(settings.app("api").unwrap().contexts("staging"), None);
    }

    #[test]
    fn some_people_may_force_and_some_channels_may_deploy() {
        let settings = example();
        let force = settings.app("shop").unwrap().force("production");
        assert!(force.allows(Some("U1")) && !force.allows(Some("U2")) && !force.allows(None));
        assert!(Force::Anyone.allows(None) && !Force::Nobody.allows(Some("U1")));
        let shop = settings.app("shop").unwrap();
        assert!(shop.is_at_home_in(Some("ops")) && shop.is_at_home_in(Some("C1")));
        assert!(!shop.is_at_home_in(Some("C2")) && !shop.is_at_home_in(None));
        assert!(settings.app("api").unwrap().is_at_home_in(None));
    }
}
