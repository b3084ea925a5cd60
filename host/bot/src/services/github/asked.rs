//! What GitHub was asked for and as whom: the words that its refusals are told with.

/// As whom the bot speaks to GitHub.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Identity {
    /// The owner of a token.
    Token,
    /// An app.
    App,
}

impl Identity {
    /// Where an operator sets the credentials.
    pub fn settings(self) -> &'static str {
        match self {
            Identity::Token => "GITHUB_TOKEN",
            Identity::App => "GITHUB_APP_ID and GITHUB_APP_PRIVATE_KEY",
        }
    }
}

/// What GitHub was asked for, in words.
#[derive(Debug, Clone)]
pub struct Asked {
    /// After "GitHub did not": `create a deployment of acme/api`.
    pub action: String,
    /// After "GitHub has no": `deployment 7 of acme/api`.
    pub thing: String,
}
