//! The reader of what an identity endpoint sends.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    intune_sync_fuzz::run("token_response", input);
});
