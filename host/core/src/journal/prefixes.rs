//! What replay stands on, tried on many runs that were made up: wherever a run is cut off, its record leads the handler
//! back to the same place, and to the same next call.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};
use serde_json::{Value, json};

use super::*;
use crate::call::{Ask, AwaitEvent, Edit, KvGet, KvKeys, KvReplace, Reply, Sleep};
use crate::chat::Answerers;
use crate::error::Code;

/// Runs that are made up. Each is the same every time, and a failure names it.
const RUNS: u64 = 200;
const CALLS_MAX: u64 = 40;

/// A handler as the journal sees it: each call, or its end, follows from all answers before and from nothing else.
struct Handler {
    seed: u64,
    /// From this call on it is another handler.
    changed_at: Option<usize>,
}

impl Handler {
    fn new(seed: u64) -> Handler {
        Handler {
            seed,
            changed_at: None,
        }
    }

    fn next(&self, answers: &[(Outcome, UnixMillis)]) -> Option<Operation> {
        let mut random = random(&format!("{} {answers:?}", self.seed));
        let length = 1 + self.seed % CALLS_MAX;
        if answers.len() as u64 >= length {
            return None;
        }
        let call = operation(&mut random);
        let changed = self.changed_at == Some(answers.len());
        Some(if changed { other_than(&call) } else { call })
    }
}

fn random(seed: &str) -> ChaCha8Rng {
    ChaCha8Rng::from_seed(*Digest::of(seed.as_bytes()).as_bytes())
}

fn operation(random: &mut ChaCha8Rng) -> Operation {
    let text = text(random);
    let place = Place {
        channel: "ops".parse().unwrap(),
        thread: None,
    };
    match random.next_u32() % 8 {
        0 => KvGet {
            namespace: None,
            key: text,
        }
        .into(),
        1 => Sleep {
            milliseconds: random.next_u64(),
        }
        .into(),
        2 => Reply {
            place,
            text: text.into(),
        }
        .into(),
        3 => Edit {
            message: CallId::new(&"0123456789abcdef0123".parse().unwrap(), 7),
            place,
            text: text.into(),
        }
        .into(),
        4 => KvKeys {
            namespace: None,
            prefix: text.clone(),
            after: random.next_u32().is_multiple_of(2).then_some(text),
            limit: random.next_u32(),
        }
        .into(),
        5 => KvReplace {
            namespace: None,
            key: text.clone(),
            expected: random
                .next_u32()
                .is_multiple_of(2)
                .then(|| Blob(vec![0, 255])),
            value: Blob(text.into_bytes()),
        }
        .into(),
        6 => AwaitEvent {
            kind: "github.push".into(),
            subject: text,
            after: i64::from(random.next_u32()),
            timeout_ms: random.next_u64(),
        }
        .into(),
        _ => Ask {
            place,
            user: "ada".parse().unwrap(),
            question: text.clone().into(),
            choices: vec![text],
            answerers: Answerers::Anyone,
            timeout_ms: 1,
        }
        .into(),
    }
}

/// With whatever has gone wrong in JSON somewhere.
fn text(random: &mut ChaCha8Rng) -> String {
    const PIECES: [&str; 8] = ["a", "é", "\"", "\\", "\n", "\u{0}", "🦀", "{\"b\":1}"];
    (0..random.next_u32() % 5)
        .map(|_| PIECES[random.next_u32() as usize % PIECES.len()])
        .collect()
}

fn outcome(random: &mut ChaCha8Rng) -> Outcome {
    match random.next_u32() % 4 {
        0 => Outcome::Ok(Value::Null),
        1 => Outcome::Ok(json!({ "z": text(random), "a": [random.next_u64(), -0.5, true] })),
        2 => Outcome::Ok(json!(text(random))),
        _ => Outcome::Error(Error::new(Code::Timeout, text(random))),
    }
}

/// Name or arguments are others.
fn other_than(call: &Operation) -> Operation {
    match call {
        Operation::KvGet(get) => {
            let key = format!("{}!", get.key);
            KvGet {
                namespace: None,
                key,
            }
            .into()
        }
        _ => KvGet {
            namespace: None,
            key: call.name().into(),
        }
        .into(),
    }
}

/// Runs a handler to its end, and answers what is recorded of it.
fn recorded(handler: &Handler) -> Vec<Entry> {
    let mut random = ChaCha8Rng::seed_from_u64(handler.seed);
    let (mut journal, mut answers, mut entries) = (Journal::default(), Vec::new(), Vec::new());
    while let Some(call) = handler.next(&answers) {
        let number = entries.len() as u32;
        assert_eq!(journal.step(&call), Step::Live(number));
        let at = UnixMillis(1_000 + u64::from(number));
        let answer = outcome(&mut random);
        entries.push(Entry {
            outcome: Some(answer.clone()),
            ..Entry::begin(number, &call, at)
        });
        answers.push((answer, at));
    }
    entries
}

/// The entries as they come back from the store, which keeps arguments and outcomes as text.
fn stored(entries: &[Entry]) -> Vec<Entry> {
    let again = |entry: &Entry| Entry {
        arguments: serde_json::from_str(&entry.arguments.to_string()).unwrap(),
        outcome: entry.outcome.as_ref().map(|outcome| {
            let text = serde_json::to_string(outcome).unwrap();
            serde_json::from_str(&text).unwrap()
        }),
        ..entry.clone()
    };
    entries.iter().map(again).collect()
}

/// Runs a handler against a record as far as that reaches, and answers what comes then. None: the handler ended before.
fn replayed(handler: &Handler, record: Vec<Entry>) -> (usize, Option<(Operation, Step)>, Journal) {
    let mut journal = Journal::new(record);
    let mut answers = Vec::new();
    while let Some(call) = handler.next(&answers) {
        match journal.step(&call) {
            Step::Answered(outcome, at) => answers.push((outcome, at)),
            step => return (answers.len(), Some((call, step)), journal),
        }
    }
    (answers.len(), None, journal)
}

#[test]
fn any_prefix_of_a_run_leads_to_the_same_next_call() {
    let mut calls = 0;
    for seed in 0..RUNS {
        let handler = Handler::new(seed);
        let whole = recorded(&handler);
        calls += whole.len();
        for length in 0..=whole.len() {
            let (answered, then, journal) = replayed(&handler, stored(&whole[..length]));
            assert_eq!(answered, length, "run {seed}");
            assert_eq!(journal.unused(), None, "run {seed} cut off at {length}");
            match (whole.get(length), then) {
                (Some(next), Some((call, Step::Live(number)))) => {
                    let now = Entry::begin(number, &call, next.at);
                    let next = Entry {
                        outcome: None,
                        ..next.clone()
                    };
                    assert_eq!(now, next, "run {seed} cut off at {length}");
                }
                (None, None) => {}
                (next, then) => panic!("run {seed} cut off at {length}: {next:?}, {then:?}"),
            }
        }
    }
    assert!(calls > 3_000, "{calls} calls are too few to mean anything");
}

#[test]
fn a_run_that_was_cut_off_in_a_call_comes_back_to_that_call() {
    for seed in 0..RUNS {
        let handler = Handler::new(seed);
        let whole = recorded(&handler);
        for last in 0..whole.len() {
            let mut record = stored(&whole[..=last]);
            record[last].outcome = None;
            let (answered, then, _) = replayed(&handler, record);
            let Some((call, Step::Begun(number, at))) = then else {
                panic!("run {seed} cut off in {last}: {then:?}")
            };
            assert_eq!(
                (answered, number as usize, at),
                (last, last, whole[last].at)
            );
            assert_eq!(call.arguments(), whole[last].arguments);
        }
    }
}

#[test]
fn a_handler_that_changed_is_found_out_at_its_first_other_call() {
    for seed in 0..RUNS {
        let whole = recorded(&Handler::new(seed));
        let changed_at = seed as usize % whole.len();
        let changed = Handler {
            seed,
            changed_at: Some(changed_at),
        };
        for length in 0..=whole.len() {
            let (answered, then, _) = replayed(&changed, stored(&whole[..length]));
            let expected = length.min(changed_at);
            assert_eq!(answered, expected, "run {seed} cut off at {length}");
            match then {
                Some((_, Step::Live(_))) => assert!(length <= changed_at),
                Some((_, Step::Differs(difference))) => {
                    assert!(length > changed_at, "run {seed}: {difference}");
                    assert_eq!(difference.number as usize, changed_at);
                }
                then => panic!("run {seed} cut off at {length}: {then:?}"),
            }
        }
    }
}
