//! How long a caller is asked to wait, in each form in which Graph is known to write it.

use crate::{
    clock::{Clock, Millis, http_date},
    config::RetryAfterForm,
};

/// When a caller is asked to come back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RetryAfter {
    /// A `Retry-After` header, and what it means.
    Header(String, Wait),
    /// `RetryAfter` in the JSON text of the message, in seconds.
    Body(u64),
    /// Nothing.
    Missing,
}

/// How long the caller must wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wait {
    /// This long after the response was sent.
    For(Millis),
    /// To this instant.
    Until(Millis),
}

const FORMS: [RetryAfterForm; 5] = [
    RetryAfterForm::Seconds,
    RetryAfterForm::Decimal,
    RetryAfterForm::Date,
    RetryAfterForm::Body,
    RetryAfterForm::Missing,
];

impl RetryAfter {
    /// Asks, at `now`, for at least `wait`. `roll` chooses the form if it is `mixed`.
    pub(crate) fn new(
        form: RetryAfterForm,
        wait: Millis,
        clock: Clock,
        now: Millis,
        roll: u64,
    ) -> Self {
        let seconds = wait.div_ceil(1_000);
        match form {
            RetryAfterForm::Seconds => {
                Self::Header(seconds.to_string(), Wait::For(seconds * 1_000))
            }
            RetryAfterForm::List => {
                let text = format!("{seconds}, {seconds}");
                Self::Header(text, Wait::For(seconds * 1_000))
            }
            RetryAfterForm::Suffixed => {
                Self::Header(format!("{seconds}s"), Wait::For(seconds * 1_000))
            }
            RetryAfterForm::Decimal => {
                let text = format!("{}.{:03}", wait / 1_000, wait % 1_000);
                Self::Header(text, Wait::For(wait))
            }
            RetryAfterForm::Date => {
                let end = clock.time_of_day(now + wait).next_multiple_of(1_000);
                Self::Header(http_date(end), Wait::Until(clock.instant_of(end)))
            }
            RetryAfterForm::Body => Self::Body(seconds),
            RetryAfterForm::Missing => Self::Missing,
            RetryAfterForm::Mixed => Self::new(
                FORMS[(roll % FORMS.len() as u64) as usize],
                wait,
                clock,
                now,
                0,
            ),
        }
    }

    /// The wait that the caller must observe; `None` if it cannot know of one.
    pub(crate) fn wait(&self) -> Option<Wait> {
        match self {
            Self::Header(_, wait) => Some(*wait),
            Self::Body(seconds) => Some(Wait::For(seconds * 1_000)),
            Self::Missing => None,
        }
    }
}
