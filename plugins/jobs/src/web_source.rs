//! A service that tells of its jobs by HTTP, in the way that the operator has written down.

use std::time::Duration;

use serde_json::Value;
use witbot_sdk::flow::Timestamp;
use witbot_sdk::{Code, Error, Result, http};

use crate::job::{Job, is_plain};
use crate::settings::{Act, Fields, ID, Written};

/// What a list is read to.
const LISTED_MAX: usize = 100;
const TIMEOUT: Duration = Duration::from_secs(10);
/// Numbers from here on are milliseconds: as seconds they would be in the year 5138.
const MILLISECONDS_MIN: u64 = 100_000_000_000;

/// A service.
#[derive(Debug)]
pub struct WebSource<'a> {
    /// As people call it.
    pub name: &'a str,
    /// How it is asked.
    pub written: &'a Written,
}

impl WebSource<'_> {
    /// The jobs that it lists.
    pub fn list(&self) -> Result<Vec<Job>> {
        let Some(list) = &self.written.list else {
            return Ok(Vec::new());
        };
        let answer = self.ask(&list.url)?;
        let items = answer.pointer(&list.items).and_then(Value::as_array);
        let items =
            items.ok_or_else(|| self.strange(&format!("it has no list at `{}`", list.items)))?;
        let jobs = items.iter().filter_map(|item| self.read(item));
        Ok(jobs.take(LISTED_MAX).collect())
    }

    /// One job.
    pub fn job(&self, id: &str) -> Result<Job> {
        if !is_plain(id) {
            return Err(Error::invalid(format!(
                "`{id}` is no id of a job: there are letters, digits and `-_.:@` in one."
            )));
        }
        let Some(show) = &self.written.show else {
            let found = self.list()?.into_iter().find(|job| job.id == id);
            return found.ok_or_else(|| self.unknown(id));
        };
        let answer = match self.ask(&show.url.replace(ID, id)) {
            Err(error) if error.code == Code::NotFound => return Err(self.unknown(id)),
            answer => answer?,
        };
        let item = answer.pointer(&show.item);
        let job = item.and_then(|item| self.read(item));
        job.ok_or_else(|| self.strange("it has no id and no state where they should be"))
    }

    /// Has something done with a job.
    pub fn act(&self, act: Option<&Act>, job: &Job, done: &str) -> Result {
        let name = self.name;
        let act = act
            .ok_or_else(|| Error::invalid(format!("Jobs of {name} cannot be {done} from here.")))?;
        let request =
            http::Request::new(&act.method, act.url.replace(ID, &job.id)).timeout(TIMEOUT);
        let request = match &act.body {
            Some(body) => request.json(&filled(body, &job.id))?,
            None => request,
        };
        self.good(request.send()?).map(drop)
    }

    fn ask(&self, url: &str) -> Result<Value> {
        let response = http::get(url)
            .header("accept", "application/json")
            .timeout(TIMEOUT);
        let response = self.good(response.send()?)?;
        serde_json::from_slice(&response.body()).map_err(|_| self.strange("it is no JSON"))
    }

    fn good(&self, response: http::Response) -> Result<http::Response> {
        let (name, status) = (self.name, response.status());
        let code = match status {
            200..=299 => return Ok(response),
            401 | 403 => {
                return Err(Error::new(
                    Code::Denied,
                    format!("{name} does not let the bot do that: it answered with {status}."),
                ));
            }
            404 => Code::NotFound,
            409 => Code::Conflict,
            _ => Code::Unavailable,
        };
        let to = response.header("location");
        let to = to.map_or(String::new(), |to| {
            format!(", to {}", to.chars().take(200).collect::<String>())
        });
        Err(Error::new(
            code,
            format!("{name} answered with {status}{to}."),
        ))
    }

    /// None: it says neither what it is called nor how it stands.
    fn read(&self, item: &Value) -> Option<Job> {
        let Fields {
            id,
            state,
            title,
            owner,
            url,
            created,
        } = &self.written.fields;
        let at = |pointer: &Option<String>| text(item, pointer.as_deref()?);
        let id = text(item, id).filter(|id| is_plain(id))?;
        let state = text(item, state)?;
        let created = created
            .as_deref()
            .and_then(|pointer| item.pointer(pointer)?.as_u64());
        Some(Job {
            source: self.name.to_owned(),
            id,
            number: None,
            title: at(title).unwrap_or_default(),
            running: self.written.running.contains(&state),
            state,
            owner: at(owner),
            reference: None,
            url: at(url).filter(|url| url.starts_with("https://") || url.starts_with("http://")),
            created: created.map(time),
        })
    }

    fn strange(&self, why: &str) -> Error {
        let name = self.name;
        Error::new(
            Code::Unavailable,
            format!("The answer of {name} is not what its settings say: {why}."),
        )
    }

    fn unknown(&self, asked: &str) -> Error {
        let name = self.name;
        Error::not_found(format!(
            "There is no job `{asked}` in {name}. `jobs {name}` lists those that there are."
        ))
    }
}

fn time(number: u64) -> Timestamp {
    let milliseconds = if number < MILLISECONDS_MIN {
        number * 1_000
    } else {
        number
    };
    Timestamp::from_millis(milliseconds)
}

/// Texts and numbers; nothing that has something in it.
fn text(item: &Value, pointer: &str) -> Option<String> {
    match item.pointer(pointer)? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A body with the id in its texts.
fn filled(body: &Value, id: &str) -> Value {
    match body {
        Value::String(text) => Value::String(text.replace(ID, id)),
        Value::Array(items) => items.iter().map(|item| filled(item, id)).collect(),
        Value::Object(fields) => {
            let fields = fields
                .iter()
                .map(|(name, value)| (name.clone(), filled(value, id)));
            Value::Object(fields.collect())
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::settings::example;

    #[test]
    fn a_job_is_read_by_its_pointers() {
        let settings = example();
        let source = WebSource {
            name: "reports",
            written: &settings.sources["reports"],
        };
        let item = json!({"id": 7, "state": "active", "name": "monthly", "user": "bob@acme", "links": {"self": "javascript:x"}, "created": 1_795_423_800});
        let job = source.read(&item).unwrap();
        assert_eq!(
            (job.id.as_str(), job.running, job.title.as_str()),
            ("7", true, "monthly")
        );
        assert_eq!(job.owner.as_deref(), Some("bob@acme"));
        assert_eq!(job.url, None);
        assert_eq!(job.created, Some(Timestamp::from_millis(1_795_423_800_000)));
        for strange in [
            json!({}),
            json!({"id": "../x", "state": "a"}),
            json!({"id": "1"}),
            json!([]),
            json!(1),
        ] {
            assert_eq!(source.read(&strange), None, "{strange}");
        }
        let body = filled(&json!({"jobs": ["{id}", 1], "why": "stop {id}"}), "7");
        assert_eq!(body, json!({"jobs": ["7", 1], "why": "stop 7"}));
    }
}
