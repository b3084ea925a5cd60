//! The settings file, `witbot.toml`: read once, checked completely, and handed to each room in parts.
//!
//! Bad settings stop the start with all problems of the file at once; see `problem`. Secrets are not in this file:
//! `secrets` reads them from the environment. What the keys mean to an operator is in `witbot.example.toml`.

pub mod edit;
pub mod problem;
pub mod secrets;
pub mod slack;

pub mod audit;
mod grants;
mod json;
mod limits;
pub mod lines;
pub mod linking;
pub mod mask;
pub mod named;
mod roles;
mod rules;
mod schedules;
mod section;
#[cfg(test)]
mod tests;
mod value;

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use toml::de::DeTable;
use witbot_core::address::Names;
use witbot_core::grants::Grants;
use witbot_core::ids::PluginName;
use witbot_core::limits::plugin::PluginLimits;
use witbot_core::policy::Policy;
use witbot_core::schedule::Override;

use lines::Lines;
use linking::Linking;
use named::NamedSecrets;
use problem::{Problem, Problems, SettingsError};
use secrets::slack::SlackAccess;
use section::Section;
use slack::SlackSettings;

/// The name of the file that is read when none is named.
pub const FILE: &str = "witbot.toml";

/// What the operator decided, checked.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What people call the bot.
    pub name: String,
    /// A prefix that addresses the bot as its name does.
    pub alias: Option<String>,
    /// Where the plugins are.
    pub plugins_folder: PathBuf,
    /// Where the bot keeps what must last.
    pub data: PathBuf,
    /// Where webhooks and health are served.
    pub listen: SocketAddr,
    /// Where metrics are served. None: nowhere. The same address: to everybody who can reach that.
    pub metrics: Option<SocketAddr>,
    /// How the bot is connected to Slack, if it is.
    pub slack: SlackSettings,
    /// GitHub's API, without a slash at the end.
    pub github_api_url: String,
    /// How people link their accounts at GitHub.
    pub linking: Linking,
    /// CircleCI's API, without a slash at the end.
    pub circleci_api_url: String,
    /// What is set for and granted to each plugin, whether or not it is there.
    pub plugins: BTreeMap<PluginName, PluginSettings>,
    /// How long the audit is kept. None: for ever.
    pub audit_kept: Option<Duration>,
    /// Who may do what. Shared, because every command asks it.
    pub policy: Arc<Policy>,
    /// The secrets that grants name. They are read by who starts the bot or takes new settings up, and by nobody else.
    pub secrets: NamedSecrets,
}

/// The part of one plugin.
#[derive(Debug, Clone, Default)]
pub struct PluginSettings {
    /// What the plugin itself reads: always a JSON object, or null when nothing is set.
    pub settings: serde_json::Value,
    /// Where it stands in the file.
    pub lines: Arc<Lines>,
    /// What it may do. Shared, because every call looks at it.
    pub grants: Arc<Grants>,
    /// Where its grants of webhooks stand in the file.
    pub webhook_lines: Arc<Lines>,
    /// What becomes of the schedules that it declares, by their ids.
    pub schedules: BTreeMap<String, Override>,
    /// Grants that are tried: what they would deny is counted, and nothing is denied because of them.
    pub observe: Option<Arc<Grants>>,
    /// What its runs may use up. A run keeps the limits that it began with.
    pub limits: PluginLimits,
}

/// Where people talk to the bot.
#[derive(Debug, Clone)]
pub enum ChatChoice {
    /// In the terminal that it runs in.
    Console,
    /// At Slack, with all that the bot needs there.
    Slack(SlackAccess),
}

/// Where settings came from; its text is a line for the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// This file.
    File(PathBuf),
    /// There is no file, so nothing is granted to any plugin.
    Defaults,
}

impl Settings {
    /// The settings of the file that was named on the command line, else of `witbot.toml` in `folder`. Without either
    /// the bot runs with the defaults, so that it can be tried before anything is written.
    pub fn find(named: Option<&Path>, folder: &Path) -> Result<(Settings, Origin), SettingsError> {
        let path = named.map_or_else(|| folder.join(FILE), Path::to_owned);
        let missing = matches!(fs::symlink_metadata(&path), Err(error) if error.kind() == io::ErrorKind::NotFound);
        if named.is_none() && missing {
            return Ok((Settings::default_in(folder), Origin::Defaults));
        }
        Settings::read(&path).map(|settings| (settings, Origin::File(path)))
    }

    /// The settings of a file.
    pub fn read(path: &Path) -> Result<Settings, SettingsError> {
        let bytes = fs::read(path).map_err(|error| unreadable(path, &error))?;
        let text = String::from_utf8(bytes).map_err(|error| not_text(path, &error))?;
        Settings::parse(&text, path)
    }

    /// The settings in `text`, the content of the file at `path`. The file itself is not read: `path` is what the
    /// folders in it are relative to, and what problems are reported with.
    pub fn parse(text: &str, path: &Path) -> Result<Settings, SettingsError> {
        let mut problems = Problems::default();
        let mut settings = check(text, path.parent().unwrap_or(Path::new("")), &mut problems);
        if problems.is_empty() {
            settings.secrets.stand_in(path, text);
            Ok(settings)
        } else {
            Err(problems.in_file(path, mask::mask(text)))
        }
    }

    /// What the bot goes by.
    pub fn names(&self) -> Names<'_> {
        Names {
            name: &self.name,
            alias: self.alias.as_deref(),
            id: None,
        }
    }

    /// What runs of a plugin may use up.
    pub fn limits(&self, plugin: &PluginName) -> PluginLimits {
        let plugin = self.plugins.get(plugin);
        plugin.map(|plugin| plugin.limits).unwrap_or_default()
    }

    /// What holds when a file is empty or missing.
    pub fn default_in(folder: &Path) -> Settings {
        Settings {
            name: "witbot".to_owned(),
            alias: None,
            plugins_folder: folder.join("plugins"),
            data: folder.join("data"),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            metrics: None,
            slack: SlackSettings::default(),
            github_api_url: "https://api.github.com".to_owned(),
            linking: Linking::default(),
            circleci_api_url: "https://circleci.com".to_owned(),
            plugins: BTreeMap::new(),
            audit_kept: None,
            policy: Arc::default(),
            secrets: NamedSecrets::default(),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::File(path) => write!(f, "settings are those of `{}`", path.display()),
            Origin::Defaults => write!(
                f,
                "there is no `{FILE}` here: running with the defaults, and no plugin is granted anything"
            ),
        }
    }
}

fn check(text: &str, folder: &Path, problems: &mut Problems) -> Settings {
    let mut settings = Settings::default_in(folder);
    let (table, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        // What was recovered around a syntax error is a guess: judging it would report keys that nobody wrote.
        errors
            .iter()
            .for_each(|error| problems.add(syntax(text, error, table.get_ref())));
        return settings;
    }

    let mut top = Section::top(table.get_ref());
    if let Some(name) = top.string("name", r#"name = "witbot""#, problems) {
        problems.keep(&mut settings.name, value::name(&name));
    }
    if let Some(alias) = top.string("alias", r#"alias = "/""#, problems) {
        let mut checked = String::new();
        problems.keep(&mut checked, value::alias(&alias));
        settings.alias = Some(checked);
    }
    if let Some(path) = top.string("plugins_folder", r#"plugins_folder = "plugins""#, problems) {
        problems.keep(&mut settings.plugins_folder, value::folder(&path, folder));
    }
    if let Some(path) = top.string("data", r#"data = "data""#, problems) {
        problems.keep(&mut settings.data, value::folder(&path, folder));
    }

    let mut listen = top.section("listen", problems);
    if let Some(address) = listen.string("address", r#"address = "127.0.0.1:8080""#, problems) {
        problems.keep(&mut settings.listen, value::address(&address));
    }
    if let Some(address) = listen.string("metrics", r#"metrics = "127.0.0.1:9464""#, problems) {
        let mut checked = settings.listen;
        problems.keep(&mut checked, value::address(&address));
        settings.metrics = Some(checked);
    }
    listen.close(problems);

    settings.slack = slack::read(top.section("slack", problems), problems);

    let mut github = top.section("github", problems);
    if let Some(url) = github.string("api_url", r#"api_url = "https://api.github.com""#, problems) {
        problems.keep(
            &mut settings.github_api_url,
            value::url(&url, "https://github.example.com/api/v3"),
        );
    }
    settings.linking = linking::read(&mut github, problems);
    github.close(problems);

    let mut ci = top.section("ci", problems);
    let mut circleci = ci.section("circleci", problems);
    if let Some(url) = circleci.string("api_url", r#"api_url = "https://circleci.com""#, problems) {
        problems.keep(
            &mut settings.circleci_api_url,
            value::url(&url, "https://circleci.example.com"),
        );
    }
    circleci.close(problems);
    ci.close(problems);

    settings.secrets = NamedSecrets::in_grants(table.get_ref());
    settings.plugins = plugins(&mut top, text, problems);
    settings.audit_kept = audit::read(top.section("audit", problems), problems);
    settings.policy = Arc::new(policy(&mut top, text, problems));
    top.close(problems);
    settings
}

fn policy(top: &mut Section<'_>, text: &str, problems: &mut Problems) -> Policy {
    let roles = roles::read(top.section("roles", problems), problems);
    let rules = rules::read(top.get("rules"), &roles, text, problems);
    Policy::new(roles, rules)
}

/// For whatever else is written below `plugins`.
const PLUGIN_HELP: &str = "each key of `plugins` is a plugin, with a table such as `[plugins.deploy]`; \
    the folder is `plugins_folder`, at the top of the file";

fn plugins(
    top: &mut Section<'_>,
    text: &str,
    problems: &mut Problems,
) -> BTreeMap<PluginName, PluginSettings> {
    if let Some(problem) = top.get("plugins").and_then(folder_as_plugins) {
        problems.add(problem);
        return BTreeMap::new();
    }
    let mut plugins = BTreeMap::new();
    for (name, mut section) in top
        .section("plugins", problems)
        .into_sections(PLUGIN_HELP, problems)
    {
        let tried = section.section("observe", problems);
        let is_tried = tried.table().is_some();
        let tried = grants::read(tried, problems);
        let mut grants = section.section("grants", problems);
        let plugin = PluginSettings {
            settings: json::object(section.get("settings"), section.path(), problems),
            lines: Arc::new(Lines::of(section.get("settings"), name.span(), text)),
            webhook_lines: Arc::new(Lines::of(grants.get("webhooks"), name.span(), text)),
            grants: Arc::new(grants::read(grants, problems)),
            schedules: schedules::read(section.section("schedules", problems), problems),
            observe: is_tried.then(|| Arc::new(tried)),
            limits: limits::read(section.section("limits", problems), problems),
        };
        section.close(problems);
        match name.get_ref().parse::<PluginName>() {
            Ok(name) => {
                plugins.insert(name, plugin);
            }
            Err(error) => problems.add(
                Problem::at(name.span(), error.to_string(), "not a plugin name").help(
                    "the name of a plugin is that of its file: `deploy.wasm` is set up in `[plugins.deploy]`",
                ),
            ),
        }
    }
    plugins
}

/// TOML has no place for both a folder called `plugins` and tables called `plugins.NAME`.
fn folder_as_plugins(value: &toml::Spanned<toml::de::DeValue<'_>>) -> Option<Problem> {
    let folder = value.get_ref().as_str()?;
    let message = "`plugins` holds the tables of plugins, and this is a string";
    let problem = Problem::at(value.span(), message, "a string");
    Some(problem.help(format!(
        "name the folder with `plugins_folder = \"{folder}\"`"
    )))
}

fn syntax(text: &str, error: &toml::de::Error, recovered: &DeTable<'_>) -> Problem {
    let span = error.span().unwrap_or_default();
    let about_plugins = text
        .get(span.clone())
        .is_some_and(|key| key.contains("plugins"));
    let folder = recovered.get("plugins").and_then(folder_as_plugins);
    match folder {
        Some(problem) if about_plugins => problem,
        Some(_) | None => Problem::at(
            span,
            format!("this is not TOML: {}", error.message()),
            "here",
        ),
    }
}

fn unreadable(path: &Path, error: &io::Error) -> SettingsError {
    let problem = Problem::plain(format!("cannot read `{}`: {error}", path.display()));
    let help = match error.kind() {
        io::ErrorKind::NotFound => {
            "make one from `host/bot/witbot.example.toml`, or leave `--config` out to run with the defaults"
        }
        io::ErrorKind::PermissionDenied => {
            "the account that runs witbot has to be allowed to read it"
        }
        io::ErrorKind::IsADirectory => "`--config` names the file, not its folder",
        _ => "`--config` names the settings file",
    };
    SettingsError::without_source("there are no settings", vec![problem.help(help)])
}

fn not_text(path: &Path, error: &std::string::FromUtf8Error) -> SettingsError {
    let at = error.utf8_error().valid_up_to();
    let line = error.as_bytes()[..at]
        .iter()
        .filter(|byte| **byte == b'\n')
        .count()
        + 1;
    let message = format!(
        "`{}` is not UTF-8 text: line {line} has other bytes",
        path.display()
    );
    let problem = Problem::plain(message).help("save it as UTF-8");
    SettingsError::without_source("there are no settings", vec![problem])
}
