//! `X-API-Key`: the secret itself. It says who sent it, not what was sent.

use trunkline_model::event::Integrity;

use crate::secrets::{any, same};
use crate::{Hook, Refused, Request};

const HEADER: &str = "x-api-key";

pub(super) fn verify(hook: &Hook, request: &Request<'_>) -> Result<Integrity, Refused> {
    let given = request.header(HEADER).ok_or(Refused::Missing(HEADER))?;
    any(hook, |secret| same(secret, given.as_bytes()))?;
    Ok(Integrity::Weak)
}

pub(super) fn sign(secret: &str, _: &Request<'_>) -> Vec<(&'static str, String)> {
    vec![(HEADER, secret.to_owned())]
}
