//! `[[rules]]`: who may have what done.

mod never;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashSet};
use std::ops::Range;

use toml::Spanned;
use toml::de::DeValue;
use witbot_core::chat::{ChannelKind, Standing};
use witbot_core::command;
use witbot_core::ids::{ChannelId, PluginName};
use witbot_core::limits;
use witbot_core::policy::{Origin, Pattern, Role, Rule, Verdict, Window};

use super::problem::{Problem, Problems, Text, listed, nearest};
use super::roles;
use super::section::{Section, wrong_type};

/// How long a question stands when a rule does not say it, in milliseconds.
const WITHIN_MS_DEFAULT: u64 = 60 * 60 * 1_000;

const DECISIONS: [&str; 4] = ["allow", "deny", "confirm", "approve"];

/// The rules in their order, of a file with this text.
pub(super) fn read(
    value: Option<&Spanned<DeValue<'_>>>,
    known: &BTreeMap<String, Role>,
    text: &str,
    problems: &mut Problems,
) -> Vec<Rule> {
    let Some(value) = value else {
        return Vec::new();
    };
    let Some(entries) = value.get_ref().as_array() else {
        let problem = wrong_type("rules", "a list of tables", value);
        problems.add(problem.help("begin each rule with a line `[[rules]]`"));
        return Vec::new();
    };
    let (mut rules, mut places) = (Vec::new(), Vec::new());
    for (index, entry) in entries.iter().enumerate() {
        let Some(table) = entry.get_ref().as_table() else {
            let problem = wrong_type("rules", "a list of tables", entry);
            problems.add(problem.help("begin each rule with a line `[[rules]]`"));
            continue;
        };
        let line = text[..entry.span().start.min(text.len())]
            .matches('\n')
            .count()
            + 1;
        let mut section = Section::of("rules", table);
        if let Some(rule) = rule(
            &mut section,
            known,
            (index + 1, line),
            &entry.span(),
            problems,
        ) {
            rules.push(rule);
            places.push(entry.span());
        }
        section.close(problems);
    }
    names_are_different(&rules, &places, problems);
    never::check(&rules, &places, known, problems);
    rules
}

fn rule(
    section: &mut Section<'_>,
    known: &BTreeMap<String, Role>,
    (number, line): (usize, usize),
    place: &Range<usize>,
    problems: &mut Problems,
) -> Option<Rule> {
    let name = section.string("name", r#"name = "production""#, problems);
    let reason = section.string("reason", r##"reason = "ask #releases""##, problems);
    let plugin = section.string("plugin", r#"plugin = "deploy""#, problems);
    let plugin = plugin.and_then(|text| parsed::<PluginName>(&text, problems));
    let commands = section.texts("commands", r#"commands = ["deploy"]"#, problems);
    let commands = commands.map(|texts| {
        texts
            .iter()
            .map(|text| Pattern::new(text.get_ref()))
            .collect()
    });
    let who = section.texts("who", r#"who = ["deployers"]"#, problems);
    let who = who.map(|texts| roles_of(&texts, known, problems));
    let standings = all_of(
        section,
        "standings",
        r#"standings = ["member"]"#,
        &STANDINGS,
        problems,
    );
    let kinds = all_of(
        section,
        "kinds",
        r#"kinds = ["public"]"#,
        &kinds(),
        problems,
    );
    let origins = all_of(
        section,
        "origins",
        r#"origins = ["message"]"#,
        &origins(),
        problems,
    );
    let channels = section.texts("channels", r#"channels = ["C0DEPLOYS"]"#, problems);
    let channels = channels.map(|texts| {
        let ids = texts.iter().filter_map(|text| channel(text, problems));
        ids.collect()
    });
    let arguments = arguments(section.section("arguments", problems), problems);
    let when = window(section, problems);
    let verdict = verdict(section, known, place, problems)?;
    Some(Rule {
        name: name.map(|name| (*name.get_ref()).to_owned()),
        number,
        line,
        plugin,
        commands,
        arguments,
        who,
        standings,
        channels,
        kinds,
        origins,
        when,
        verdict,
        reason: reason.map(|reason| (*reason.get_ref()).to_owned()),
    })
}

fn verdict(
    section: &mut Section<'_>,
    known: &BTreeMap<String, Role>,
    place: &Range<usize>,
    problems: &mut Problems,
) -> Option<Verdict> {
    let approvals = section.whole_number("approvals", 1..=limits::APPROVALS_MAX, problems);
    let approvers = section.texts("approvers", r#"approvers = ["leads"]"#, problems);
    let within = section.string("within", r#"within = "1h""#, problems);
    let within_ms = within.as_ref().and_then(|text| within_of(text, problems));
    let within_ms = within_ms.unwrap_or(WITHIN_MS_DEFAULT);
    let help = format!(
        "write `decision = \"allow\"`, or one of {}",
        listed(DECISIONS)
    );
    let Some(decision) = section.string("decision", r#"decision = "allow""#, problems) else {
        if section.get("decision").is_none() {
            let problem = Problem::at(
                place.clone(),
                "a rule without a decision",
                "`decision` is missing",
            );
            problems.add(problem.help(help));
        }
        return None;
    };
    let verdict = match *decision.get_ref() {
        "allow" => Verdict::Allow,
        "deny" => Verdict::Deny,
        "confirm" => Verdict::Confirm { within_ms },
        "approve" => {
            let Some(texts) = &approvers else {
                let problem = Problem::at(
                    decision.span(),
                    "nobody can approve it",
                    "`approvers` is missing",
                );
                problems.add(
                    problem.help("write the roles of those who can: `approvers = [\"leads\"]`"),
                );
                return None;
            };
            Verdict::Approve {
                approvals: approvals.unwrap_or(1),
                approvers: roles_of(texts, known, problems),
                within_ms,
            }
        }
        other => {
            let help =
                nearest(other, DECISIONS).map_or(help, |near| format!("did you mean `{near}`?"));
            let problem = Problem::at(
                decision.span(),
                format!("`{other}` is no decision"),
                "unknown",
            );
            problems.add(problem.help(help));
            return None;
        }
    };
    let approves = matches!(verdict, Verdict::Approve { .. });
    let asks = approves || matches!(verdict, Verdict::Confirm { .. });
    for (key, needed, is) in [
        ("approvals", "approve", approves),
        ("approvers", "approve", approves),
        ("within", "confirm` or `approve", asks),
    ] {
        if !is && let Some(value) = section.get(key) {
            let message = format!(
                "`{key}` says nothing where the decision is `{}`",
                decision.get_ref()
            );
            let problem = Problem::at(value.span(), message, "nothing reads this");
            problems.add(problem.help(format!("take it out, or write `decision = \"{needed}\"`")));
        }
    }
    Some(verdict)
}

fn within_of(text: &Text<'_>, problems: &mut Problems) -> Option<u64> {
    let longest = limits::WAIT_MAX.as_millis();
    let length = command::milliseconds(text.get_ref());
    let length = length.filter(|length| *length > 0 && u128::from(*length) <= longest);
    if length.is_none() {
        let message = format!(
            "`{}` is no length of time that somebody can be given",
            text.get_ref()
        );
        let problem = Problem::at(text.span(), message, "no such time");
        problems.add(problem.help("write one such as `15m`, `1h` or `2d`, 30 days at most"));
    }
    length
}

fn roles_of(
    texts: &[Text<'_>],
    known: &BTreeMap<String, Role>,
    problems: &mut Problems,
) -> Vec<String> {
    for text in texts {
        roles::known(known, text, problems);
    }
    texts
        .iter()
        .map(|text| (*text.get_ref()).to_owned())
        .collect()
}

fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(
    text: &Text<'_>,
    problems: &mut Problems,
) -> Option<T> {
    let parsed = text.get_ref().parse();
    parsed
        .map_err(|error| problems.add(Problem::at(text.span(), error, "here")))
        .ok()
}

fn channel(text: &Text<'_>, problems: &mut Problems) -> Option<ChannelId> {
    let written = *text.get_ref();
    if written.starts_with('#') {
        let message = format!("`{written}` is a name, and names change");
        problems.add(Problem::at(text.span(), message, "a name").help(
            "write the id of the channel, which Slack shows at the end of its details, such as `C0DEPLOYS`",
        ));
        return None;
    }
    parsed(text, problems)
}

const STANDINGS: [(&str, Standing); 4] = [
    ("member", Standing::Member),
    ("guest", Standing::Guest),
    ("stranger", Standing::Stranger),
    ("bot", Standing::Bot),
];

fn kinds() -> [(&'static str, ChannelKind); 5] {
    ChannelKind::ALL.map(|kind| (kind.as_str(), kind))
}

fn origins() -> [(&'static str, Origin); 4] {
    Origin::ALL.map(|origin| (origin.as_str(), origin))
}

/// Words of a closed list.
fn all_of<T: Copy>(
    section: &mut Section<'_>,
    key: &'static str,
    example: &str,
    words: &[(&'static str, T)],
    problems: &mut Problems,
) -> Option<Vec<T>> {
    let texts = section.texts(key, example, problems)?;
    let mut found = Vec::new();
    for text in texts {
        match words.iter().find(|(word, _)| word == text.get_ref()) {
            Some((_, value)) => found.push(*value),
            None => {
                let names = || words.iter().map(|(word, _)| *word);
                let help = match nearest(text.get_ref(), names()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("known: {}", listed(names())),
                };
                let message = format!("`{}` is none of `{key}`", text.get_ref());
                problems.add(Problem::at(text.span(), message, "unknown").help(help));
            }
        }
    }
    Some(found)
}

fn arguments(mut section: Section<'_>, problems: &mut Problems) -> Vec<(String, Vec<Pattern>)> {
    let keys: Vec<_> = section.keys();
    let read = |(name, value): (String, &Spanned<DeValue<'_>>)| {
        let texts = super::section::texts_in(&name, value, r#"env = ["production"]"#, problems)?;
        let patterns = texts.iter().map(|text| Pattern::new(text.get_ref()));
        Some((name, patterns.collect()))
    };
    keys.into_iter().filter_map(read).collect()
}

fn window(section: &mut Section<'_>, problems: &mut Problems) -> Option<Window> {
    let value = section.get("when")?;
    let mut when = section.section("when", problems);
    let days = when
        .texts("days", r#"days = ["mon-fri"]"#, problems)
        .unwrap_or_default();
    let from = when.string("from", r#"from = "09:00""#, problems);
    let to = when.string("to", r#"to = "17:00""#, problems);
    let zone = when.string("zone", r#"zone = "Europe/Berlin""#, problems);
    when.close(problems);
    let days: Vec<&str> = days.iter().map(|day| *day.get_ref()).collect();
    let (from, to) = (from.map(|from| *from.get_ref()), to.map(|to| *to.get_ref()));
    let zone = zone.map_or("UTC", |zone| *zone.get_ref());
    Window::new(&days, from, to, zone)
        .map_err(|error| problems.add(Problem::at(value.span(), error, "no time of the week")))
        .ok()
}

fn names_are_different(rules: &[Rule], places: &[Range<usize>], problems: &mut Problems) {
    let mut seen = HashSet::new();
    for (rule, place) in rules.iter().zip(places) {
        if let Some(name) = &rule.name
            && !seen.insert(name)
        {
            let message = format!("two rules are called `{name}`");
            let problem = Problem::at(place.clone(), message, "the second");
            problems.add(
                problem
                    .help("people are told the name of the rule that decides: give each its own"),
            );
        }
    }
}
