//! One piece of work, whoever does it.

use witbot_sdk::flow::Timestamp;

/// A job, as it stood when it was asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// The name of its source.
    pub source: String,
    /// What the service calls it.
    pub id: String,
    /// The number that people see, if there is one.
    pub number: Option<u64>,
    /// What it does; can be empty.
    pub title: String,
    /// How it stands, in the service's word.
    pub state: String,
    /// Whether it goes on.
    pub running: bool,
    /// The account of whoever began it, at the service.
    pub owner: Option<String>,
    /// What it works on, such as a branch.
    pub reference: Option<String>,
    /// Its page.
    pub url: Option<String>,
    /// When it began.
    pub created: Option<Timestamp>,
}

impl Job {
    /// As commands name it.
    pub fn name(&self) -> String {
        match self.number {
            Some(number) => format!("#{number}"),
            None => self.id.clone(),
        }
    }

    /// With its source.
    pub fn full_name(&self) -> String {
        format!("{} {}", self.source, self.name())
    }

    /// With what it does, for who is about to touch it.
    pub fn titled_name(&self) -> String {
        match self.title.as_str() {
            "" => self.full_name(),
            title => format!("{} ({title})", self.full_name()),
        }
    }
}

/// Something that failed in a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What.
    pub what: String,
    /// The page with its log.
    pub url: String,
}

/// Whether this can be put into an address and a command as it is. Ids come from services and from people.
pub fn is_plain(id: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':' | '@');
    (1..=100).contains(&id.len())
        && id.chars().all(plain)
        && id.chars().any(|c| c.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_leads_nowhere_else() {
        for id in ["12", "a-b_c.d", "0f3a6c1b-9d2e-4f5a", "job:7"] {
            assert!(is_plain(id), "{id}");
        }
        let long = "x".repeat(101);
        for id in [
            "",
            "..",
            "../../admin",
            "1?x=1",
            "a b",
            "1/cancel",
            "a%2e",
            "ä",
            &long,
        ] {
            assert!(!is_plain(id), "{id}");
        }
    }
}
