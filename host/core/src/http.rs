//! Requests that plugins send to services on the web.

use serde::{Deserialize, Serialize};

use crate::journal::Blob;

/// A request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// In capitals.
    pub method: String,
    /// Absolute, `http` or `https`.
    pub url: String,
    /// In the order in which they were given.
    pub headers: Vec<(String, String)>,
    /// Can be empty.
    pub body: Blob,
    /// For the whole of it.
    pub timeout_ms: u64,
}

/// An answer, whatever its status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Names in small letters.
    pub headers: Vec<(String, String)>,
    /// The whole body.
    pub body: Blob,
}
