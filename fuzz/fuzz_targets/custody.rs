//! The gate of `grant`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    intune_sync_fuzz::run("custody", input);
});
