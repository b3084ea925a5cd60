//! Requests to CircleCI: bounded in time and size, sent once, never redirected.

use anyhow::{Context as _, bail};
use reqwest::header::{HeaderMap, HeaderValue};
use reqwest::{Method, RequestBuilder, Response, StatusCode, Url, redirect, retry};
use serde::de::DeserializeOwned;
use serde_json::Value;
use witbot_core::error::{Code, Error};
use witbot_core::limits;

use super::slug::Slug;
use super::wire::Page;
use crate::metrics::{Asking, Metrics};
use crate::secret::Secret;

/// Longer messages of CircleCI are cut: they are read in a chat.
const MESSAGE_CHARS_MAX: usize = 300;

/// The connection with its credentials.
pub struct Client {
    metrics: Metrics,
    http: reqwest::Client,
    /// Where `/api/v2` is.
    root: Url,
    /// Where the pages for people are.
    pages: Url,
}

/// What was answered.
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

/// Why there is no answer to a request that changes something.
#[derive(Debug)]
pub enum Lost {
    /// It was not sent.
    NotSent(Error),
    /// It may have been done. In words: what happened instead of an answer.
    Perhaps(String),
}

impl Client {
    /// A token never travels unencrypted, but on this machine.
    pub fn new(api_url: &str, token: &Secret, metrics: &Metrics) -> anyhow::Result<Client> {
        let root = root(api_url)?;
        let local = is_local(&root);
        if root.scheme() != "https" && !(root.scheme() == "http" && local) {
            bail!(
                "CircleCI's address `{api_url}` must begin with `https://`, or the token could be read on its way"
            );
        }
        let mut value = HeaderValue::from_str(token.expose())
            .context("CIRCLECI_TOKEN has characters that no token has")?;
        value.set_sensitive(true);
        let mut builder = reqwest::Client::builder()
            .default_headers(HeaderMap::from_iter([(
                reqwest::header::HeaderName::from_static("circle-token"),
                value,
            )]))
            .user_agent(concat!("witbot/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            // A server that cannot be reached is told from one that was asked and does not answer.
            .connect_timeout(limits::SERVICE_TIME_MAX / 2)
            .timeout(limits::SERVICE_TIME_MAX);
        if local {
            builder = builder.no_proxy();
        }
        let http = builder
            .build()
            .context("the connection to CircleCI cannot be prepared")?;
        Ok(Client {
            http,
            metrics: metrics.clone(),
            pages: pages(&root),
            root,
        })
    }

    /// Reads one thing.
    pub async fn get<T: DeserializeOwned>(&self, path: &[&str]) -> Result<T, Error> {
        self.read(self.request(Method::GET, path)).await
    }

    /// Reads one page of a list.
    pub async fn page<T: DeserializeOwned>(
        &self,
        path: &[&str],
        token: Option<&str>,
    ) -> Result<Page<T>, Error> {
        let mut url = self.url(path);
        if let Some(token) = token {
            url.query_pairs_mut().append_pair("page-token", token);
        }
        self.read(self.http.get(url)).await
    }

    /// Sends something, once.
    pub async fn post(&self, path: &[&str], body: &Value) -> Result<Answer, Lost> {
        let asking = self.metrics.ask("circleci");
        let sent = self.request(Method::POST, path).json(body).send().await;
        let response = match sent {
            Ok(response) => response,
            Err(error) if error.is_connect() || error.is_builder() => {
                return Err(Lost::NotSent(unreachable(&error)));
            }
            Err(error) => return Err(Lost::Perhaps(failure(&error))),
        };
        let (status, headers) = (response.status(), response.headers().clone());
        self.answered(asking, status);
        match bounded(response).await {
            Ok(body) => Ok(Answer {
                status,
                headers,
                body,
            }),
            // A refusal is one without its reason, too.
            Err(_) if status.is_client_error() => Ok(Answer {
                status,
                headers,
                body: Vec::new(),
            }),
            Err(why) => Err(Lost::Perhaps(why)),
        }
    }

    /// The page of a pipeline; of the project while the number is not known.
    pub fn page_url(&self, slug: &Slug, number: Option<u64>) -> String {
        let mut url = self.pages.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(slug.page_path());
            if let Some(number) = number {
                path.push(&number.to_string());
            }
        }
        url.into()
    }

    async fn read<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, Error> {
        let asking = self.metrics.ask("circleci");
        let response = request.send().await.map_err(|error| unreachable(&error))?;
        let (status, headers) = (response.status(), response.headers().clone());
        self.answered(asking, status);
        let body = bounded(response).await.map_err(|why| {
            Error::new(
                Code::Unavailable,
                format!("CircleCI's answer could not be read: {why}. Try again in a while."),
            )
        })?;
        let answer = Answer {
            status,
            headers,
            body,
        };
        if !status.is_success() {
            return Err(answer.refusal());
        }
        answer.json().map_err(|error| {
            Error::new(
                Code::Unavailable,
                format!("CircleCI's answer is not understood: {error}."),
            )
        })
    }

    fn answered(&self, asking: Asking, status: StatusCode) {
        asking.answered(status.as_u16());
        if status == StatusCode::TOO_MANY_REQUESTS {
            self.metrics.rate_limited("circleci");
        }
    }

    fn request(&self, method: Method, path: &[&str]) -> RequestBuilder {
        self.http.request(method, self.url(path))
    }

    fn url(&self, path: &[&str]) -> Url {
        let mut url = self.root.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(["api", "v2"]).extend(path);
        }
        url
    }
}

impl Answer {
    /// The body.
    pub fn json<T: DeserializeOwned>(&self) -> serde_json::Result<T> {
        serde_json::from_slice(&self.body)
    }

    /// What CircleCI says about it.
    pub fn message(&self) -> String {
        let body: Value = self.json().unwrap_or_default();
        let text = body["message"].as_str().or(self.status.canonical_reason());
        text.unwrap_or("no reason given").to_owned()
    }

    /// Something else than what was asked for, said so that the person in the chat knows what to do.
    pub fn refusal(&self) -> Error {
        let message = one_line(&self.message());
        let (code, text) = match self.status.as_u16() {
            401 => (
                Code::Unavailable,
                format!(
                    "CircleCI refused the bot's token (CIRCLECI_TOKEN): {message}. Whoever runs the bot can set a new personal API token."
                ),
            ),
            403 => (
                Code::Denied,
                format!("CircleCI does not let the bot do that: {message}. The owner of CIRCLECI_TOKEN needs the right to it."),
            ),
            404 | 410 => (
                Code::NotFound,
                format!("CircleCI found no such thing, or the bot's token (CIRCLECI_TOKEN) cannot see it: {message}."),
            ),
            409 => (Code::Conflict, format!("CircleCI refused: {message}.")),
            429 => (Code::RateLimited, "CircleCI wants fewer requests of the bot. Try again in a while.".to_owned()),
            300..=399 => (
                Code::Unavailable,
                "CircleCI's API is elsewhere than the bot was told: whoever runs the bot can correct `[ci.circleci] api_url`."
                    .to_owned(),
            ),
            400..=499 => (Code::Invalid, format!("CircleCI refused: {message}.")),
            status => (Code::Unavailable, format!("CircleCI failed ({status}). Try again in a while.")),
        };
        let retry_after = self
            .headers
            .get("retry-after")
            .and_then(|value| value.to_str().ok()?.trim().parse::<u64>().ok());
        let wait = retry_after.filter(|_| matches!(code, Code::RateLimited | Code::Unavailable));
        Error {
            code,
            message: text,
            retry_after_ms: wait.map(|seconds| seconds.saturating_mul(1000)),
        }
    }
}

/// A text from outside as a part of a sentence.
pub fn one_line(text: &str) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let line: String = words
        .chars()
        .filter(|c| !c.is_control())
        .take(MESSAGE_CHARS_MAX)
        .collect();
    line.trim_end_matches('.').to_owned()
}

/// Refuses ids that would be something else in an address.
pub fn plain_id(id: &str) -> Result<(), Error> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if !id.is_empty() && id.len() <= 100 && id.chars().all(plain) {
        return Ok(());
    }
    Err(Error::invalid(
        "That is not the id of a run: it has letters, digits and hyphens.",
    ))
}

/// The address without `/api/v2`.
fn root(api_url: &str) -> anyhow::Result<Url> {
    let text = api_url.trim().trim_end_matches('/');
    let text = text.strip_suffix("/api/v2").unwrap_or(text);
    let url = Url::parse(text)
        .with_context(|| format!("CircleCI's address `{api_url}` is not an address"))?;
    let plain = url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    if !url.has_host() || url.cannot_be_a_base() || !plain {
        bail!("CircleCI's address `{api_url}` must be like `https://circleci.com`");
    }
    Ok(url)
}

/// A server of one's own has its pages on `app.` as well; anything without a name of its own borrows those of the service.
fn pages(root: &Url) -> Url {
    let mut url = root.clone();
    url.set_path("/");
    let named = root
        .domain()
        .filter(|_| !is_local(root))
        .map(|domain| format!("app.{domain}"));
    match named {
        Some(host) if url.set_host(Some(&host)).is_ok() => url,
        Some(_) | None => SERVICE_PAGES.parse().expect("a constant address"),
    }
}

const SERVICE_PAGES: &str = "https://app.circleci.com/";

fn is_local(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

async fn bounded(mut response: Response) -> Result<Vec<u8>, String> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| failure(&error))? {
        if body.len() + chunk.len() > limits::CI_RESPONSE_BYTES_MAX {
            return Err(format!(
                "an answer of more than {} MiB",
                limits::CI_RESPONSE_BYTES_MAX >> 20
            ));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn unreachable(error: &reqwest::Error) -> Error {
    Error::new(
        Code::Unavailable,
        format!(
            "CircleCI cannot be reached: {}. Try again in a while.",
            failure(error)
        ),
    )
}

/// In words, and without the address: it is of no use in a chat.
fn failure(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return format!("no answer within {} s", limits::SERVICE_TIME_MAX.as_secs());
    }
    if error.is_connect() {
        return "no connection".to_owned();
    }
    "the connection broke".to_owned()
}

#[cfg(test)]
mod tests {
    use witbot_core::ci::{Project, Provider};

    use super::*;

    fn addresses(api_url: &str) -> String {
        let slug = Slug::of(&Project {
            provider: Provider::Circleci,
            name: "gh/acme/a%2f b".into(),
        })
        .unwrap();
        match Client::new(api_url, &Secret::new("token".into()), &Metrics::new()) {
            Ok(client) => format!(
                "{} {}",
                client.url(&slug.path()),
                client.page_url(&slug, Some(7))
            ),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn addresses_are_taken_with_and_without_the_path_of_the_api() {
        let service = "https://circleci.com/api/v2/project/gh/acme/a%252f%20b https://app.circleci.com/pipelines/github/acme/a%252f%20b/7";
        for url in [
            "https://circleci.com",
            "https://circleci.com/",
            "https://circleci.com/api/v2",
            "https://circleci.com/api/v2/",
        ] {
            assert_eq!(addresses(url), service, "{url}");
        }
        assert_eq!(
            addresses("http://127.0.0.1:8080"),
            "http://127.0.0.1:8080/api/v2/project/gh/acme/a%252f%20b https://app.circleci.com/pipelines/github/acme/a%252f%20b/7"
        );
        assert_eq!(
            addresses("https://ci.example.org"),
            "https://ci.example.org/api/v2/project/gh/acme/a%252f%20b https://app.ci.example.org/pipelines/github/acme/a%252f%20b/7"
        );
    }

    #[test]
    fn addresses_that_cannot_be_right() {
        for (url, expected) in [
            (
                "http://circleci.com",
                "CircleCI's address `http://circleci.com` must begin with `https://`, or the token could be read on its way",
            ),
            (
                "circleci.com",
                "CircleCI's address `circleci.com` is not an address",
            ),
            (
                "https://circleci.com/?a=b",
                "CircleCI's address `https://circleci.com/?a=b` must be like `https://circleci.com`",
            ),
        ] {
            assert_eq!(addresses(url), expected);
        }
    }
}
