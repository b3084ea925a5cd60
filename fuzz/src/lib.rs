//! What the targets share: the rooms of the bot that read outside bytes, and inputs that are easy to write and to change.
//!
//! The bot is a program and no library, and all of it would bring the compiler of plugins along, which takes longer to
//! build than everything here. So the rooms that read are compiled a second time, from the same files.

pub mod http;
pub mod input;
pub mod mentions;

/// The rooms of the bot, with the names that they have there.
#[path = "../../host/bot/src"]
pub mod bot {
    pub mod future;
    pub mod secret;
    pub mod settings;

    /// Of the doors only the webhooks: the console reads no bytes of others.
    pub mod doors {
        pub mod hooks;
    }

    /// What of the services writes addresses.
    pub mod services {
        /// Of CircleCI the names of projects.
        pub mod ci {
            pub mod circleci {
                pub mod slug;
            }
        }

        /// Of GitHub the names of branches.
        pub mod github {
            pub mod path;
        }
    }

    /// The counters, which count nothing here.
    pub mod metrics {
        use witbot_core::event::Source;

        /// As there, as far as the doors use it.
        #[derive(Debug, Clone, Default)]
        pub struct Metrics;

        impl Metrics {
            /// As there.
            pub fn webhook_refused(&self, _source: Source, _status: u16) {}
        }
    }

    /// What of Slack reads and writes texts.
    pub mod slack {
        pub mod blocks;
        pub mod envelope;
        pub mod events;
        pub mod hooks;
        pub mod incoming;
        pub mod mrkdwn;

        /// Of the sockets only what is done with that which comes over them.
        pub mod socket {
            use std::sync::Arc;

            use crate::future::BoxFuture;
            use crate::slack::envelope::{Ack, Envelope};

            /// As there.
            pub type Handle =
                Arc<dyn Fn(Envelope) -> BoxFuture<'static, anyhow::Result<Ack>> + Send + Sync>;
        }
    }
}

/// What of the engine reads files before anything is compiled.
#[path = "../../host/engine/src"]
pub mod engine {
    #[expect(
        dead_code,
        reason = "what a compiled plugin needs is asked where there is a compiler"
    )]
    pub(crate) mod component;
    pub(crate) mod offered;

    /// The steps in their order, as the process that compiles takes them.
    pub mod compile {
        mod lint;

        use crate::component::{ComponentError, component_bytes, is_webassembly};

        /// Why a file is refused, if it is.
        pub fn refuses(bytes: &[u8]) -> Option<String> {
            prepared(bytes).err().map(|error| error.to_string())
        }

        fn prepared(bytes: &[u8]) -> Result<(), ComponentError> {
            is_webassembly(bytes)?;
            lint::lint(bytes)?;
            component_bytes(bytes).map(|_| ())
        }
    }
}

// The rooms name each other by these paths.
use bot::{doors, future, metrics, secret, settings, slack};
use engine::{component, offered};
