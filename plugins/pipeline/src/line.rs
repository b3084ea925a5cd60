//! The line in which deployments of one application to one environment wait for each other.

use std::time::Duration;

use witbot_sdk::{Code, Error};

use crate::template::Values;

/// Who waited for a day does not want it any more: much else was deployed meanwhile.
pub const WAIT_MAX: Duration = Duration::from_secs(24 * 3_600);

/// The longest name that a line can have.
const NAME_BYTES_MAX: usize = 256;

/// The name of the line. GitHub's names of repositories are the same in any case of letters.
pub fn name(values: &Values) -> String {
    let Values {
        repository,
        environment,
        app,
        ..
    } = values;
    let mut name = format!("{} {environment} {app}", repository.to_lowercase());
    name.truncate(name.floor_char_boundary(NAME_BYTES_MAX));
    name
}

/// A place in the line in words.
pub fn place(ahead: u32) -> String {
    match ahead {
        0 => "Next in line".to_owned(),
        1 => "Second in line".to_owned(),
        2 => "Third in line".to_owned(),
        ahead => format!("{}th in line", ahead + 1),
    }
}

/// What the deployment is told when its turn does not come.
pub fn explained(error: Error) -> Error {
    match error.code {
        Code::Timeout => Error::new(
            Code::Timeout,
            "Its turn did not come within a day: what is before it does not end",
        ),
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template;

    #[test]
    fn places_are_told_in_words() {
        let told: Vec<String> = (1..=4).map(place).collect();
        assert_eq!(
            told,
            [
                "Second in line",
                "Third in line",
                "4th in line",
                "5th in line"
            ]
        );
    }

    #[test]
    fn a_line_has_a_name_that_is_not_too_long() {
        assert_eq!(name(&template::example()), "acme/api staging api");
        let long = Values {
            environment: "ü".repeat(255),
            ..template::example()
        };
        assert!(name(&long).len() <= NAME_BYTES_MAX);
    }
}
