//! What is to be said in chats. Each channel gets its messages in the order in which they were committed.
//!
//! A message that is about to be sent is marked as such on the disk first. One that a start finds marked is in doubt:
//! it may have been sent.

mod letter;
mod queue;

use tokio::sync::mpsc::Sender;

use witbot_core::ids::{CallId, ChannelId, UnixMillis};
use witbot_core::journal::Outgoing;

use crate::Store;
use crate::column::{all, execute, first, id, stored_millis};
use crate::error::StoreError;

use queue::{delivery, give_up, put_back, remote, resolve, take};

pub(crate) use letter::{HandedOver, Letter, Posted};

/// Something to be sent, taken by the one who sends it.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    /// Its row: what [`Store::outbox_sent`], [`Store::outbox_again`] and [`Store::outbox_given_up`] are told.
    pub id: i64,
    /// What to do, and where.
    pub outgoing: Outgoing,
    /// What the chat service calls the message that is changed, taken away or reacted to. None for a new message, or
    /// where the service has no ids.
    pub remote: Option<String>,
    /// What the chat service calls the message that the thread hangs from, where it is in a thread and that is known.
    pub thread: Option<String>,
    /// How often it was tried before, as far as that counts.
    pub attempts: u32,
    /// When it was committed.
    pub at: UnixMillis,
}

/// What a channel's sender has to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Next {
    /// There is nothing, or what was taken before has not been reported yet.
    Nothing,
    /// Come back at this time.
    Later(UnixMillis),
    /// Send these, one after the other, and report each.
    Send(Vec<Delivery>),
}

impl Store {
    /// From now on, what is committed for a channel that has nothing else to be sent is marked as taken by that commit,
    /// and handed over here when it is on the disk. That saves one wait for the disk. Everything else, and what does
    /// not fit, is queued: ask for it with [`Store::outbox_next`] after each report, and for all channels now and then.
    /// Who was asked first stays.
    pub fn outbox_hand_over(&self, to: Sender<Delivery>) {
        // It fails when somebody was asked before.
        let _ = self.shared.sender.set(to);
    }

    /// Takes what a channel is to be sent next, at most `limit` messages. What needs the service's id of a message that
    /// is among them is left for the next time. Asked for right after a report, without waiting for that, both reach the
    /// disk together.
    pub async fn outbox_next(
        &self,
        channel: &ChannelId,
        limit: u32,
        at: UnixMillis,
    ) -> Result<Next, StoreError> {
        let channel = channel.to_string();
        self.write(move |db| take(db, &channel, limit, stored_millis(at)))
            .await
    }

    /// Reports that something was sent, and what the chat service calls it.
    pub async fn outbox_sent(&self, id: i64, remote: Option<String>) -> Result<(), StoreError> {
        self.write(move |db| {
            execute(db, "UPDATE outbox SET state = 'sent', reason = NULL WHERE id = ? AND state = 'sending'", (id,))?;
            let Some(remote) = remote else { return Ok(()) };
            execute(
                db,
                "INSERT INTO messages (message, remote, channel, at_ms)
                 SELECT message, ?, channel, at_ms FROM outbox WHERE id = ?
                 ON CONFLICT (message) DO UPDATE SET remote = excluded.remote",
                (remote, id),
            )?;
            Ok(())
        })
        .await
    }

    /// Reports that something was not sent, and is to be tried again at a time. What was taken after it waits until it is
    /// through. Whether it counts is for the one who sends: it is told how often it did.
    pub async fn outbox_again(
        &self,
        id: i64,
        reason: &str,
        at: UnixMillis,
        counts: bool,
    ) -> Result<(), StoreError> {
        let (reason, due) = (reason.to_owned(), stored_millis(at));
        self.write(move |db| Ok(put_back(db, id, &reason, due, counts)?))
            .await
    }

    /// Reports that something is not going to be sent, and neither are the edits of a message that was not.
    pub async fn outbox_given_up(&self, id: i64, reason: &str) -> Result<(), StoreError> {
        let reason = reason.to_owned();
        self.write(move |db| Ok(give_up(db, id, &reason)?)).await
    }

    /// At a start: what the last host was about to send and may have sent. Report each when its fate is known.
    pub async fn outbox_in_doubt(&self) -> Result<Vec<Delivery>, StoreError> {
        self.read(|db| {
            let sql = "SELECT * FROM outbox WHERE (state = 'queued' OR state = 'sending')
                       AND state = 'sending' ORDER BY channel, id";
            all(db, sql, (), |row| resolve(db, delivery(row)?))
        })
        .await
    }

    /// The channels that something is queued for.
    pub async fn outbox_channels(&self) -> Result<Vec<ChannelId>, StoreError> {
        self.read(|db| {
            let sql =
                "SELECT DISTINCT channel FROM outbox WHERE (state = 'queued' OR state = 'sending')
                       AND state = 'queued' ORDER BY channel";
            all(db, sql, (), |row| id(row, "channel"))
        })
        .await
    }

    /// How much is queued for a channel.
    pub async fn outbox_waiting(&self, channel: &ChannelId) -> Result<u32, StoreError> {
        let channel = channel.to_string();
        self.read(move |db| {
            let sql = "SELECT count(*) AS waiting FROM outbox
                       WHERE channel = ? AND (state = 'queued' OR state = 'sending') AND state = 'queued'";
            Ok(first(db, sql, (channel,), |row| Ok(row.get("waiting")?))?.unwrap_or(0))
        })
        .await
    }

    /// What the chat service calls a message of ours, if it was sent and the service has ids.
    pub async fn remote(&self, message: &CallId) -> Result<Option<String>, StoreError> {
        let message = message.to_string();
        self.read(move |db| remote(db, &message)).await
    }
}

#[cfg(test)]
mod tests {
    use witbot_core::event::{MessageId, Place};
    use witbot_core::ids::InvocationId;
    use witbot_core::journal::Commit;

    use super::*;
    use crate::fixture::{begun, lease, outgoing, place, store};

    const AT: UnixMillis = UnixMillis(1_000);

    async fn say(store: &Store, id: &InvocationId, outgoing: Vec<Outgoing>) {
        store
            .commit(
                id,
                &lease("a", 2_000),
                Commit {
                    outgoing,
                    ..Commit::default()
                },
            )
            .await
            .unwrap();
    }

    async fn next(store: &Store, limit: u32) -> Vec<Delivery> {
        match store
            .outbox_next(&place().channel, limit, AT)
            .await
            .unwrap()
        {
            Next::Send(taken) => taken,
            Next::Nothing => vec![],
            Next::Later(at) => panic!("only at {at:?}"),
        }
    }

    fn texts(taken: &[Delivery]) -> Vec<String> {
        taken
            .iter()
            .map(|delivery| crate::fixture::said(&delivery.outgoing))
            .collect()
    }

    #[tokio::test]
    async fn edits_that_wait_become_one_and_the_message_comes_first() {
        let (_folder, store) = store();
        let id = begun(&store, "1", &lease("a", 2_000)).await;
        say(
            &store,
            &id,
            vec![
                outgoing(&id, 0, "queued", false),
                outgoing(&id, 0, "10 %", true),
            ],
        )
        .await;
        say(
            &store,
            &id,
            vec![
                outgoing(&id, 1, "other", false),
                outgoing(&id, 0, "20 %", true),
            ],
        )
        .await;
        say(&store, &id, vec![outgoing(&id, 0, "30 %", true)]).await;
        // The edit needs the service's id of the message before it.
        let taken = next(&store, 9).await;
        assert_eq!(texts(&taken), ["queued"]);
        store
            .outbox_sent(taken[0].id, Some("171.5".into()))
            .await
            .unwrap();
        assert_eq!(
            store.remote(&CallId::new(&id, 0)).await.unwrap().as_deref(),
            Some("171.5")
        );
        let taken = next(&store, 9).await;
        assert_eq!(texts(&taken), ["30 %", "other"]);
        assert_eq!(taken[0].remote.as_deref(), Some("171.5"));
        // One that is being sent is not changed any more.
        say(&store, &id, vec![outgoing(&id, 0, "40 %", true)]).await;
        assert_eq!(next(&store, 9).await, []);
        for delivery in taken {
            store.outbox_sent(delivery.id, None).await.unwrap();
        }
        assert_eq!(texts(&next(&store, 9).await), ["40 %"]);
    }

    #[tokio::test]
    async fn a_failure_keeps_the_order() {
        let (_folder, store) = store();
        let id = begun(&store, "1", &lease("a", 2_000)).await;
        let lines = ["0", "1", "2"]
            .iter()
            .zip(0..)
            .map(|(text, number)| outgoing(&id, number, text, false));
        say(&store, &id, lines.collect()).await;
        let taken = next(&store, 9).await;
        assert_eq!(texts(&taken), ["0", "1", "2"]);
        store.outbox_sent(taken[0].id, None).await.unwrap();
        store
            .outbox_again(taken[1].id, "rate limited", UnixMillis(5_000), true)
            .await
            .unwrap();
        let early = store.outbox_next(&place().channel, 9, AT).await.unwrap();
        assert_eq!(early, Next::Later(UnixMillis(5_000)));
        let Next::Send(taken) = store
            .outbox_next(&place().channel, 9, UnixMillis(5_000))
            .await
            .unwrap()
        else {
            panic!("it is due")
        };
        assert_eq!(texts(&taken), ["1", "2"]);
        assert_eq!(
            taken
                .iter()
                .map(|delivery| delivery.attempts)
                .collect::<Vec<_>>(),
            [1, 0]
        );
        store
            .outbox_given_up(taken[0].id, "the channel is archived")
            .await
            .unwrap();
        store.outbox_sent(taken[1].id, None).await.unwrap();
        assert_eq!(next(&store, 9).await, []);
    }

    #[tokio::test]
    async fn a_message_that_is_given_up_takes_its_edits_along() {
        let (_folder, store) = store();
        let id = begun(&store, "1", &lease("a", 2_000)).await;
        say(
            &store,
            &id,
            vec![
                outgoing(&id, 0, "queued", false),
                outgoing(&id, 0, "done", true),
            ],
        )
        .await;
        let taken = next(&store, 1).await;
        store
            .outbox_given_up(taken[0].id, "not in the channel")
            .await
            .unwrap();
        assert_eq!(next(&store, 9).await, []);
    }

    #[tokio::test]
    async fn a_thread_hangs_from_the_message_that_was_sent() {
        let (_folder, store) = store();
        let id = begun(&store, "1", &lease("a", 2_000)).await;
        let thread = |thread| Place {
            thread: Some(thread),
            ..place()
        };
        let ours = Outgoing {
            place: thread(MessageId::Ours(CallId::new(&id, 0))),
            ..outgoing(&id, 1, "ours", false)
        };
        let theirs = Outgoing {
            place: thread(MessageId::Theirs("170.1".into())),
            ..outgoing(&id, 2, "theirs", false)
        };
        say(
            &store,
            &id,
            vec![outgoing(&id, 0, "head", false), ours, theirs],
        )
        .await;
        let taken = next(&store, 9).await;
        assert_eq!(texts(&taken), ["head"]);
        store
            .outbox_sent(taken[0].id, Some("171.5".into()))
            .await
            .unwrap();
        let threads: Vec<_> = next(&store, 9)
            .await
            .into_iter()
            .map(|delivery| delivery.thread)
            .collect();
        assert_eq!(
            threads,
            [Some("171.5".to_owned()), Some("170.1".to_owned())]
        );
    }

    #[tokio::test]
    async fn what_was_being_sent_is_in_doubt_after_a_restart() {
        let (folder, store) = store();
        let id = begun(&store, "1", &lease("a", 2_000)).await;
        say(
            &store,
            &id,
            vec![outgoing(&id, 0, "0", false), outgoing(&id, 1, "1", false)],
        )
        .await;
        assert_eq!(texts(&next(&store, 1).await), ["0"]);
        drop(store);
        let store = Store::open(folder.path()).unwrap();
        let doubtful = store.outbox_in_doubt().await.unwrap();
        assert_eq!(texts(&doubtful), ["0"]);
        assert_eq!(store.outbox_channels().await.unwrap(), [place().channel]);
        assert_eq!(next(&store, 9).await, [], "first the doubt is settled");
        store
            .outbox_sent(doubtful[0].id, Some("171.5".into()))
            .await
            .unwrap();
        assert_eq!(texts(&next(&store, 9).await), ["1"]);
        assert_eq!(store.outbox_channels().await.unwrap(), []);
    }

    #[tokio::test]
    async fn an_idle_channel_is_handed_its_message_with_the_commit() {
        let (_folder, store) = store();
        let (sender, mut handed) = tokio::sync::mpsc::channel(1);
        store.outbox_hand_over(sender);
        let id = begun(&store, "1", &lease("a", 2_000)).await;
        let other = |number, text| {
            let place = Place {
                channel: "dev".parse().unwrap(),
                thread: None,
            };
            Outgoing {
                place,
                ..outgoing(&id, number, text, false)
            }
        };
        say(
            &store,
            &id,
            vec![outgoing(&id, 0, "0", false), outgoing(&id, 0, "edit", true)],
        )
        .await;
        // There is no room for this one.
        say(&store, &id, vec![other(2, "2")]).await;
        // A commit that leaves nothing hands nothing over.
        let stranger = lease("b", 2_000);
        let commit = Commit {
            outgoing: vec![other(3, "3")],
            ..Commit::default()
        };
        store.commit(&id, &stranger, commit).await.unwrap_err();
        let first = handed.recv().await.unwrap();
        assert!(handed.try_recv().is_err());
        assert_eq!(
            (
                crate::fixture::said(&first.outgoing).as_str(),
                first.attempts
            ),
            ("0", 0)
        );
        assert_eq!(store.outbox_in_doubt().await.unwrap()[0].id, first.id);
        assert_eq!(next(&store, 9).await, []);
        let channel = place().channel;
        let (sent, taken) = tokio::join!(
            store.outbox_sent(first.id, Some("171.5".into())),
            store.outbox_next(&channel, 9, AT)
        );
        sent.unwrap();
        let Ok(Next::Send(taken)) = taken else {
            panic!("the edit is next")
        };
        assert_eq!(
            (texts(&taken), taken[0].remote.as_deref()),
            (vec!["edit".to_owned()], Some("171.5"))
        );
        let queued = store.outbox_channels().await.unwrap();
        assert_eq!(queued, ["dev".parse().unwrap()]);
    }
}
