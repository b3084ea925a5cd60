//! Does one thing that reaches outside, between two requests that only look. Whoever is asked for these knows how far it
//! has come, and can stop it there by not answering.
//!
//! Everything that it does carries the mark that it was given, by which a test finds it again.

use witbot_sdk::ci::{self, RunRequest};
use witbot_sdk::github::{self, Deploy, State, Status};
use witbot_sdk::{Command, Error, Event, Plugin, Result, chat, config, http, kv, topics};

witbot_sdk::plugin!(plugin);

const REPOSITORY: &str = "acme/api";
const PROJECT: &str = "gh/acme/api";
/// Its pipelines wait for an approval.
const HELD_PROJECT: &str = "gh/acme/held";
/// What is kept.
const KEY: &str = "number";

/// What is done, with what it answers.
type Act<'a> = Box<dyn FnOnce() -> Result<String> + 'a>;

fn plugin() -> Plugin {
    Plugin::new("Does one thing.")
        .command(Command::new(
            "act <what> <mark> [on <thing>]",
            "Does it, and says what came of it.",
            act,
        ))
        .required_setting("web", "Where the requests go that only look.")
        .wants("github", "To deploy.")
        .wants("ci", "To start a pipeline and to stop it.")
        .wants("http", "To look, and to send.")
        .wants("kv", "To keep a number.")
        .wants("topics", "To tell of a mark, and to hear of it.")
        .subscribe("topic.marks", hear)
        .wants("chat", "To speak up.")
}

/// Says in the channel that it heard.
fn hear(event: &Event) -> Result {
    chat::post("deploys", format!("A topic of {}.", event.subject()))?;
    Ok(())
}

fn act(event: &Event) -> Result {
    let (what, mark) = (event.required("what")?, event.required("mark")?);
    let web = config::get("/web").unwrap_or_default();
    let look = |when: &str| http::get(format!("{web}/{when}/{mark}")).send().map(|_| ());
    let act = prepared(event, &what, &mark, &web)?;
    look("before")?;
    let told = act().unwrap_or_else(|error| error.code.to_string());
    look("after")?;
    event.reply(format!("{mark} came to {told}."))?;
    Ok(())
}

/// Does all that has to be done before it.
fn prepared<'a>(event: &'a Event, what: &str, mark: &'a str, web: &str) -> Result<Act<'a>> {
    let thing = event.argument("thing").unwrap_or_default();
    let channel = event.channel().unwrap_or_default();
    let user = event.user().unwrap_or_default();
    Ok(match what {
        "deploy" => {
            let deploy = Deploy::to("staging").reference("main").description(mark);
            let repository = github::open(REPOSITORY)?;
            done(move || repository.deploy(&deploy))
        }
        "status" => {
            let deployment = github::open(REPOSITORY)?.deployment(thing.parse()?)?;
            let status = Status::new(State::InProgress).description(mark);
            done(move || deployment.add_status(&status))
        }
        "merge" => {
            let repository = github::open(REPOSITORY)?;
            Box::new(move || {
                Ok(repository
                    .merge("main", &thing, mark)?
                    .is_some()
                    .to_string())
            })
        }
        "trigger" => {
            let request = RunRequest::new()
                .branch("main")
                .parameter("environment", mark)
                .correlate_by("witbot");
            let project = if thing.is_empty() { PROJECT } else { &thing };
            let project = ci::open("circleci", project)?;
            done(move || project.trigger(&request))
        }
        "cancel" => {
            let run = ci::open("circleci", PROJECT)?.run(&thing)?;
            done(move || run.cancel())
        }
        "rerun" => {
            let run = ci::open("circleci", PROJECT)?.run(&thing)?;
            done(move || run.rerun(true))
        }
        "approve" => {
            let (run, approval) = thing.split_once(':').unwrap_or_default();
            let run = ci::open("circleci", HELD_PROJECT)?.run(run)?;
            let approval = approval.to_owned();
            done(move || run.approve(&approval))
        }
        "send" => {
            let request = http::post(format!("{web}/send/{mark}"));
            done(move || request.send())
        }
        "publish" => Box::new(move || {
            topics::publish("marks", mark, &true)?;
            Ok("success".to_owned())
        }),
        "set" => {
            let next = number()? + 1;
            Box::new(move || kv::set(KEY, &next).and_then(|()| Ok(number()?.to_string())))
        }
        "replace" => {
            let now = number()?;
            Box::new(move || Ok(kv::replace(KEY, Some(&now), &(now + 1))?.to_string()))
        }
        "delete-key" => {
            kv::set(KEY, &1)?;
            Box::new(move || kv::delete(KEY).and_then(|()| Ok(number()?.to_string())))
        }
        "reply" => done(move || event.reply(format!("A reply of {mark}."))),
        "post" => done(move || chat::post(&channel, format!("A post of {mark}."))),
        "direct" => done(move || chat::direct(&user, format!("A letter of {mark}."))),
        "whisper" => done(move || event.whisper(format!("A whisper of {mark}."))),
        "edit" => {
            let message = event.reply(format!("A draft of {mark}."))?;
            done(move || message.edit(format!("An edit of {mark}.")))
        }
        "delete" => {
            let message = event.reply(format!("A slip of {mark}."))?;
            done(move || message.delete())
        }
        "react" => {
            let message = event.reply(format!("A joke of {mark}."))?;
            done(move || message.react("eyes"))
        }
        other => return Err(Error::invalid(format!("I cannot {other}."))),
    })
}

fn done<'a, T>(act: impl FnOnce() -> Result<T> + 'a) -> Act<'a> {
    Box::new(|| act().map(|_| "success".to_owned()))
}

fn number() -> Result<u64> {
    Ok(kv::get(KEY)?.unwrap_or(0))
}
