//! `[slack]`: how the bot is connected to Slack. Its secrets are in `secrets`.

use toml::Spanned;
use toml::de::DeValue;
use witbot_core::limits;

use super::problem::{Checked, Problem, Problems, Text, nearest};
use super::section::{Section, wrong_type};
use super::value;

/// How the bot is connected to Slack.
#[derive(Debug, Clone, PartialEq)]
pub struct SlackSettings {
    /// How Slack tells what happens.
    pub mode: SlackMode,
    /// Slack's Web API, without a slash at the end.
    pub api_url: String,
    /// How quickly messages follow each other in one channel.
    pub channel_rate: ChannelRate,
    /// How many sockets are held open.
    pub connections: usize,
    /// Other bots that may give commands, each by its bot, app or user id.
    pub bots: Vec<String>,
}

/// How Slack tells what happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum SlackMode {
    /// Over WebSockets that the bot opens.
    Socket,
    /// With requests to an address of the bot.
    Http,
}

/// How quickly messages follow each other in one channel.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChannelRate {
    /// For long.
    pub per_second: f64,
    /// At once, after a pause.
    pub burst: u32,
}

impl Default for SlackSettings {
    fn default() -> SlackSettings {
        SlackSettings {
            mode: SlackMode::Socket,
            api_url: "https://slack.com/api".to_owned(),
            // What Slack asks for: one a second and channel, with short bursts.
            channel_rate: ChannelRate {
                per_second: 1.0,
                burst: 5,
            },
            connections: limits::SLACK_SOCKETS,
            bots: Vec::new(),
        }
    }
}

/// The settings in a section, which may be missing.
pub(super) fn read(mut section: Section<'_>, problems: &mut Problems) -> SlackSettings {
    let mut slack = SlackSettings::default();
    if let Some(text) = section.string("mode", r#"mode = "socket""#, problems) {
        problems.keep(&mut slack.mode, mode(&text));
    }
    if let Some(url) = section.string("api_url", r#"api_url = "https://slack.com/api""#, problems) {
        problems.keep(
            &mut slack.api_url,
            value::url(&url, "https://slack.com/api"),
        );
    }
    let mut rate = section.section("channel_rate", problems);
    if let Some(per_second) = rate.number("per_second", limits::CHANNEL_RATES, problems) {
        slack.channel_rate.per_second = per_second;
    }
    if let Some(burst) = rate.whole_number("burst", limits::CHANNEL_BURSTS, problems) {
        slack.channel_rate.burst = burst;
    }
    rate.close(problems);
    if let Some(number) = section.whole_number("connections", limits::SLACK_CONNECTIONS, problems) {
        slack.connections = number as usize;
    }
    if let Some(list) = section.get("bots") {
        slack.bots = bots(list, problems);
    }
    section.close(problems);
    slack
}

fn mode(text: &Text<'_>) -> Checked<SlackMode> {
    match *text.get_ref() {
        "socket" => Ok(SlackMode::Socket),
        "http" => Ok(SlackMode::Http),
        other => {
            let message = format!("Slack has no mode `{other}`");
            let problem = Problem::at(text.span(), message, "unknown");
            Err(match nearest(other, ["socket", "http"]) {
                Some(meant) => problem.help(format!("did you mean `{meant}`?")),
                None => problem.help(
                    "`socket` needs no address that Slack can reach; with `http`, Slack sends requests to the bot",
                ),
            })
        }
    }
}

fn bots(list: &Spanned<DeValue<'_>>, problems: &mut Problems) -> Vec<String> {
    const EXAMPLE: &str = "write it as `bots = [\"B0123ABCD\"]`";
    let Some(entries) = list.get_ref().as_array() else {
        problems.add(wrong_type("slack.bots", "a list of strings", list).help(EXAMPLE));
        return Vec::new();
    };
    let mut bots = Vec::new();
    for entry in entries {
        match entry.get_ref().as_str() {
            Some(id) if is_bot(id) => bots.push(id.to_owned()),
            Some(id) => problems.add(
                Problem::at(
                    entry.span(),
                    format!("`{id}` is not the id of a bot"),
                    "not an id",
                )
                .help("names can be anybody's: write the id of the bot (`B…`), of its app (`A…`) or of its user (`U…`)"),
            ),
            None => problems.add(wrong_type("slack.bots", "a list of strings", entry).help(EXAMPLE)),
        }
    }
    bots
}

fn is_bot(id: &str) -> bool {
    let is_one = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    id.len() > 1 && id.starts_with(['B', 'A', 'U', 'W']) && id.bytes().all(is_one)
}
