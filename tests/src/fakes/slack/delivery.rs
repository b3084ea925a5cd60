//! Who gets which envelope, and what becomes of those that nobody acknowledges.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message as Frame;

use super::APP;
use super::behaviour::Behaviour;

/// A socket whose peer reads nothing for this many frames loses them, which is what redelivery is for.
const FRAMES_MAX: usize = 65_536;

/// What kind of thing is brought to the bot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Something happened in the workspace.
    Event,
    /// Somebody used a slash command.
    Command,
    /// Somebody used a button or a menu.
    Interaction,
}

impl Kind {
    fn envelope_type(self) -> &'static str {
        match self {
            Kind::Event => "events_api",
            Kind::Command => "slash_commands",
            Kind::Interaction => "interactive",
        }
    }
}

/// What is brought to the bot, in whichever mode.
#[derive(Debug, Clone)]
pub(super) struct Parcel {
    pub(super) kind: Kind,
    /// The event id or the trigger id.
    pub(super) key: String,
    pub(super) payload: Arc<str>,
}

/// An acknowledgement that came over a socket.
#[derive(Debug, Clone)]
pub struct Ack {
    /// What was acknowledged.
    pub kind: Kind,
    /// The event id or the trigger id.
    pub key: String,
    /// How often it was sent again before.
    pub attempt: u32,
    /// The time from giving the envelope to the socket.
    pub latency: Duration,
    /// What came with it.
    pub payload: Value,
}

/// How many things went which way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Envelopes that were given to a socket, redeliveries included.
    pub sent: u64,
    /// Acknowledgements in time.
    pub acked: u64,
    /// Events that were sent again.
    pub redelivered: u64,
    /// Things that were given up, or that nobody was there for.
    pub lost: u64,
    /// Frames that are no acknowledgement of anything that waits for one.
    pub strange: u64,
    /// Sockets that were opened.
    pub opened: u64,
    /// Sockets that were told to disconnect.
    pub refreshed: u64,
    /// Sockets that were reset.
    pub dropped: u64,
    /// Sockets that the bot closed or lost.
    pub left: u64,
}

/// What a socket is told to do.
#[derive(Debug)]
pub(super) enum Order {
    /// Sends this, at this time.
    Send(Instant, Frame),
    /// Closes at this time.
    CloseAt(Instant),
    /// Resets the connection.
    Reset,
    /// Does nothing any more, not even read.
    Freeze,
}

#[derive(Debug)]
struct Socket {
    id: u64,
    orders: mpsc::Sender<Order>,
}

#[derive(Debug)]
struct Pending {
    number: u64,
    parcel: Parcel,
    attempt: u32,
    socket: u64,
    sent: Instant,
}

/// The sorting office of Socket Mode.
#[derive(Debug)]
pub(super) struct Office {
    sockets: Vec<Socket>,
    /// How few there were since somebody asked.
    pub(super) fewest: usize,
    pending: HashMap<String, Pending>,
    deadlines: BinaryHeap<Reverse<(Instant, String)>>,
    waiting: VecDeque<(Instant, u32, Parcel)>,
    given: u64,
    random: u64,
    pub(super) acks: VecDeque<Ack>,
    pub(super) counts: Counts,
}

impl Office {
    pub(super) fn new(seed: u64) -> Office {
        Office {
            sockets: Vec::new(),
            fewest: 0,
            pending: HashMap::new(),
            deadlines: BinaryHeap::new(),
            waiting: VecDeque::new(),
            given: 0,
            random: seed,
            acks: VecDeque::new(),
            counts: Counts::default(),
        }
    }

    /// The ids of the open sockets, oldest first.
    pub(super) fn sockets(&self) -> Vec<u64> {
        self.sockets.iter().map(|socket| socket.id).collect()
    }

    /// Events that were sent and wait for their acknowledgement, and things that wait for a socket.
    pub(super) fn unacknowledged(&self) -> (usize, usize) {
        (self.pending.len(), self.waiting.len())
    }

    /// A new socket: what it is to do comes out of the receiver, none if there are too many.
    pub(super) fn open(&mut self, behaviour: &Behaviour) -> Option<(u64, mpsc::Receiver<Order>)> {
        if self.sockets.len() >= behaviour.sockets_max {
            return None;
        }
        let (orders, taken) = mpsc::channel(FRAMES_MAX);
        self.counts.opened += 1;
        let id = self.counts.opened;
        self.sockets.push(Socket { id, orders });
        self.order(id, Order::Send(Instant::now(), hello(self.sockets.len())));
        for (since, attempt, parcel) in std::mem::take(&mut self.waiting) {
            if since.elapsed() > behaviour.kept_for {
                self.counts.lost += 1;
            } else {
                self.send(parcel, attempt, behaviour);
            }
        }
        Some((id, taken))
    }

    /// A socket is gone: what it owes is sent again at once.
    pub(super) fn close(&mut self, id: u64, behaviour: &Behaviour) -> bool {
        let before = self.sockets.len();
        self.sockets.retain(|socket| socket.id != id);
        if self.sockets.len() == before {
            return false;
        }
        self.fewest = self.fewest.min(self.sockets.len());
        let owed = |(envelope, pending): (&String, &Pending)| {
            (pending.socket == id).then(|| (pending.number, envelope.clone()))
        };
        let mut owed: Vec<_> = self.pending.iter().filter_map(owed).collect();
        owed.sort_unstable();
        for (_, envelope) in owed {
            self.again(&envelope, behaviour);
        }
        true
    }

    /// Tells a socket to do something. It may be gone.
    pub(super) fn order(&self, id: u64, order: Order) {
        if let Some(socket) = self.sockets.iter().find(|socket| socket.id == id) {
            // A full queue is a peer that does not read: what is lost is sent again later.
            let _ = socket.orders.try_send(order);
        }
    }

    /// Gives something to any one of the sockets.
    pub(super) fn send(&mut self, parcel: Parcel, attempt: u32, behaviour: &Behaviour) {
        let Some(chosen) = self.choose() else {
            if parcel.kind == Kind::Event {
                self.waiting.push_back((Instant::now(), attempt, parcel));
            } else {
                self.counts.lost += 1;
            }
            return;
        };
        self.given += 1;
        let envelope = uuid(self.given);
        let frame = Frame::text(enveloped(&envelope, &parcel, attempt));
        let sent = Instant::now() + behaviour.frame_delay;
        let deadline = sent + behaviour.redelivery_after;
        self.order(chosen, Order::Send(sent, frame));
        self.deadlines.push(Reverse((deadline, envelope.clone())));
        self.counts.sent += 1;
        let pending = Pending {
            number: self.given,
            parcel,
            attempt,
            socket: chosen,
            sent,
        };
        self.pending.insert(envelope, pending);
    }

    /// Takes an acknowledgement, and says what it was for.
    pub(super) fn acknowledge(
        &mut self,
        envelope: &str,
        payload: Value,
        behaviour: &Behaviour,
    ) -> Option<Ack> {
        let Some(pending) = self.pending.remove(envelope) else {
            self.counts.strange += 1;
            return None;
        };
        self.counts.acked += 1;
        let ack = Ack {
            kind: pending.parcel.kind,
            key: pending.parcel.key,
            attempt: pending.attempt,
            latency: pending.sent.elapsed(),
            payload,
        };
        super::keep(&mut self.acks, ack.clone(), behaviour.kept_max);
        Some(ack)
    }

    /// The time at which to look after what is due.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.deadlines
            .peek()
            .map(|Reverse((deadline, _))| *deadline)
    }

    /// Sends again what was not acknowledged in time.
    pub(super) fn look_after(&mut self, behaviour: &Behaviour) {
        let now = Instant::now();
        while self.next_deadline().is_some_and(|deadline| deadline <= now) {
            if let Some(Reverse((_, envelope))) = self.deadlines.pop() {
                self.again(&envelope, behaviour);
            }
        }
    }

    fn again(&mut self, envelope: &str, behaviour: &Behaviour) {
        let Some(pending) = self.pending.remove(envelope) else {
            return;
        };
        let attempt = pending.attempt + 1;
        // People see that a command or a click went nowhere, and Slack does not repeat it.
        if pending.parcel.kind != Kind::Event || attempt > behaviour.redeliveries_max {
            self.counts.lost += 1;
            return;
        }
        self.counts.redelivered += 1;
        self.send(pending.parcel, attempt, behaviour);
    }

    /// Any one of the sockets, but the same ones in every run.
    fn choose(&mut self) -> Option<u64> {
        self.random = splitmix(self.random);
        let sockets = u64::try_from(self.sockets.len()).ok().filter(|n| *n > 0)?;
        let at = usize::try_from(self.random % sockets).ok()?;
        self.sockets.get(at).map(|socket| socket.id)
    }
}

fn enveloped(envelope: &str, parcel: &Parcel, attempt: u32) -> String {
    let kind = parcel.kind.envelope_type();
    let answerable = parcel.kind == Kind::Command;
    let mut text = format!(
        r#"{{"envelope_id":"{envelope}","payload":{},"type":"{kind}","accepts_response_payload":{answerable}"#,
        parcel.payload
    );
    if parcel.kind == Kind::Event {
        let reason = if attempt == 0 { "" } else { "timeout" };
        text += &format!(r#","retry_attempt":{attempt},"retry_reason":"{reason}""#);
    }
    text + "}"
}

fn hello(connections: usize) -> Frame {
    let hello = json!({
        "type": "hello",
        "num_connections": connections,
        "debug_info": {
            "host": "applink-stand-in",
            "build_number": 118,
            "approximate_connection_time": 18_060,
        },
        "connection_info": { "app_id": APP },
    });
    Frame::text(hello.to_string())
}

/// The frame that tells a socket to go.
pub(super) fn disconnect(reason: &str) -> Frame {
    let told = json!({
        "type": "disconnect",
        "reason": reason,
        "debug_info": { "host": "applink-stand-in" },
    });
    Frame::text(told.to_string())
}

fn splitmix(state: u64) -> u64 {
    let mut mixed = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// A UUID, by its looks: no two envelopes have the same.
fn uuid(number: u64) -> String {
    let (high, low) = (splitmix(number), splitmix(!number));
    format!(
        "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xfff,
        low >> 48 & 0xfff,
        low & 0xffff_ffff_ffff
    )
}
