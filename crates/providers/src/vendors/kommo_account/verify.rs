//! No signature: the secret stands in the hook's address.

use trunkline_model::event::Integrity;

use crate::secrets::keyed;
use crate::{Hook, Refused, Request};

pub(super) fn verify(hook: &Hook, request: &Request<'_>) -> Result<Integrity, Refused> {
    keyed(hook, request)
}
