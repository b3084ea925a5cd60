//! Grants to be called by webhooks at an address of their own, `POST /hooks/in/NAME`, with how their sender proves itself:
//! `webhooks = [{ name = "alerts", verify = "token", secret = "ALERTS_SECRET" }]`. The operator says that, and not the
//! plugin: who may cause an event is for the operator to decide.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Capability;
use super::denial::{Denial, quoted, toml_text};
use crate::ids::WebhookName;
use crate::limits;

/// One webhook that reaches the plugin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct WebhookGrant {
    /// The last part of its address.
    pub name: WebhookName,
    /// How its sender proves itself.
    pub verify: Verification,
}

/// How the sender of a webhook proves itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verification {
    /// By a signature of id, time and body: <https://www.standardwebhooks.com>.
    Standard {
        /// Where the secret is, which begins with `whsec_`.
        secret: Variable,
    },
    /// By a header with the HMAC-SHA256 of the body, in hexadecimal or base64, with or without `sha256=` before it.
    HmacSha256 {
        /// Where the key is.
        secret: Variable,
        /// Which header.
        header: HeaderName,
    },
    /// By a header that has the secret in it.
    Token {
        /// Where the secret is.
        secret: Variable,
        /// Which header. None: `Authorization: Bearer …`.
        header: Option<HeaderName>,
    },
    /// By HTTP Basic Authentication.
    Basic {
        /// Where `user:password` is.
        secret: Variable,
    },
    /// Not at all: whoever can reach the address can cause events.
    None,
}

impl Verification {
    /// Where the secret is that it needs.
    pub fn secret(&self) -> Option<&Variable> {
        match self {
            Verification::Standard { secret }
            | Verification::HmacSha256 { secret, .. }
            | Verification::Token { secret, .. }
            | Verification::Basic { secret } => Some(secret),
            Verification::None => None,
        }
    }
}

/// The name of a variable of the environment that has a secret, either itself or, with `_FILE` behind it, as a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Variable(String);

impl Variable {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Variable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a grant is none. It does not repeat what was written, as that may be the secret itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoWebhook {
    /// The secret is not the name of a variable.
    #[error(
        "`secret` is not the name of a variable: write one such as `ALERTS_SECRET` (capitals, digits and `_`), and put the secret itself into the environment"
    )]
    Secret,
    /// The header is none.
    #[error("`header` is not the name of a header: write one such as `X-Signature-256`")]
    Header,
    /// The secret is missing.
    #[error(
        "its `verify` needs a `secret`: the name of the variable that has it, such as `ALERTS_SECRET`"
    )]
    SecretMissing,
    /// The header is missing.
    #[error("`verify = \"hmac-sha256\"` needs a `header`, such as `X-Signature-256`")]
    HeaderMissing,
    /// There is a secret, and nothing is verified.
    #[error(
        "`verify = \"none\"` verifies nothing, so it has no `secret`: take it out, or choose how to verify"
    )]
    SecretUnused,
    /// There is a header, and it is not looked at.
    #[error(
        "its `verify` has a header of its own: take `header` out, or write `hmac-sha256` or `token`"
    )]
    HeaderUnused,
}

impl FromStr for Variable {
    type Err = NoWebhook;
    fn from_str(text: &str) -> Result<Variable, NoWebhook> {
        let letter = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
        let begins = text.starts_with(|c: char| c.is_ascii_uppercase());
        let named = begins && text.len() <= limits::ID_CHARS_MAX && text.chars().all(letter);
        let named = named && !text.ends_with("_FILE");
        named
            .then(|| Variable(text.to_owned()))
            .ok_or(NoWebhook::Secret)
    }
}

/// The name of a header, in small letters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderName(String);

impl HeaderName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for HeaderName {
    type Err = NoWebhook;
    fn from_str(text: &str) -> Result<HeaderName, NoWebhook> {
        let letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        let named = (1..=limits::ID_CHARS_MAX).contains(&text.len()) && text.chars().all(letter);
        named
            .then(|| HeaderName(text.to_ascii_lowercase()))
            .ok_or(NoWebhook::Header)
    }
}

/// As it stands in the settings.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    name: WebhookName,
    verify: Way,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    header: Option<String>,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Way {
    Standard,
    #[serde(rename = "hmac-sha256")]
    HmacSha256,
    Token,
    Basic,
    None,
}

impl TryFrom<Written> for WebhookGrant {
    type Error = NoWebhook;

    fn try_from(written: Written) -> Result<WebhookGrant, NoWebhook> {
        let header = written.header.as_deref();
        let header: Option<HeaderName> = header.map(str::parse).transpose()?;
        let secret = written.secret.as_deref();
        let secret: Option<Variable> = secret.map(str::parse).transpose()?;
        let needed = secret.clone().ok_or(NoWebhook::SecretMissing);
        let verify = match (written.verify, header) {
            (Way::HmacSha256, None) => return Err(NoWebhook::HeaderMissing),
            (Way::HmacSha256, Some(header)) => Verification::HmacSha256 {
                secret: needed?,
                header,
            },
            (Way::Token, header) => Verification::Token {
                secret: needed?,
                header,
            },
            (Way::Standard | Way::Basic | Way::None, Some(_)) => {
                return Err(NoWebhook::HeaderUnused);
            }
            (Way::Standard, None) => Verification::Standard { secret: needed? },
            (Way::Basic, None) => Verification::Basic { secret: needed? },
            (Way::None, None) if secret.is_some() => return Err(NoWebhook::SecretUnused),
            (Way::None, None) => Verification::None,
        };
        Ok(WebhookGrant {
            name: written.name,
            verify,
        })
    }
}

impl From<WebhookGrant> for Written {
    fn from(grant: WebhookGrant) -> Written {
        let secret = grant.verify.secret().map(ToString::to_string);
        let (verify, header) = match grant.verify {
            Verification::Standard { .. } => (Way::Standard, None),
            Verification::HmacSha256 { header, .. } => (Way::HmacSha256, Some(header)),
            Verification::Token { header, .. } => (Way::Token, header),
            Verification::Basic { .. } => (Way::Basic, None),
            Verification::None => (Way::None, None),
        };
        Written {
            name: grant.name,
            verify,
            secret,
            header: header.map(|header| header.0),
        }
    }
}

/// Whether webhooks of a name reach the plugin.
pub fn allows(grants: &[WebhookGrant], name: &str) -> Result<(), Denial> {
    if grants.iter().any(|grant| grant.name.as_str() == name) {
        return Ok(());
    }
    let what = format!("hear of the webhook {}", quoted(name));
    Err(Denial::missing(
        Capability::Webhooks,
        grants,
        what,
        entry(name),
    ))
}

/// The grant that would allow it, as one that begins safely.
pub fn entry(name: &str) -> String {
    let variable: String = name
        .chars()
        .map(|c| match c.is_ascii_alphanumeric() {
            true => c.to_ascii_uppercase(),
            false => '_',
        })
        .collect();
    format!(
        "{{ name = {}, verify = \"standard\", secret = \"{variable}_SECRET\" }}",
        toml_text(name)
    )
}
