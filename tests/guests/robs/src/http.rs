//! The web.

use witbot_sdk::http::{self, Request, Response};
use witbot_sdk::{Event, Result};

pub fn get(event: &Event) -> Result<String> {
    shown(&http::get(event.required("url")?).send()?)
}

pub fn post(event: &Event) -> Result<String> {
    shown(&http::post(event.required("url")?).send()?)
}

/// With a header of its own.
pub fn with(event: &Event) -> Result<String> {
    let request: Request = http::get(event.required("url")?);
    shown(&request.header(event.required("header")?, "mine").send()?)
}

/// Goes where it is sent on to.
pub fn follow(event: &Event) -> Result<String> {
    let answer = http::get(event.required("url")?).send()?;
    let next = answer.header("location").unwrap_or_default();
    shown(&http::get(next).send()?)
}

fn shown(answer: &Response) -> Result<String> {
    Ok(format!("{} {}", answer.status(), answer.text()?))
}
