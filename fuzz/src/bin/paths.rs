//! What people and plugins write into addresses of APIs: a name of a branch, and a name of a project. Each stays where it is
//! put, and leads nowhere else.
#![no_main]

use reqwest::Url;
use witbot_core::ci::{Project, Provider};
use witbot_core::ids::Repository;
use witbot_fuzz::bot::services::ci::circleci::slug::Slug;
use witbot_fuzz::bot::services::github::path;
use witbot_fuzz::input;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let (branch, project) = input::line(text);
    let repository: Repository = "acme/api".parse().expect("a name of a repository");
    if let Ok(part) = path::reference(&repository, branch) {
        let url = Url::parse(&format!(
            "https://api.github.com/repos/acme/api/commits/{part}"
        ));
        let url = url.expect("it is a part of an address");
        let expected = ["repos", "acme", "api", "commits", part.as_str()];
        assert!(
            url.path_segments().is_some_and(|parts| parts.eq(expected)),
            "{url}"
        );
        assert!(url.query().is_none() && url.fragment().is_none(), "{url}");
    }
    let project = Project {
        provider: Provider::Circleci,
        name: project.to_owned(),
    };
    if let Ok(slug) = Slug::of(&project) {
        let mut url = Url::parse("https://circleci.com/api/v2/").expect("an address");
        if let Ok(mut parts) = url.path_segments_mut() {
            parts.pop_if_empty().extend(slug.path());
        }
        let parts = url.path_segments().map_or(0, Iterator::count);
        assert_eq!(parts, 6, "{url}");
        assert!(url.path().starts_with("/api/v2/project/"), "{url}");
        assert!(slug.is(&project.name));
    }
});
