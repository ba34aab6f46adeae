//! Measures the cells of a table, two at a time.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

/// The outcomes of this many measurements, in order.
pub(crate) fn measured<T: Send>(count: usize, measure: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let cells: Vec<Mutex<Option<T>>> = (0..count).map(|_| Mutex::new(None)).collect();
    let next = AtomicUsize::new(0);
    let work = || {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(cell) = cells.get(at) else {
                return;
            };
            let outcome = measure(at);
            *cell.lock().expect("no measure panics") = Some(outcome);
        }
    };
    thread::scope(|scope| {
        scope.spawn(work);
        work();
    });
    let outcomes = cells.into_iter().map(|cell| {
        let outcome = cell.into_inner().expect("no measure panics");
        outcome.expect("all are measured")
    });
    outcomes.collect()
}
