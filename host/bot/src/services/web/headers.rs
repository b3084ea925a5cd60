//! Headers, in both directions.

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use witbot_core::error::{Code, Error};
use witbot_core::http::{is_of_another_request, is_of_the_connection};
use witbot_core::limits;

/// Headers to be sent.
pub fn of(given: &[(String, String)]) -> Result<HeaderMap, Error> {
    let bytes: usize = given
        .iter()
        .map(|(name, value)| name.len() + value.len())
        .sum();
    if given.len() > limits::HTTP_HEADERS_MAX || bytes > limits::HTTP_HEADERS_BYTES_MAX {
        return Err(Error::invalid(format!(
            "A request has at most {} headers of {} KiB together.",
            limits::HTTP_HEADERS_MAX,
            limits::HTTP_HEADERS_BYTES_MAX >> 10
        )));
    }
    let mut headers = HeaderMap::new();
    for (name, value) in given {
        let key: HeaderName = name.parse().map_err(|_| {
            Error::invalid(format!(
                "`{}` is not the name of a header.",
                name.escape_default()
            ))
        })?;
        if is_of_the_connection(key.as_str()) {
            return Err(Error::invalid(format!(
                "The header `{key}` cannot be set: the bot sets what a connection needs."
            )));
        }
        if is_of_another_request(key.as_str()) {
            return Err(Error::invalid(format!(
                "The header `{key}` cannot be set: servers take the request for another one by it, which may not be granted."
            )));
        }
        let value = HeaderValue::from_str(value).map_err(|_| {
            Error::invalid(format!(
                "The value of the header `{key}` has characters that no header can have."
            ))
        })?;
        headers.append(key, value);
    }
    Ok(headers)
}

/// Headers that were received.
pub fn from(received: &HeaderMap) -> Result<Vec<(String, String)>, Error> {
    let headers: Vec<(String, String)> = received
        .iter()
        .map(|(name, value)| {
            (
                name.as_str().to_owned(),
                String::from_utf8_lossy(value.as_bytes()).into_owned(),
            )
        })
        .collect();
    let bytes: usize = headers
        .iter()
        .map(|(name, value)| name.len() + value.len())
        .sum();
    if headers.len() > limits::HTTP_HEADERS_MAX || bytes > limits::HTTP_HEADERS_BYTES_MAX {
        let most = limits::HTTP_HEADERS_BYTES_MAX >> 10;
        return Err(Error::new(
            Code::Invalid,
            format!("The answer has more than {most} KiB of headers."),
        ));
    }
    Ok(headers)
}
