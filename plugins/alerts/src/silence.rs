//! Silences at Alertmanager.

use serde::Serialize;
use witbot_sdk::chat::Text;
use witbot_sdk::{Code, Error, Event, Result, config, flow, http};

use crate::alert::{Alert, Pause};
use crate::commands;
use crate::settings::Settings;
use crate::source::{Source, moment};
use crate::{card, words};

/// Of what Alertmanager says when it refuses.
const REASON_CHARS_MAX: usize = 300;
const MATCHERS_SHOWN_MAX: usize = 10;

/// A silence as `POST /api/v2/silences` takes it.
#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Silence {
    matchers: Vec<Matcher>,
    starts_at: String,
    ends_at: String,
    created_by: String,
    comment: String,
}

/// What a label has to be.
#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Matcher {
    name: String,
    value: String,
    is_regex: bool,
    is_equal: bool,
}

pub fn silence(event: &Event) -> Result {
    let settings: Settings = config::settings()?;
    let (by, until) = (commands::deed(event), commands::until(event)?);
    let alert = commands::asked_open(event)?;
    let url = address(&alert, settings.alertmanager_url())?;
    let matchers = matchers(&alert)?;
    let shown = shown(&matchers);
    let silence = Silence {
        matchers,
        starts_at: moment::written(flow::now().as_millis()),
        ends_at: moment::written(until),
        created_by: by.name.clone(),
        comment: format!("#{} in #{}, by witbot", alert.number, alert.channel),
    };
    send(url, &silence)?;
    let alert = commands::change(event, |alert| {
        alert.silenced = Some(Pause {
            until,
            by: by.clone(),
        });
        Ok(())
    });
    // The silence is there, whatever became of the alert meanwhile.
    let name = alert.map_or_else(|error| error.message, |alert| card::name(&alert));
    let text = format!(
        "{} silenced {name} until {}, for all with ",
        by.name,
        words::time(until)
    );
    event.reply(shown(Text::new().plain(text)).plain("."))?;
    Ok(())
}

fn address<'a>(alert: &Alert, url: Option<&'a str>) -> Result<&'a str> {
    if alert.source != Source::Alertmanager {
        return Err(Error::invalid(format!(
            "#{} comes from {}, and only alerts of Alertmanager can be silenced. `alerts snooze {} for 2h` keeps it quiet here.",
            alert.number,
            alert.source.title(),
            alert.number
        )));
    }
    url.ok_or_else(|| {
        Error::invalid(
            "The bot does not know where Alertmanager is: its operator has to set `alertmanager_url` of this plugin.",
        )
    })
}

/// What all that fire have in common. That is never less than what Alertmanager groups them by.
fn matchers(alert: &Alert) -> Result<Vec<Matcher>> {
    if alert.firing().any(|instance| instance.cut) {
        return Err(Error::invalid(format!(
            "#{} has more labels than are kept here, so a silence would be about too much: make it in Alertmanager.",
            alert.number
        )));
    }
    let labels = alert.common_labels().into_iter();
    // A matcher of nothing would be about all that do not have the label.
    let labels = labels.filter(|(_, value)| !value.is_empty());
    let matchers: Vec<Matcher> = labels
        .map(|(name, value)| Matcher {
            name: name.to_owned(),
            value: value.to_owned(),
            is_regex: false,
            is_equal: true,
        })
        .collect();
    if matchers.is_empty() {
        return Err(Error::invalid(format!(
            "What fires as #{} has no label in common, so a silence would be about everything: make it in Alertmanager.",
            alert.number
        )));
    }
    Ok(matchers)
}

fn shown(matchers: &[Matcher]) -> impl FnOnce(Text) -> Text + use<> {
    let left = matchers.len().saturating_sub(MATCHERS_SHOWN_MAX);
    let first = matchers.iter().take(MATCHERS_SHOWN_MAX);
    let pairs: Vec<String> = first.map(|one| card::pair(&one.name, &one.value)).collect();
    move |text| {
        let mut text = text;
        for (index, pair) in pairs.into_iter().enumerate() {
            text = text.plain(if index == 0 { "" } else { " " }).code(pair);
        }
        if left > 0 {
            text.plain(format!(" and {left} more"))
        } else {
            text
        }
    }
}

fn send(url: &str, silence: &Silence) -> Result {
    let request = http::post(format!("{url}/api/v2/silences")).json(silence)?;
    let response = request.send().map_err(|error| unanswered(url, error))?;
    match response.status() {
        200..=299 => Ok(()),
        status => Err(refused(status, &response.text().unwrap_or_default())),
    }
}

/// Why Alertmanager could not be asked. Whether it has the silence is not known when it was only the answer that was lost.
fn unanswered(url: &str, error: Error) -> Error {
    let message = match error.code {
        Code::InDoubt | Code::Timeout => format!(
            "Nobody knows whether Alertmanager made the silence: look at {url}/#/silences before you try again. ({})",
            error.message
        ),
        Code::Unavailable => format!("Alertmanager cannot be reached: {}", error.message),
        _ => return error,
    };
    Error { message, ..error }
}

fn refused(status: u16, body: &str) -> Error {
    // Of version 2 of its API, what is wrong comes as JSON text.
    let reason = serde_json::from_str::<String>(body).unwrap_or_else(|_| body.to_owned());
    let reason = match words::line(&reason, REASON_CHARS_MAX) {
        reason if reason.is_empty() => "it does not say why".to_owned(),
        reason => reason,
    };
    let message = match status {
        500.. => format!("Alertmanager failed ({status}): {reason}. Try again in a while."),
        _ => format!("Alertmanager refused the silence ({status}): {reason}."),
    };
    Error::new(Code::Unavailable, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::example::alert;

    #[test]
    fn a_silence_is_about_what_all_have_in_common() {
        let alert = alert(&[
            &[("alertname", "DiskFull"), ("instance", "a"), ("empty", "")],
            &[("alertname", "DiskFull"), ("instance", "b"), ("empty", "")],
        ]);
        let silence = Silence {
            matchers: matchers(&alert).unwrap(),
            starts_at: moment::written(1_795_453_200_000),
            ends_at: moment::written(1_795_460_400_000),
            created_by: "ada".to_owned(),
            comment: "#12 in #ops, by witbot".to_owned(),
        };
        let expected = serde_json::json!({
            "matchers": [{"name": "alertname", "value": "DiskFull", "isRegex": false, "isEqual": true}],
            "startsAt": "2026-11-23T17:00:00Z", "endsAt": "2026-11-23T19:00:00Z",
            "createdBy": "ada", "comment": "#12 in #ops, by witbot"
        });
        assert_eq!(serde_json::to_value(silence).unwrap(), expected);
    }

    #[test]
    fn nobody_silences_everything() {
        let apart = alert(&[&[("a", "1")], &[("a", "2")]]);
        assert!(
            matchers(&apart)
                .unwrap_err()
                .message
                .contains("about everything")
        );
        let mut cut = alert(&[&[("a", "1")]]);
        cut.instances[0].cut = true;
        assert!(matchers(&cut).unwrap_err().message.contains("too much"));
    }

    #[test]
    fn only_alertmanager_has_silences() {
        let mut alert = alert(&[&[]]);
        assert_eq!(
            address(&alert, Some("http://a:9093")).unwrap(),
            "http://a:9093"
        );
        assert!(
            address(&alert, None)
                .unwrap_err()
                .message
                .contains("`alertmanager_url`")
        );
        alert.source = Source::Grafana;
        assert!(
            address(&alert, Some("x"))
                .unwrap_err()
                .message
                .contains("comes from Grafana")
        );
    }

    #[test]
    fn refusals_say_why() {
        let text = |status, body| refused(status, body).message;
        assert_eq!(
            text(400, "\"silence invalid: end time\\ncan't be in the past\""),
            "Alertmanager refused the silence (400): silence invalid: end time can't be in the past."
        );
        assert_eq!(
            text(503, ""),
            "Alertmanager failed (503): it does not say why. Try again in a while."
        );
        let doubt = unanswered("http://a:9093", Error::new(Code::InDoubt, "stopped"));
        assert!(doubt.message.contains("look at http://a:9093/#/silences"));
    }
}
