//! A bot with all that is around it, in the middle of a conversation.

use std::sync::Arc;
use std::thread;

use tokio::time::timeout;

use crate::bot::Bot;
use crate::home::Home;
use crate::services::Services;

use super::Chat;
use super::order::Order;
use super::pretence::Pretence;
use super::side::{AWAITED_MAX, Side};
use witbot_core::conversation::message::Message;
use witbot_core::conversation::screen::{Looked, Screen};
use witbot_core::conversation::script::{Script, Step, What};
use witbot_core::conversation::settings;

/// The plugins that come with witbot.
const PLUGINS: [&str; 3] = ["hello", "deploy", "pipeline"];

/// All that there is.
#[derive(Debug)]
pub(super) struct Stage {
    side: Side,
    around: Around,
    bot: Bot,
    screen: Screen,
    /// Whether anything may come before the next message.
    skip: bool,
    at: At,
}

/// What there is besides the chat.
#[derive(Debug)]
enum Around {
    /// Services that speak to the bot.
    Services(Arc<Services>),
    /// What is written in the conversation.
    Pretended(Pretence),
}

/// Where in its file a conversation is. Who panics is told.
#[derive(Debug)]
struct At {
    chat: Chat,
    file: String,
    line: usize,
}

impl Stage {
    /// A bot that nobody has said anything to.
    pub(super) async fn new(chat: Chat, file: &str, script: &Script, settings: &str) -> Stage {
        let side = side(chat, script).await;
        let services = Arc::new(Services::start().await);
        let mut home = Home::new();
        for name in PLUGINS {
            home = home.with_plugin(name);
        }
        let settings = settings::merged(&services.addresses(), settings)
            .and_then(|settings| settings::merged(&settings, &side.with_ids(&script.settings)))
            .unwrap_or_else(|why| panic!("{file}: the settings: {why}"));
        let bot = side.start(home, &settings, &services).await;
        Stage::with(chat, file, script, (side, Around::Services(services)), bot)
    }

    /// A bot with one plugin and a pretence. `file` is that of the conversation, with the name of the plugin.
    pub(super) async fn rehearsal(
        chat: Chat,
        (file, plugin): (&str, &str),
        script: &Script,
        settings: &str,
        pretence: Pretence,
    ) -> Stage {
        let side = side(chat, script).await;
        let settings = settings::merged(settings, &side.with_ids(&script.settings))
            .unwrap_or_else(|why| panic!("{file}: the settings: {why}"));
        let home = Home::new().with_plugin(plugin);
        let home = home.rehearsed(&pretence.written(&[]));
        let bot = side.rehearse(home, &settings).await;
        Stage::with(chat, file, script, (side, Around::Pretended(pretence)), bot)
    }

    fn with(
        chat: Chat,
        file: &str,
        script: &Script,
        (side, around): (Side, Around),
        mut bot: Bot,
    ) -> Stage {
        for pattern in &script.forgiven {
            bot.forgive(pattern);
        }
        if let Some(held) = bot.logged("WARN …the plugin is held: …").pop() {
            panic!("{file}: {}", held.shown());
        }
        Stage {
            side,
            around,
            bot,
            screen: Screen::default(),
            skip: false,
            at: At {
                chat,
                file: file.to_owned(),
                line: 0,
            },
        }
    }

    /// Does what is next, or waits for it.
    pub(super) async fn perform(&mut self, step: &Step) {
        self.at.line = step.line;
        match &step.what {
            What::Say(by, text) => self.side.say(&mut self.bot, by, text).await,
            What::Press(by, label) => {
                if let Err(why) = self.side.press(&mut self.bot, by, label).await {
                    self.fail(&why);
                }
            }
            What::Happen(order) => {
                self.bot.note(&format!("* {order}"));
                self.happen(order).await;
            }
            What::Anything => self.skip = true,
            What::Expect(message) => {
                self.expect(message).await;
                self.skip = false;
            }
        }
    }

    async fn happen(&mut self, order: &str) {
        let services = match &mut self.around {
            Around::Services(services) => services.clone(),
            Around::Pretended(pretence) => {
                if let Err(why) = pretence.happen(order, &mut self.bot).await {
                    self.fail(&why);
                }
                return;
            }
        };
        let order = Order::read(order).unwrap_or_else(|why| self.fail(&why));
        let happened = timeout(AWAITED_MAX, order.happen(&services)).await;
        if happened.is_err() {
            self.fail("what this is about did not come");
        }
    }

    async fn expect(&mut self, expected: &Message) {
        let (screen, skip) = (&mut self.screen, self.skip);
        let look = |messages: &[Message]| match screen.look(expected, skip, messages) {
            Looked::Found => Some(None),
            Looked::Another(at) => Some(Some(messages[at].clone())),
            Looked::NotYet => None,
        };
        match self.side.until(&self.bot, look).await {
            Some(None) => {}
            Some(Some(other)) => self.fail(&format!("expected:\n{expected}\nand not:\n{other}")),
            None => self.fail(&format!("this did not come:\n{expected}")),
        }
    }

    /// Stops the bot, when it has heard everything, and expects that it said nothing more than was expected.
    pub(super) async fn end(mut self) {
        if let Around::Services(services) = &self.around {
            services.github.webhooks_settled().await;
            services.circleci.webhooks_settled().await;
        }
        self.side.settled().await;
        self.bot.stop_unread().await;
        let messages = self.side.messages(&self.bot);
        if let Some(unread) = self.screen.unread(&messages).filter(|_| !self.skip) {
            self.fail(&format!("nobody expected:\n{unread}"));
        }
    }

    fn fail(&self, why: &str) -> ! {
        let said: String = self
            .side
            .messages(&self.bot)
            .iter()
            .map(|message| format!("{message}\n"))
            .collect();
        panic!(
            "{}: {why}\nSo far the bot said:\n{said}What happened:\n{}",
            self.at,
            self.bot.everything()
        )
    }
}

async fn side(chat: Chat, script: &Script) -> Side {
    let (people, channels) = script.names();
    match chat {
        Chat::Console => Side::Console,
        Chat::Slack => Side::slack(&people, &channels).await,
    }
}

impl std::fmt::Display for At {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{} ({})", self.file, self.line, self.chat.name())
    }
}

impl Drop for At {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("This was at {self}.");
        }
    }
}
