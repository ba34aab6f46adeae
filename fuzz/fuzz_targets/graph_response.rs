//! The readers of what Graph sends.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    intune_sync_fuzz::run("graph_response", input);
});
