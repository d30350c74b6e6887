//! Writes down what the targets begin with: `SEEDS=DIR seeds -runs=0`. It is one of them because what
//! is built with their flags needs libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(
    init: trunkline_fuzz::seeds::write().expect("the seeds can be written"),
    |_bytes: &[u8]| ()
);
