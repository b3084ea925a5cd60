//! Has its runs stand in one line: who has its turn asks how it is to end. It also cancels its other runs.

use std::time::Duration;

use witbot_sdk::{Code, Command, Error, Event, Plugin, Result, flow};

witbot_sdk::plugin!(plugin);

const HOUR: Duration = Duration::from_secs(3_600);

fn plugin() -> Plugin {
    Plugin::new("Stands in a line.")
        .command(Command::new("queue up", "Waits for its turn.", up).id("up"))
        .command(Command::new("queue cancel <run>", "Cancels another run.", cancel).id("cancel"))
}

fn up(event: &Event) -> Result {
    let turn = flow::line_up("only")?;
    event.reply(format!("{} before me.", turn.ahead()))?;
    if let Err(error) = turn.wait(HOUR) {
        event.reply(format!("No turn: {}.", error.code))?;
        return Err(error);
    }
    let answer = flow::ask("My turn.", &["Finish", "Leave", "Fail", "Panic"], HOUR)?;
    match answer.choice().as_str() {
        "Leave" => {
            turn.leave()?;
            flow::ask("I have left.", &["Yes", "No"], HOUR)?;
        }
        "Fail" => return Err(Error::new(Code::Conflict, "I have failed.")),
        "Panic" => panic!("as I was told"),
        _ => {}
    }
    event.reply("Finished.")?;
    Ok(())
}

fn cancel(event: &Event) -> Result {
    let was = flow::cancel(&event.required("run")?)?;
    event.reply(if was {
        "It is stopped."
    } else {
        "It was over."
    })?;
    Ok(())
}
