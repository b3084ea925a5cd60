//! What is done in a chat, on its way into the outbox.

use witbot_core::call::{Broadcast, Delete, FindChannel, FindDirect, FindPerson, React, Whisper};
use witbot_core::chat::{Audience, Card, Text};
use witbot_core::event::MessageId;

use super::*;

const MAY_SAY: &str =
    r#"chat = [{ channel = "ops" }, { channel = "C9", broadcast = true }, { direct = true }]"#;

fn place() -> Place {
    reply("").place
}

fn user() -> UserId {
    "ada".parse().unwrap()
}

fn post(channel: &str, name: Option<&str>) -> Post {
    Post {
        channel: channel.parse().unwrap(),
        name: name.map(str::to_owned),
        text: "x".into(),
    }
}

#[tokio::test]
async fn every_act_goes_with_the_next_commit_in_the_order_in_which_it_was_done() {
    let world = Memory::new(MAY_SAY);
    let mut gate = world.gate();
    let card = Said::Card(Card {
        title: "t".into(),
        ..Card::default()
    });
    let first = Reply {
        text: card.clone(),
        ..reply("")
    };
    let message = gate.pass(first).await.unwrap();
    let to = MessageId::Ours(message.clone());
    let react = React {
        message: to.clone(),
        place: place(),
        emoji: "eyes".into(),
    };
    gate.pass(react).await.unwrap();
    let whisper = Whisper {
        place: place(),
        user: user(),
        text: "psst".into(),
    };
    gate.pass(whisper).await.unwrap();
    let delete = Delete {
        message: message.clone(),
        place: place(),
    };
    gate.pass(delete).await.unwrap();
    let direct = PostDirect {
        user: user(),
        channel: "D1".parse().unwrap(),
        text: "you".into(),
    };
    let letter = gate.pass(direct).await.unwrap();
    let rest = gate.finish();

    let run = &message.invocation();
    let said: Vec<_> = rest
        .outgoing
        .iter()
        .map(|out| (&out.message, &out.act))
        .collect();
    let (emoji, said_alone) = ("eyes".to_owned(), "psst".into());
    let expected = [
        (message.clone(), Act::Post(card)),
        (CallId::new(run, 1), Act::React { to, emoji }),
        (
            CallId::new(run, 2),
            Act::Whisper {
                user: user(),
                said: said_alone,
            },
        ),
        (message, Act::Delete),
        (letter, Act::Post("you".into())),
    ];
    assert_eq!(
        said,
        expected
            .iter()
            .map(|(id, act)| (id, act))
            .collect::<Vec<_>>()
    );
    assert_eq!(rest.outgoing[4].place.channel.as_str(), "D1");
    // Only what needs a grant is audited.
    let audited: Vec<_> = rest
        .audit
        .iter()
        .map(|record| record.action.as_str())
        .collect();
    assert_eq!(audited, ["chat.post-direct"]);
}

#[tokio::test]
async fn a_question_is_said_once_with_its_choices() {
    let world = Memory::new("");
    let ask = || Ask {
        place: place(),
        user: user(),
        question: Text::default().plain("Sure, ").user(user()),
        choices: vec!["yes".into(), "no".into()],
        answerers: Answerers::Anyone,
        timeout_ms: 60_000,
    };
    for _ in 0..2 {
        let parked = stop(world.gate().pass(ask()).await.unwrap_err());
        assert!(matches!(parked, Stop::Parked));
    }
    let kept = world.kept();
    let said: Vec<_> = kept.iter().flat_map(|commit| &commit.outgoing).collect();
    let question = Question::new(ask().question, ["yes", "no"]);
    let expected = Act::Post(Said::Question(question));
    assert!(
        matches!(said.as_slice(), [only] if only.act == expected),
        "{said:?}"
    );
}

#[tokio::test]
async fn channels_are_granted_by_name_and_by_id() {
    let world = Memory::new(MAY_SAY);
    let mut gate = world.gate();
    gate.pass(post("C1", Some("ops"))).await.unwrap();
    gate.pass(post("C9", Some("renamed"))).await.unwrap();
    let denied = error(gate.pass(post("C2", Some("general"))).await.unwrap_err());
    assert_eq!(denied.code, Code::Denied);
    assert!(
        denied.message.contains(r#"channel = "general""#),
        "{denied}"
    );
}

#[tokio::test]
async fn everybody_is_called_only_where_that_is_granted() {
    let world = Memory::new(MAY_SAY);
    let mut gate = world.gate();
    let call = |channel: &str, name: &str| Broadcast {
        channel: channel.parse().unwrap(),
        name: Some(name.into()),
        audience: Audience::Channel,
    };
    gate.pass(call("C9", "deploys")).await.unwrap();
    let denied = error(gate.pass(call("C1", "ops")).await.unwrap_err());
    assert_eq!(denied.code, Code::Denied);
    assert!(denied.message.contains("broadcast = true"), "{denied}");
    let rest = gate.finish();
    let outcomes: Vec<_> = rest
        .audit
        .iter()
        .map(|record| record.outcome.as_str())
        .collect();
    assert_eq!(outcomes, ["ok", "denied"]);
}

#[tokio::test]
async fn who_may_write_nowhere_finds_nothing_and_nobody() {
    let world = Memory::new("");
    let mut gate = world.gate();
    let find = FindChannel { name: "ops".into() };
    assert_eq!(error(gate.pass(find).await.unwrap_err()).code, Code::Denied);
    let find = FindDirect { user: user() };
    assert_eq!(error(gate.pass(find).await.unwrap_err()).code, Code::Denied);
    assert_eq!(world.performed(), 0);
    // Those who spoke to the plugin have a name, whatever was granted.
    let find = FindPerson { user: user() };
    let unknown = stop(gate.pass(find).await.unwrap_err());
    assert!(
        matches!(unknown, Stop::Unreadable(..)),
        "this world knows nobody: {unknown}"
    );
    assert_eq!(world.performed(), 1);
}

#[tokio::test]
async fn everything_that_people_see_counts_as_a_message() {
    let world = Memory::new("");
    let mut gate = world.gate();
    let react = || React {
        message: MessageId::Theirs("1.2".into()),
        place: place(),
        emoji: "eyes".into(),
    };
    for _ in 0..limits::MESSAGES_MAX {
        gate.pass(react()).await.unwrap();
    }
    let whisper = Whisper {
        place: place(),
        user: user(),
        text: "x".into(),
    };
    let refused = error(gate.pass(whisper).await.unwrap_err());
    assert_eq!(refused.code, Code::RateLimited);
    assert!(refused.message.contains("50"), "{refused}");
}
