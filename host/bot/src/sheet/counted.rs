//! Counted calls in lines: how often, how many of them failed, and when the last one was.

use witbot_core::usage::{Counted, Use};

use crate::runs::words::moment;

/// A line for each call and subject, of those that are meant.
pub(super) fn counted(usage: &[Counted], meant: impl Fn(&Counted) -> bool) -> Vec<String> {
    let mut sums: Vec<Sum<'_>> = Vec::new();
    for one in usage.iter().filter(|one| meant(one)) {
        let failed = if one.outcome == Use::Error {
            one.count
        } else {
            0
        };
        match sums.iter_mut().find(|sum| sum.is_of(one)) {
            Some(sum) => {
                sum.count += one.count;
                sum.failed += failed;
                sum.last = sum.last.max(one.last);
            }
            None => sums.push(Sum {
                call: &one.call,
                subject: &one.subject,
                count: one.count,
                failed,
                last: one.last,
            }),
        }
    }
    sums.iter().map(Sum::line).collect()
}

struct Sum<'u> {
    call: &'u str,
    subject: &'u str,
    count: u64,
    failed: u64,
    last: witbot_core::ids::UnixMillis,
}

impl Sum<'_> {
    fn is_of(&self, one: &Counted) -> bool {
        self.call == one.call && self.subject == one.subject
    }

    fn line(&self) -> String {
        let Sum { call, subject, .. } = self;
        let subject = match *subject {
            "" => String::new(),
            subject => format!(" {subject}"),
        };
        let times = match self.count {
            1 => "once".to_owned(),
            count => format!("{count} times"),
        };
        let failed = match self.failed {
            0 => String::new(),
            failed => format!(" ({failed} failed)"),
        };
        format!(
            "{call}{subject}: {times}{failed}, last {}",
            moment(self.last)
        )
    }
}
