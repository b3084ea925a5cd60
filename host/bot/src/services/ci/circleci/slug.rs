//! How CircleCI names a project: `gh/acme/api`, `bb/acme/api`, or `circleci/<organisation id>/<project id>`.

use std::fmt;

use witbot_core::ci::Project;
use witbot_core::error::Error;

/// A project's name in its three parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slug {
    provider: String,
    organization: String,
    project: String,
}

impl Slug {
    /// The name that an operator granted, if it is one.
    pub fn of(project: &Project) -> Result<Slug, Error> {
        Slug::parse(&project.name).ok_or_else(|| {
            Error::invalid(format!(
                "`{}` is not a CircleCI project: write it as the Overview of its settings shows it, such as `gh/acme/api` or `circleci/<organisation id>/<project id>`.",
                project.name.chars().filter(|c| !c.is_control()).take(100).collect::<String>()
            ))
        })
    }

    /// Addresses treat `.` and `..` as steps, so no part may be one.
    fn parse(text: &str) -> Option<Slug> {
        let plain = |part: &&str| {
            !matches!(*part, "" | "." | "..")
                && !part.contains(|c: char| c.is_control() || c == '\\')
        };
        let parts: Vec<&str> = text.split('/').filter(plain).collect();
        let ([provider, organization, project], 2) = (parts.as_slice(), text.matches('/').count())
        else {
            return None;
        };
        let provider = match *provider {
            "github" => "gh",
            "bitbucket" => "bb",
            other => other,
        };
        Some(Slug {
            provider: provider.to_owned(),
            organization: (*organization).to_owned(),
            project: (*project).to_owned(),
        })
    }

    /// The path of the project in the API. Its parts are escaped one by one: `pipeline/run` refuses escaped slashes.
    pub fn path(&self) -> Vec<&str> {
        vec!["project", &self.provider, &self.organization, &self.project]
    }

    /// The path of its pages for people, where services have their long names.
    pub fn page_path(&self) -> [&str; 4] {
        let provider = match self.provider.as_str() {
            "gh" => "github",
            "bb" => "bitbucket",
            other => other,
        };
        ["pipelines", provider, &self.organization, &self.project]
    }

    /// Whether another name is of the same project. GitHub and Bitbucket do not tell large letters from small ones;
    /// CircleCI's own ids do.
    pub fn is(&self, other: &str) -> bool {
        let Some(other) = Slug::parse(other) else {
            return false;
        };
        if self.is_opaque() {
            return *self == other;
        }
        let same = |one: &str, other: &str| one.eq_ignore_ascii_case(other);
        self.provider == other.provider
            && same(&self.organization, &other.organization)
            && same(&self.project, &other.project)
    }

    /// Whether the project is connected otherwise than by OAuth, and named by ids.
    pub fn is_opaque(&self) -> bool {
        self.provider == "circleci"
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}/{}/{}",
            self.provider, self.organization, self.project
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_projects() {
        assert_eq!(
            Slug::parse("github/acme/api").unwrap().to_string(),
            "gh/acme/api"
        );
        assert_eq!(
            Slug::parse("bb/acme/a pi").unwrap().path(),
            ["project", "bb", "acme", "a pi"]
        );
        for bad in [
            "",
            "acme/api",
            "gh/acme/",
            "gh/acme/..",
            "gh/./api",
            "gh/acme/api/x",
            "gh//acme/api",
            "/gh/acme/api",
            "gh/a\\b/c",
        ] {
            assert_eq!(Slug::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_same_project_has_several_names() {
        let slug = Slug::parse("gh/acme/api").unwrap();
        for same in ["gh/acme/api", "github/Acme/API"] {
            assert!(slug.is(same), "{same}");
        }
        for other in ["gh/acme/web", "bb/acme/api", "acme/api", ""] {
            assert!(!slug.is(other), "{other}");
        }
        assert!(!Slug::parse("circleci/aB/c").unwrap().is("circleci/ab/c"));
    }
}
