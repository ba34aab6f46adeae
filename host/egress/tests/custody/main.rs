//! Custody against a Graph that returns what the test says.

mod details;
mod ends;
mod list;
mod reports;
mod run;
mod syncs;
