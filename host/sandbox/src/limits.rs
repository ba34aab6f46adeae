//! What a guest may use up: memory, tables, instances, and time.

use std::{
    io, thread,
    time::{Duration, Instant},
};

use intune_sync_egress::RESPONSE_TIMEOUT;
use serde::Serialize;
use wasmtime::{Engine, ResourceLimiter, UpdateDeadline};

use crate::{
    border::TEXT,
    bounds,
    egress::{IN_FLIGHT, TIMEOUT},
};

/// The guest's linear memories together, in bytes. A fleet of 1,000,000 devices takes about 70 MB.
pub(crate) const MEMORY: usize = 512 << 20;
/// The same of what sends notifications: a message has 28 KiB at most.
pub(crate) const NOTIFIER_MEMORY: usize = 32 << 20;
/// Handles of the host's that the guest may hold: requests, responses, headers, bodies, streams, timers. The engine has
/// some hundreds. What the host keeps behind one of them is at most the 128 KiB of a set of headers or of an unsent
/// body.
pub(crate) const HANDLES: usize = 1_024;
/// Bytes that the guest may hand over in one call, as they are in its memory.
pub(crate) const CALL_DATA: usize = 64 << 20;
/// How long a call may take beyond the wait it was given, before it is ended.
pub(crate) const SLACK: Duration = Duration::from_secs(10);
/// How long a call that is given no wait may take.
pub(crate) const CALL: Duration = Duration::from_secs(10);
/// How long a run may go on after it was asked to stop: what is in flight may take [`RESPONSE_TIMEOUT`].
pub(crate) const STOPPING: Duration = Duration::from_secs(150);
/// How long a webhook may take to respond to a notification.
pub const ATTEMPT: Duration = Duration::from_secs(20);
/// How much longer the instance that sends it may take: the timeout of its request, which says whose fault it is, comes
/// first.
pub(crate) const GRACE: Duration = Duration::from_secs(2);
/// How long a run may take in all.
pub const RUN: Duration = Duration::from_hours(7 * 24);
/// How long a rehearsed run may take in all, in virtual time: longer than a real one, so that it can be said how much
/// too long that would be.
pub const REHEARSED_RUN: Duration = Duration::from_hours(60 * 24);
/// How often a computing guest yields to the host's I/O.
const TICK: Duration = Duration::from_millis(10);

/// The most entries of a table; the engine's has some hundreds.
const TABLE: usize = 20_000;
/// A component has a handful of core instances, tables and memories.
const INSTANCES: usize = 20;
const TABLES: usize = 20;
const MEMORIES: usize = 2;

/// A row of the table of limits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Limit {
    /// What is limited.
    pub what: &'static str,
    /// To how much.
    pub limit: String,
}

/// The limits that hold for every engine, for people to read. Those on requests and responses are the gate's.
pub fn limits_table() -> Vec<Limit> {
    table(
        MEMORY,
        [
            limit(
                "a text in a report; the rest is cut off",
                format!("{TEXT} bytes"),
            ),
            limit(
                "failed devices in a report",
                "as many as syncs were let out".to_owned(),
            ),
            limit("requests in flight", IN_FLIGHT.to_string()),
            limit(
                "wait for a response's head, and between parts of its body",
                seconds(TIMEOUT),
            ),
            limit("wait for a response in all", seconds(RESPONSE_TIMEOUT)),
            limit("a call that is given no wait", seconds(CALL)),
            limit("a call beyond the wait it was given", seconds(SLACK)),
            limit("from being asked to stop to the end", seconds(STOPPING)),
            limit("a run", format!("{} hours", RUN.as_secs() / 3600)),
            limit(
                "syncs in a second",
                "`--max-rate`, and a burst of 2 seconds and one request; a bulk call counts as one"
                    .to_owned(),
            ),
        ],
    )
}

/// The limits that hold for what sends notifications, for people to read.
pub fn notifier_limits_table() -> Vec<Limit> {
    table(
        NOTIFIER_MEMORY,
        [
            limit("requests of an instance", "1".to_owned()),
            limit("wait for a response", seconds(ATTEMPT)),
            limit("an instance", seconds(ATTEMPT + GRACE)),
        ],
    )
}

/// The limits of a component that may have this much memory, in bytes: those of its store, its own, and those of its
/// file.
fn table(memory: usize, own: impl IntoIterator<Item = Limit>) -> Vec<Limit> {
    let mut table = vec![
        limit("memory", format!("{} MiB", memory >> 20)),
        limit(
            "handles of the host's: requests, headers, bodies, timers",
            HANDLES.to_string(),
        ),
        limit(
            "data handed to the host in one call",
            format!("{} MiB", CALL_DATA >> 20),
        ),
        limit(
            "core instances, tables, memories",
            format!("{INSTANCES}, {TABLES}, {MEMORIES}"),
        ),
        limit("entries of a table", TABLE.to_string()),
    ];
    table.extend(own);
    table.extend(bounds::table());
    table
}

const fn limit(what: &'static str, limit: String) -> Limit {
    Limit { what, limit }
}

fn seconds(time: Duration) -> String {
    format!("{} s", time.as_secs())
}

/// Limits of a store. A component that exceeds one is ended, with a message that names it.
#[derive(Debug)]
pub(crate) struct StoreLimits {
    /// Bytes of all its memories.
    memory: usize,
    /// How many these may be.
    most: usize,
}

impl StoreLimits {
    /// With this much memory at most, in bytes.
    pub(crate) const fn of(most: usize) -> Self {
        Self { memory: 0, most }
    }
}

impl ResourceLimiter for StoreLimits {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let memory = self.memory.saturating_sub(current).saturating_add(desired);
        if memory > self.most {
            wasmtime::bail!("it asked for more than {} MiB of memory", self.most >> 20);
        }
        self.memory = memory;
        Ok(true)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if desired > TABLE {
            wasmtime::bail!("it asked for a table of more than {TABLE} entries");
        }
        Ok(true)
    }

    fn instances(&self) -> usize {
        INSTANCES
    }

    fn tables(&self) -> usize {
        TABLES
    }

    fn memories(&self) -> usize {
        MEMORIES
    }
}

/// The time that a run lives in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Time {
    /// That of the clock on the wall.
    Real,
    /// That of a paused runtime, which stands still while the guest computes and jumps while it waits.
    Virtual,
}

impl Time {
    /// How long a run may take in all.
    pub(crate) fn of_run(self) -> Duration {
        match self {
            Self::Real => RUN,
            Self::Virtual => REHEARSED_RUN,
        }
    }

    /// When a call that waits for `wait` at most has to be over.
    pub(crate) fn deadline(self, wait: Duration) -> CallDeadline {
        let most = match self {
            Self::Real => wait + SLACK,
            // Waiting takes no time.
            Self::Virtual => SLACK,
        };
        CallDeadline {
            at: Instant::now() + most,
            time: self,
        }
    }
}

/// When the call under way has to be over, by the clock on the wall: a guest that computes without end stops the
/// virtual one.
#[derive(Debug)]
pub(crate) struct CallDeadline {
    at: Instant,
    time: Time,
}

impl CallDeadline {
    /// What the epoch's callback returns: go on, or end.
    pub(crate) fn decide(&self) -> wasmtime::Result<UpdateDeadline> {
        if Instant::now() > self.at {
            wasmtime::bail!("it computed for too long without coming back");
        }
        Ok(match self.time {
            // The host's I/O is to have its turn too.
            Time::Real => UpdateDeadline::Yield(1),
            // The ticks come by the clock on the wall: what happens must not depend on them.
            Time::Virtual => UpdateDeadline::Continue(1),
        })
    }
}

/// Moves the engine's epoch on, from a thread that ends with the engine.
///
/// # Errors
///
/// When the system gives no thread.
pub(crate) fn tick(engine: &Engine) -> io::Result<()> {
    let engine = engine.weak();
    let tick = move || {
        while let Some(engine) = engine.upgrade() {
            engine.increment_epoch();
            drop(engine);
            thread::sleep(TICK);
        }
    };
    thread::Builder::new().spawn(tick).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_memories_count_together() {
        let mut limits = StoreLimits::of(MEMORY);
        let mut grow = |current, desired| limits.memory_growing(current, desired, None).is_ok();
        assert!(grow(0, MEMORY / 2));
        assert!(grow(MEMORY / 2, MEMORY - 2));
        assert!(grow(0, 2));
        assert!(!grow(2, 3));
        assert!(!grow(0, MEMORY));
        assert!(!grow(0, usize::MAX));
    }
}
