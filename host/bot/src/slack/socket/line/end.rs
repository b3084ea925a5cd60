//! How a socket can end.

use std::fmt;

use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use witbot_core::{limits, printable};

use crate::slack::socket::open::NoSocket;

/// How a socket ended.
#[derive(Debug)]
pub(super) enum End {
    /// The bot stops.
    Quit,
    /// There is a better one.
    Replaced,
    /// Slack does not want it.
    Refused(NoSocket),
    /// Nothing came for too long.
    Silent,
    /// Slack sent something after which nothing can be read; it can be written to.
    Garbled(String, CloseCode),
    /// It is closed, or the connection is gone.
    Broken(String),
}

impl End {
    /// What an error of the WebSocket means.
    pub(super) fn of_error(error: &Error) -> End {
        match error {
            Error::Utf8(_) => End::Garbled(
                "Slack sent a text that is no UTF-8".to_owned(),
                CloseCode::Invalid,
            ),
            Error::Capacity(_) => {
                let most = limits::SLACK_FRAME_BYTES_MAX >> 20;
                End::Garbled(
                    format!("Slack sent a frame of more than {most} MiB"),
                    CloseCode::Size,
                )
            }
            Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => {
                End::Broken("the connection was cut".to_owned())
            }
            Error::Protocol(error) => End::Garbled(
                format!("Slack sent no WebSocket frame: {error}"),
                CloseCode::Protocol,
            ),
            other => End::Broken(other.to_string()),
        }
    }

    /// What Slack's close frame says.
    pub(super) fn of_close(frame: Option<&CloseFrame>) -> End {
        End::Broken(match frame {
            Some(frame) => {
                let reason = printable::short(&frame.reason);
                let code = u16::from(frame.code);
                format!("Slack closed it ({code} {reason})")
            }
            None => "Slack closed it".to_owned(),
        })
    }

    /// What to close it with, if it is to be closed by us.
    pub(super) fn close_frame(&self) -> Option<CloseFrame> {
        let code = match self {
            End::Quit => CloseCode::Away,
            End::Replaced | End::Refused(_) => CloseCode::Normal,
            End::Garbled(_, code) => *code,
            End::Silent | End::Broken(_) => return None,
        };
        Some(CloseFrame {
            code,
            reason: String::new().into(),
        })
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            End::Quit => f.write_str("the bot stops"),
            End::Replaced => f.write_str("it was replaced some time ago"),
            End::Refused(why) => why.fmt(f),
            End::Silent => {
                let seconds = limits::SLACK_SOCKET_SILENCE_MAX.as_secs();
                write!(f, "nothing came over it for {seconds} s")
            }
            End::Garbled(why, _) | End::Broken(why) => f.write_str(why),
        }
    }
}

impl From<End> for NoSocket {
    fn from(end: End) -> NoSocket {
        match end {
            End::Refused(why) => why,
            other => NoSocket::failed(other.to_string()),
        }
    }
}
