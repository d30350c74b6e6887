//! Visits of sites: what pages load to show the numbers that tell where a call came from.

pub mod snippet;
