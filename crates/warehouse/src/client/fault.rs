//! Why ClickHouse did not do what was asked.

use std::time::Duration;

use clickhouse::error::Error;
use thiserror::Error;

/// A call to ClickHouse that did not succeed.
///
/// Only [`Fault::Refused`] and [`Fault::Rejected`] are answers; after the others it is unknown
/// whether ClickHouse did it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Fault {
    /// No connection, or it broke: ClickHouse is down, restarting, or elsewhere.
    #[error("clickhouse cannot be reached: {0}")]
    Unreachable(String),
    /// No answer within the limit: ClickHouse is frozen or overloaded.
    #[error("clickhouse did not answer within {} s", .0.as_secs_f64())]
    Timeout(Duration),
    /// ClickHouse does not know the user, or the password is wrong.
    #[error("clickhouse refused the user or password: {0}; check warehouse.user and .password")]
    Refused(String),
    /// ClickHouse understood and said no.
    #[error("clickhouse rejected the statement{}: {message}", code_text(*.code))]
    Rejected {
        /// ClickHouse's own error code, if it gave one.
        code: Option<u32>,
        /// What it said.
        message: String,
    },
}

impl Fault {
    /// Gives a stable word for metrics and answers: `unreachable`, `timeout`, `refused`,
    /// `rejected`.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Unreachable(_) => "unreachable",
            Self::Timeout(_) => "timeout",
            Self::Refused(_) => "refused",
            Self::Rejected { .. } => "rejected",
        }
    }

    /// Gives ClickHouse's error code, if this is one.
    pub const fn code(&self) -> Option<u32> {
        match self {
            Self::Rejected { code, .. } => *code,
            _ => None,
        }
    }
}

/// ClickHouse's codes for an unknown user, a wrong or missing password, a forbidden address.
const AUTHENTICATION: [u32; 5] = [192, 193, 194, 195, 516];

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        match error {
            Error::Network(cause) => Self::Unreachable(innermost(&*cause)),
            Error::TimedOut => Self::Timeout(Duration::ZERO),
            Error::BadResponse(text) => {
                let message = first_line(&text);
                match error_code(&text) {
                    Some(code) if AUTHENTICATION.contains(&code) => Self::Refused(message),
                    code => Self::Rejected { code, message },
                }
            }
            other => Self::Rejected {
                code: None,
                message: first_line(&other.to_string()),
            },
        }
    }
}

/// Reads the number of `Code: 516. DB::Exception: ...`.
pub(crate) fn error_code(text: &str) -> Option<u32> {
    let digits = text.split_once("Code: ")?.1;
    let end = digits.find(|c: char| !c.is_ascii_digit())?;
    digits.get(..end)?.parse().ok()
}

fn first_line(text: &str) -> String {
    const LONGEST: usize = 600;
    text.lines()
        .next()
        .unwrap_or_default()
        .chars()
        .take(LONGEST)
        .collect()
}

fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut cause = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}

fn code_text(code: Option<u32>) -> String {
    code.map_or_else(String::new, |code| format!(" (code {code})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_password_is_a_refusal() {
        let text =
            "Code: 516. DB::Exception: writer: Authentication failed\n\nIf you use".to_owned();
        let said = "Code: 516. DB::Exception: writer: Authentication failed".to_owned();
        assert_eq!(Fault::from(Error::BadResponse(text)), Fault::Refused(said));
    }

    #[test]
    fn an_error_keeps_its_code() {
        let fault = Fault::from(Error::BadResponse(
            "Code: 60. DB::Exception: no table".to_owned(),
        ));
        assert_eq!(fault.code(), Some(60));
        assert_eq!(fault.word(), "rejected");
    }

    #[test]
    fn a_body_without_a_code_is_still_told() {
        let fault = Fault::from(Error::BadResponse("Bad Gateway".to_owned()));
        assert_eq!(
            fault,
            Fault::Rejected {
                code: None,
                message: "Bad Gateway".to_owned()
            }
        );
    }
}
