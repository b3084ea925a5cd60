//! Grants of hosts on the web:
//! `http = [{ host = "status.example.com", methods = ["GET"], path = "/api/" }]`.
//!
//! What is compared is the address as it was parsed, never its text: what a plugin writes may be meant to look like
//! something that it is not.

pub mod address;
pub mod headers;
pub mod path;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use url::{Host, Url};

use super::Capability;
use super::denial::{Denial, quoted, toml_list, toml_text};
use crate::http::Request;
use address::is_public;
use headers::{AddedHeaders, OF_THE_ANSWER, Template};
use path::PathPrefix;

/// Requests that may be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpGrant {
    /// To whom.
    pub host: HostPattern,
    /// Of which kinds.
    #[serde(default = "methods_default")]
    pub methods: Vec<Method>,
    /// What their path begins with.
    #[serde(default)]
    pub path: PathPrefix,
    /// Whether the host may be in a private network.
    #[serde(default)]
    pub private: bool,
    /// What the host adds to them, which the plugin neither sees nor sets. Then they go by `https` only, unless the host
    /// may be in a private network.
    #[serde(default, skip_serializing_if = "AddedHeaders::is_empty")]
    pub headers: AddedHeaders,
}

fn methods_default() -> Vec<Method> {
    vec![Method::Get, Method::Head]
}

/// The methods that can be granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// Reads.
    Get,
    /// Reads the header alone.
    Head,
    /// Does something.
    Post,
    /// Puts something in a place.
    Put,
    /// Changes something.
    Patch,
    /// Removes something.
    Delete,
    /// Asks what can be done.
    Options,
}

impl Method {
    /// All of them.
    pub const ALL: [Method; 7] = [
        Method::Get,
        Method::Head,
        Method::Post,
        Method::Put,
        Method::Patch,
        Method::Delete,
        Method::Options,
    ];

    /// As a request spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Head => "HEAD",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Patch => "PATCH",
            Method::Delete => "DELETE",
            Method::Options => "OPTIONS",
        }
    }
}

/// `status.example.com`, `*.example.com` for all hosts below, an address in numbers; each with a port if it is not the
/// usual one of the scheme.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HostPattern {
    text: String,
    host: Host,
    /// Whether the hosts below are meant, and not the host itself.
    below: bool,
    port: Option<u16>,
}

/// A text does not name a host.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a host: write a name such as `status.example.com`, without scheme and path, or `*.example.com` for all hosts below"
)]
pub struct InvalidHostPattern(String);

impl TryFrom<String> for HostPattern {
    type Error = InvalidHostPattern;
    fn try_from(text: String) -> Result<HostPattern, InvalidHostPattern> {
        match HostPattern::parse(&text) {
            Some((host, below, port)) => Ok(HostPattern {
                text,
                host,
                below,
                port,
            }),
            None => Err(InvalidHostPattern(text)),
        }
    }
}

impl From<HostPattern> for String {
    fn from(pattern: HostPattern) -> String {
        pattern.text
    }
}

impl HostPattern {
    fn parse(text: &str) -> Option<(Host, bool, Option<u16>)> {
        let (rest, below) = match text.strip_prefix("*.") {
            Some(rest) => (rest, true),
            None => (text, false),
        };
        let (name, port) = match rest.rsplit_once(':') {
            // The colons of an IPv6 address stand within its brackets.
            Some((name, port)) if !port.ends_with(']') => (name, Some(port.parse().ok()?)),
            _ => (rest, None),
        };
        if name.contains(['%', '*']) {
            return None;
        }
        let host = plain(Host::parse(name).ok()?);
        let below_fits = match &host {
            // All of `*.com` is never meant.
            Host::Domain(name) => name.contains('.'),
            Host::Ipv4(_) | Host::Ipv6(_) => false,
        };
        (!below || below_fits).then_some((host, below, port))
    }

    fn matches(&self, url: &Url) -> bool {
        let Some(host) = url.host() else { return false };
        let host = plain(host.to_owned());
        let host_matches = match (self.below, &self.host, &host) {
            (true, Host::Domain(granted), Host::Domain(wanted)) => {
                let label = wanted
                    .strip_suffix(granted.as_str())
                    .and_then(|rest| rest.strip_suffix('.'));
                label.is_some_and(|label| !label.is_empty())
            }
            (true, _, _) => false,
            (false, granted, wanted) => granted == wanted,
        };
        let port_matches = match self.port {
            Some(port) => url.port_or_known_default() == Some(port),
            None => url.port().is_none(),
        };
        host_matches && port_matches
    }
}

/// `example.com.` is the same host as `example.com`.
fn plain(host: Host) -> Host {
    match host {
        Host::Domain(name) => Host::Domain(name.strip_suffix('.').unwrap_or(&name).to_owned()),
        Host::Ipv4(_) | Host::Ipv6(_) => host,
    }
}

impl HttpGrant {
    fn allows(&self, method: &str, url: &Url) -> bool {
        self.covers(method, url) && !self.is_overheard(url)
    }

    /// Whether a secret would be sent so that others can read it on the way.
    fn is_overheard(&self, url: &Url) -> bool {
        !self.headers.is_empty() && !self.private && url.scheme() != "https"
    }

    fn covers(&self, method: &str, url: &Url) -> bool {
        self.host.matches(url)
            && self
                .methods
                .iter()
                .any(|granted| granted.as_str() == method)
            && self.path.covers(url.path())
            && (self.private || !is_private_address(url))
    }
}

/// Whether the address is in numbers, and not of the public network. What a name stands for is seen when it is resolved.
fn is_private_address(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => !is_public(address.into()),
        Some(Host::Ipv6(address)) => !is_public(address.into()),
        Some(Host::Domain(_)) | None => false,
    }
}

pub(super) fn opens_private_network(grants: &[HttpGrant], request: &Request) -> bool {
    let Ok(url) = parse(&request.url) else {
        return false;
    };
    grants
        .iter()
        .any(|grant| grant.private && grant.allows(&request.method, &url))
}

/// What the host adds to a request that is allowed: of all grants that cover it, and the first when two add the same.
pub(super) fn added<'g>(
    grants: &'g [HttpGrant],
    request: &Request,
) -> BTreeMap<&'g str, &'g Template> {
    let Ok(url) = parse(&request.url) else {
        return BTreeMap::new();
    };
    let mut added = BTreeMap::new();
    for grant in grants {
        if grant.allows(&request.method, &url) {
            for (name, value) in grant.headers.iter() {
                added.entry(name).or_insert(value);
            }
        }
    }
    added
}

/// Whether a plugin has not set what the host adds, or what would hide it in the answer.
fn leaves_out(request: &Request, added: &AddedHeaders) -> Result<(), Denial> {
    for (name, _) in &request.headers {
        let name = name.to_ascii_lowercase();
        if added.iter().any(|(added, _)| added == name) {
            return Err(Denial::never(format!(
                "the header {} is added by the bot, as its operator set it: leave it out",
                quoted(&name)
            )));
        }
        if !added.is_empty() && OF_THE_ANSWER.contains(&&*name) {
            return Err(Denial::never(format!(
                "the bot adds a secret to this request, so that the header {} cannot be set",
                quoted(&name)
            )));
        }
    }
    Ok(())
}

pub(super) fn allows(grants: &[HttpGrant], request: &Request) -> Result<(), Denial> {
    let url = parse(&request.url)?;
    let mut matching = grants
        .iter()
        .filter(|grant| grant.allows(&request.method, &url))
        .peekable();
    if matching.peek().is_some() {
        return matching.try_for_each(|grant| leaves_out(request, &grant.headers));
    }
    if grants
        .iter()
        .any(|grant| grant.covers(&request.method, &url))
    {
        return Err(Denial::never(format!(
            "the bot adds a secret to what is sent to {}: begin the address with `https://`",
            quoted(url.host_str().unwrap_or_default())
        )));
    }
    if !Method::ALL
        .iter()
        .any(|method| method.as_str() == request.method)
    {
        let method = quoted(&request.method);
        return Err(Denial::never(format!(
            "requests cannot be sent with the method {method}: use one such as `GET`"
        )));
    }
    if path::is_devious(url.path()) {
        return Err(Denial::never(format!(
            "the path {} has encoded dots in it, so that it cannot be told where it leads: write it without them",
            quoted(url.path())
        )));
    }
    Err(missing(grants, &request.method, &url))
}

/// Only what can be an address on the web, with nobody's password in it.
fn parse(text: &str) -> Result<Url, Denial> {
    let url = Url::parse(text).map_err(|error| {
        Denial::never(format!(
            "{} is not an address on the web: {error}",
            quoted(text)
        ))
    })?;
    if !matches!(url.scheme(), "http" | "https") {
        let text = quoted(text);
        return Err(Denial::never(format!(
            "{text} is not an address on the web: begin with `https://` or `http://`"
        )));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Denial::never(
            "an address cannot have a user name or password in it: send them in a header"
                .to_owned(),
        ));
    }
    Ok(url)
}

fn missing(grants: &[HttpGrant], method: &str, url: &Url) -> Denial {
    let host = url
        .host()
        .map(|host| plain(host.to_owned()).to_string())
        .unwrap_or_default();
    let host = match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host,
    };
    // A host such as `*.com` would be granted as something else than what is asked for.
    let grantable = HostPattern::try_from(host.clone())
        .is_ok_and(|pattern| !pattern.below && pattern.matches(url));
    if !grantable {
        return Denial::never(format!(
            "{} is not the name of a host: write one such as `status.example.com`",
            quoted(&host)
        ));
    }
    let path = url.path();
    // The query is left out: it may hold something secret, and is no part of a grant.
    let mut what = format!(
        "send `{method}` to {}",
        quoted(&format!("{}://{host}{path}", url.scheme()))
    );
    let mut entry = format!(
        "host = {}, methods = {}, path = {}",
        toml_text(&host),
        toml_list([method]),
        toml_text(path)
    );
    if is_private_address(url) {
        what += ", an address in a private network";
        entry += ", private = true";
    }
    Denial::missing(Capability::Http, grants, what, format!("{{ {entry} }}"))
}

#[cfg(test)]
mod tests;
