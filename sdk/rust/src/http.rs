//! Requests to services on the web.
//!
//! Grant: `http = [{ host = "status.example.com", methods = ["GET"], path = "/api/" }]`. Addresses in private networks
//! are refused unless the grant says `private = true`. Redirects are not followed.
//!
//! A plugin needs no tokens: with `headers = { Authorization = "Bearer ${PAGER_TOKEN}" }` in the grant, the host adds that
//! header to the requests that the grant covers, with the secret of that name. The plugin never sees it. Such requests go to
//! `https` addresses only, unless the grant says `private = true`; the plugin leaves these headers out, and
//! `Accept-Encoding` and `Range` too; and where the secret comes back in an answer, `***` stands for it.
//!
//! ```no_run
//! use witbot_sdk::{Event, Result, http};
//!
//! fn status(event: &Event) -> Result {
//!     let page = http::get("https://status.example.com/api/summary").send()?.success()?;
//!     event.reply(page.text()?)?;
//!     Ok(())
//! }
//! ```

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::bindings::witbot::http::http;
use crate::error::{Code, Error, Result};
use crate::time::{Timestamp, milliseconds};

/// A request that reads.
pub fn get(url: impl Into<String>) -> Request {
    Request::new("GET", url)
}

/// A request that writes.
pub fn post(url: impl Into<String>) -> Request {
    Request::new("POST", url)
}

/// A request to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    method: String,
    url: String,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
    timeout: Option<Duration>,
}

impl Request {
    /// A request with any method.
    pub fn new(method: impl Into<String>, url: impl Into<String>) -> Request {
        Request {
            method: method.into(),
            url: url.into(),
            headers: Vec::new(),
            body: None,
            timeout: None,
        }
    }

    /// Adds a header. `Host`, `Content-Length` and the headers of a single connection cannot be set; with one that the host
    /// adds, the request is `denied`.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Request {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Sets the body, 1 MiB at most.
    pub fn body(mut self, bytes: impl Into<Vec<u8>>) -> Request {
        self.body = Some(bytes.into());
        self
    }

    /// Sets the body to a value as JSON, and says so in a header.
    ///
    /// # Errors
    /// `invalid`: the value cannot be written as JSON.
    pub fn json<T: Serialize + ?Sized>(self, value: &T) -> Result<Request> {
        let body = serde_json::to_vec(value)?;
        Ok(self.header("content-type", "application/json").body(body))
    }

    /// How long to wait: 10 s unless set, 30 s at most.
    pub fn timeout(mut self, timeout: Duration) -> Request {
        self.timeout = Some(timeout);
        self
    }

    /// Sends it and reads the whole answer. At most 20 a run.
    ///
    /// # Errors
    /// `denied`, `invalid` (not an http address, too large), `timeout`, `unavailable`, and `in-doubt` when the bot was
    /// stopped in the middle of it and the method is neither `GET` nor `HEAD`.
    pub fn send(&self) -> Result<Response> {
        let request = http::Request::new(&self.method, &self.url);
        for (name, value) in &self.headers {
            request.header(name, value);
        }
        if let Some(body) = &self.body {
            request.body(body);
        }
        if let Some(timeout) = self.timeout {
            request.timeout(milliseconds(timeout));
        }
        Ok(Response {
            raw: http::send(&request)?,
        })
    }
}

/// An answer.
#[derive(Debug)]
pub struct Response {
    raw: http::Response,
}

impl Response {
    /// The status.
    pub fn status(&self) -> u16 {
        self.raw.status()
    }

    /// The answer, if its status is one of success (200 to 299).
    ///
    /// # Errors
    /// `unavailable`: it is another.
    pub fn success(self) -> Result<Response> {
        match self.status() {
            200..=299 => Ok(self),
            status => Err(Error::new(
                Code::Unavailable,
                format!("the service answered with status {status}"),
            )),
        }
    }

    /// The first header of that name, in any case of letters.
    pub fn header(&self, name: &str) -> Option<String> {
        self.raw.header(name)
    }

    /// The body, 4 MiB at most.
    pub fn body(&self) -> Vec<u8> {
        self.raw.body()
    }

    /// How long it took until all of it was there.
    pub fn elapsed(&self) -> Duration {
        Duration::from_millis(self.raw.elapsed())
    }

    /// Until when the certificate is valid that the service showed. None for `http`.
    pub fn certificate_expires(&self) -> Option<Timestamp> {
        self.raw.certificate_expires().map(Timestamp::from_millis)
    }

    /// The body as text.
    ///
    /// # Errors
    /// `invalid`: it is not UTF-8.
    pub fn text(&self) -> Result<String> {
        Ok(String::from_utf8(self.body())?)
    }

    /// The body as a value from JSON.
    ///
    /// # Errors
    /// `invalid`: it is not one.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        Ok(serde_json::from_slice(&self.body())?)
    }
}
