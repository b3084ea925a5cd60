//! What can be pressed, where nothing can: on a terminal people type what a button stands for.

use super::message::Message;

/// What somebody types instead of pressing something: the command of a button, or the answer itself. The error: there is
/// nothing of this name in that channel.
pub fn stands_for(messages: &[Message], channel: &str, label: &str) -> Result<String, String> {
    let in_channel = messages
        .iter()
        .rev()
        .filter(|message| message.channel == channel);
    let mut changed = Vec::new();
    for message in in_channel {
        // What was changed since does not look like this any more.
        let card = (message.position, message.title());
        if changed.contains(&card) {
            continue;
        }
        let lines = std::iter::once(&message.text).chain(&message.rest);
        if let Some(command) = lines.filter_map(|line| offered(line, label)).next() {
            return Ok(command);
        }
        if message.is_edited() {
            changed.push(card);
        }
    }
    Err(missing(label))
}

/// What a label stands for, if a line has it: ``[Cancel] `cancel deploy api` ``, or `Sure? [Yes / No]`.
fn offered(line: &str, label: &str) -> Option<String> {
    let button = line.trim().strip_prefix(&format!("[{label}] `"));
    if let Some(command) = button {
        return command.strip_suffix('`').map(str::to_owned);
    }
    let (_, choices) = line.strip_suffix(']')?.rsplit_once('[')?;
    let mut choices = choices.split(" / ");
    choices
        .any(|choice| choice == label)
        .then(|| label.to_owned())
}

/// Why nothing of this name is pressed.
pub fn missing(label: &str) -> String {
    format!("there is nothing called `{label}` to be pressed")
}

#[cfg(test)]
mod tests {
    use super::super::message;
    use super::*;

    const PRINTED: &str = "#ops witbot: [running] a\n    [Cancel] `cancel a`\n#ops witbot: [running] b\n    \
        [Cancel] `cancel b`\n#ops witbot (edited): [success] b\n#dev witbot: Sure? [Yes / No]";

    #[test]
    fn what_can_be_pressed_stands_for_what_is_typed() {
        let messages = message::read(PRINTED.lines());
        let pressed = |channel, label| stands_for(&messages, channel, label).ok();
        assert_eq!(pressed("#ops", "Cancel").as_deref(), Some("cancel a"));
        assert_eq!(pressed("#dev", "No").as_deref(), Some("No"));
        assert_eq!(pressed("#dev", "Cancel"), None);
        assert_eq!(pressed("#ops", "Yes"), None);
    }
}
