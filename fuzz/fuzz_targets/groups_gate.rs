//! The gate of groups.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    intune_sync_fuzz::run("groups_gate", input);
});
