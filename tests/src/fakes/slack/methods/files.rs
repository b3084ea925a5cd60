//! Uploads: a URL is asked for, the bytes go there, and then the file is shared.

use serde_json::{Value, json};

use crate::fakes::request::{Answer, Request};
use crate::fakes::slack::BOT_USER;
use crate::fakes::slack::arguments::Arguments;
use crate::fakes::slack::message::File;
use crate::fakes::slack::methods::{Failure, Outcome};
use crate::fakes::slack::speech::{Draft, Said};
use crate::fakes::slack::state::State;

pub(super) fn begin(state: &mut State, arguments: &Arguments) -> Outcome {
    let (name, length) = (arguments.text("filename"), arguments.number("length"));
    let (false, Some(length)) = (name.is_empty(), length.filter(|length| *length > 0)) else {
        return Err(Failure::of("invalid_arguments"));
    };
    let id = format!("F{:X}", state.number());
    let url = format!("{}/upload/{id}", state.url);
    state.files.push(File {
        id: id.clone(),
        name: name.to_owned(),
        length,
        bytes: None,
        title: None,
        channel: None,
    });
    Ok(json!({ "upload_url": url, "file_id": id }))
}

pub(super) fn complete(state: &mut State, arguments: &Arguments) -> Outcome {
    let named = arguments.json("files").as_array().cloned();
    let named = named.ok_or(Failure::of("invalid_arguments"))?;
    let channel = arguments.text("channel_id").to_owned();
    if !channel.is_empty() && !state.channel(&channel)?.has_bot() {
        return Err(Failure::of("not_in_channel"));
    }
    let thread = arguments.text("thread_ts");
    let root = state
        .channels
        .get(&channel)
        .and_then(|channel| channel.find(thread))
        .map(|message| message.root.unwrap_or(message.at));
    let mut shared = Vec::new();
    for file in &named {
        let id = file["id"].as_str().unwrap_or_default();
        let found = state.files.iter_mut().find(|file| file.id == id);
        let found = found
            .filter(|file| file.bytes.is_some())
            .ok_or(Failure::of("file_not_found"))?;
        found.title = file["title"].as_str().map(str::to_owned);
        found.channel = Some(channel.clone()).filter(|channel| !channel.is_empty());
        shared.push(id.to_owned());
    }
    let files: Value = named
        .iter()
        .map(|file| json!({ "id": file["id"], "title": file["title"] }))
        .collect();
    if !channel.is_empty() {
        state.within_budget(&channel)?;
        let text = arguments.text("initial_comment").to_owned();
        let said = Said {
            text,
            ..Said::default()
        };
        let draft = Draft {
            user: BOT_USER.to_owned(),
            said,
            root,
            files: shared,
        };
        state.publish(&channel, draft);
    }
    Ok(json!({ "files": files }))
}

impl State {
    /// Takes the bytes of a file, as they are or as the one part of a form.
    pub(in crate::fakes::slack) fn upload(&mut self, id: &str, request: &Request) -> Answer {
        let Some(file) = self.files.iter_mut().find(|file| file.id == id) else {
            return Answer::text(404, "text/plain", "not found");
        };
        let bytes = part(request).unwrap_or(&request.body).to_vec();
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        if length != file.length {
            return Answer::text(400, "text/plain", "the length is not the announced one");
        }
        file.bytes = Some(bytes);
        Answer::text(200, "text/plain", &format!("OK - {length}"))
    }
}

/// What is between the blank line after the part's headers and the last boundary.
fn part(request: &Request) -> Option<&[u8]> {
    let kind = request.header("content-type")?;
    let boundary = kind
        .strip_prefix("multipart/form-data")?
        .split_once("boundary=")?
        .1;
    let begin = find(&request.body, b"\r\n\r\n")? + 4;
    let last = format!("\r\n--{}", boundary.trim_matches('"'));
    let length = find(&request.body[begin..], last.as_bytes())?;
    Some(&request.body[begin..begin + length])
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}
