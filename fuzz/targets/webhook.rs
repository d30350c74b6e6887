//! A webhook, of any provider.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| trunkline_fuzz::webhook::holds(bytes));
