//! Requests that plugins send to the web: to public addresses unless more was granted, bounded in time and size.
//!
//! Whether the plugin may send to that host at all is decided before, at the gate. Here it is made sure that the host's
//! name does not lead into the network that the bot stands in, and that nothing of the bot goes along: no proxy's
//! password, no cookie, and no credential but what the grant adds. Redirects are answers: whoever follows one sends a new
//! request, which is judged like the first and gets nothing of what was added to that.

pub mod added;
mod address;
mod certificate;
mod headers;
mod resolver;

#[cfg(test)]
mod tests;

use std::error::Error as _;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use reqwest::{Client, Method, Url, redirect, retry};
use witbot_core::error::{Code, Error};
use witbot_core::http::{Request, Response};
use witbot_core::journal::Blob;
use witbot_core::limits;

use self::added::Added;
use self::resolver::{Private, Resolver};

/// The way to the web.
pub struct Web {
    /// Connects to public addresses only. Connections are reused, so the two have theirs apart.
    public: Client,
    /// Connects to any.
    any: Client,
}

/// What the grants that cover a request say of it.
#[derive(Debug, Default)]
pub struct Terms {
    /// Whether it may go to a private address.
    pub private: bool,
    /// What is added to it.
    pub added: Vec<Added>,
}

impl Web {
    /// Sends nothing yet.
    pub fn new() -> anyhow::Result<Web> {
        Ok(Web {
            public: client(false)?,
            any: client(true)?,
        })
    }

    /// Sends a request, once, and reads the whole answer.
    pub async fn send(&self, request: &Request, terms: &Terms) -> Result<Response, Error> {
        let url = address_of(request)?;
        if !terms.private {
            check_literal(&url)?;
        }
        let client = if terms.private {
            &self.any
        } else {
            &self.public
        };
        let request_ready = prepared(client, request, url.clone(), &terms.added)?;
        let time = time_of(request)?;
        let began = Instant::now();
        let whole = async {
            answer(
                request_ready
                    .send()
                    .await
                    .map_err(|error| failure(&url, &error))?,
            )
            .await
        };
        let mut answered = tokio::time::timeout(time, whole).await.unwrap_or_else(|_| {
            Err(Error::new(
                Code::Timeout,
                format!(
                    "{} did not answer within {} ms.",
                    host_of(&url),
                    time.as_millis()
                ),
            ))
        });
        if let Ok(response) = &mut answered {
            response.elapsed_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
            added::hide(response, &terms.added);
        }
        answered
    }
}

fn client(private_allowed: bool) -> anyhow::Result<Client> {
    Client::builder()
        .dns_resolver(Arc::new(Resolver { private_allowed }))
        // A proxy would look up the name again, and could find something else.
        .no_proxy()
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .referer(false)
        .tls_info(true)
        .http1_max_headers(limits::HTTP_HEADERS_MAX)
        .http2_max_header_list_size(
            u32::try_from(limits::HTTP_HEADERS_BYTES_MAX).unwrap_or(u32::MAX),
        )
        .user_agent(concat!("witbot/", env!("CARGO_PKG_VERSION")))
        .build()
        .context("connections to the web cannot be prepared")
}

fn address_of(request: &Request) -> Result<Url, Error> {
    let url = Url::parse(&request.url)
        .map_err(|error| Error::invalid(format!("The address cannot be read: {error}.")))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(Error::invalid(format!(
            "Requests go to `http` and `https`, not to `{}`.",
            url.scheme()
        )));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Error::invalid(
            "A user name or password in an address would be logged: send it in a header.",
        ));
    }
    Ok(url)
}

/// An address in numbers is not looked up, so it is checked here. Reading the URL has already turned decimal, octal and
/// hexadecimal forms into the usual one.
fn check_literal(url: &Url) -> Result<(), Error> {
    let host = url.host_str().unwrap_or_default();
    match host.trim_matches(['[', ']']).parse::<IpAddr>() {
        Ok(ip) if !address::is_public(ip) => Err(private(url)),
        Ok(_) | Err(_) => Ok(()),
    }
}

fn prepared(
    client: &Client,
    request: &Request,
    url: Url,
    added: &[Added],
) -> Result<reqwest::RequestBuilder, Error> {
    let method = method_of(request)?;
    if request.body.0.len() > limits::HTTP_REQUEST_BYTES_MAX {
        let most = limits::HTTP_REQUEST_BYTES_MAX >> 20;
        return Err(Error::invalid(format!(
            "The body of a request has at most {most} MiB."
        )));
    }
    // Some servers insist on a length where a body is usual, and none do where it is not.
    let has_body =
        !request.body.0.is_empty() || matches!(method.as_str(), "POST" | "PUT" | "PATCH");
    let mut headers = headers::of(&request.headers)?;
    added::add(&mut headers, added)?;
    let builder = client.request(method, url).headers(headers);
    Ok(if has_body {
        builder.body(request.body.0.clone())
    } else {
        builder
    })
}

fn method_of(request: &Request) -> Result<Method, Error> {
    let name = request.method.as_str();
    let usual = name.len() <= 32
        && !name.is_empty()
        && name.chars().all(|c| c.is_ascii_uppercase() || c == '-');
    // The one opens a tunnel, the other sends headers back.
    if !usual || matches!(name, "CONNECT" | "TRACE") {
        return Err(Error::invalid(
            "A method is a word in capitals such as `GET`, and not `CONNECT` or `TRACE`.",
        ));
    }
    Method::from_bytes(name.as_bytes()).map_err(|_| Error::invalid("That is not a method."))
}

fn time_of(request: &Request) -> Result<Duration, Error> {
    if request.timeout_ms == 0 {
        let default = limits::HTTP_TIME_DEFAULT.as_secs();
        return Err(Error::invalid(format!(
            "A timeout of 0 ms leaves no time to answer; {default} s is usual."
        )));
    }
    Ok(Duration::from_millis(request.timeout_ms).min(limits::HTTP_TIME_MAX))
}

async fn answer(mut response: reqwest::Response) -> Result<Response, Error> {
    let url = response.url().clone();
    let status = response.status().as_u16();
    let headers = headers::from(response.headers())?;
    let certificate_expires = certificate::expires(&response);
    let too_large = || {
        let most = limits::HTTP_RESPONSE_BYTES_MAX >> 20;
        Error::invalid(format!(
            "The answer of {} has more than {most} MiB.",
            host_of(&url)
        ))
    };
    let most = limits::HTTP_RESPONSE_BYTES_MAX;
    if response
        .content_length()
        .is_some_and(|length| length > most as u64)
    {
        return Err(too_large());
    }
    let mut body = Vec::new();
    while let Some(chunk) = response
        .chunk()
        .await
        .map_err(|error| failure(&url, &error))?
    {
        if body.len() + chunk.len() > most {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Response {
        status,
        headers,
        body: Blob(body),
        elapsed_ms: 0,
        certificate_expires,
    })
}

fn failure(url: &Url, error: &reqwest::Error) -> Error {
    let mut cause = error.source();
    let mut last = error.to_string();
    while let Some(error) = cause {
        if error.is::<Private>() {
            return private(url);
        }
        last = error.to_string();
        cause = error.source();
    }
    let what = if error.is_connect() {
        "cannot be reached"
    } else {
        "did not give a whole answer"
    };
    Error::new(
        Code::Unavailable,
        format!("{} {what}: {last}.", host_of(url)),
    )
}

/// The address itself is not told: a plugin could find out by it what is in the network.
fn private(url: &Url) -> Error {
    Error::new(
        Code::Denied,
        format!(
            "{} is in a private network. The operator can allow it: `private = true` in the plugin's `http` grant.",
            host_of(url)
        ),
    )
}

fn host_of(url: &Url) -> &str {
    url.host_str().unwrap_or("The host")
}
