//! One identity at GitHub, and what is sent as it: octocrab without its own retries, which would send a write four times.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use http::{HeaderName, Method, Uri};
use http_body_util::{BodyExt as _, Limited};
use octocrab::models::AppId;
use octocrab::service::middleware::retry::RetryConfig;
use octocrab::{
    DefaultOctocrabBuilderConfig, NoAuth, NoSvc, NotLayerReady, Octocrab, OctocrabBuilder,
};
use serde_json::Value;
use tokio::time::Instant;
use witbot_core::error::Error;
use witbot_core::limits;

use super::Credentials;
use super::answer::{Answer, Failed, chain};
use super::refusal;
use crate::metrics::Metrics;

/// Without it GitHub moves on to newer versions by itself.
const API_VERSION: &str = "2022-11-28";

/// An octocrab, and the time until which GitHub wants to hear nothing from it.
pub struct Client {
    octocrab: Octocrab,
    metrics: Metrics,
    parked: Mutex<Option<Instant>>,
}

impl Client {
    /// An identity. Asks GitHub nothing.
    pub fn new(octocrab: Octocrab, metrics: &Metrics) -> Client {
        Client {
            octocrab,
            metrics: metrics.clone(),
            parked: Mutex::new(None),
        }
    }

    /// The octocrab itself, to make those of installations from it.
    pub fn octocrab(&self) -> &Octocrab {
        &self.octocrab
    }

    /// Who counts what is sent.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Sends a request, once, and reads the whole answer.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Answer, Failed> {
        let request = http::request::Builder::new().method(method).uri(path);
        let request = self
            .octocrab
            .build_request(request, body)
            .map_err(Failed::of)?;
        let asking = self.metrics.ask("github");
        let response = self.octocrab.execute(request).await.map_err(Failed::of)?;
        let (parts, body) = response.into_parts();
        let body = Limited::new(body, limits::GITHUB_ANSWER_BYTES_MAX);
        let body = body
            .collect()
            .await
            .map_err(|error| Failed::Lost(chain(error.as_ref())))?;
        asking.answered(parts.status.as_u16());
        Ok(Answer {
            status: parts.status,
            headers: parts.headers,
            body: body.to_bytes().into(),
        })
    }

    /// Stays away from GitHub for so long: whoever goes on asking is locked out for longer.
    pub fn park(&self, wait: Duration) {
        let until = Instant::now() + wait;
        let mut parked = self.parked.lock().unwrap_or_else(PoisonError::into_inner);
        *parked = Some(parked.map_or(until, |before| before.max(until)));
    }

    /// Returns when GitHub can be asked, or says that this is later than `deadline`.
    pub async fn unparked(&self, deadline: Instant) -> Result<(), Error> {
        let parked = *self.parked.lock().unwrap_or_else(PoisonError::into_inner);
        match parked {
            Some(until) if until > deadline => Err(refusal::limited(until - Instant::now())),
            Some(until) => {
                tokio::time::sleep_until(until).await;
                Ok(())
            }
            None => Ok(()),
        }
    }
}

/// The octocrab that speaks with these credentials to this address. `https://api.github.com` or, for GitHub Enterprise
/// Server, `https://HOST/api/v3`.
pub fn octocrab(api_url: &str, credentials: &Credentials) -> anyhow::Result<Octocrab> {
    let builder = builder(api_url)?;
    let builder = match credentials {
        Credentials::Token(token) => {
            let token = token.expose().trim();
            // octocrab panics over a token that cannot stand in a header.
            if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
                anyhow::bail!(
                    "GITHUB_TOKEN is not a token: it is empty, or has spaces or line breaks in it"
                );
            }
            builder.personal_token(token.to_owned())
        }
        Credentials::App {
            id,
            private_key_pem,
        } => {
            let key = octocrab::EncodingKey::from_rsa_pem(private_key_pem.expose().trim().as_bytes()).context(
                "GITHUB_APP_PRIVATE_KEY is not an RSA private key: give the whole file that GitHub made, with its line breaks, \
                 or name the file in GITHUB_APP_PRIVATE_KEY_FILE",
            )?;
            builder.app(AppId(*id), key)
        }
    };
    builder.build().context("the client for GitHub")
}

/// The octocrab that speaks as nobody, and wants JSON.
pub fn nobody(url: &str) -> anyhow::Result<Octocrab> {
    let builder = builder(url)?.add_header(http::header::ACCEPT, "application/json".to_owned());
    builder.build().context("the client for GitHub")
}

type Builder = OctocrabBuilder<NoSvc, DefaultOctocrabBuilderConfig, NoAuth, NotLayerReady>;

fn builder(url: &str) -> anyhow::Result<Builder> {
    Ok(Octocrab::builder()
        .base_uri(address(url)?)
        .context("the address of GitHub")?
        .add_retry_config(RetryConfig::None)
        .add_header(
            HeaderName::from_static("x-github-api-version"),
            API_VERSION.to_owned(),
        )
        .set_connect_timeout(Some(limits::GITHUB_CONNECT_TIME_MAX))
        .set_read_timeout(Some(limits::GITHUB_SILENCE_MAX))
        .set_write_timeout(Some(limits::GITHUB_SILENCE_MAX)))
}

/// An address that requests can be made relative to.
fn address(api_url: &str) -> anyhow::Result<Uri> {
    let help = "`api_url` of [github] must be like `https://api.github.com`, or `https://HOST/api/v3` for GitHub Enterprise Server";
    let uri: Uri = api_url
        .parse()
        .with_context(|| format!("{help}; `{api_url}` is not"))?;
    let http = matches!(uri.scheme_str(), Some("http" | "https"));
    let plain = uri.query().is_none()
        && uri
            .authority()
            .is_some_and(|host| !host.as_str().contains('@'));
    anyhow::ensure!(http && plain, "{help}; `{api_url}` is not");
    Ok(uri)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_are_addresses() {
        for good in [
            "https://api.github.com",
            "https://api.github.com/",
            "http://127.0.0.1:8080",
            "https://ghe.acme.com/api/v3",
        ] {
            assert!(address(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "api.github.com",
            "/api",
            "ftp://x",
            "https://user:secret@x",
            "https://x/?a=b",
            "not an address",
        ] {
            assert!(address(bad).is_err(), "{bad}");
        }
    }
}
