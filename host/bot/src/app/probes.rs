//! The servers: one for all who send something, and one for metrics where the settings want it. Both are there before
//! anything else, so that a bot which takes long to start says so.

use std::net::SocketAddr;

use axum::Router;

use crate::doors::http::{Doors, Server};
use crate::doors::probes;
use crate::metrics::health::Health;
use crate::metrics::scrape::Scraper;
use crate::settings::Settings;

/// The servers, while they answer.
pub struct Probes {
    /// The way in.
    pub doors: Doors,
    /// Where it is.
    pub address: SocketAddr,
    metrics: Option<Doors>,
}

impl Probes {
    /// Says from now on how the bot is.
    pub async fn start(
        settings: &Settings,
        scraper: &Scraper,
        health: &Health,
    ) -> anyhow::Result<Probes> {
        let server = Server::bind(settings.listen, "address").await?;
        let address = server.address()?;
        tracing::info!("starting: http://{address}/readyz says when it is done");
        let health = || probes::health(health.clone());
        let metrics = || probes::metrics(scraper.clone());
        let (main, apart) = match settings.metrics {
            None => (probes::no_metrics(), None),
            Some(same) if same == settings.listen => (metrics(), None),
            Some(apart) => (probes::no_metrics(), Some(apart)),
        };
        let apart = match apart {
            None => None,
            Some(address) => {
                let server = Server::bind(address, "metrics").await?;
                tracing::info!("metrics are at http://{}/metrics", server.address()?);
                let doors = server.start(metrics().merge(health()));
                // There is nothing else.
                doors.open(Router::new());
                Some(doors)
            }
        };
        Ok(Probes {
            doors: server.start(main.merge(health())),
            address,
            metrics: apart,
        })
    }

    /// Ends when all is answered that came.
    pub async fn close(self) {
        let closed = async |doors: Doors| {
            if let Err(error) = doors.close().await {
                tracing::error!("{error:#}");
            }
        };
        closed(self.doors).await;
        if let Some(doors) = self.metrics {
            closed(doors).await;
        }
    }
}
