//! The history on a real disk.

mod files;
mod prune;
mod record;
mod resume;
#[path = "../support/mod.rs"]
mod support;
mod verify;
