//! `witbot policy explain`: the way to a decision, rule by rule.

use clap::Args;
use serde::de::DeserializeOwned;
use serde_json::Value;
use witbot_core::chat::{ChannelKind, Standing};
use witbot_core::ids::{ChannelId, UserId};
use witbot_core::policy::{Decision, Origin, Part, Policy, Rule, Seen, Verdict, told, who};

use super::asked::{Asked, Circumstances, Wanted};
use crate::live::Live;

/// Who, where, when and how.
#[derive(Args)]
pub struct Options {
    /// What they say, without the name of the bot.
    say: String,
    /// The id of the person.
    #[arg(long)]
    user: UserId,
    /// The id of a group that they are in. Can be given several times.
    #[arg(long = "group", value_name = "GROUP")]
    groups: Vec<UserId>,
    /// The id of the channel.
    #[arg(long)]
    channel: Option<ChannelId>,
    /// What kind of channel: public, private, direct, group or shared. Without it, public.
    #[arg(long, value_parser = word::<ChannelKind>)]
    kind: Option<ChannelKind>,
    /// How they belong to the workspace: member, guest, stranger or bot. Without it, member.
    #[arg(long, value_parser = word::<Standing>)]
    standing: Option<Standing>,
    /// How it is said: message, button, slash or console. Without it, message.
    #[arg(long, value_parser = word::<Origin>)]
    origin: Option<Origin>,
    /// When, such as 2026-11-20T16:30:00+01:00. Without it, now.
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
}

fn word<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_json::from_value(Value::String(text.to_owned())).map_err(|error| error.to_string())
}

/// Says it. The error: it cannot be asked so.
pub fn explain(options: Options, policy: &Policy, live: &Live) -> Result<String, String> {
    let said = options.say.clone();
    let wanted = Wanted::said(&said, live)?;
    let mut lines = vec![format!("`{said}` is {}.", wanted.in_words())];
    let asked = Asked::new(wanted, circumstances(options), policy)?;
    let (request, facts) = (asked.request(), asked.facts());
    let explained = policy.explain(&request, facts);
    let mut elsewhere = 0;
    for (rule, seen) in &explained.looked {
        match seen {
            Seen::NotAbout(Part::Command) => elsewhere += 1,
            seen => lines.push(format!("{}: {}.", rule.called(), seen_as(*seen))),
        }
    }
    if elsewhere > 0 {
        let are = if elsewhere == 1 {
            "rule is"
        } else {
            "rules are"
        };
        lines.push(format!("{elsewhere} other {are} about other commands."));
    }
    lines.push(match &explained.decision {
        decision if decision.denies() => told(policy, &request, decision, facts, &said),
        decision => {
            let able = policy.who_can(&request, facts);
            format!("{} {}", may(decision), who(&able))
        }
    });
    Ok(lines.join("\n"))
}

fn circumstances(options: Options) -> Circumstances {
    Circumstances {
        user: options.user,
        groups: options.groups,
        channel: options.channel,
        kind: options.kind,
        standing: options.standing,
        origin: options.origin,
        at: options.at,
    }
}

fn seen_as(seen: Seen) -> &'static str {
    match seen {
        Seen::Matches => "decides",
        Seen::Open | Seen::Unknown => "hangs on what is not known",
        Seen::NotAbout(part) => match part {
            Part::Command => "is about other commands",
            Part::Time => "is about other times",
            Part::Channel => "is about other channels",
            Part::Origin => "is about what is said otherwise",
            Part::Arguments => "is about other arguments",
            Part::Kind => "is about other kinds of channels",
            Part::Standing => "is about people who belong to the workspace otherwise",
            Part::Who => "is about people of other roles",
        },
    }
}

fn may(decision: &Decision<'_>) -> String {
    match decision {
        Decision::Rule(rule) => format!("It may be done{}.", after(rule)),
        Decision::Allowed | Decision::Open | Decision::Denied(_) | Decision::Undecided(_) => {
            "No rule matches, so it may be done.".to_owned()
        }
    }
}

fn after(rule: &Rule) -> String {
    match &rule.verdict {
        Verdict::Allow | Verdict::Deny => String::new(),
        Verdict::Confirm { .. } => " after confirming it".to_owned(),
        Verdict::Approve { approvals: 1, .. } => " after an approval".to_owned(),
        Verdict::Approve { approvals, .. } => format!(" after {approvals} approvals"),
    }
}
