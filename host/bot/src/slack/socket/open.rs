//! Opening a socket: asking Slack for its address, and the WebSocket handshake.

use std::time::Duration;

use http::Uri;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use witbot_core::limits;

use crate::slack::socket::{SocketMode, Wire};

/// A WebSocket to Slack.
pub(super) type WebSocket = WebSocketStream<Box<dyn Wire>>;

/// Why there is no socket.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoSocket {
    /// There will be none until somebody does something about it, and starts the bot again.
    #[error("{0}")]
    Refused(String),
    /// Socket Mode is switched off. It can be switched on at any time, so it is worth asking now and then.
    #[error(
        "Socket Mode is switched off for the app: switch it on at https://api.slack.com/apps, under Socket Mode"
    )]
    SwitchedOff,
    /// The app has as many sockets as Slack allows.
    #[error(
        "the app has too many sockets open (Slack allows 10): is another witbot, or a program for tests, running with the same app-level token?"
    )]
    TooMany,
    /// It is worth trying again.
    #[error("{why}")]
    Failed {
        /// What happened.
        why: String,
        /// What Slack asks to wait for.
        retry_after: Option<Duration>,
    },
}

impl NoSocket {
    /// Something that may be over soon.
    pub fn failed(why: impl Into<String>) -> NoSocket {
        NoSocket::Failed {
            why: why.into(),
            retry_after: None,
        }
    }

    /// What an error code of `apps.connections.open` means. `retry_after` is what came with it.
    ///
    /// <https://docs.slack.dev/reference/methods/apps.connections.open/>
    pub fn of_code(code: &str, retry_after: Option<Duration>) -> NoSocket {
        let what = match code {
            "not_authed" | "invalid_auth" => "Slack does not know the app-level token",
            "not_allowed_token_type" => "SLACK_APP_TOKEN is a token of another kind",
            "missing_scope" | "no_permission" | "no_scopes" => {
                "the app-level token lacks the scope `connections:write`"
            }
            "token_revoked" | "token_expired" => "the app-level token is no longer valid",
            "account_inactive" | "user_removed_from_team" | "team_disabled" => {
                "the app is no longer installed, or its workspace is gone"
            }
            "forbidden_team"
            | "access_denied"
            | "ekm_access_denied"
            | "enterprise_is_restricted"
            | "team_access_not_granted" => "the workspace does not allow the app to do this",
            "link_disabled" | "socket_mode_not_enabled" | "socket_mode_disabled" => {
                return NoSocket::SwitchedOff;
            }
            "too_many_websockets" => return NoSocket::TooMany,
            _ => {
                return NoSocket::Failed {
                    why: format!("Slack answered `{code}` to apps.connections.open"),
                    retry_after,
                };
            }
        };
        NoSocket::Refused(format!(
            "{what} (`{code}`): set SLACK_APP_TOKEN to a token that begins with `xapp-` and has the scope `connections:write`; at https://api.slack.com/apps it is under Basic Information, App-Level Tokens"
        ))
    }
}

/// Opens a WebSocket. Slack has not said hello on it yet.
pub(super) async fn websocket(mode: &SocketMode) -> Result<WebSocket, NoSocket> {
    let url = (mode.fetch_url)().await?;
    // Of neither the address nor its parts is anything repeated: who has it can take the socket.
    let url: Uri = url
        .parse()
        .map_err(|_| NoSocket::failed("Slack gave an address that cannot be read"))?;
    let wire = (mode.dial)(url.clone())
        .await
        .map_err(|error| NoSocket::failed(format!("{error:#}")))?;
    let config = WebSocketConfig::default()
        .read_buffer_size(limits::SLACK_READ_BYTES)
        .max_frame_size(Some(limits::SLACK_FRAME_BYTES_MAX))
        .max_message_size(Some(limits::SLACK_FRAME_BYTES_MAX));
    match tokio_tungstenite::client_async_with_config(url, wire, Some(config)).await {
        Ok((socket, _)) => Ok(socket),
        Err(error) => Err(NoSocket::failed(format!(
            "the WebSocket handshake failed: {error}"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_slack_mean_what_they_say() {
        for code in [
            "not_authed",
            "invalid_auth",
            "token_revoked",
            "account_inactive",
        ] {
            let NoSocket::Refused(why) = NoSocket::of_code(code, None) else {
                panic!("{code}")
            };
            for part in [code, "`xapp-`", "`connections:write`", "App-Level Tokens"] {
                assert!(why.contains(part), "{why}");
            }
        }
        for code in ["not_allowed_token_type", "missing_scope", "forbidden_team"] {
            assert!(matches!(
                NoSocket::of_code(code, None),
                NoSocket::Refused(_)
            ));
        }
        assert_eq!(
            NoSocket::of_code("link_disabled", None),
            NoSocket::SwitchedOff
        );
        assert_eq!(
            NoSocket::of_code("too_many_websockets", None),
            NoSocket::TooMany
        );
        let wait = Some(Duration::from_secs(30));
        for code in ["ratelimited", "internal_error", "something_new", ""] {
            let NoSocket::Failed { why, retry_after } = NoSocket::of_code(code, wait) else {
                panic!("{code}")
            };
            assert!(why.contains(code), "{why}");
            assert_eq!(retry_after, wait);
        }
    }
}
