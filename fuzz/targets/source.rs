//! The addresses of a page and of the page before it.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| trunkline_fuzz::source::holds(bytes));
