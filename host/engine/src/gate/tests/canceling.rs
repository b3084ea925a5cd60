//! What a run is told that somebody canceled, and what a run meets that is only replayed.

use super::*;
use crate::world::Witness;

fn long() -> Sleep {
    Sleep {
        milliseconds: 60_000,
    }
}

fn cancel(world: &Memory) {
    *world.canceled.lock().unwrap() = Some("ada".into());
}

#[tokio::test]
async fn the_next_wait_of_a_canceled_run_says_so_once_and_the_one_after_it_ends_the_run() {
    let world = Memory::new(MAY_DEPLOY);
    let mut gate = world.gate();
    cancel(&world);
    gate.pass(create()).await.unwrap();
    let told = error(gate.pass(long()).await.unwrap_err());
    assert_eq!(
        (told.code, told.message.as_str()),
        (Code::Canceled, "canceled by ada")
    );
    // It may clean up, and that is stored.
    gate.pass(create()).await.unwrap();
    let ended = stop(gate.pass(long()).await.unwrap_err());
    assert!(
        matches!(&ended, Stop::Canceled(error) if error.message == "canceled by ada"),
        "{ended:?}"
    );
    world.kept().push(gate.finish());
    assert!(world.kept().iter().all(|commit| commit.state.is_none()));

    // It is the same when it runs again from the top.
    let mut again = world.gate();
    again.pass(create()).await.unwrap();
    assert_eq!(
        error(again.pass(long()).await.unwrap_err()).code,
        Code::Canceled
    );
    again.pass(create()).await.unwrap();
    let ended = stop(again.pass(long()).await.unwrap_err());
    assert!(matches!(ended, Stop::Canceled(_)), "{ended:?}");
}

#[tokio::test]
async fn a_wait_that_is_taken_up_again_is_told_as_well() {
    let world = Memory::new(MAY_DEPLOY);
    let _ = world.gate().pass(long()).await;
    cancel(&world);
    let mut gate = world.gate();
    let told = error(gate.pass(long()).await.unwrap_err());
    assert_eq!(told.code, Code::Canceled);
    let rest = gate.finish();
    assert_eq!(rest.answers.len(), 1);
}

/// A world in which a run is only replayed.
struct Replay {
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen(Mutex<Vec<String>>);

impl Witness for Seen {
    fn answered(&self, operation: &Operation, _: &Outcome) {
        self.0
            .lock()
            .unwrap()
            .push(format!("answered {}", operation.name()));
    }

    fn beyond(&self, operation: &Operation) {
        self.0
            .lock()
            .unwrap()
            .push(format!("beyond {}", operation.name()));
    }

    fn logged(&self, _: &str, _: &str) {}
}

#[async_trait]
impl World for Replay {
    fn now(&self) -> UnixMillis {
        panic!("a replay needs no clock")
    }
    fn grants(&self, _: &PluginName) -> Arc<Grants> {
        panic!("a replay needs no grants")
    }
    async fn room(&self, _: &ChannelId) -> Result<(), Error> {
        panic!("a replay says nothing")
    }
    async fn commit(&self, _: &InvocationId, _: Commit) -> Result<(), Lost> {
        panic!("a replay stores nothing")
    }
    async fn record(
        &self,
        _: &Caller,
        _: Commit,
        _: Entry,
        _: &Operation,
    ) -> Result<Outcome, Lost> {
        panic!("a replay stores nothing")
    }
    async fn perform(&self, _: &Caller, _: &CallId, _: &Operation) -> Outcome {
        panic!("a replay performs nothing")
    }
    async fn find(&self, _: &Caller, _: &CallId, _: &Operation, _: UnixMillis) -> Found {
        panic!("a replay looks for nothing")
    }
    async fn canceled(&self, _: &InvocationId) -> Result<Option<String>, Lost> {
        panic!("a replay does not wait")
    }
    async fn look(&self, _: &Caller, _: &CallId, _: &Operation) -> Result<Option<Value>, Error> {
        panic!("a replay does not wait")
    }
    fn witness(&self) -> Option<Arc<dyn Witness>> {
        Some(self.seen.clone())
    }
}

#[tokio::test]
async fn a_replay_is_answered_from_the_record_and_ends_where_that_ends() {
    let world = Memory::new(MAY_DEPLOY);
    let mut gate = world.gate();
    gate.pass(create()).await.unwrap();
    let _ = gate.pass(long()).await;
    for beyond in ["flow.sleep", "kv.get"] {
        let seen = Arc::new(Seen::default());
        let replay = Replay { seen: seen.clone() };
        let mut journal = world.journal();
        if beyond == "kv.get" {
            journal.truncate(1);
        }
        let passage = world.passage(Arc::new(replay), journal);
        let mut gate = Gate::open(passage);
        assert!(gate.is_live(), "what is logged is shown");
        gate.pass(create()).await.unwrap();
        let ended = match beyond {
            "kv.get" => gate
                .pass(KvGet {
                    namespace: None,
                    key: "a".into(),
                })
                .await
                .map(drop),
            _ => gate.pass(long()).await,
        };
        let ended = stop(ended.unwrap_err());
        assert!(matches!(ended, Stop::Lost(_)), "{ended:?}");
        let seen = seen.0.lock().unwrap().clone();
        assert_eq!(
            seen,
            [
                "answered github.create-deployment".to_owned(),
                format!("beyond {beyond}")
            ]
        );
    }
}
