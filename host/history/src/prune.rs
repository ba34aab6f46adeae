//! Deletes old runs, and gives their space back.

use std::{
    cmp::Reverse,
    collections::{HashMap, HashSet},
    iter::successors,
};

use crate::{Error, History, Lock, RunFilter, StateDir};

/// Which runs to keep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Keep {
    /// This many of the latest.
    Latest(usize),
    /// Those that began then or later: RFC 3339, in UTC.
    Since(String),
}

/// What came of [`History::prune`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Runs deleted.
    pub runs: usize,
    /// Bytes given back to the disk.
    pub bytes: u64,
}

impl History {
    /// The runs that pruning would delete, each part of a run before the one that it resumes. Not among them: a run
    /// under way. A run in several parts is kept, or deleted, with all of them.
    ///
    /// # Errors
    ///
    /// When the history cannot be read.
    pub fn prunable(&self, keep: &Keep, place: &StateDir) -> Result<Vec<String>, Error> {
        let runs = self.runs(&RunFilter::default())?;
        // A clock that was set back makes a later part look older: only `resumes` says which is which.
        let resumed: HashMap<&str, &str> = runs
            .iter()
            .filter_map(|run| Some((run.id.as_str(), run.resumes.as_deref()?)))
            .collect();
        let parts = |id| successors(Some(id), |id| resumed.get(id).copied());
        let first = |id| parts(id).last().unwrap_or(id);
        let mut kept: HashSet<&str> = HashSet::new();
        for (at, run) in runs.iter().enumerate() {
            let is_kept = match keep {
                Keep::Latest(count) => at < *count,
                Keep::Since(since) => run.started_at >= *since,
            };
            let under_way = || run.outcome.is_none() && Lock::holder(place, &run.subject).is_some();
            if is_kept || under_way() {
                kept.insert(first(&run.id));
            }
        }
        let mut pruned: Vec<&str> = runs.iter().map(|run| run.id.as_str()).collect();
        pruned.retain(|id| !kept.contains(first(id)));
        pruned.sort_by_key(|id| Reverse(parts(id).count()));
        Ok(pruned.into_iter().map(str::to_owned).collect())
    }

    /// Deletes these runs, each in one transaction and in this order, and gives their space back.
    ///
    /// # Errors
    ///
    /// When the history cannot be written.
    pub fn prune(&mut self, runs: &[String]) -> Result<Pruned, Error> {
        let before = self.size();
        for run in runs {
            self.delete(run).map_err(|error| self.error(&error))?;
        }
        self.shrink().map_err(|error| self.error(&error))?;
        Ok(Pruned {
            runs: runs.len(),
            bytes: before.saturating_sub(self.size()),
        })
    }

    fn delete(&mut self, run: &str) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction()?;
        for table in [
            "device WHERE run",
            "request WHERE run",
            "confirmation WHERE run",
            "wait WHERE run",
            "run WHERE id",
        ] {
            transaction.execute(&format!("DELETE FROM {table} = ?1"), [run])?;
        }
        transaction.commit()
    }

    /// Free pages leave the file.
    fn shrink(&self) -> rusqlite::Result<()> {
        let mut statement = self.connection.prepare("PRAGMA incremental_vacuum")?;
        let mut rows = statement.query([])?;
        while rows.next()?.is_some() {}
        // The file shrinks once the log is in it.
        self.connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
    }

    fn size(&self) -> u64 {
        std::fs::metadata(&self.path).map_or(0, |file| file.len())
    }
}
