//! Why a request is not taken for its provider's.

use std::net::IpAddr;

use thiserror::Error;

/// Why a request was not verified. It is for those who run the hook (`trunkline hook verify`, the list
/// of rejects); the one who called is always told the same.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refused {
    /// The hook has no secret, and its provider signs.
    #[error("the hook has no secret: set account.hook.secrets")]
    NoSecret,
    /// What the signature should stand in is not there.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// What should be a signature or a time is written otherwise.
    #[error("{0} is not written as the provider writes it")]
    Malformed(&'static str),
    /// The signature is that of another secret, another address or another body.
    #[error("the signature is not that of this body and address under any secret of the hook")]
    Wrong,
    /// It was signed too long ago, or in the future.
    #[error("it was signed {0} s away from our clock, more than the {1} s allowed")]
    Stale(i64, i64),
    /// The address is not among those that may call.
    #[error("{0} is not among the hook's allow_ips")]
    Address(IpAddr),
    /// It belongs to another account or number of the provider.
    #[error("it is for another {0} than the hook's")]
    Elsewhere(&'static str),
}
