//! How the stand-in behaves, as far as a test may want it otherwise.

use std::time::Duration;

/// Every scope that something here asks for.
pub const ALL_SCOPES: [&str; 19] = [
    "app_mentions:read",
    "channels:history",
    "channels:read",
    "chat:write",
    "chat:write.public",
    "commands",
    "files:write",
    "groups:history",
    "groups:read",
    "im:history",
    "im:read",
    "im:write",
    "mpim:history",
    "mpim:read",
    "reactions:read",
    "reactions:write",
    "team:read",
    "usergroups:read",
    "users:read",
];

/// What can be changed at any time with [`super::Slack::behave`].
#[derive(Debug, Clone)]
pub struct Behaviour {
    /// The scopes of the bot's token. Without `chat:write.public` at first, as a bot must be invited.
    pub scopes: Vec<String>,
    /// An event that is not acknowledged for this long is sent again.
    pub redelivery_after: Duration,
    /// So often at the most.
    pub redeliveries_max: u32,
    /// What happens while nobody is connected is kept for this long.
    pub kept_for: Duration,
    /// As many sockets as one app may have.
    pub sockets_max: usize,
    /// How often each socket is pinged.
    pub ping_every: Duration,
    /// A socket takes this much longer for every frame.
    pub frame_delay: Duration,
    /// The Web API takes this much longer for every answer.
    pub api_delay: Duration,
    /// Whether the bot hears what it says itself, as in the real Slack.
    pub echo: bool,
    /// More posts to one channel than this many in a second, after a burst, are answered with 429.
    pub posts_per_second: Option<(f64, u32)>,
    /// A request URL that takes longer has failed.
    pub http_time_max: Duration,
    /// The pauses before an event is brought to a request URL again.
    pub http_pauses: Vec<Duration>,
    /// So many messages of each channel are kept, and so many calls, acknowledgements and HTTP deliveries in all.
    pub kept_max: usize,
}

impl Default for Behaviour {
    fn default() -> Behaviour {
        let scopes = ALL_SCOPES
            .iter()
            .filter(|scope| **scope != "chat:write.public");
        Behaviour {
            scopes: scopes.map(|scope| (*scope).to_owned()).collect(),
            redelivery_after: Duration::from_secs(3),
            redeliveries_max: 3,
            kept_for: Duration::from_secs(60),
            sockets_max: 10,
            ping_every: Duration::from_secs(10),
            frame_delay: Duration::ZERO,
            api_delay: Duration::ZERO,
            echo: true,
            posts_per_second: None,
            http_time_max: Duration::from_secs(3),
            http_pauses: [0, 60, 300].map(Duration::from_secs).to_vec(),
            kept_max: 100_000,
        }
    }
}

impl Behaviour {
    /// Whether the token has this scope.
    pub(super) fn has(&self, scope: &str) -> bool {
        self.scopes.iter().any(|had| had == scope)
    }

    /// Takes a scope away from the token.
    pub fn without(&mut self, scope: &str) {
        self.scopes.retain(|had| had != scope);
    }
}
