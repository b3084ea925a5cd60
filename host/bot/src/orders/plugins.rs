//! What operators and admins order to be done with a plugin: hold it, release it, or go back to an older version. It is
//! noted in the store; that it takes effect in a running bot is for the caller, and for `plugins`.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use witbot_core::ids::{Digest, PluginName, UnixMillis, UserId};
use witbot_core::{audit, limits, printable};
use witbot_store::Store;
use witbot_store::error::StoreError;
use witbot_store::orders::{Ordered, PluginOrders, Rollback};

use crate::clock;
use crate::live::{Live, Problem, Standing};
use crate::plugins::Artefacts;

/// An order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PluginOrder {
    /// What is to be done.
    pub what: What,
    /// With which plugin.
    pub plugin: PluginName,
    /// Why. Empty: they did not say.
    pub reason: String,
    /// Who says so, in words.
    pub by: String,
    /// When they said so. An order that is looked at again after a crash has the same time.
    pub at: UnixMillis,
    /// The person, when it is one in the chat. Nobody can say so from outside.
    #[serde(skip)]
    pub person: Option<UserId>,
}

/// What can be ordered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum What {
    /// It is not to serve, and its runs are not to go on.
    Hold,
    /// It is to serve, and to serve its file.
    Release,
    /// It is to serve the version whose digest begins so, or the one that served before.
    Rollback(Option<String>),
}

/// What became of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Noted {
    /// Whether it was carried out, now or before.
    pub well: bool,
    /// Sentences about it.
    pub text: String,
}

/// Notes an order, and audits it. `live` is how the plugins stand.
pub async fn note(
    store: &Store,
    artefacts: &Artefacts,
    live: &Live,
    order: &PluginOrder,
) -> Result<Noted, StoreError> {
    let orders = store.plugin_orders().await?.remove(&order.plugin);
    let orders = orders.unwrap_or_default();
    let standing = live.standing(&order.plugin);
    match &order.what {
        // What was ordered before the file went can be taken back.
        What::Release => release(store, order, standing, &orders).await,
        What::Hold | What::Rollback(_) if standing.is_none() => Ok(refused(unknown(live, order))),
        What::Hold => hold(store, order, &orders).await,
        What::Rollback(wanted) => {
            let same = |before: &&Rollback| before.ordered == ordered(order);
            if let Some(before) = orders.rollback.as_ref().filter(same) {
                return Ok(done(gone_back(order, before.from, before.to)));
            }
            let newest = standing.and_then(|standing| standing.newest.as_ref());
            let newest = newest.map(|plugin| plugin.digest);
            let serving = standing.and_then(|standing| standing.serving);
            match aim(&orders, newest, serving, wanted.as_deref()) {
                Err(aimless) => Ok(refused(format!("`{}` {aimless}", order.plugin))),
                Ok(rollback) => go_back(store, artefacts, order, rollback).await,
            }
        }
    }
}

async fn hold(
    store: &Store,
    order: &PluginOrder,
    orders: &PluginOrders,
) -> Result<Noted, StoreError> {
    let record = record(order, None, json!({}));
    store
        .hold_plugin(&order.plugin, ordered(order), record)
        .await?;
    let again = match &orders.hold {
        Some(before) => format!(" (as {} ordered before)", before.by),
        None => String::new(),
    };
    Ok(done(format!(
        "`{}` is held{again}: it is not called any more, and its runs that wait go on when it is released.",
        order.plugin
    )))
}

async fn release(
    store: &Store,
    order: &PluginOrder,
    standing: Option<&Standing>,
    orders: &PluginOrders,
) -> Result<Noted, StoreError> {
    let what = json!({
        "hold": orders.hold.is_some(),
        "rollback": orders.rollback.is_some(),
        "migration": orders.takeover.is_some(),
    });
    let released = store
        .release_plugin(&order.plugin, record(order, None, what))
        .await?;
    if released {
        return Ok(done(format!("`{}` is released.", order.plugin)));
    }
    let why = standing.and_then(|standing| standing.problem.as_ref());
    Ok(refused(match why {
        // Held by the host, not by people: a release would change nothing.
        Some(problem) => format!(
            "`{}` is not held by anybody's order. It is {problem}",
            order.plugin
        ),
        None => format!("`{}` is neither held nor rolled back.", order.plugin),
    }))
}

async fn go_back(
    store: &Store,
    artefacts: &Artefacts,
    order: &PluginOrder,
    aim: Aim,
) -> Result<Noted, StoreError> {
    let (kept, to) = (artefacts.clone(), aim.to);
    let read = tokio::task::spawn_blocking(move || kept.read(&to).map(drop)).await;
    if !matches!(read, Ok(Ok(()))) {
        return Ok(refused(format!(
            "The version {} of `{}` is not kept any more, or was changed; the log says more.",
            to.short(),
            order.plugin
        )));
    }
    let what = json!({ "from": aim.from, "to": to });
    let rollback = Rollback {
        ordered: ordered(order),
        from: aim.from,
        to,
    };
    let record = record(order, Some(to), what);
    store
        .roll_back_plugin(&order.plugin, rollback, record)
        .await?;
    Ok(done(gone_back(order, aim.from, to)))
}

fn gone_back(order: &PluginOrder, from: Digest, to: Digest) -> String {
    format!(
        "`{}` is rolled back from {} to {}, until there is a new file or it is released.",
        order.plugin,
        from.short(),
        to.short()
    )
}

/// Where a rollback goes.
#[derive(Debug, PartialEq, Eq)]
struct Aim {
    from: Digest,
    to: Digest,
}

/// Why a rollback goes nowhere.
#[derive(Debug, PartialEq, Eq)]
enum Aimless {
    NoFile,
    Nothing,
    Unknown(String, Vec<Digest>),
    Several(String),
    Serves(Digest),
    IsFile(Digest),
}

impl fmt::Display for Aimless {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Aimless::NoFile => f.write_str(
                "has no file that could be loaded, so there is nothing to go back from.",
            ),
            Aimless::Nothing => f.write_str("has no version before this one that is known."),
            Aimless::Unknown(wanted, known) => {
                let known: Vec<String> = known.iter().map(Digest::short).collect();
                write!(
                    f,
                    "has served no version `{wanted}` lately. The last ones, the newest first: {}.",
                    known.join(", ")
                )
            }
            Aimless::Several(wanted) => write!(
                f,
                "has several versions that begin with `{wanted}`; write more of it."
            ),
            Aimless::Serves(digest) => write!(f, "serves the version {} already.", digest.short()),
            Aimless::IsFile(digest) => write!(
                f,
                "has the version {} as its file: to go forward to it, release the plugin.",
                digest.short()
            ),
        }
    }
}

/// The version to go back to: only one that served under this name, since another one was never granted anything.
fn aim(
    orders: &PluginOrders,
    newest: Option<Digest>,
    serving: Option<Digest>,
    wanted: Option<&str>,
) -> Result<Aim, Aimless> {
    let from = newest.ok_or(Aimless::NoFile)?;
    let pinned = orders.rollback.as_ref().map(|rollback| rollback.to);
    let now = pinned.or(serving).unwrap_or(from);
    let versions = &orders.versions;
    let to = match wanted {
        None => {
            // One that never served has all of them before it.
            let place = versions.iter().position(|version| *version == now);
            let before = place.map_or(0, |place| place + 1);
            let mut before = versions[before..].iter();
            *before
                .find(|version| **version != from)
                .ok_or(Aimless::Nothing)?
        }
        Some(wanted) => one(versions, wanted)?,
    };
    if Some(to) == pinned || (pinned.is_none() && serving == Some(to)) {
        return Err(Aimless::Serves(to));
    }
    if to == from {
        return Err(Aimless::IsFile(to));
    }
    Ok(Aim { from, to })
}

fn one(versions: &[Digest], wanted: &str) -> Result<Digest, Aimless> {
    let begin = wanted.to_lowercase();
    let mut like = versions
        .iter()
        .filter(|version| version.to_string().starts_with(&begin));
    let shown = || printable::short(wanted);
    match (like.next(), like.next()) {
        (Some(version), None) => Ok(*version),
        (Some(_), Some(_)) => Err(Aimless::Several(shown())),
        (None, _) => Err(Aimless::Unknown(shown(), versions.to_vec())),
    }
}

/// How a plugin stands after an order, when that is not what was ordered.
pub fn otherwise(live: &Live, order: &PluginOrder) -> Option<String> {
    let standing = live.standing(&order.plugin)?;
    let problem = standing.problem.as_ref()?;
    let expected = match (&order.what, problem) {
        (What::Hold, _)
        | (What::Rollback(_), Problem::RolledBack(_))
        | (What::Release, Problem::Migrates) => true,
        (What::Release | What::Rollback(_), _) => false,
    };
    let serves = match standing.serving {
        Some(digest) => format!("the version {} serves", digest.short()),
        None => "it does not serve".to_owned(),
    };
    (!expected).then(|| format!("But {serves}: {problem}"))
}

fn unknown(live: &Live, order: &PluginOrder) -> String {
    let names: Vec<&str> = live
        .standings
        .iter()
        .map(|standing| standing.name.as_str())
        .collect();
    format!(
        "There is no plugin `{}` in the plugins folder; plugins there: {}.",
        order.plugin,
        names.join(", ")
    )
}

fn done(text: String) -> Noted {
    Noted { well: true, text }
}

fn refused(text: String) -> Noted {
    Noted { well: false, text }
}

fn ordered(order: &PluginOrder) -> Ordered {
    Ordered {
        by: order.by.clone(),
        reason: reason(&order.reason),
        at: order.at,
    }
}

/// In one line, and no longer than a sentence.
fn reason(text: &str) -> String {
    let line = printable::line(text.trim()).into_owned();
    line.chars().take(limits::ORDER_REASON_CHARS_MAX).collect()
}

fn record(order: &PluginOrder, digest: Option<Digest>, mut detail: Value) -> audit::Record {
    let action = match order.what {
        What::Hold => "plugin.hold",
        What::Release => "plugin.release",
        What::Rollback(_) => "plugin.rollback",
    };
    detail["by"] = order.by.clone().into();
    if !order.reason.is_empty() {
        detail["reason"] = reason(&order.reason).into();
    }
    audit::Record {
        at: clock::now(),
        actor: order.person.clone(),
        plugin: Some(order.plugin.clone()),
        digest,
        invocation: None,
        action: action.to_owned(),
        detail,
        outcome: "ok".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(number: u8) -> Digest {
        Digest::of(&[number])
    }

    fn orders(versions: &[u8], pinned: Option<u8>) -> PluginOrders {
        let rollback = pinned.map(|to| Rollback {
            ordered: Ordered {
                by: "ada".to_owned(),
                reason: String::new(),
                at: UnixMillis(5),
            },
            from: version(9),
            to: version(to),
        });
        PluginOrders {
            hold: None,
            rollback,
            versions: versions.iter().copied().map(version).collect(),
            takeover: None,
        }
    }

    #[test]
    fn a_rollback_goes_to_what_served_before_and_then_further() {
        let to = |versions: &[u8], pinned, newest: u8, serving: Option<u8>| {
            let orders = orders(versions, pinned);
            let aim = aim(&orders, Some(version(newest)), serving.map(version), None);
            aim.map(|aim| aim.to)
        };
        assert_eq!(to(&[3, 2, 1], None, 3, Some(3)), Ok(version(2)));
        assert_eq!(to(&[3, 2, 1], Some(2), 3, Some(2)), Ok(version(1)));
        assert_eq!(to(&[3, 2, 1], Some(1), 3, Some(1)), Err(Aimless::Nothing));
        assert_eq!(to(&[3], None, 3, Some(3)), Err(Aimless::Nothing));
        // The file 3 never served: an older one does, or nothing.
        assert_eq!(to(&[2, 1], None, 3, Some(2)), Ok(version(1)));
        assert_eq!(to(&[2, 1], None, 3, None), Ok(version(2)));
        // It was the file before, and is it again.
        assert_eq!(to(&[3, 2], None, 2, None), Err(Aimless::Nothing));
    }

    #[test]
    fn a_version_is_named_by_the_beginning_of_its_digest_and_must_have_served() {
        let to = |wanted: &str, pinned| {
            let orders = orders(&[3, 2, 1], pinned);
            let serving = Some(version(pinned.unwrap_or(3)));
            aim(&orders, Some(version(3)), serving, Some(wanted)).map(|aim| aim.to)
        };
        assert_eq!(to(&version(1).short().to_uppercase(), None), Ok(version(1)));
        assert_eq!(to("", None), Err(Aimless::Several(String::new())));
        assert_eq!(
            to(&version(3).short(), None),
            Err(Aimless::Serves(version(3)))
        );
        assert_eq!(
            to(&version(3).short(), Some(1)),
            Err(Aimless::IsFile(version(3)))
        );
        let Err(Aimless::Unknown(shown, known)) = to(&version(7).to_string(), None) else {
            panic!("it never served")
        };
        assert!(version(7).to_string().starts_with(&shown), "{shown}");
        assert_eq!(known.len(), 3);
    }

    #[test]
    fn a_reason_is_a_line() {
        assert_eq!(
            reason(" it leaks\u{1b}[2J "),
            printable::line("it leaks\u{1b}[2J")
        );
        let long = "x".repeat(limits::ORDER_REASON_CHARS_MAX + 1);
        assert_eq!(reason(&long).len(), limits::ORDER_REASON_CHARS_MAX);
    }
}
