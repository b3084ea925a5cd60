use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use witbot_core::chat::{Card, CardState, Question};
use witbot_core::event::{MessageId, Place};
use witbot_core::ids::UnixMillis;
use witbot_core::journal::Outgoing;

use super::*;
use crate::chat::{Chat as _, Looked};
use crate::slack::api::double::{Call, Double, Reply};

const ID: &str = "00112233445566778899-1";

fn delivery(act: Act) -> Delivery {
    let remote = match &act {
        Act::Post(_) | Act::Whisper { .. } => None,
        Act::Edit(_) | Act::Delete | Act::React { .. } => Some("171.5".to_owned()),
    };
    Delivery {
        id: 1,
        outgoing: Outgoing {
            message: ID.parse().unwrap(),
            place: Place {
                channel: "C1".parse().unwrap(),
                thread: None,
            },
            act,
        },
        remote,
        thread: None,
        attempts: 0,
        at: UnixMillis(1_700_000_100_250),
    }
}

fn post(text: &str) -> Delivery {
    delivery(Act::Post(text.into()))
}

fn threaded(act: Act) -> Delivery {
    let mut delivery = delivery(act);
    delivery.outgoing.place.thread = Some(MessageId::Theirs("170.1".into()));
    delivery.thread = Some("170.1".into());
    delivery
}

fn acts() -> Vec<Act> {
    vec![
        Act::Post("x".into()),
        Act::Edit("x".into()),
        Act::Delete,
        Act::React {
            to: MessageId::Theirs("171.5".into()),
            emoji: "eyes".into(),
        },
        Act::Whisper {
            user: "U1".parse().unwrap(),
            said: "x".into(),
        },
    ]
}

async fn all_well() -> Double {
    Double::start(well).await
}

/// What Slack answers when all is well.
fn well(call: &Call) -> Reply {
    match call.method.as_str() {
        "chat.postMessage" => Reply::Ok(json!({ "ts": "172.5", "channel": "C1" })),
        "files.getUploadURLExternal" => Reply::Error("the test has to say where"),
        "/upload/F1" => Reply::Raw(200, None, "text/plain", "OK - 1".into()),
        "conversations.history" | "conversations.replies" => Reply::Ok(json!({ "messages": [] })),
        _ => Reply::Ok(json!({})),
    }
}

/// A Slack that takes files as well. `other` answers instead, where it does.
async fn with_files(other: impl Fn(&Call) -> Option<Reply> + Send + Sync + 'static) -> Double {
    let url = std::sync::Arc::new(std::sync::OnceLock::<String>::new());
    let upload = url.clone();
    let double = Double::start(move |call| {
        other(call).unwrap_or_else(|| match call.method.as_str() {
            "files.getUploadURLExternal" => {
                let url = format!("{}/upload/F1", upload.get().unwrap());
                Reply::Ok(json!({ "upload_url": url, "file_id": "F1" }))
            }
            _ => well(call),
        })
    })
    .await;
    url.set(double.url.clone()).unwrap();
    double
}

#[tokio::test]
async fn each_act_is_its_call() {
    let double = all_well().await;
    let slack = double.slack().await;
    let mut remotes = Vec::new();
    for act in acts() {
        remotes.push(slack.send(&delivery(act)).await.unwrap());
    }
    assert_eq!(remotes, [Some("172.5".to_owned()), None, None, None, None]);
    let metadata = json!({ "event_type": "witbot_message", "event_payload": { "id": ID } });
    assert_eq!(
        double.calls("chat.postMessage"),
        [
            json!({ "channel": "C1", "text": "x", "metadata": metadata, "unfurl_links": false, "unfurl_media": false })
        ]
    );
    assert_eq!(
        double.calls("chat.update"),
        [
            json!({ "channel": "C1", "ts": "171.5", "text": "x", "blocks": [], "attachments": [], "metadata": metadata, "parse": "none" })
        ]
    );
    assert_eq!(
        double.calls("chat.delete"),
        [json!({ "channel": "C1", "ts": "171.5" })]
    );
    assert_eq!(
        double.calls("reactions.add"),
        [json!({ "channel": "C1", "timestamp": "171.5", "name": "eyes" })]
    );
    assert_eq!(
        double.calls("chat.postEphemeral"),
        [json!({ "channel": "C1", "user": "U1", "text": "x" })]
    );
}

#[tokio::test]
async fn threads_cards_and_questions() {
    let double = all_well().await;
    let slack = double.slack().await;
    let card = Card {
        title: "t".into(),
        text: Some("body".into()),
        state: Some(CardState::Success),
        ..Card::default()
    };
    let user = "U1".parse().unwrap();
    let said = Said::Card(card);
    slack
        .send(&threaded(Act::Post(said.clone())))
        .await
        .unwrap();
    slack
        .send(&threaded(Act::Edit(said.clone())))
        .await
        .unwrap();
    slack
        .send(&threaded(Act::Whisper { user, said }))
        .await
        .unwrap();
    let question = Said::Question(Question::new("Sure?", ["yes"]));
    slack.send(&delivery(Act::Post(question))).await.unwrap();
    let posts = double.calls("chat.postMessage");
    assert_eq!(posts[0]["thread_ts"], "170.1");
    assert_eq!(posts[0]["text"], "\u{2705} *t*");
    assert_eq!(posts[0]["blocks"], Value::Null);
    let attachments = &posts[0]["attachments"];
    assert_eq!(attachments[0]["blocks"][0]["text"]["text"], "body");
    assert_eq!(&double.calls("chat.update")[0]["attachments"], attachments);
    let whisper = &double.calls("chat.postEphemeral")[0];
    assert_eq!(
        (&whisper["attachments"], &whisper["thread_ts"]),
        (attachments, &json!("170.1"))
    );
    assert_eq!(posts[1]["blocks"][1]["block_id"], format!("{ID}.0"));
    assert_eq!(posts[1]["thread_ts"], Value::Null);
}

#[tokio::test]
async fn what_is_so_already_is_done() {
    let double = Double::start(|call| match call.method.as_str() {
        "chat.delete" => Reply::Error("message_not_found"),
        _ => Reply::Error("already_reacted"),
    })
    .await;
    let slack = double.slack().await;
    let mut acts = acts();
    slack.send(&delivery(acts.remove(2))).await.unwrap();
    slack.send(&delivery(acts.remove(2))).await.unwrap();
}

#[tokio::test]
async fn what_needs_a_message_that_is_not_there_cannot_be_done() {
    let double = all_well().await;
    let slack = double.slack().await;
    for act in acts().into_iter().skip(1).take(3) {
        let mut delivery = delivery(act);
        delivery.remote = None;
        let unsent = slack.send(&delivery).await.unwrap_err();
        assert!(
            matches!(unsent, Unsent::Never { told: None, .. }),
            "{unsent:?}"
        );
    }
    assert_eq!(double.methods(), Vec::<String>::new());
}

#[tokio::test]
async fn every_refusal_says_what_to_do() {
    for (act, code, part) in [
        (0, "not_in_channel", "`/invite @witbot`"),
        (0, "channel_not_found", "`/invite @witbot`"),
        (0, "is_archived", "archived"),
        (0, "restricted_action", "administrator"),
        (0, "msg_blocks_too_long", "too long"),
        (0, "invalid_blocks", "mistake of witbot"),
        (0, "thread_not_found", "deleted"),
        (0, "messages_tab_disabled", "Messages Tab"),
        (0, "something_new", "`something_new`"),
        (1, "cant_update_message", "change that message"),
        (1, "edit_window_closed", "setting of the workspace"),
        (1, "msg_too_long", "too long"),
        (2, "cant_delete_message", "take that message away"),
        (3, "invalid_name", "no emoji that is called `eyes`"),
        (3, "too_many_reactions", "as many reactions"),
        (3, "missing_scope", "witbot slack manifest"),
        (4, "user_not_in_channel", "You are not in that channel"),
    ] {
        let double = Double::start(move |_| Reply::Error(code)).await;
        let slack = double.slack().await;
        let unsent = slack.send(&delivery(acts().remove(act))).await.unwrap_err();
        let Unsent::Never {
            reason,
            told: Some(told),
        } = unsent
        else {
            panic!("{code}: {unsent:?}")
        };
        let told = told.shown();
        assert!(
            told.starts_with("I could not ") && told.contains(" in #C1. "),
            "{told}"
        );
        assert!(told.contains(part), "{code}: {told}");
        assert!(
            reason.contains(code) && reason.contains(part),
            "{code}: {reason}"
        );
        assert_eq!(double.methods().len(), 1, "{code}");
    }
}

#[tokio::test]
async fn nobody_is_told_again_and_again_that_they_deleted_a_message() {
    let double = Double::start(|_| Reply::Error("message_not_found")).await;
    let slack = double.slack().await;
    for act in [1, 3] {
        let unsent = slack.send(&delivery(acts().remove(act))).await.unwrap_err();
        assert!(
            matches!(&unsent, Unsent::Never { reason, told: None } if reason.contains("deleted")),
            "{unsent:?}"
        );
    }
}

#[tokio::test]
async fn a_missing_scope_is_named() {
    let body = r#"{"ok":false,"error":"missing_scope","needed":"reactions:write","provided":"chat:write"}"#;
    let double = Double::start(|_| Reply::Raw(200, None, "application/json", body.into())).await;
    let unsent = double
        .slack()
        .await
        .send(&delivery(acts().remove(3)))
        .await
        .unwrap_err();
    let Unsent::Never {
        told: Some(told), ..
    } = unsent
    else {
        panic!("{unsent:?}")
    };
    let told = told.shown();
    for part in [
        "`reactions:write`",
        "install the app again",
        "`witbot slack manifest`",
    ] {
        assert!(told.contains(part), "{told}");
    }
}

#[tokio::test]
async fn what_may_work_later_is_kept() {
    for code in [
        "invalid_auth",
        "token_revoked",
        "account_inactive",
        "token_expired",
        "not_authed",
    ] {
        let double = Double::start(move |_| Reply::Error(code)).await;
        let unsent = double.slack().await.send(&post("x")).await.unwrap_err();
        let Unsent::Later {
            reason,
            after,
            counts,
        } = unsent
        else {
            panic!("{code}: {unsent:?}")
        };
        assert_eq!((after, counts), (limits::SLACK_TOKEN_AGAIN, false));
        assert!(
            reason.contains(code) && reason.contains("SLACK_BOT_TOKEN"),
            "{reason}"
        );
    }
    for (reply, seconds, counted) in [
        ("ratelimited", 30, false),
        ("team_added_to_org", 5, false),
        ("request_timeout", 5, true),
    ] {
        let double = Double::start(move |_| Reply::Error(reply)).await;
        let unsent = double.slack().await.send(&post("x")).await.unwrap_err();
        let Unsent::Later { after, counts, .. } = unsent else {
            panic!("{reply}: {unsent:?}")
        };
        let expected = (Duration::from_secs(seconds), counted);
        assert_eq!((after, counts), expected, "{reply}");
    }
    for (status, counted) in [(302, false), (407, false), (403, true), (413, true)] {
        let page = move |_: &Call| Reply::Raw(status, None, "text/html", "<html>".into());
        let unsent = Double::start(page)
            .await
            .slack()
            .await
            .send(&post("x"))
            .await
            .unwrap_err();
        assert!(
            matches!(&unsent, Unsent::Later { counts, .. } if *counts == counted),
            "{status}: {unsent:?}"
        );
    }
    for code in ["fatal_error", "internal_error", "service_unavailable"] {
        let double = Double::start(move |_| Reply::Error(code)).await;
        let unsent = double.slack().await.send(&post("x")).await.unwrap_err();
        assert!(matches!(unsent, Unsent::Doubt(_)), "{code}: {unsent:?}");
    }
    let double = Double::start(|_| Reply::Raw(502, None, "text/html", "<html>".into())).await;
    let unsent = double.slack().await.send(&post("x")).await.unwrap_err();
    assert!(matches!(unsent, Unsent::Doubt(_)), "{unsent:?}");
}

fn long() -> String {
    let lines: Vec<String> = (0..2_000)
        .map(|number| format!("line {number} <&>"))
        .collect();
    lines.join("\n")
}

#[tokio::test]
async fn a_long_text_is_a_file_below_its_beginning() {
    let double = with_files(|_| None).await;
    let slack = double.slack().await;
    let sent = slack.send(&post(&long())).await.unwrap();
    assert_eq!(sent.as_deref(), Some("172.5"));
    assert_eq!(
        double.methods(),
        [
            "files.getUploadURLExternal",
            "/upload/F1",
            "chat.postMessage",
            "files.completeUploadExternal"
        ]
    );
    let name = format!("witbot-{ID}.txt");
    let begun = &double.calls("files.getUploadURLExternal")[0];
    assert_eq!(
        (&begun["filename"], &begun["length"]),
        (&json!(name), &json!(long().len().to_string()))
    );
    assert_eq!(double.calls("/upload/F1"), [json!(long())]);
    let posted = &double.calls("chat.postMessage")[0]["text"];
    assert!(
        posted
            .as_str()
            .unwrap()
            .ends_with(&format!("the file `{name}` in this thread._")),
        "{posted}"
    );
    assert_eq!(
        double.calls("files.completeUploadExternal"),
        [json!({
            "channel_id": "C1", "thread_ts": "172.5", "files": [{ "id": "F1", "title": name }],
            "initial_comment": format!("`{name}`"),
        })]
    );
    slack
        .send(&threaded(Act::Post(long().into())))
        .await
        .unwrap();
    assert_eq!(
        double.calls("files.completeUploadExternal")[1]["thread_ts"],
        "170.1"
    );
}

#[tokio::test]
async fn without_the_scope_a_long_text_is_shown_as_far_as_slack_does() {
    let needed = r#"{"ok":false,"error":"missing_scope","needed":"files:write"}"#;
    let double = with_files(move |call| {
        (call.method == "files.getUploadURLExternal")
            .then(|| Reply::Raw(200, None, "application/json", needed.into()))
    })
    .await;
    let slack = double.slack().await;
    let text = "words & more\n".repeat(1_500);
    slack.send(&post(&text)).await.unwrap();
    slack.send(&post(&long())).await.unwrap();
    slack
        .send(&delivery(Act::Edit(long().into())))
        .await
        .unwrap();
    let posts = double.calls("chat.postMessage");
    assert_eq!(
        posts[0]["text"].as_str().unwrap(),
        text.replace('&', "&amp;")
    );
    let (cut, edited) = (
        posts[1]["text"].as_str().unwrap(),
        &double.calls("chat.update")[0]["text"],
    );
    assert!(cut.chars().count() > 35_000 && cut.chars().count() <= 40_000);
    for text in [cut, edited.as_str().unwrap()] {
        assert!(
            text.ends_with("the app needs the scope `files:write`._"),
            "{}",
            &text[text.len() - 100..]
        );
    }
    assert!(edited.as_str().unwrap().chars().count() <= 4_000);
}

#[tokio::test]
async fn a_workspace_that_takes_only_short_texts_gets_a_short_one() {
    let double = with_files(|call| match call.method.as_str() {
        "/upload/F1" => Some(Reply::Raw(500, None, "text/plain", String::new())),
        "chat.postMessage" if call.arguments["text"].as_str().unwrap().len() > 5_000 => {
            Some(Reply::Error("msg_too_long"))
        }
        _ => None,
    })
    .await;
    double.slack().await.send(&post(&long())).await.unwrap();
    let posts = double.calls("chat.postMessage");
    assert_eq!(posts.len(), 2);
    assert!(
        posts[1]["text"]
            .as_str()
            .unwrap()
            .ends_with("Slack did not take it as a file._")
    );
}

#[tokio::test]
async fn a_file_that_cannot_be_shown_is_not_promised() {
    let double = with_files(|call| {
        (call.method == "files.completeUploadExternal").then_some(Reply::Error("file_not_found"))
    })
    .await;
    let sent = double.slack().await.send(&post(&long())).await.unwrap();
    assert_eq!(sent.as_deref(), Some("172.5"));
    let edits = double.calls("chat.update");
    assert_eq!(edits[0]["ts"], "172.5");
    assert!(
        edits[0]["text"]
            .as_str()
            .unwrap()
            .ends_with("Slack did not take it as a file._")
    );
}

#[tokio::test]
async fn a_file_waits_for_its_turn() {
    let tries = AtomicU32::new(0);
    let double = with_files(move |call| {
        let first = call.method == "files.completeUploadExternal"
            && tries.fetch_add(1, Ordering::Relaxed) == 0;
        first.then(|| Reply::Raw(429, Some(1), "text/plain", String::new()))
    })
    .await;
    double.slack().await.send(&post(&long())).await.unwrap();
    assert_eq!(double.calls("files.completeUploadExternal").len(), 2);
    assert!(double.calls("chat.update").is_empty());
}

/// A Slack in which files are in a thread once they were shown there.
async fn with_files_that_stay() -> Double {
    let shown = std::sync::Arc::new(std::sync::Mutex::new(Vec::<Value>::new()));
    with_files(move |call| {
        let mut shown = shown.lock().unwrap();
        match call.method.as_str() {
            "files.completeUploadExternal" => {
                let comment = &call.arguments["initial_comment"];
                shown.push(json!({ "ts": "173.1", "text": comment, "files": [{ "id": "F1" }] }));
                None
            }
            "conversations.replies" => Some(Reply::Ok(json!({ "messages": *shown }))),
            _ => None,
        }
    })
    .await
}

#[tokio::test]
async fn a_message_has_one_file_however_often_it_changes() {
    let double = with_files_that_stay().await;
    let slack = double.slack().await;
    slack
        .send(&delivery(Act::Edit("short".into())))
        .await
        .unwrap();
    for text in [long(), long() + "\nmore", long() + "\nand more"] {
        slack.send(&delivery(Act::Edit(text.into()))).await.unwrap();
    }
    let name = format!("witbot-{ID}.txt");
    let begun = double.calls("files.getUploadURLExternal");
    assert_eq!((begun.len(), &begun[0]["filename"]), (1, &json!(name)));
    let shown = double.calls("files.completeUploadExternal");
    assert_eq!((shown.len(), &shown[0]["thread_ts"]), (1, &json!("171.5")));
    let edits = double.calls("chat.update");
    let ends = |edit: usize, end: &str| {
        let text = edits[edit]["text"].as_str().unwrap();
        assert!(text.ends_with(end), "{edit}: {}", &text[text.len() - 100..]);
        assert!(text.contains(&name) && text.chars().count() <= 4_000);
    };
    ends(1, "in this thread._");
    ends(2, "has all of an earlier version._");
    ends(3, "has all of an earlier version._");
    // From the message on, and not from when it was last changed.
    assert_eq!(double.calls("conversations.replies")[0]["oldest"], "171.5");
}

#[tokio::test]
async fn a_long_message_that_changes_keeps_the_file_that_it_was_posted_with() {
    let double = with_files_that_stay().await;
    let slack = double.slack().await;
    slack.send(&post(&long())).await.unwrap();
    slack
        .send(&delivery(Act::Edit(long().into())))
        .await
        .unwrap();
    assert_eq!(double.calls("files.completeUploadExternal").len(), 1);
    assert_eq!(double.calls("chat.update").len(), 1);
}

#[tokio::test]
async fn an_edit_does_not_depend_on_its_file() {
    for code in ["missing_scope", "internal_error"] {
        let double = with_files(move |call| {
            (call.method == "conversations.replies").then_some(Reply::Error(code))
        })
        .await;
        let slack = double.slack().await;
        slack
            .send(&delivery(Act::Edit(long().into())))
            .await
            .unwrap();
        assert_eq!(double.methods(), ["conversations.replies", "chat.update"]);
        let text = &double.calls("chat.update")[0]["text"];
        assert!(
            text.as_str().unwrap().contains("_The rest is cut off"),
            "{code}"
        );
    }
}

/// Slack says nothing of use when a file is to be shown, so many times.
async fn with_files_in_doubt(times: u32, is_there: bool) -> Double {
    let tries = AtomicU32::new(0);
    with_files(move |call| match call.method.as_str() {
        "files.completeUploadExternal" => {
            let in_doubt = tries.fetch_add(1, Ordering::Relaxed) < times;
            in_doubt.then_some(Reply::Error("internal_error"))
        }
        "conversations.replies" if is_there => {
            let file = json!({ "ts": "173.0", "files": [{ "name": format!("witbot-{ID}.txt") }] });
            Some(Reply::Ok(json!({ "messages": [file] })))
        }
        _ => None,
    })
    .await
}

#[tokio::test]
async fn a_file_in_doubt_is_looked_for_once_and_shown_or_not_promised() {
    let (there, missing, broken) = tokio::join!(
        with_files_in_doubt(9, true),
        with_files_in_doubt(1, false),
        with_files_in_doubt(9, false)
    );
    let sent = async |double: &Double| {
        let sent = double.slack().await.send(&post(&long())).await.unwrap();
        assert_eq!(sent.as_deref(), Some("172.5"));
    };
    tokio::join!(sent(&there), sent(&missing), sent(&broken));
    for (double, shown, edits) in [(&there, 1, 0), (&missing, 2, 0), (&broken, 2, 1)] {
        assert_eq!(double.calls("files.completeUploadExternal").len(), shown);
        assert_eq!(double.calls("conversations.replies").len(), 1);
        assert_eq!(double.calls("chat.update").len(), edits);
    }
    let note = &broken.calls("chat.update")[0]["text"];
    assert!(
        note.as_str()
            .unwrap()
            .ends_with("Slack did not take it as a file._")
    );
}

#[tokio::test]
async fn a_conversation_that_the_bot_is_not_in_invites_nobody() {
    let double = Double::start(|_| Reply::Error("channel_not_found")).await;
    let mut delivery = post("x");
    delivery.outgoing.place.channel = "D1".parse().unwrap();
    let unsent = double.slack().await.send(&delivery).await.unwrap_err();
    let Unsent::Never {
        told: Some(told), ..
    } = unsent
    else {
        panic!("{unsent:?}")
    };
    let told = told.shown();
    assert!(
        told.starts_with("I could not say something in a conversation of yours. ")
            && told.contains("write to me alone")
            && !told.contains("/invite"),
        "{told}"
    );
}

#[tokio::test]
async fn a_whisper_has_no_file_and_says_where_it_is_cut() {
    let double = with_files(|_| None).await;
    let slack = double.slack().await;
    let whisper = |text: String| {
        delivery(Act::Whisper {
            user: "U1".parse().unwrap(),
            said: text.into(),
        })
    };
    slack.send(&whisper("x".repeat(39_000))).await.unwrap();
    slack.send(&whisper("x".repeat(39_001))).await.unwrap();
    let whispers = double.calls("chat.postEphemeral");
    assert_eq!(whispers[0]["text"].as_str().unwrap().len(), 39_000);
    let cut = whispers[1]["text"].as_str().unwrap();
    assert!(cut.len() <= 39_000 && cut.ends_with("to one person alone._"));
    assert_eq!(double.methods(), ["chat.postEphemeral"; 2]);
}

fn in_history(id: &str, bot: &str) -> Value {
    json!({
        "ts": "172.9", "bot_id": bot, "text": "x",
        "metadata": { "event_type": "witbot_message", "event_payload": { "id": id } },
    })
}

#[tokio::test]
async fn a_post_is_found_by_its_id_and_by_nothing_else() {
    let double = Double::start(|call| {
        Reply::Ok(match call.arguments["cursor"].as_str() {
            None => json!({
                "messages": [in_history("00112233445566778899-2", "B1"), in_history(ID, "BOTHER"), { "text": "x" }],
                "response_metadata": { "next_cursor": "more" },
            }),
            Some(_) => json!({ "messages": [in_history(ID, "B1")] }),
        })
    })
    .await;
    let slack = double.slack().await;
    assert_eq!(
        slack.find(&post("x")).await,
        Ok(Looked::Done(Some("172.9".into())))
    );
    let looked = &double.calls("conversations.history");
    assert_eq!(looked.len(), 2);
    assert_eq!(
        looked[0],
        json!({ "channel": "C1", "oldest": "1700000040.250000", "limit": "999", "include_all_metadata": "true" })
    );
    slack.find(&threaded(Act::Post("x".into()))).await.unwrap();
    assert_eq!(double.calls("conversations.replies")[0]["ts"], "170.1");
}

#[tokio::test]
async fn what_is_not_there_was_not_done_and_the_rest_may_be_repeated() {
    let double = all_well().await;
    let slack = double.slack().await;
    for act in acts() {
        assert_eq!(slack.find(&delivery(act)).await, Ok(Looked::NotDone));
    }
    assert_eq!(double.methods(), ["conversations.history"]);
}

#[tokio::test]
async fn what_cannot_be_looked_for_is_not_said_again() {
    for code in ["missing_scope", "not_in_channel"] {
        let double = Double::start(move |_| Reply::Error(code)).await;
        let unsent = double.slack().await.find(&post("x")).await.unwrap_err();
        let Unsent::Never { reason, told: None } = unsent else {
            panic!("{unsent:?}")
        };
        assert!(
            reason.contains("perhaps said") && reason.contains(code),
            "{reason}"
        );
    }
    let double =
        Double::start(|_| Reply::Ok(json!({ "response_metadata": { "next_cursor": "x" } }))).await;
    let unsent = double.slack().await.find(&post("x")).await.unwrap_err();
    assert!(
        matches!(&unsent, Unsent::Never { reason, .. } if reason.contains("9990")),
        "{unsent:?}"
    );
    let double = Double::start(|_| Reply::Error("internal_error")).await;
    let unsent = double.slack().await.find(&post("x")).await.unwrap_err();
    assert!(matches!(unsent, Unsent::Doubt(_)), "{unsent:?}");
}

#[tokio::test]
async fn a_long_post_that_is_found_gets_its_file_if_that_is_missing() {
    let double = with_files(|call| {
        (call.method == "conversations.history")
            .then(|| Reply::Ok(json!({ "messages": [in_history(ID, "B1")] })))
    })
    .await;
    let slack = double.slack().await;
    assert_eq!(
        slack.find(&post(&long())).await,
        Ok(Looked::Done(Some("172.9".into())))
    );
    assert_eq!(
        double.calls("files.completeUploadExternal")[0]["thread_ts"],
        "172.9"
    );
    let double = with_files(|call| {
        let file = json!({ "ts": "173.0", "files": [{ "name": format!("witbot-{ID}.txt") }] });
        match call.method.as_str() {
            "conversations.history" => {
                Some(Reply::Ok(json!({ "messages": [in_history(ID, "B1")] })))
            }
            "conversations.replies" => Some(Reply::Ok(json!({ "messages": [file] }))),
            _ => None,
        }
    })
    .await;
    let slack = double.slack().await;
    slack.find(&post(&long())).await.unwrap();
    assert_eq!(
        double.methods(),
        ["conversations.history", "conversations.replies"]
    );
}
