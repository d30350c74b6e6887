//! What Asterisk says, over either interface.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| trunkline_fuzz::asterisk::holds(bytes));
