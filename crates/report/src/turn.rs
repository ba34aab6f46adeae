//! The loop around a run, without its I/O: how long the engine may work at a time, and when it must stop.

use std::time::Duration;

/// The state of the loop around a run.
///
/// A caller begins each turn with [`poll`](Self::poll), stops the engine if that says so, and calls the engine's `next`
/// with [`MAX_WAIT`](Self::MAX_WAIT), until the run is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    deadline: Option<Duration>,
    stopped: Option<Stop>,
}

/// Why a run was stopped. If several reasons apply, the first in this order counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stop {
    /// By the user or the system.
    Interrupted,
    /// The user declined when prompted before the first sync.
    Declined,
    /// The user has named devices that are not there, or not clearly.
    Misnamed,
    /// Its time is over.
    Deadline,
    /// Nobody reads its output any more.
    Unread,
    /// The history can no longer be written.
    Unrecorded,
}

impl Turn {
    /// How long the engine works before it returns, so that a stop takes effect soon and the progress moves.
    pub const MAX_WAIT: Duration = Duration::from_millis(Self::MAX_WAIT_MILLIS);

    /// The same, as the engine's `next` takes it.
    pub const MAX_WAIT_MILLIS: u64 = 250;

    /// The loop around a run that must start nothing new once `deadline` has passed since its start.
    #[must_use]
    pub const fn new(deadline: Option<Duration>) -> Self {
        Self {
            deadline,
            stopped: None,
        }
    }

    /// Begins a turn, `elapsed` after the start of the run. `requested` is why the run should stop, as far as the
    /// caller knows. Returns why the engine must be stopped now; at most once in a run.
    pub fn poll(&mut self, elapsed: Duration, requested: Option<Stop>) -> Option<Stop> {
        if self.stopped.is_some() {
            return None;
        }
        let is_over = self.deadline.is_some_and(|deadline| elapsed >= deadline);
        let deadline = is_over.then_some(Stop::Deadline);
        self.stopped = requested.into_iter().chain(deadline).min();
        self.stopped
    }

    /// Why the run was stopped, if it was.
    #[must_use]
    pub const fn stopped(&self) -> Option<Stop> {
        self.stopped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn a_run_without_a_deadline_goes_on_until_a_stop_is_requested() {
        let mut turn = Turn::new(None);
        assert_eq!(turn.poll(Duration::MAX, None), None);
        assert_eq!(turn.stopped(), None);
        let requested = Some(Stop::Declined);
        assert_eq!(turn.poll(MINUTE, requested), requested);
        assert_eq!(turn.stopped(), requested);
    }

    #[test]
    fn it_stops_once_for_the_first_reason() {
        let mut turn = Turn::new(Some(MINUTE));
        assert_eq!(turn.poll(MINUTE - Duration::from_nanos(1), None), None);
        assert_eq!(
            turn.poll(MINUTE, Some(Stop::Unread)),
            Some(Stop::Deadline),
            "the deadline is what the user set"
        );
        assert_eq!(turn.poll(MINUTE, Some(Stop::Interrupted)), None);
        assert_eq!(turn.stopped(), Some(Stop::Deadline));

        let mut turn = Turn::new(Some(Duration::ZERO));
        let requested = Some(Stop::Interrupted);
        assert_eq!(turn.poll(Duration::ZERO, requested), requested);
    }
}
