//! Whether the requests of a run are still as they were written.

use std::ops::ControlFlow;

use crate::{Error, Evidence, History, Run, chain::Row};

/// What came of [`History::verify`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verification {
    /// Every row is as it was written.
    Whole {
        /// How many there are.
        requests: i64,
        /// The hash of the last one, to compare with a log kept elsewhere.
        evidence: Evidence,
    },
    /// This row is missing.
    Removed {
        /// Its number.
        seq: i64,
    },
    /// This row is not as it was written, or the first one or what the run is.
    Changed {
        /// Its number.
        seq: i64,
    },
    /// This row was not there when the run ended.
    Inserted {
        /// Its number.
        seq: i64,
    },
}

impl History {
    /// Computes the hashes of a run's requests again, and names the first row that is not as it was written.
    ///
    /// Of a run under way, and of one that was killed and not resumed yet, the latest requests have no hash.
    ///
    /// # Errors
    ///
    /// When there is no such run, or the history cannot be read.
    pub fn verify(&self, run: &Run) -> Result<Verification, Error> {
        let mut walk = Walk {
            evidence: self.start_of(run)?,
            pinned: run.evidence_sha256.as_deref().and_then(Evidence::read),
            ended: run.outcome.is_some(),
            reached: false,
            requests: 0,
        };
        walk.reached = Some(walk.evidence) == walk.pinned;
        let mut fault = None;
        self.rows(&run.id, i64::MIN, |row, hash| {
            fault = walk.check(&row, hash.as_deref());
            Ok(match fault {
                Some(_) => ControlFlow::Break(()),
                None => ControlFlow::Continue(()),
            })
        })?;
        Ok(fault.unwrap_or_else(|| walk.end()))
    }
}

/// Row by row through the requests of a run.
struct Walk {
    evidence: Evidence,
    /// The last hash, as the run has it.
    pinned: Option<Evidence>,
    ended: bool,
    /// The hash so far is, or was, the last one.
    reached: bool,
    requests: i64,
}

impl Walk {
    /// What is wrong with this row.
    fn check(&mut self, row: &Row, hash: Option<&[u8]>) -> Option<Verification> {
        let seq = row.seq;
        if seq > self.requests + 1 {
            let seq = self.requests + 1;
            return Some(Verification::Removed { seq });
        }
        let beyond = self.ended && (self.reached || hash.is_none());
        if seq <= self.requests || beyond {
            return Some(Verification::Inserted { seq });
        }
        self.requests = seq;
        self.evidence = self.evidence.then(row);
        if hash.is_some_and(|hash| hash != self.evidence.bytes()) {
            return Some(Verification::Changed { seq });
        }
        self.reached |= Some(self.evidence) == self.pinned;
        None
    }

    fn end(self) -> Verification {
        let Self {
            requests, evidence, ..
        } = self;
        match (self.reached, requests) {
            (true, _) => Verification::Whole { requests, evidence },
            (false, 0) => Verification::Changed { seq: 1 },
            (false, _) => Verification::Removed { seq: requests + 1 },
        }
    }
}
