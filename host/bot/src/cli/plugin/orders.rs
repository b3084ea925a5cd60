//! `witbot plugin hold`, `release` and `rollback`: by the bot that runs, or in the store when there is none.

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use witbot_core::ids::PluginName;
use witbot_store::Store;
use witbot_store::folder::OpenError;

use super::super::runs::operator;
use super::super::{Failure, print};
use super::look;
use crate::clock;
use crate::control::{self, Answer, Demand};
use crate::orders::plugins::{PluginOrder, What, note};
use crate::plugins::Artefacts;
use crate::settings::Settings;

/// Which plugin, and why.
#[derive(Args)]
pub struct Hold {
    /// The name of the plugin.
    name: PluginName,
    /// Why: people who list the plugins see it.
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "",
        hide_default_value = true
    )]
    reason: String,
}

/// Which plugin.
#[derive(Args)]
pub struct Release {
    /// The name of the plugin.
    name: PluginName,
}

/// Which plugin, and to which version.
#[derive(Args)]
pub struct Rollback {
    /// The name of the plugin.
    name: PluginName,
    /// The version, by its digest or any beginning of it. Without it: the one that served before.
    digest: Option<String>,
    /// Why: people who list the plugins see it.
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "",
        hide_default_value = true
    )]
    reason: String,
}

/// Holds a plugin.
pub async fn hold(asked: Hold, settings: Settings) -> Result<ExitCode, Failure> {
    order(What::Hold, asked.name, asked.reason, settings).await
}

/// Releases a plugin.
pub async fn release(asked: Release, settings: Settings) -> Result<ExitCode, Failure> {
    order(What::Release, asked.name, String::new(), settings).await
}

/// Goes back to an older version of a plugin.
pub async fn rollback(asked: Rollback, settings: Settings) -> Result<ExitCode, Failure> {
    let what = What::Rollback(asked.digest);
    order(what, asked.name, asked.reason, settings).await
}

async fn order(
    what: What,
    plugin: PluginName,
    reason: String,
    settings: Settings,
) -> Result<ExitCode, Failure> {
    let order = PluginOrder {
        what,
        plugin,
        reason,
        by: operator(),
        at: clock::now(),
        person: None,
    };
    let demand = Demand::Plugin(order.clone());
    let answer = match control::give(&settings.data, &demand).await? {
        Some(answer) => answer,
        None => here(&order, settings).await?,
    };
    print(&answer.text)?;
    Ok(if answer.well {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Without a bot that runs, it is noted for the next start.
async fn here(order: &PluginOrder, settings: Settings) -> Result<Answer, Failure> {
    let store = match Store::open(&settings.data) {
        Err(error @ OpenError::InUse { .. }) => {
            return Err(Failure::Other(anyhow::Error::from(error).context(
                "a bot uses the data folder and does not take orders: it is starting or stopping, or its log says why",
            )));
        }
        opened => opened.map_err(anyhow::Error::from)?,
    };
    let artefacts = Artefacts::new(settings.data.join("artefacts"));
    let looked = look(settings).await?;
    let noted = note(&store, &artefacts, &looked.live, order).await;
    store.close().await;
    let noted = noted.context("the order cannot be stored")?;
    let text = match noted.well {
        true => format!(
            "{} No bot runs: it takes effect at the next start.",
            noted.text
        ),
        false => noted.text,
    };
    Ok(Answer {
        well: noted.well,
        text,
    })
}
