//! What happens at GitHub and CircleCI, and on the way from there, as sentences.

use crate::fakes::{
    CheckState, CommitState, DeploymentState, Fault, JobKind, Next, Outcome, Trouble,
};

use super::sentence::{gaps, words};

/// Something that happens.
#[derive(Debug, Clone)]
pub(super) enum Order {
    /// Of this name: a branch gets another commit, with a message.
    Push(String, String),
    /// A branch goes away.
    DeleteBranch(String),
    /// A branch cannot be merged with the default branch any more.
    Conflict(String),
    /// Of this name: a tag is put on a commit.
    Tag(String, String),
    /// Of this context: a status is given to a commit.
    Status(String, String, CommitState),
    /// Of this name: a check run of a commit comes to this.
    Check(String, String, CheckState),
    /// GitHub tells the bot that the checks of a commit are over.
    ChecksAreOver(String),
    /// Somebody has a commit deployed to an environment, without the bot.
    Deploy(String, String, String),
    /// Somebody deletes the newest deployment.
    DeleteDeployment,
    /// The newest deployment comes to a state, which is waited for.
    Become(DeploymentState),
    /// There come to be so many of these, and no more.
    Count(Things, usize),
    /// What becomes of webhooks from now on.
    Webhooks(Service, Fate),
    /// Something goes wrong with requests.
    Trouble(Service, Fault),
    /// Nothing does any more.
    NoTrouble(Service),
    /// The project gets other jobs.
    Jobs(Vec<(String, JobKind)>),
    /// What becomes of the next pipeline.
    Next(Next),
    /// Something happens to the newest pipeline, or to the newest of an environment.
    Pipeline(Move, Option<String>),
}

/// Who sends webhooks and answers requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Service {
    Github,
    Circleci,
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Things {
    Deployments,
    Pipelines,
}

/// What becomes of webhooks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Lost,
    Twice,
    Held,
    Released,
}

/// What happens to a pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Move {
    /// It goes on to where its first job is over, which is the first that anybody is told of.
    Begin,
    /// It goes one step further.
    Step,
    /// It goes on to its end.
    End(Outcome),
    /// Somebody approves a job on CircleCI's page.
    Approve(String),
}

/// A sentence, and what it comes to with what stands in its gaps.
type Rule = (&'static str, fn(&[&str]) -> Result<Order, String>);

/// What can happen at GitHub.
const AT_GITHUB: &[Rule] = &[
    ("github: <branch> gets the commit <title>", |said| {
        Ok(Order::Push(own(said[0]), own(said[1])))
    }),
    ("github: branch <branch> is deleted", |said| {
        Ok(Order::DeleteBranch(own(said[0])))
    }),
    ("github: branch <branch> conflicts with main", |said| {
        Ok(Order::Conflict(own(said[0])))
    }),
    ("github: tag <tag> names <reference>", |said| {
        Ok(Order::Tag(own(said[0]), own(said[1])))
    }),
    (
        "github: status <context> of <reference> is <state>",
        |said| {
            Ok(Order::Status(
                own(said[0]),
                own(said[1]),
                commit_state(said[2])?,
            ))
        },
    ),
    ("github: check <name> of <reference> is <state>", |said| {
        Ok(Order::Check(
            own(said[0]),
            own(said[1]),
            check_state(said[2])?,
        ))
    }),
    ("github: the checks of <reference> are over", |said| {
        Ok(Order::ChecksAreOver(own(said[0])))
    }),
    (
        "github: <login> deploys <reference> to <environment>",
        |said| Ok(Order::Deploy(own(said[0]), own(said[1]), own(said[2]))),
    ),
    ("github: the newest deployment is deleted", |_| {
        Ok(Order::DeleteDeployment)
    }),
    ("github: the newest deployment becomes <state>", |said| {
        Ok(Order::Become(deployment_state(said[0])?))
    }),
    ("github: has <number> deployments", |said| {
        Ok(Order::Count(Things::Deployments, number(said[0])?))
    }),
];

/// What can happen at CircleCI. What is about a pipeline can end with `in <environment>`.
const AT_CIRCLECI: &[Rule] = &[
    ("circleci: has <number> pipelines", |said| {
        Ok(Order::Count(Things::Pipelines, number(said[0])?))
    }),
    ("circleci: has the jobs <job…>", |said| {
        Ok(Order::Jobs(said.iter().copied().map(job).collect()))
    }),
    ("circleci: skips the next pipeline", |_| {
        Ok(Order::Next(Next::IsSkipped))
    }),
    ("circleci: has no workflow for the next pipeline", |_| {
        Ok(Order::Next(Next::HasNothingToDo))
    }),
    (
        "circleci: cannot read the next configuration: <reason>",
        |said| Ok(Order::Next(Next::HasBadConfig(own(said[0])))),
    ),
    ("circleci: begins", |_| Ok(moved(Move::Begin))),
    ("circleci: moves on", |_| Ok(moved(Move::Step))),
    ("circleci: succeeds", |_| {
        Ok(moved(Move::End(Outcome::Success)))
    }),
    ("circleci: fails at <job>", |said| {
        Ok(moved(Move::End(Outcome::FailedAt(own(said[0])))))
    }),
    ("circleci: is canceled", |_| {
        Ok(moved(Move::End(Outcome::Canceled)))
    }),
    ("circleci: somebody approves <job>", |said| {
        Ok(moved(Move::Approve(own(said[0]))))
    }),
];

/// What can happen on the way to and from either. `<status>` is a number, `nothing` or `"a limit for 2 seconds"`.
const ON_THE_WAY: &[Rule] = &[
    ("<service>: loses webhooks", |said| {
        Ok(Order::Webhooks(service(said[0])?, Fate::Lost))
    }),
    ("<service>: sends webhooks twice", |said| {
        Ok(Order::Webhooks(service(said[0])?, Fate::Twice))
    }),
    ("<service>: holds webhooks back", |said| {
        Ok(Order::Webhooks(service(said[0])?, Fate::Held))
    }),
    ("<service>: sends what it held back", |said| {
        Ok(Order::Webhooks(service(said[0])?, Fate::Released))
    }),
    ("<service>: answers <status> to <method> <path>", |said| {
        Ok(Order::Trouble(service(said[0])?, fault(&said[1..])?))
    }),
    (
        "<service>: answers <status> to every <method> <path>",
        |said| {
            Ok(Order::Trouble(
                service(said[0])?,
                fault(&said[1..])?.always(),
            ))
        },
    ),
    (
        "<service>: does <method> <path> and answers <status>",
        |said| {
            let fault = fault(&[said[3], said[1], said[2]])?;
            Ok(Order::Trouble(service(said[0])?, fault.after_effect()))
        },
    ),
    ("<service>: answers as it should", |said| {
        Ok(Order::NoTrouble(service(said[0])?))
    }),
];

impl Order {
    /// Reads a sentence. What is wrong with it is told with all that can be said.
    pub(super) fn read(sentence: &str) -> Result<Order, String> {
        let words = words(sentence);
        if let [first, between @ .., before, environment] = words.as_slice()
            && first == "circleci:"
            && before == "in"
        {
            let shorter = [std::slice::from_ref(first), between].concat();
            if let Some(Ok(Order::Pipeline(what, _))) = fitting(&shorter) {
                return Ok(Order::Pipeline(what, Some(environment.clone())));
            }
        }
        fitting(&words).unwrap_or_else(|| {
            let known = rules().map(|(known, _)| format!("\n  * {known}"));
            let known: String = known.collect();
            Err(format!(
                "`{sentence}` is nothing that can happen. These are:{known}"
            ))
        })
    }
}

fn rules() -> impl Iterator<Item = &'static Rule> {
    AT_GITHUB.iter().chain(AT_CIRCLECI).chain(ON_THE_WAY)
}

fn fitting(words: &[String]) -> Option<Result<Order, String>> {
    rules().find_map(|(sentence, order)| Some(order(&gaps(sentence, words)?)))
}

fn own(word: &str) -> String {
    word.to_owned()
}

fn moved(what: Move) -> Order {
    Order::Pipeline(what, None)
}

/// A job; one with a question mark waits for an approval.
fn job(name: &str) -> (String, JobKind) {
    match name.strip_suffix('?') {
        Some(name) => (own(name), JobKind::Approval),
        None => (own(name), JobKind::Build),
    }
}

fn service(name: &str) -> Result<Service, String> {
    match name {
        "github:" => Ok(Service::Github),
        "circleci:" => Ok(Service::Circleci),
        _ => Err(format!("`{name}` is neither `github:` nor `circleci:`")),
    }
}

/// Of what is answered, a method and a path.
fn fault(words: &[&str]) -> Result<Fault, String> {
    let trouble = match (words[0], limit(words[0])) {
        (_, Some(seconds)) => Trouble::SecondaryLimit(Some(seconds)),
        ("nothing", _) => Trouble::Cut,
        (status, _) => Trouble::Status(status.parse().map_err(|_| {
            format!("`{status}` is no status, `nothing` or `\"a limit for 2 seconds\"`")
        })?),
    };
    Ok(Fault::on(words[1], words[2], trouble))
}

/// The seconds of GitHub's secondary limit.
fn limit(status: &str) -> Option<u64> {
    let seconds = status.strip_prefix("a limit for ")?;
    seconds.strip_suffix(" seconds")?.parse().ok()
}

fn number(word: &str) -> Result<usize, String> {
    word.parse().map_err(|_| format!("`{word}` is no number"))
}

fn deployment_state(state: &str) -> Result<DeploymentState, String> {
    serde_json::from_value(state.into()).map_err(|_| format!("no deployment is `{state}`"))
}

fn commit_state(state: &str) -> Result<CommitState, String> {
    Ok(match state {
        "success" => CommitState::Success,
        "failure" => CommitState::Failure,
        "error" => CommitState::Error,
        "pending" => CommitState::Pending,
        _ => return Err(format!("no status of a commit is `{state}`")),
    })
}

fn check_state(state: &str) -> Result<CheckState, String> {
    Ok(match state {
        "queued" => CheckState::Queued,
        "in_progress" => CheckState::InProgress,
        "success" => CheckState::Success,
        "failure" => CheckState::Failure,
        "neutral" => CheckState::Neutral,
        "cancelled" => CheckState::Cancelled,
        "skipped" => CheckState::Skipped,
        "timed_out" => CheckState::TimedOut,
        "action_required" => CheckState::ActionRequired,
        _ => return Err(format!("no check run is `{state}`")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_read() {
        for (sentence, expected) in [
            (
                r#"github: main gets the commit "Add a page""#,
                r#"Push("main", "Add a page")"#,
            ),
            (
                "github: status ci/test of main is failure",
                r#"Status("ci/test", "main", Failure)"#,
            ),
            ("circleci: begins", "Pipeline(Begin, None)"),
            (
                "circleci: fails at deploy in production",
                r#"Pipeline(End(FailedAt("deploy")), Some("production"))"#,
            ),
            (
                "circleci: has the jobs build hold? deploy",
                r#"Jobs([("build", Build), ("hold", Approval), ("deploy", Build)])"#,
            ),
            ("github: loses webhooks", "Webhooks(Github, Lost)"),
            ("circleci: skips the next pipeline", "Next(IsSkipped)"),
        ] {
            let order = Order::read(sentence).map(|order| format!("{order:?}"));
            assert_eq!(order.as_deref(), Ok(expected), "{sentence}");
        }
    }

    #[test]
    fn faults_are_read() {
        for (sentence, expected) in [
            (
                "github: answers 502 to POST /repos/*/deployments",
                "Status(502)",
            ),
            (
                "github: does POST /repos/*/deployments and answers nothing",
                "AfterEffect",
            ),
            ("circleci: answers 500 to every GET *", "Status(500)"),
            (
                r#"github: answers "a limit for 3 seconds" to GET *"#,
                "SecondaryLimit(Some(3))",
            ),
        ] {
            let order = format!("{:?}", Order::read(sentence));
            assert!(order.starts_with("Ok(Trouble("), "{order}");
            assert!(order.contains(expected), "{order}");
        }
    }

    #[test]
    fn what_cannot_happen_is_told_with_what_can() {
        for (sentence, expected) in [
            (
                "github: explodes",
                "`github: explodes` is nothing that can happen. These are:\n  * github: ",
            ),
            (
                "gitlab: loses webhooks",
                "`gitlab:` is neither `github:` nor `circleci:`",
            ),
            (
                "github: status ci of main is red",
                "no status of a commit is `red`",
            ),
            ("github: answers soon to GET /", "`soon` is no status"),
        ] {
            let error = Order::read(sentence).unwrap_err();
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
