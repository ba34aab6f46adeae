//! The reader of lists of devices.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    intune_sync_fuzz::run("device_list", input);
});
