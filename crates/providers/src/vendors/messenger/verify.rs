//! The way of all webhooks of Meta.

pub(super) use crate::vendors::meta::{greeting, sign, verify};
