//! Polls the guest only when everything due at an instant has reached it.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use tokio::task::{unconstrained, yield_now};

/// Rounds of the scheduler in which all that is due at an instant is done: the tenant's timer (or that of a token)
/// wakes the [task](crate::tenant_task), which takes a few rounds itself; the tasks of the egress that it responds
/// to take one or, being more than the scheduler runs in a round, two.
const ROUNDS: u32 = crate::tenant_task::ROUNDS + 5;

/// A call of the guest's that, when something wakes it, first lets the host do all else that is due at that instant.
/// Without it the guest would see its own timer, or the first of several responses, a moment before the rest.
pub(super) fn settled<F: Future>(call: F) -> impl Future<Output = F::Output> {
    Settled {
        // tokio makes a task that finds much ready come back later; what the guest finds ready must not depend on that.
        call: Box::pin(unconstrained(call)),
        rounds: 0,
    }
}

/// Lets the host do all that is due at this instant.
pub(super) async fn settle() {
    for _ in 0..ROUNDS {
        yield_now().await;
    }
}

struct Settled<F> {
    call: Pin<Box<F>>,
    /// Rounds still to go.
    rounds: u32,
}

impl<F: Future> Future for Settled<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        if let Some(rounds) = self.rounds.checked_sub(1) {
            self.rounds = rounds;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.rounds = ROUNDS;
        self.call.as_mut().poll(context)
    }
}
