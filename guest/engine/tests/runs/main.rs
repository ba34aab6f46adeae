//! Whole runs of the core on virtual time against a Graph with faults.

mod drive;
mod field;
mod graph;
mod properties;
mod scenarios;
