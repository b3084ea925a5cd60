//! Shares of the traffic, by version. They come to 100.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use witbot_sdk::{Error, Result};

/// All of the traffic.
pub const ALL: u32 = 100;
/// What names a version, in a chat and in names of services.
const VERSION_CHARS_MAX: usize = 60;

/// The share of each version, in percent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Split(pub BTreeMap<String, u32>);

/// What somebody typed: `10% v42`, or `10% v42 90% v41`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// One version has this share, and the rest is another's.
    Share(String, u32),
    /// All of it.
    All(Split),
}

impl Wanted {
    /// The same with the names that versions have.
    ///
    /// # Errors
    /// `invalid`: two of them are the same.
    pub fn named(self, name: impl Fn(&str) -> String) -> Result<Wanted> {
        let shares = match self {
            Wanted::Share(version, share) => return Ok(Wanted::Share(name(&version), share)),
            Wanted::All(split) => split.0,
        };
        let mut named = BTreeMap::new();
        for (typed, share) in shares {
            let version = name(&typed);
            if named.insert(version.clone(), share).is_some() {
                return Err(Error::invalid(format!(
                    "`{typed}` is the version `{version}`, which is named as well. Name it once."
                )));
            }
        }
        Ok(Wanted::All(Split(named)))
    }
}

impl Split {
    /// Of weights, whatever they come to. Shares are rounded, and what that leaves is the largest one's.
    pub fn of_weights(weights: impl IntoIterator<Item = (String, u64)>) -> Split {
        let mut all: BTreeMap<String, u64> = BTreeMap::new();
        for (version, weight) in weights {
            *all.entry(version).or_default() += weight;
        }
        let total: u64 = all.values().sum();
        let share =
            |weight: u64| u32::try_from(weight * u64::from(ALL) / total.max(1)).unwrap_or(ALL);
        let mut split = Split(
            all.into_iter()
                .map(|(version, weight)| (version, share(weight)))
                .collect(),
        );
        let left = ALL.saturating_sub(split.0.values().sum());
        if total > 0
            && let Some(most) = split.most(None)
        {
            *split.0.entry(most).or_default() += left;
        }
        split
    }

    /// The share of a version.
    pub fn share(&self, version: &str) -> u32 {
        self.0.get(version).copied().unwrap_or(0)
    }

    /// The version with the largest share, other than one.
    pub fn most(&self, but: Option<&str>) -> Option<String> {
        let others = self
            .0
            .iter()
            .filter(|(version, _)| Some(version.as_str()) != but);
        let most =
            others.max_by_key(|(version, share)| (**share, std::cmp::Reverse((*version).clone())));
        most.map(|(version, _)| version.clone())
    }

    /// The same with a version that has a share, where the others keep to each other what they had.
    ///
    /// # Errors
    /// `invalid`: there is no other version for the rest.
    pub fn toward(&self, version: &str, share: u32) -> Result<Split> {
        let rest = ALL - share;
        let others = self.0.iter().filter(|(other, _)| other.as_str() != version);
        let others: Vec<(&String, u32)> = others.map(|(other, share)| (other, *share)).collect();
        let total: u32 = others.iter().map(|(_, share)| share).sum();
        let mut split = Split(BTreeMap::from([(version.to_owned(), share)]));
        let Some(most) = self.most(Some(version)) else {
            return match rest {
                0 => Ok(split),
                _ => Err(Error::invalid(format!(
                    "There is no other version for the other {rest}%: name it as well."
                ))),
            };
        };
        for (other, share) in others {
            let scaled = share * rest / total.max(1);
            split.0.insert(other.clone(), scaled);
        }
        let left = ALL - split.0.values().sum::<u32>();
        *split.0.entry(most).or_default() += left;
        Ok(split)
    }

    /// The same with a share for one version, where all of the rest goes to the one that has most now.
    ///
    /// # Errors
    /// As [`toward`](Split::toward).
    pub fn with(&self, version: &str, share: u32) -> Result<Split> {
        let mut split = self.toward(version, share)?;
        for (other, share) in &mut split.0 {
            if other != version {
                *share = 0;
            }
        }
        if let Some(most) = self.most(Some(version)) {
            split.0.insert(most, ALL - share);
        }
        Ok(split)
    }

    /// Whether it splits the traffic in the same way: versions without a share are none.
    pub fn is_like(&self, other: &Split) -> bool {
        let with_share = |split: &Split| -> Vec<(String, u32)> {
            let with = split.0.iter().filter(|(_, share)| **share > 0);
            with.map(|(version, share)| (version.clone(), *share))
                .collect()
        };
        with_share(self) == with_share(other)
    }
}

/// `90% v41, 10% v42`, the largest first.
impl fmt::Display for Split {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shares: Vec<(&String, &u32)> =
            self.0.iter().filter(|(_, share)| **share > 0).collect();
        shares.sort_by_key(|(version, share)| (std::cmp::Reverse(**share), *version));
        if shares.is_empty() {
            return f.write_str("no traffic");
        }
        for (number, (version, share)) in shares.into_iter().enumerate() {
            let before = if number == 0 { "" } else { ", " };
            write!(f, "{before}{share}% {version}")?;
        }
        Ok(())
    }
}

/// Whether a version can be one: it becomes a part of an address.
pub fn is_version(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    (1..=VERSION_CHARS_MAX).contains(&text.len())
        && text.chars().all(plain)
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
}

/// Reads what somebody typed.
///
/// # Errors
/// `invalid`: what is wrong with it, and how it is written.
pub fn read(text: &str) -> Result<Wanted> {
    const HOW: &str = "Write it as `10% v42`, or as `10% v42 90% v41`.";
    let wrong = |why: String| Err(Error::invalid(format!("{why} {HOW}")));
    let words: Vec<&str> = text
        .split([' ', ','])
        .filter(|word| !word.is_empty())
        .collect();
    let mut shares: BTreeMap<String, u32> = BTreeMap::new();
    for pair in words.chunks(2) {
        let [share, version] = pair else {
            return wrong(format!("`{}` has no version.", pair.join(" ")));
        };
        let Some(percent) = share
            .strip_suffix('%')
            .and_then(|number| number.parse::<u32>().ok())
        else {
            return wrong(format!("`{share}` is no share in whole percent."));
        };
        if percent > ALL {
            return wrong(format!("{percent}% is more than there is."));
        }
        if !is_version(version) {
            return wrong(format!("`{version}` is no version."));
        }
        if shares.insert((*version).to_owned(), percent).is_some() {
            return wrong(format!("`{version}` is named twice."));
        }
    }
    if shares.len() == 1 {
        let (version, share) = shares.pop_first().unwrap_or_default();
        return Ok(Wanted::Share(version, share));
    }
    let sum: u32 = shares.values().sum();
    if sum != ALL {
        return wrong(format!("That comes to {sum}%, and not to 100%."));
    }
    Ok(Wanted::All(Split(shares)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(shares: &[(&str, u32)]) -> Split {
        Split(
            shares
                .iter()
                .map(|(version, share)| ((*version).to_owned(), *share))
                .collect(),
        )
    }

    #[test]
    fn what_is_typed_is_read() {
        assert_eq!(read("10% v42").unwrap(), Wanted::Share("v42".into(), 10));
        assert_eq!(read("0% v42").unwrap(), Wanted::Share("v42".into(), 0));
        assert_eq!(
            read("10% v42, 90% v41").unwrap(),
            Wanted::All(split(&[("v42", 10), ("v41", 90)]))
        );
        for (text, why) in [
            ("10% v42 80% v41", "That comes to 90%, and not to 100%."),
            ("50% v42 60% v41", "That comes to 110%, and not to 100%."),
            ("101% v42", "101% is more than there is."),
            ("ten v42", "`ten` is no share in whole percent."),
            ("10 v42", "`10` is no share in whole percent."),
            ("-1% v42", "`-1%` is no share in whole percent."),
            ("0.5% v42", "`0.5%` is no share in whole percent."),
            ("10% v42 90%", "`90%` has no version."),
            ("50% v42 50% v42", "`v42` is named twice."),
            ("10% ../v42", "`../v42` is no version."),
            ("", "That comes to 0%"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.message.starts_with(why), "{text}: {error}");
        }
    }

    #[test]
    fn a_version_that_is_named_in_two_ways_is_named_twice() {
        let name = |typed: &str| typed.trim_start_matches("api-").to_owned();
        let wanted = read("10% api-v42 90% v41").unwrap().named(name).unwrap();
        assert_eq!(wanted, Wanted::All(split(&[("v42", 10), ("v41", 90)])));
        let error = read("10% api-v42 90% v42").unwrap().named(name);
        assert!(error.unwrap_err().message.contains("is named as well"));
    }

    #[test]
    fn a_step_takes_from_all_others_what_they_have() {
        let now = split(&[("v40", 20), ("v41", 80)]);
        assert_eq!(
            now.toward("v42", 10).unwrap(),
            split(&[("v40", 18), ("v41", 72), ("v42", 10)])
        );
        assert_eq!(
            now.toward("v42", 100).unwrap(),
            split(&[("v40", 0), ("v41", 0), ("v42", 100)])
        );
        assert_eq!(
            now.toward("v41", 50).unwrap(),
            split(&[("v40", 50), ("v41", 50)])
        );
        // Rounding loses nothing.
        let thirds = split(&[("a", 33), ("b", 33), ("c", 34)]);
        assert_eq!(thirds.toward("d", 1).unwrap().0.values().sum::<u32>(), 100);
        assert!(split(&[("v42", 100)]).toward("v42", 10).is_err());
        assert_eq!(
            now.with("v42", 10).unwrap(),
            split(&[("v40", 0), ("v41", 90), ("v42", 10)])
        );
    }

    #[test]
    fn weights_become_shares() {
        let of = |weights: &[(&str, u64)]| {
            Split::of_weights(
                weights
                    .iter()
                    .map(|(version, weight)| ((*version).to_owned(), *weight)),
            )
        };
        assert_eq!(of(&[("a", 1), ("b", 3)]), split(&[("a", 25), ("b", 75)]));
        assert_eq!(
            of(&[("a", 1), ("b", 1), ("c", 1)]).0.values().sum::<u32>(),
            100
        );
        assert_eq!(of(&[("a", 0)]), split(&[("a", 0)]));
        assert_eq!(of(&[("a", 900), ("b", 100)]).to_string(), "90% a, 10% b");
        assert_eq!(of(&[]).to_string(), "no traffic");
        assert!(of(&[("a", 1), ("b", 0)]).is_like(&split(&[("a", 100)])));
    }
}
