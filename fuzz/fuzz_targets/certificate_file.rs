//! The reader of a file with a certificate and its key.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    intune_sync_fuzz::run("certificate_file", input);
});
