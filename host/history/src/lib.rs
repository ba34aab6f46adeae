//! What earlier runs did: a SQLite file that every run writes itself into as it goes.
//!
//! A [`Recorder`] writes a run: on a thread of its own, committed four times a second and at each end. What a kill or
//! a power failure costs is what came after the last commit, so that a run can be resumed from the file. A
//! [`History`] reads: runs, their devices, and whether the requests are still as they were written.
//!
//! Anyone can read the file with `sqlite3`. It has no secret in it.

mod chain;
mod changes;
mod confirm;
mod error;
mod export;
mod failing;
mod file;
mod lock;
mod place;
mod prune;
mod read;
mod recorder;
mod resume;
mod run;
mod schema;
mod statements;
mod verify;
mod writer;

pub use self::{
    chain::Evidence,
    confirm::{CheckIn, Confirmation, Platform},
    error::{Error, Problem},
    export::ExportError,
    failing::FailingDevice,
    file::{History, Journal},
    lock::{Held, Holder, Lock, host},
    place::StateDir,
    prune::{Keep, Pruned},
    read::{Device, DeviceFilter, RunFilter, Wait},
    recorder::{Departure, Recorder, RequestKind, Return, Selected, Unrecorded},
    resume::Earlier,
    run::{DeviceOutcome, Header, Run, RunOutcome, Subject, Totals},
    schema::VERSION,
    verify::Verification,
};
