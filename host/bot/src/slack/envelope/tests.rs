use super::*;

fn read(text: &str) -> Frame {
    Frame::read(text).unwrap()
}

#[test]
fn hello_says_who_is_there() {
    let frame = read(
        r#"{"type":"hello","num_connections":2,"connection_info":{"app_id":"A1"},
            "debug_info":{"host":"applink-3","build_number":9,"approximate_connection_time":18060}}"#,
    );
    let Frame::Hello(hello) = frame else {
        panic!("{frame:?}")
    };
    assert_eq!(hello.host, "applink-3");
    assert_eq!(hello.sockets, Some(2));
    assert!(matches!(read(r#"{"type":"hello"}"#), Frame::Hello(_)));
}

#[test]
fn the_reason_of_a_disconnect() {
    for (given, expected) in [
        ("warning", Reason::Refresh("warning".into())),
        (
            "refresh_requested",
            Reason::Refresh("refresh_requested".into()),
        ),
        ("new\u{1b}one", Reason::Refresh("new\u{fffd}one".into())),
        ("link_disabled", Reason::SwitchedOff),
        ("too_many_websockets", Reason::TooMany),
    ] {
        let text = json!({ "type": "disconnect", "reason": given }).to_string();
        let Frame::Disconnect { reason, .. } = read(&text) else {
            panic!("{text}")
        };
        assert_eq!(reason, expected);
    }
}

#[test]
fn an_envelope_is_read_whatever_else_is_in_it() {
    let frame = read(
        r#"{"envelope_id":"e1","type":"events_api","accepts_response_payload":false,"retry_attempt":"2",
            "retry_reason":"timeout","new":{"things":[1]},"payload":{"event_id":"Ev1"}}"#,
    );
    let Frame::Envelope(envelope) = frame else {
        panic!("{frame:?}")
    };
    assert_eq!(envelope.id, "e1");
    assert_eq!(envelope.kind, Kind::EventsApi);
    assert_eq!(envelope.payload, json!({ "event_id": "Ev1" }));
    assert!(!envelope.accepts_answer);
    let retry = envelope.retry.clone().unwrap();
    assert_eq!((retry.attempt, retry.reason.as_str()), (2, "timeout"));
    assert!(!format!("{envelope:?}").contains("Ev1"));
}

#[test]
fn strange_fields_of_an_envelope_are_as_good_as_none() {
    for (name, kind) in [
        ("slash_commands", Kind::SlashCommands),
        ("interactive", Kind::Interactive),
    ] {
        let text = json!({
            "type": name, "envelope_id": "e", "accepts_response_payload": "yes",
            "retry_attempt": [], "retry_reason": 7, "debug_info": null,
        });
        let Frame::Envelope(envelope) = read(&text.to_string()) else {
            panic!("{text}")
        };
        assert_eq!(envelope.kind, kind);
        assert_eq!(envelope.payload, Value::Null);
        assert_eq!(envelope.retry, None);
        assert!(!envelope.accepts_answer);
    }
}

#[test]
fn a_first_delivery_is_no_retry() {
    let text = r#"{"type":"events_api","envelope_id":"e","retry_attempt":0,"retry_reason":""}"#;
    let Frame::Envelope(envelope) = read(text) else {
        panic!("{text}")
    };
    assert_eq!(envelope.retry, None);
}

#[test]
fn what_is_not_known_keeps_its_id() {
    assert_eq!(
        read(r#"{"type":"carrier_pigeon\n","envelope_id":"e9"}"#),
        Frame::Unknown {
            name: "carrier_pigeon".into(),
            envelope_id: Some("e9".into())
        }
    );
    assert_eq!(
        read(r#"{"type":"carrier_pigeon","envelope_id":9}"#),
        Frame::Unknown {
            name: "carrier_pigeon".into(),
            envelope_id: None
        }
    );
}

#[test]
fn what_cannot_be_read_says_why_and_repeats_nothing() {
    let deep = "[".repeat(100_000);
    for (text, why) in [
        ("", "EOF"),
        ("xoxb-secret", "expected value"),
        (deep.as_str(), "recursion limit"),
        (r#"{"type":"hello""#, "EOF"),
        (r#"["hello"]"#, "no JSON object"),
        (r#"{"envelope_id":"e"}"#, "no `type`"),
        (r#"{"type":7}"#, "no `type`"),
        (r#"{"type":"events_api","payload":{}}"#, "no `envelope_id`"),
        (
            r#"{"type":"events_api","envelope_id":""}"#,
            "no `envelope_id`",
        ),
    ] {
        let said = Frame::read(text).unwrap_err().to_string();
        assert!(said.contains(why), "{said}");
        assert!(!said.contains("secret"), "{said}");
    }
}

#[test]
fn an_ack_has_a_payload_only_if_there_is_one() {
    assert_eq!(Ack::default().frame("e"), r#"{"envelope_id":"e"}"#);
    let ack = Ack {
        payload: Some(json!({ "text": "hi" })),
    };
    assert_eq!(
        ack.frame("e\""),
        r#"{"envelope_id":"e\"","payload":{"text":"hi"}}"#
    );
}
