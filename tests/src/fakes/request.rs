//! Requests as they arrived, and the answers to them.

use axum::body::{Body, to_bytes};
use axum::http::{HeaderName, HeaderValue, Response, StatusCode, header};
use serde_json::Value;

/// The largest request that either service takes from the bot is far smaller.
const BODY_BYTES_MAX: usize = 4 << 20;

/// A request that arrived.
#[derive(Debug, Clone)]
pub struct Request {
    /// In capitals.
    pub method: String,
    /// As it was sent, escapes included, without the query.
    pub path: String,
    /// Names and values, decoded.
    pub query: Vec<(String, String)>,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// What was sent.
    pub body: Vec<u8>,
}

impl Request {
    pub(super) async fn read(request: axum::extract::Request) -> Result<Request, axum::Error> {
        let (parts, body) = request.into_parts();
        let body = to_bytes(body, BODY_BYTES_MAX).await?.to_vec();
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers = parts
            .headers
            .iter()
            .map(|(name, value)| (name.to_string(), text(value)));
        Ok(Request {
            method: parts.method.to_string(),
            path: parts.uri.path().to_owned(),
            query: pairs(parts.uri.query().unwrap_or_default()),
            headers: headers.collect(),
            body,
        })
    }

    /// The first header of this name, in whatever case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self
            .headers
            .iter()
            .find(|(other, _)| other.eq_ignore_ascii_case(name))?;
        Some(&found.1)
    }

    /// The first value of this name in the query.
    pub fn query(&self, name: &str) -> Option<&str> {
        Some(&self.query.iter().find(|(other, _)| other == name)?.1)
    }

    /// The body, if it is JSON.
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// The pieces of the path, each decoded: an escaped slash does not separate.
    pub(super) fn segments(&self) -> Vec<String> {
        self.path
            .trim_start_matches('/')
            .split('/')
            .map(decode)
            .collect()
    }

    /// Whether the sender says that the body is JSON.
    pub(super) fn says_json(&self) -> bool {
        self.header("content-type")
            .is_some_and(|kind| kind.starts_with("application/json"))
    }
}

/// The names and values of a query or a form, decoded.
pub(super) fn pairs(query: &str) -> Vec<(String, String)> {
    let pieces = query.split('&').filter(|piece| !piece.is_empty());
    pieces
        .map(|piece| piece.split_once('=').unwrap_or((piece, "")))
        .map(|(name, value)| {
            (
                decode(&name.replace('+', " ")),
                decode(&value.replace('+', " ")),
            )
        })
        .collect()
}

/// Undoes percent-encoding. What is not an escape stays as it is.
fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escape = bytes.get(at..at + 3).filter(|escape| escape[0] == b'%');
        match escape.and_then(|escape| hex::decode(&escape[1..]).ok()) {
            Some(byte) => {
                decoded.extend(byte);
                at += 3;
            }
            None => {
                decoded.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

/// What is answered.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Answer {
    pub(super) fn json(status: u16, body: &Value) -> Answer {
        let body = body.to_string().into_bytes();
        Answer {
            status,
            headers: Vec::new(),
            body,
        }
        .with("content-type", "application/json; charset=utf-8")
    }

    pub(super) fn text(status: u16, kind: &str, body: &str) -> Answer {
        Answer {
            status,
            headers: Vec::new(),
            body: body.as_bytes().to_vec(),
        }
        .with("content-type", kind)
    }

    pub(super) fn empty(status: u16) -> Answer {
        Answer {
            status,
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    pub(super) fn with(mut self, name: &str, value: &str) -> Answer {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(super) fn into_response(self) -> Response<Body> {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        for (name, value) in self.headers {
            if let (Ok(name), Ok(value)) =
                (HeaderName::try_from(name), HeaderValue::try_from(value))
            {
                response.headers_mut().append(name, value);
            }
        }
        response
            .headers_mut()
            .insert(header::SERVER, HeaderValue::from_static("stand-in"));
        response
    }
}

#[cfg(test)]
mod tests {
    use super::{decode, pairs};

    #[test]
    fn escapes() {
        assert_eq!(decode("a%2Fb%20c%"), "a/b c%");
        assert_eq!(decode("%zz%C3%A9"), "%zzé");
        let expected = [("a", "1 2"), ("b", ""), ("c", "x/y")];
        assert_eq!(
            pairs("a=1+2&b&c=x%2Fy"),
            expected.map(|(a, b)| (a.into(), b.into()))
        );
    }
}
