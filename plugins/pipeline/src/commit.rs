//! Whether CI works on the commit that is to be deployed.

use crate::settings::Pipeline;

/// What was found out.
#[derive(Debug, PartialEq, Eq)]
pub enum Worked {
    /// The right one, or CI does not say which.
    Right,
    /// Its configuration is that of another commit, and the one to be deployed was given to it as a parameter.
    ByParameter(String),
    /// Another one. Says so, for people.
    Wrong(String),
}

/// Compares what CI works on with the commit of the deployment.
pub fn check(commit: Option<&str>, sha: &str, pipeline: &Pipeline) -> Worked {
    match commit {
        None => Worked::Right,
        Some(commit) if commit.eq_ignore_ascii_case(sha) => Worked::Right,
        Some(commit) if pipeline.passes_commit() => {
            Worked::ByParameter(format!("with the configuration of {}", short(commit)))
        }
        Some(commit) => Worked::Wrong(format!(
            "CI ran {} and not {}: give it `{{sha}}` as a parameter",
            short(commit),
            short(sha)
        )),
    }
}

/// As people write a commit.
fn short(sha: &str) -> &str {
    sha.get(..7).unwrap_or(sha)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings;

    #[test]
    fn another_commit_is_told_unless_ours_was_a_parameter() {
        let settings = settings::example();
        let plain = settings.pipeline("acme/api", "staging", "deploy").unwrap();
        let with = settings
            .pipeline("acme/api", "production", "deploy")
            .unwrap();
        let sha = "1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d";
        assert_eq!(check(None, sha, plain), Worked::Right);
        assert_eq!(check(Some(&sha.to_uppercase()), sha, plain), Worked::Right);
        let other = "ffffffff";
        assert_eq!(
            check(Some(other), sha, plain),
            Worked::Wrong(
                "CI ran fffffff and not 1a2b3c4: give it `{sha}` as a parameter".to_owned()
            )
        );
        assert_eq!(
            check(Some(other), sha, with),
            Worked::ByParameter("with the configuration of fffffff".to_owned())
        );
    }
}
