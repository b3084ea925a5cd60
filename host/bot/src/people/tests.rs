use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use witbot_core::chat::{Channel, Person};
use witbot_store::outbox::Delivery;

use super::*;
use crate::chat::{Looked, Unsent};

/// What a chat does with one question.
type Answer<T> = fn(u32) -> Option<Result<T, Error>>;

/// A chat that answers as a test says, by how often it was asked the same before. None: it never answers.
struct Answers {
    belongs: Answer<bool>,
    kind: Answer<ChannelKind>,
    standing: Answer<Standing>,
    asked: Mutex<Vec<String>>,
}

impl Answers {
    fn new() -> Answers {
        Answers {
            belongs: |_| Some(Ok(true)),
            kind: |_| Some(Ok(ChannelKind::Shared)),
            standing: |_| Some(Ok(Standing::Guest)),
            asked: Mutex::default(),
        }
    }

    async fn answer<T>(&self, what: String, answer: Answer<T>) -> Result<T, Error> {
        let before = {
            let mut asked = self.asked.lock().unwrap();
            let before = asked.iter().filter(|asked| **asked == what).count();
            asked.push(what);
            u32::try_from(before).unwrap()
        };
        match answer(before) {
            Some(answer) => answer,
            None => std::future::pending().await,
        }
    }

    fn asked(&self) -> Vec<String> {
        let mut asked = self.asked.lock().unwrap().clone();
        asked.sort();
        asked
    }
}

#[async_trait]
impl Chat for Answers {
    async fn send(&self, _: &Delivery) -> Result<Option<String>, Unsent> {
        panic!("nothing is said")
    }

    async fn find(&self, _: &Delivery) -> Result<Looked, Unsent> {
        panic!("nothing was said")
    }

    async fn channel(&self, _: &str) -> Result<Channel, Error> {
        panic!("nobody asks for a channel")
    }

    async fn direct(&self, _: &UserId) -> Result<ChannelId, Error> {
        panic!("nobody writes to a person")
    }

    async fn person(&self, user: &UserId) -> Result<Person, Error> {
        let standing = self.answer(format!("person {user}"), self.standing).await?;
        Ok(Person {
            id: user.clone(),
            name: "ada".into(),
            standing,
        })
    }

    async fn belongs(&self, user: &UserId, group: &UserId) -> Result<bool, Error> {
        self.answer(format!("{user} in {group}"), self.belongs)
            .await
    }

    async fn unreadable_groups(&self, groups: &BTreeSet<UserId>) -> Vec<(UserId, Error)> {
        assert!(!groups.is_empty());
        std::future::pending().await
    }

    async fn kind(&self, channel: &ChannelId) -> Result<ChannelKind, Error> {
        self.answer(format!("kind {channel}"), self.kind).await
    }
}

fn ada(standing: Standing) -> User {
    User {
        standing,
        ..User::named("U1".parse().unwrap(), "ada")
    }
}

fn groups(ids: &[&str]) -> BTreeSet<UserId> {
    ids.iter().map(|id| id.parse().unwrap()).collect()
}

fn everything() -> Needs {
    Needs {
        groups: groups(&["S1", "S2"]),
        kind: true,
        standing: true,
    }
}

async fn facts(answers: Answers, needs: &Needs, standing: Standing) -> (Facts, Vec<String>) {
    let answers = Arc::new(answers);
    let people = People::new(answers.clone());
    let channel = "C1".parse().unwrap();
    let facts = people.facts(needs, &ada(standing), &channel).await;
    (facts, answers.asked())
}

fn unavailable<T>() -> Option<Result<T, Error>> {
    Some(Err(Error::new(Code::Unavailable, "It hiccups.")))
}

#[tokio::test]
async fn nothing_is_asked_that_nobody_needs() {
    for standing in [Standing::Member, Standing::Stranger] {
        let (found, asked) = facts(Answers::new(), &Needs::default(), standing).await;
        let expected = Facts {
            standing: Some(standing),
            ..Facts::default()
        };
        assert_eq!((found, asked), (expected, Vec::new()));
    }
}

#[tokio::test]
async fn what_is_needed_is_asked_once() {
    let (found, asked) = facts(Answers::new(), &everything(), Standing::Member).await;
    let expected = Facts {
        groups: [("S1".parse().unwrap(), true), ("S2".parse().unwrap(), true)].into(),
        kind: Some(ChannelKind::Shared),
        standing: Some(Standing::Guest),
        troubles: Vec::new(),
    };
    assert_eq!(found, expected);
    assert_eq!(asked, ["U1 in S1", "U1 in S2", "kind C1", "person U1"]);
}

#[tokio::test]
async fn who_is_no_member_to_the_event_is_none_whatever_the_chat_says() {
    for standing in [Standing::Stranger, Standing::Bot] {
        let answers = Answers {
            standing: |_| Some(Ok(Standing::Member)),
            ..Answers::new()
        };
        let (found, asked) = facts(answers, &everything(), standing).await;
        assert_eq!(found.standing, Some(standing));
        assert!(!asked.contains(&"person U1".to_owned()), "{asked:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_found_out_is_left_out_with_the_reason() {
    let answers = Answers {
        belongs: |_| Some(Err(Error::new(Code::NotFound, "There is no such group."))),
        kind: |_| unavailable(),
        standing: |_| Some(Err(Error::new(Code::Denied, "It may not be read."))),
        ..Answers::new()
    };
    let (found, asked) = facts(answers, &everything(), Standing::Member).await;
    let expected = Facts {
        troubles: vec![
            "There is no such group.".into(),
            "It hiccups.".into(),
            "It may not be read.".into(),
        ],
        ..Facts::default()
    };
    assert_eq!(found, expected);
    // Only what may be over soon is asked for again.
    let asked: Vec<&str> = asked.iter().map(String::as_str).collect();
    assert_eq!(
        asked,
        ["U1 in S1", "U1 in S2", "kind C1", "kind C1", "person U1"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_hiccup_is_no_denial() {
    let answers = Answers {
        belongs: |before| match before {
            0 => unavailable(),
            _ => Some(Ok(false)),
        },
        ..Answers::new()
    };
    let (found, _) = facts(answers, &everything(), Standing::Member).await;
    assert_eq!(found.groups.values().collect::<Vec<_>>(), [&false, &false]);
    assert!(found.troubles.is_empty());
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_long() {
    let answers = Answers {
        belongs: |_| None,
        kind: |before| if before == 0 { unavailable() } else { None },
        standing: |_| None,
        ..Answers::new()
    };
    let begin = Instant::now();
    let (found, _) = facts(answers, &everything(), Standing::Member).await;
    let took = begin.elapsed();
    assert!(
        took <= limits::FACTS_TIME_MAX + Duration::from_millis(10),
        "{took:?}"
    );
    let expected = Facts {
        troubles: vec![
            "The chat did not answer within 5 s.".into(),
            "It hiccups.".into(),
        ],
        ..Facts::default()
    };
    assert_eq!(found, expected);
    let people = People::new(Arc::new(Answers::new()));
    let unreadable = people.verify_groups(&groups(&["S1"])).await;
    assert_eq!(unreadable, [("S1".parse().unwrap(), too_late())]);
}
