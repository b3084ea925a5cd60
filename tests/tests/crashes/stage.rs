//! The bot with all that it speaks to, and what can be seen of it from outside.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};
use witbot_core::conversation::pattern::matches;
use witbot_tests::bot::Bot;
use witbot_tests::fakes::slack::Message;
use witbot_tests::fakes::{Fault, Slack};
use witbot_tests::home::Home;
use witbot_tests::services::Services;
use witbot_tests::slack::{FAST, Mode, Workspace};

const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A service that sees what the bot does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// GitHub, which is also the web that plugins send requests to.
    Github,
    Circleci,
    Slack,
}

/// A kind of request at one of them. A `*` in the path stands for anything.
#[derive(Debug, Clone, Copy)]
pub struct Door {
    pub service: Service,
    pub method: &'static str,
    pub path: &'static str,
}

/// A bot in a workspace, with GitHub and CircleCI.
pub struct Stage {
    pub workspace: Arc<Workspace>,
    pub services: Arc<Services>,
    pub bot: Bot,
    /// The channels that were added, besides `deploys`.
    channels: Vec<String>,
}

impl Stage {
    /// Starts all of them; the settings may depend on where the services are.
    pub async fn new(
        services: Services,
        home: Home,
        mode: Mode,
        settings: impl FnOnce(&Services) -> String,
    ) -> Stage {
        let (services, workspace) = (Arc::new(services), Arc::new(Workspace::start().await));
        workspace.slack.behave(|slack| {
            // A bot that is killed this often would wear out Slack's patience, and it is not Slack that is on trial.
            slack.redeliveries_max = u32::MAX;
            slack.kept_for = Duration::from_secs(3_600);
            slack.http_pauses = vec![Duration::from_millis(200); 1_000];
        });
        let settings = format!("{FAST}{}{}", services.addresses(), settings(&services));
        let home = workspace.home(home, mode, &settings).await;
        let bot = Bot::start_in_for(home, &workspace, mode, &services).await;
        Stage {
            workspace,
            services,
            bot,
            channels: Vec::new(),
        }
    }

    /// Adds a channel. Its id comes back.
    pub fn channel(&mut self, name: &str) -> String {
        let channel = self.workspace.slack.add_channel(name);
        self.channels.push(channel.clone());
        channel
    }

    /// Puts a fault in the way of what comes through a door.
    pub fn inject(&self, service: Service, fault: Fault) {
        match service {
            Service::Github => self.services.github.inject(fault),
            Service::Circleci => self.services.circleci.inject(fault),
            Service::Slack => self.workspace.slack.inject(fault),
        }
    }

    /// Lets everything through again.
    pub fn clear_faults(&self) {
        self.services.github.clear_faults();
        self.services.circleci.clear_faults();
        self.workspace.slack.clear_faults();
    }

    /// How much has come through a door so far, whatever came of it.
    pub fn seen(&self, service: Service, method: &str, path: &str) -> usize {
        let requests = match service {
            Service::Github => self.services.github.requests(),
            Service::Circleci => self.services.circleci.requests(),
            Service::Slack => {
                let method = path.trim_start_matches("/api/");
                return self.workspace.slack.call_count(method) as usize;
            }
        };
        let pattern = path.replace('*', "…");
        let through = requests.iter().filter(|request| {
            request.method.eq_ignore_ascii_case(method) && matches(&pattern, &request.path)
        });
        through.count()
    }

    /// Everything that the bot has said, wherever, and that was not deleted.
    pub fn said(&self) -> Vec<Message> {
        let slack = &self.workspace.slack;
        let mut said = slack.posts(&self.workspace.deploys);
        said.extend(slack.posts(&slack.direct(&self.workspace.anna)));
        said.extend(self.channels.iter().flat_map(|it| slack.posts(it)));
        said
    }

    /// Has webhooks sent again that found no bot, as people do with those of GitHub, and CircleCI by itself.
    pub fn send_lost_webhooks_again(&self) {
        let deliveries = self.services.github.deliveries();
        for (at, lost) in deliveries.iter().enumerate() {
            let later = &deliveries[at + 1..];
            let failed = lost.status.is_some() && !lost.accepted();
            if failed && !later.iter().any(|other| other.guid == lost.guid) {
                self.services.github.redeliver(&lost.guid);
            }
        }
        self.services.circleci.retry_webhooks();
    }

    /// The runs that stand so, as lines.
    pub async fn runs(&self, state: &str) -> Vec<String> {
        let list = ["runs", "--state", state, "--limit", "1000"];
        let list = self.bot.home().witbot(&list).await.ok();
        let lines = list
            .lines()
            .filter(|line| !line.starts_with("There are no"));
        lines.map(str::to_owned).collect()
    }

    /// Checks what holds for every bot that has nothing left to do: no run is unfinished or ended badly, the audit is
    /// whole, and nothing was said twice.
    pub async fn check_at_rest(&self) {
        for state in ["running", "parked", "failed", "dead"] {
            let runs = self.runs(state).await;
            assert!(runs.is_empty(), "{state}: {runs:#?}");
        }
        let verified = self.bot.home().witbot(&["audit", "verify"]).await.ok();
        assert!(
            verified.contains("records are as they were written"),
            "{verified}"
        );
        let mut ids: Vec<String> = self.said().iter().map(id_of).collect();
        ids.sort_unstable();
        let twice: Vec<_> = ids.windows(2).filter(|two| two[0] == two[1]).collect();
        assert!(twice.is_empty(), "said twice: {twice:?}");
    }
}

/// The id of the call that said something, which the bot puts into the message's metadata.
fn id_of(message: &Message) -> String {
    let id = &message.versions[0].metadata["event_payload"]["id"];
    let id = id
        .as_str()
        .expect("what the bot says carries the id of its call");
    id.to_owned()
}

/// Looks until there is something to see.
///
/// # Panics
///
/// When it does not come in time: with what was awaited.
pub async fn soon<T>(what: &str, within: Duration, mut look: impl FnMut() -> Option<T>) -> T {
    let until = Instant::now() + within;
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(
            Instant::now() < until,
            "{what} did not come within {within:?}"
        );
        sleep(LOOK_EVERY).await;
    }
}

/// What was said that Slack shows at this moment.
pub fn shown(messages: &[Message]) -> impl Iterator<Item = &Message> {
    messages.iter().filter(|message| message.deleted.is_none())
}

/// The fault of a call of Slack's, or of a request of another service.
pub fn held(door: Door) -> Fault {
    use witbot_tests::fakes::Trouble::Hang;
    match door.service {
        Service::Slack => Slack::fault(door.path.trim_start_matches("/api/"), Hang),
        Service::Github | Service::Circleci => Fault::on(door.method, door.path, Hang),
    }
}
