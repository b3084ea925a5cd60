//! Takes webhooks as the bot does, for the tests of the stand-ins.

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use super::request::{Answer, Request};
use super::server::{Server, Service};
use super::traffic::{Traffic, lock};

pub(super) struct Receiver {
    server: Server,
    traffic: Arc<Traffic>,
    answers: Arc<Answers>,
}

#[derive(Default)]
struct Answers(Mutex<VecDeque<u16>>);

impl Service for Answers {
    fn answer(&self, _request: &Request) -> Answer {
        Answer::empty(lock(&self.0).pop_front().unwrap_or(200))
    }
}

impl Receiver {
    pub(super) async fn start() -> anyhow::Result<Receiver> {
        let listener = Server::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
        let (traffic, answers) = (Arc::new(Traffic::new()), Arc::new(Answers::default()));
        let server = Server::start(listener, answers.clone(), traffic.clone())?;
        Ok(Receiver {
            server,
            traffic,
            answers,
        })
    }

    pub(super) fn url(&self) -> String {
        format!("{}/hooks", self.server.url())
    }

    /// Answers the next webhook with this status instead of 200.
    pub(super) fn answer_next(&self, status: u16) {
        lock(&self.answers.0).push_back(status);
    }

    pub(super) fn received(&self) -> Vec<Request> {
        self.traffic.requests()
    }
}
