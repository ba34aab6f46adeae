//! Which writes may leave at the moment: none before the user has agreed, none that is new after a stop.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tokio::sync::watch;

/// How far a run has come, as its writes are concerned. Only its caller moves it on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    /// The user has not agreed yet: writes wait.
    Withheld,
    /// Writes leave.
    Open,
    /// The run is to stop, which the component need not know yet: writes wait.
    Stopping,
    /// The component knows: what waited does not leave, and a new write breaks the contract.
    Stopped,
}

/// The writes of a run.
#[derive(Debug)]
pub(crate) struct Writes {
    stage: watch::Sender<Stage>,
    waits: AtomicBool,
    let_out: AtomicU64,
}

/// A write that does not leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stopped;

impl Default for Writes {
    /// Writes leave.
    fn default() -> Self {
        Self {
            stage: watch::Sender::new(Stage::Open),
            waits: AtomicBool::new(false),
            let_out: AtomicU64::new(0),
        }
    }
}

impl Writes {
    /// From now on writes wait, until [`permit`](Self::permit) or a stop.
    pub(crate) fn withhold(&self) {
        self.stage.send_replace(Stage::Withheld);
    }

    /// Writes leave, unless the run is to stop.
    pub(crate) fn permit(&self) {
        self.advance(Stage::Open);
    }

    /// No further write leaves.
    pub(crate) fn stop(&self) {
        self.advance(Stage::Stopping);
    }

    /// The component knows of the stop.
    pub(crate) fn stopped(&self) {
        self.advance(Stage::Stopped);
    }

    /// Whether the component may begin a write: it may not once it knows of a stop.
    pub(crate) fn may_begin(&self) -> bool {
        *self.stage.borrow() != Stage::Stopped
    }

    /// Whether a write waits for the user, or has.
    pub(crate) fn wait_for_user(&self) -> bool {
        self.waits.load(Ordering::Relaxed)
    }

    /// How many syncs have been let out.
    pub(crate) fn let_out(&self) -> u64 {
        self.let_out.load(Ordering::Relaxed)
    }

    /// Counts syncs that leave now.
    pub(crate) fn leave(&self, syncs: u32) {
        self.let_out.fetch_add(syncs.into(), Ordering::Relaxed);
    }

    /// Waits until writes may leave.
    ///
    /// # Errors
    ///
    /// When none does any more.
    pub(crate) async fn open(&self) -> Result<(), Stopped> {
        if *self.stage.borrow() == Stage::Withheld {
            self.waits.store(true, Ordering::Relaxed);
        }
        let mut stage = self.stage.subscribe();
        let settled = stage.wait_for(|stage| matches!(stage, Stage::Open | Stage::Stopped));
        match settled.await.as_deref() {
            Ok(Stage::Open) => Ok(()),
            _ => Err(Stopped),
        }
    }

    /// Waits for as long as writes may leave.
    pub(crate) async fn closed(&self) {
        let mut stage = self.stage.subscribe();
        // The sender lives in `self`.
        let _ = stage.wait_for(|stage| *stage != Stage::Open).await;
    }

    fn advance(&self, to: Stage) {
        self.stage.send_if_modified(|stage| {
            let advances = *stage < to;
            *stage = to.max(*stage);
            advances
        });
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;

    use super::*;

    /// What becomes of a write now; `None` if it waits.
    fn outcome(writes: &Writes) -> Option<Result<(), Stopped>> {
        let open = std::pin::pin!(writes.open());
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        match open.poll(&mut context) {
            std::task::Poll::Ready(outcome) => Some(outcome),
            std::task::Poll::Pending => None,
        }
    }

    #[test]
    fn none_leaves_before_the_reply_and_none_after_a_no() {
        let writes = Writes::default();
        assert_eq!(outcome(&writes), Some(Ok(())));
        writes.withhold();
        assert!(!writes.wait_for_user());
        assert_eq!(outcome(&writes), None);
        assert!(writes.wait_for_user() && writes.may_begin());
        writes.stop();
        assert_eq!(outcome(&writes), None);
        writes.stopped();
        assert_eq!(outcome(&writes), Some(Err(Stopped)));
        assert!(!writes.may_begin());
    }

    #[test]
    fn a_stop_cannot_be_taken_back() {
        let writes = Writes::default();
        writes.withhold();
        writes.permit();
        assert_eq!(outcome(&writes), Some(Ok(())));
        writes.stop();
        writes.permit();
        assert_eq!(outcome(&writes), None);
        writes.stopped();
        writes.stop();
        assert_eq!(outcome(&writes), Some(Err(Stopped)));
    }
}
