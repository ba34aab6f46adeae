//! The reader of config files.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    intune_sync_fuzz::run("config_file", input);
});
