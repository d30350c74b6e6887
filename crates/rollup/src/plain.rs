//! How times stand in a checkpoint: bare milliseconds, for the format there does not describe
//! itself.

use serde::{Deserialize, Deserializer, Serializer};
use trunkline_model::time::Time;

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde gives a reference to the field"
)]
pub(crate) fn serialize<S: Serializer>(time: &Time, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_i64(time.0)
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Time, D::Error> {
    i64::deserialize(from).map(Time)
}
