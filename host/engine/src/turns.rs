//! Who computes: a call that computes for long does so in turns with others that do.
//!
//! All of them together get fewer processors than there are, and those of one plugin get half of these, so that short calls
//! find a processor free whatever the others do. A turn lasts one epoch, and ends early when the guest calls the host.

use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The turns of one instance.
#[derive(Clone)]
pub(crate) struct Turns {
    /// Those of its plugin, and then those of all.
    queues: Vec<Arc<Semaphore>>,
    held: Arc<Mutex<Vec<OwnedSemaphorePermit>>>,
}

impl Turns {
    pub(crate) fn new(queues: Vec<Arc<Semaphore>>) -> Turns {
        Turns {
            queues,
            held: Arc::default(),
        }
    }

    /// Ends a turn, if there is one.
    pub(crate) fn give_back(&self) {
        self.held().clear();
    }

    /// Waits for the next turn, behind all others that wait for theirs.
    pub(crate) fn next(&self) -> impl Future<Output = ()> + Send + 'static {
        self.give_back();
        let turns = self.clone();
        async move {
            tokio::task::yield_now().await;
            let mut permits = Vec::new();
            for queue in &turns.queues {
                // It is never closed, so this cannot fail.
                permits.extend(queue.clone().acquire_owned().await);
            }
            *turns.held() = permits;
        }
    }

    fn held(&self) -> MutexGuard<'_, Vec<OwnedSemaphorePermit>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How many long calls compute at once: one processor is left to everything else, if there is more than one. Asked once, as
/// the answer is read from files of the system.
pub(crate) fn of_all() -> usize {
    static OF_ALL: LazyLock<usize> = LazyLock::new(|| {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        processors.saturating_sub(1).max(1)
    });
    *OF_ALL
}

/// The same of one plugin.
pub(crate) fn of_one() -> usize {
    of_all().div_ceil(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_turn_at_a_time_and_none_while_the_host_is_called() {
        let queue = Arc::new(Semaphore::new(1));
        let (first, second) = (
            Turns::new(vec![queue.clone()]),
            Turns::new(vec![queue.clone()]),
        );
        first.next().await;
        let mut waiting = polled(second.next());
        assert!(!waiting.ready().await);
        first.give_back();
        assert!(waiting.ready().await);
        assert_eq!(queue.available_permits(), 0);
        drop((first, second, waiting));
        assert_eq!(queue.available_permits(), 1);
    }

    struct Polled(std::pin::Pin<Box<dyn Future<Output = ()> + Send>>);

    fn polled(future: impl Future<Output = ()> + Send + 'static) -> Polled {
        Polled(Box::pin(future))
    }

    impl Polled {
        /// Whether it is ready when everything else that can go on has done so.
        async fn ready(&mut self) -> bool {
            for _ in 0..10 {
                let polled = std::future::poll_fn(|context| {
                    std::task::Poll::Ready(self.0.as_mut().poll(context).is_ready())
                });
                if polled.await {
                    return true;
                }
                tokio::task::yield_now().await;
            }
            false
        }
    }
}
