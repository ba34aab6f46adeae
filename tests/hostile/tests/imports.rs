//! What a component asks to be given: beyond the promised list it is not started.

use std::fs;

use crate::{guests, harness::attack};

#[test]
pub(crate) fn environment() {
    attack(guests::ENVIRONMENT)
        .run()
        .not_linked("wasi:cli/environment");
}

#[test]
pub(crate) fn exit() {
    attack(guests::EXIT).run().not_linked("wasi:cli/exit");
}

#[test]
pub(crate) fn file() {
    attack(guests::FILE).run().not_linked("wasi:filesystem/");
}

#[test]
pub(crate) fn randomness() {
    attack(guests::RANDOMNESS)
        .run()
        .not_linked("wasi:random/random");
}

#[test]
pub(crate) fn socket() {
    attack(guests::SOCKET).run().not_linked("wasi:sockets/");
}

#[test]
pub(crate) fn stdout() {
    attack(guests::STDOUT).run().not_linked("wasi:cli/stdout");
}

#[test]
pub(crate) fn wall_clock() {
    attack(guests::WALL_CLOCK)
        .run()
        .not_linked("wasi:clocks/wall-clock");
}

#[test]
pub(crate) fn no_sync_export() {
    attack(guests::NO_SYNC_EXPORT)
        .run()
        .not_started("`intune:sync/sync@0.2.0`");
}

#[test]
fn no_component() {
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    let path = file.path().to_str().expect("a plain path");
    for bytes in [
        &b"#!/bin/sh\n"[..],
        b"",
        b"\0asm\x01\0\0\0",
        b"\0asm\x0d\0\x01\0\xff",
    ] {
        fs::write(path, bytes).expect("it can be written");
        attack(path).run().not_started("");
    }
}
