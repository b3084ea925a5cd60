//! Faults that a test puts in a service's way.

use std::time::Duration;

/// Something that goes wrong with the requests it matches.
#[derive(Debug, Clone)]
pub struct Fault {
    method: String,
    path: String,
    trouble: Trouble,
    moment: Moment,
    left: usize,
    every: usize,
    seen: usize,
}

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// The answer has this status, such as 500 or 502, and a message only.
    Status(u16),
    /// 429, with `Retry-After` in seconds if there is one.
    TooManyRequests(Option<u64>),
    /// 403 as GitHub's secondary limit says it, with `Retry-After` in seconds if there is one.
    SecondaryLimit(Option<u64>),
    /// The connection is closed without an answer.
    Cut,
    /// No answer comes as long as the service runs.
    Hang,
    /// The answer comes this much later.
    Slow(Duration),
    /// The answer breaks off in the middle of its JSON.
    Malformed,
}

/// Whether what was asked for happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// The trouble comes first: nothing happens.
    BeforeEffect,
    /// It happens, and then the answer gets lost.
    AfterEffect,
}

impl Fault {
    /// A fault of the next request with this method and path. A `*` in the path stands for any characters, slashes
    /// too; the query does not count.
    pub fn on(method: &str, path: &str, trouble: Trouble) -> Fault {
        Fault {
            method: method.to_owned(),
            path: path.to_owned(),
            trouble,
            moment: Moment::BeforeEffect,
            left: 1,
            every: 1,
            seen: 0,
        }
    }

    /// What was asked for happens all the same.
    #[must_use]
    pub fn after_effect(self) -> Fault {
        Fault {
            moment: Moment::AfterEffect,
            ..self
        }
    }

    /// It befalls this many requests instead of one.
    #[must_use]
    pub fn times(self, times: usize) -> Fault {
        Fault {
            left: times,
            ..self
        }
    }

    /// It befalls every request, until the faults are cleared.
    #[must_use]
    pub fn always(self) -> Fault {
        self.times(usize::MAX)
    }

    /// Of the requests that it matches it befalls only every second, third and so on.
    #[must_use]
    pub fn every(self, nth: usize) -> Fault {
        Fault {
            every: nth.max(1),
            ..self
        }
    }

    /// Whether it befalls this request.
    fn befalls(&mut self, method: &str, path: &str) -> bool {
        let matches = self.left > 0
            && self.method.eq_ignore_ascii_case(method)
            && path_matches(&self.path, path);
        self.seen += usize::from(matches);
        matches && self.seen.is_multiple_of(self.every)
    }
}

/// The faults that are waiting for their requests.
#[derive(Debug, Default)]
pub(super) struct Faults(Vec<Fault>);

impl Faults {
    pub(super) fn add(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// The trouble that befalls a request. The fault that was added first comes first.
    pub(super) fn take(&mut self, method: &str, path: &str) -> Option<(Trouble, Moment)> {
        let fault = self
            .0
            .iter_mut()
            .find_map(|fault| fault.befalls(method, path).then_some(fault))?;
        fault.left = fault.left.saturating_sub(1);
        let taken = (fault.trouble.clone(), fault.moment);
        self.0.retain(|fault| fault.left > 0);
        Some(taken)
    }
}

fn path_matches(pattern: &str, path: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == path,
        Some((start, rest)) => path.strip_prefix(start).is_some_and(|path| {
            let ends = path.char_indices().map(|(at, _)| at).chain([path.len()]);
            ends.into_iter().any(|at| path_matches(rest, &path[at..]))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::{Fault, Faults, Moment, Trouble, path_matches};

    #[test]
    fn paths() {
        for (pattern, path, expected) in [
            ("/a", "/a", true),
            ("/a", "/a/b", false),
            ("/repos/*/deployments", "/repos/acme/api/deployments", true),
            (
                "/repos/*/deployments",
                "/repos/acme/api/deployments/1",
                false,
            ),
            (
                "/repos/*/deployments*",
                "/repos/acme/api/deployments/1",
                true,
            ),
            ("*", "", true),
        ] {
            assert_eq!(path_matches(pattern, path), expected, "{pattern} {path}");
        }
    }

    #[test]
    fn faults_are_used_up_in_order() {
        let mut faults = Faults::default();
        faults.add(Fault::on("POST", "/a", Trouble::Status(502)).times(2));
        faults.add(Fault::on("POST", "*", Trouble::Cut).after_effect());
        assert_eq!(faults.take("GET", "/a"), None);
        assert_eq!(
            faults.take("POST", "/a"),
            Some((Trouble::Status(502), Moment::BeforeEffect))
        );
        assert_eq!(
            faults.take("POST", "/a"),
            Some((Trouble::Status(502), Moment::BeforeEffect))
        );
        assert_eq!(
            faults.take("POST", "/a"),
            Some((Trouble::Cut, Moment::AfterEffect))
        );
        assert_eq!(faults.take("POST", "/a"), None);
    }

    #[test]
    fn every_third_request() {
        let mut faults = Faults::default();
        faults.add(Fault::on("POST", "/a", Trouble::Cut).every(3).times(2));
        let befallen = |faults: &mut Faults| faults.take("POST", "/a").is_some();
        let taken: Vec<bool> = (0..10).map(|_| befallen(&mut faults)).collect();
        let hit: Vec<usize> = (0..10).filter(|n| taken[*n]).collect();
        assert_eq!(hit, [2, 5]);
    }
}
