//! Environments of branches whose pull request is closed.

use witbot_sdk::{Event, Result, log};

use crate::environment::Why;
use crate::removal::{self, Claim};
use crate::settings::Settings;
use crate::store;
use crate::tell::Place;

/// A pull request, as far as it matters here.
#[derive(Debug, PartialEq, Eq)]
struct Closed {
    branch: String,
    why: Why,
}

/// Destroys the environments of the branch of a closed pull request.
pub fn closed(event: &Event) -> Result {
    let repository = event.subject();
    let Some(Closed { branch, why }) = read(&repository, |pointer| event.field(pointer)) else {
        return Ok(());
    };
    let settings = Settings::read()?;
    let holder = event.id();
    let mut found = Vec::new();
    for (app_name, app) in settings.with_repository(&repository) {
        let registry = store::load(app_name)?;
        let names = registry.of_branch(&branch).into_iter().map(str::to_owned);
        found.extend(names.map(|name| (app_name, app, name)));
    }
    let mut leaving = Vec::new();
    for (app_name, app, name) in &found {
        let place = Place {
            name,
            app_name,
            app,
        };
        match removal::claim(place, why.clone(), &holder, false) {
            Ok(Claim::Mine(mine)) => leaving.push(*mine),
            Ok(Claim::UnderWay(_) | Claim::Gone) => log::info!("{name} goes away already"),
            Err(error) => log::error!("{name} is not destroyed: {error}"),
        }
    }
    removal::take_away(leaving);
    Ok(())
}

/// A branch of a fork can be called the same and is another one, so its repository is compared. That of a fork that was
/// deleted is not told.
fn read(repository: &str, field: impl Fn(&str) -> Option<String>) -> Option<Closed> {
    let is_closed = field("/action").as_deref() == Some("closed");
    let head = field("/pull_request/head/repo/full_name")?;
    if !is_closed || !head.eq_ignore_ascii_case(repository) {
        return None;
    }
    let number = field("/pull_request/number").or_else(|| field("/number"));
    Some(Closed {
        branch: field("/pull_request/head/ref")?,
        why: Why::PullRequest {
            number: number?.parse().ok()?,
            merged: field("/pull_request/merged").as_deref() == Some("true"),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(action: &str, head: &str) -> Option<Closed> {
        read("acme/api", |pointer| {
            let text = match pointer {
                "/action" => action,
                "/number" => "7",
                "/pull_request/head/repo/full_name" if !head.is_empty() => head,
                "/pull_request/head/ref" => "feature/login",
                "/pull_request/merged" => "true",
                _ => return None,
            };
            Some(text.to_owned())
        })
    }

    #[test]
    fn only_branches_of_the_repository_itself_count() {
        let closed = Closed {
            branch: "feature/login".to_owned(),
            why: Why::PullRequest {
                number: 7,
                merged: true,
            },
        };
        assert_eq!(event("closed", "Acme/API"), Some(closed));
        assert_eq!(event("opened", "acme/api"), None);
        assert_eq!(event("closed", "eve/api"), None);
        assert_eq!(event("closed", ""), None);
    }
}
