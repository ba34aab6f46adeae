//! The history on a real disk.

mod confirm;
mod files;
mod prune;
mod record;
mod resume;
#[path = "../support/mod.rs"]
mod support;
mod verify;
