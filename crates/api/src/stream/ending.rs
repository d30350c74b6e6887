//! How a stream ends: the close codes and reasons of the contract, each with a stable word.
//!
//! `docs/errors.md` is written from this list; the word is the reason of the close frame and the
//! label of the metric.

use trunkline_pipeline::{AttachError, SubmitError};
use tungstenite::Error;
use tungstenite::error::ProtocolError;
use tungstenite::protocol::CloseFrame;

macro_rules! endings {
    ($($name:ident = $code:literal, $close:literal, $meaning:literal;)+) => {
        /// Why a stream ends.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Ending {
            $(#[doc = $meaning] $name,)+
            /// The peer closed it.
            Closed,
            /// The connection broke, or the peer takes nothing.
            Lost,
        }

        impl Ending {
            /// The stable word.
            pub(crate) const fn code(self) -> &'static str {
                match self {
                    $(Self::$name => $code,)+
                    Self::Closed => "closed",
                    Self::Lost => "lost",
                }
            }

            /// The close code; none when the peer is not told.
            const fn close(self) -> Option<u16> {
                match self {
                    $(Self::$name => Some($close),)+
                    Self::Closed | Self::Lost => None,
                }
            }
        }

        /// Lists the words of all endings.
        pub(crate) const fn endings() -> &'static [&'static str] {
            &[$($code,)+ "closed", "lost"]
        }
    };
}

endings! {
    BadFrame = "bad_frame", 1002, "What came is not the WebSocket protocol, or its masking or fragments are wrong.";
    Binary = "binary", 1003, "A binary frame came: send text frames.";
    NotUtf8 = "invalid_utf8", 1007, "A text frame is not UTF-8.";
    Unauthorized = "unauthorized", 1008, "The token is missing, unknown or no longer good: the first frame must be `{\"token\":\"...\"}` unless the header has it.";
    Forbidden = "forbidden", 1008, "The token lacks the scope `ingest`, or `hook` names no hook of its account.";
    OriginRefused = "origin_refused", 1008, "The token may not be used from pages of this `Origin`: add it to the token's `origins`.";
    NoToken = "no_token", 1008, "No first frame with a token came within 2 s.";
    Replaced = "replaced", 1008, "Another connection took the stream's name; it goes on where this one ended.";
    TooManyStreams = "too_many_streams", 1008, "The account has 1,000 names of streams: use one of them, or wait; a name is forgotten 7 days after its last frame.";
    Idle = "idle", 1008, "Nothing came for 60 s, not even the answer to a ping.";
    FrameTooLarge = "too_large", 1009, "A frame or message is larger than 1 MiB (a first frame with a token: 4 KiB).";
    BatchTooLarge = "batch_too_large", 1009, "The frame's events together are larger than a segment of the journal: send smaller frames.";
    Internal = "internal", 1011, "A fault of the service, which has been logged.";
    Restart = "restart", 1012, "The service is stopping: connect again and go on after the last acknowledged frame.";
    Overloaded = "overloaded", 1013, "More is in flight than the service holds: connect again later and go on after the last acknowledged frame.";
    JournalUnavailable = "journal_unavailable", 1013, "The journal cannot be written: connect again later and go on after the last acknowledged frame.";
    TooManyConnections = "too_many_connections", 1013, "The account has as many streams open as it may have.";
}

impl Ending {
    /// What the peer is told; none when it is gone or said it first.
    pub(super) fn frame(self) -> Option<CloseFrame> {
        Some(CloseFrame {
            code: self.close()?.into(),
            reason: self.code().into(),
        })
    }

    /// Whether frames that came before are still taken in: all but those that another connection
    /// or another life will send again.
    pub(super) fn takes_the_rest(self) -> bool {
        use Ending::{
            BatchTooLarge, Internal, JournalUnavailable, Overloaded, Replaced, Restart,
            Unauthorized,
        };
        !matches!(
            self,
            Replaced
                | Restart
                | Overloaded
                | JournalUnavailable
                | BatchTooLarge
                | Internal
                | Unauthorized
        )
    }
}

impl From<Error> for Ending {
    fn from(error: Error) -> Self {
        match error {
            Error::ConnectionClosed
            | Error::AlreadyClosed
            | Error::Protocol(ProtocolError::ResetWithoutClosingHandshake)
            | Error::Io(_) => Self::Lost,
            Error::Capacity(_) => Self::FrameTooLarge,
            Error::Utf8(_) => Self::NotUtf8,
            _ => Self::BadFrame,
        }
    }
}

impl From<SubmitError> for Ending {
    fn from(error: SubmitError) -> Self {
        match error {
            SubmitError::Unavailable { reason } => {
                tracing::warn!(reason, "frames could not be made durable");
                Self::JournalUnavailable
            }
            SubmitError::TooLarge => Self::BatchTooLarge,
            SubmitError::Overloaded => Self::Overloaded,
            SubmitError::Starting | SubmitError::Draining => Self::Restart,
        }
    }
}

impl From<AttachError> for Ending {
    fn from(error: AttachError) -> Self {
        match error {
            AttachError::TooMany => Self::TooManyStreams,
            AttachError::Replaced => Self::Replaced,
            AttachError::Unsettled => Self::JournalUnavailable,
        }
    }
}
