//! `[roles.NAME]`: who has which role.

use std::collections::{BTreeMap, BTreeSet};

use toml::Spanned;
use witbot_core::ids::UserId;
use witbot_core::policy::Role;

use super::problem::{Problem, Problems, Text, listed, nearest};
use super::section::Section;

/// For whatever else is written below `roles`.
const HELP: &str = "each key of `roles` is a role, with a table such as `[roles.deployers]` and in it `users = [\"U0ADA\"]`";

/// The roles, and where each is named by another.
pub(super) fn read(section: Section<'_>, problems: &mut Problems) -> BTreeMap<String, Role> {
    let (mut roles, mut named) = (BTreeMap::new(), Vec::new());
    for (key, mut section) in section.into_sections(HELP, problems) {
        let says_who = ["users", "groups", "roles"].map(|key| section.get(key).is_some());
        let role = Role {
            users: ids(&mut section, "users", problems),
            groups: ids(&mut section, "groups", problems),
            roles: others(key.get_ref(), &mut section, &mut named, problems),
        };
        if !says_who.contains(&true) {
            let message = format!("nobody has the role `{}`", key.get_ref());
            problems.add(Problem::at(key.span(), message, "empty").help(
                "write `users = [\"U0ADA\"]` or `groups = [\"S0DEPLOY\"]` below it, or take it out",
            ));
        }
        section.close(problems);
        roles.insert(key.get_ref().to_string(), role);
    }
    for name in &named {
        known(&roles, name, problems);
    }
    if let Some((of, name)) = circles(&roles, &named) {
        let message = format!(
            "the roles `{of}` and `{}` stand for each other",
            name.get_ref()
        );
        problems.add(
            Problem::at(name.span(), message, "a circle")
                .help("name people and groups in one of them"),
        );
        // So that nobody goes round in it.
        for role in roles.values_mut() {
            role.roles.clear();
        }
    }
    roles
}

/// Whether there is a role of a name; if not, that is a problem.
pub(super) fn known(roles: &BTreeMap<String, Role>, name: &Text<'_>, problems: &mut Problems) {
    if roles.contains_key(*name.get_ref()) {
        return;
    }
    let names = || roles.keys().map(String::as_str);
    let help = match nearest(name.get_ref(), names()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if roles.is_empty() => format!("add a table `[roles.{}]`", name.get_ref()),
        None => format!(
            "add a table `[roles.{}]`; there are {}",
            name.get_ref(),
            listed(names())
        ),
    };
    let message = format!("there is no role `{}`", name.get_ref());
    problems.add(Problem::at(name.span(), message, "unknown").help(help));
}

fn others<'t>(
    role: &str,
    section: &mut Section<'t>,
    named: &mut Vec<Spanned<&'t str>>,
    problems: &mut Problems,
) -> Vec<String> {
    let texts = section.texts("roles", r#"roles = ["leads"]"#, problems);
    let texts = texts.unwrap_or_default();
    for text in &texts {
        if *text.get_ref() == role {
            let message = format!("the role `{role}` stands for itself");
            problems.add(Problem::at(text.span(), message, "a circle").help("take it out"));
        } else {
            named.push(text.clone());
        }
    }
    let texts = texts.iter().map(|text| (*text.get_ref()).to_owned());
    texts.filter(|text| text != role).collect()
}

/// Roles that are reached from themselves, each with the name by which that happens.
fn circles<'n, 't>(
    roles: &BTreeMap<String, Role>,
    named: &'n [Spanned<&'t str>],
) -> Option<(String, &'n Spanned<&'t str>)> {
    fn reaches_itself(roles: &BTreeMap<String, Role>, role: &str) -> bool {
        let (mut seen, mut left) = (BTreeSet::new(), vec![role]);
        while let Some(from) = left.pop() {
            for next in roles.get(from).into_iter().flat_map(|role| &role.roles) {
                if next == role {
                    return true;
                }
                if seen.insert(next) {
                    left.push(next);
                }
            }
        }
        false
    }
    let first = roles.keys().find(|role| reaches_itself(roles, role))?;
    let name = named.iter().find(|name| {
        roles.contains_key(*name.get_ref()) && reaches_itself(roles, name.get_ref())
    })?;
    Some((first.clone(), name))
}

/// People or groups, by id.
fn ids(section: &mut Section<'_>, key: &'static str, problems: &mut Problems) -> Vec<UserId> {
    let example = if key == "users" {
        r#"users = ["U0ADA"]"#
    } else {
        r#"groups = ["S0DEPLOY"]"#
    };
    let texts = section.texts(key, example, problems).unwrap_or_default();
    let mut ids = Vec::new();
    for text in texts {
        match id(key, &text) {
            Ok(id) => ids.push(id),
            Err(problem) => problems.add(problem),
        }
    }
    ids
}

/// At Slack ids of people begin with U or W, and those of groups with S:
/// <https://api.slack.com/types/user>. On the terminal a person goes by what is typed.
fn id(key: &str, text: &Text<'_>) -> Result<UserId, Problem> {
    let written = *text.get_ref();
    let help = if key == "users" {
        "write the id of the person, which Slack shows in their profile under \u{22ee} as `Copy member ID`, such as `U0ADA`"
    } else {
        "write the id of the user group, such as `S0DEPLOY`: it is in the address of its page at Slack"
    };
    let wrong = |message: String| Problem::at(text.span(), message, "a name").help(help);
    if written.starts_with(['@', '#', '<']) || written.contains(char::is_whitespace) {
        return Err(wrong(format!("`{written}` is a name, and names change")));
    }
    let id: UserId = written
        .parse()
        .map_err(|error| Problem::at(text.span(), error, "no id").help(help))?;
    let looks_like = |letters: &[char]| {
        written.len() >= 9
            && written.starts_with(letters)
            && written
                .chars()
                .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
    };
    if key == "users" && looks_like(&['S']) {
        return Err(wrong(format!("`{written}` is a group")).help("write it in `groups`"));
    }
    if key == "groups" && looks_like(&['U', 'W']) {
        return Err(wrong(format!("`{written}` is a person")).help("write it in `users`"));
    }
    Ok(id)
}
