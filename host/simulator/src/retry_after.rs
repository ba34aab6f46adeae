//! How long a caller is asked to wait, in each form in which Graph has been seen to say so.

use crate::clock::{Clock, Millis, http_date};
use crate::config::RetryAfterForm;

/// What a caller is told about when to come back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RetryAfter {
    /// A `Retry-After` header, and what it means.
    Header(String, Hold),
    /// `RetryAfter` in the JSON text of the message, in seconds.
    Body(u64),
    /// Nothing.
    Missing,
}

/// How long the caller must keep away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hold {
    /// So many milliseconds from when the answer was sent.
    For(Millis),
    /// To this instant.
    Until(Millis),
}

impl RetryAfter {
    /// Says, at `now`, that `wait` is to pass; never less than that. `roll` chooses where the form is `mixed`.
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
                Self::Header(seconds.to_string(), Hold::For(seconds * 1_000))
            }
            RetryAfterForm::Decimal => {
                let text = format!("{}.{:03}", wait / 1_000, wait % 1_000);
                Self::Header(text, Hold::For(wait))
            }
            RetryAfterForm::Date => {
                let end = clock.time_of_day(now + wait).next_multiple_of(1_000);
                Self::Header(http_date(end), Hold::Until(clock.instant_of(end)))
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

    /// What the caller must keep to; none when it was told nothing.
    pub(crate) fn hold(&self) -> Option<Hold> {
        match self {
            Self::Header(_, hold) => Some(*hold),
            Self::Body(seconds) => Some(Hold::For(seconds * 1_000)),
            Self::Missing => None,
        }
    }
}

const FORMS: [RetryAfterForm; 5] = [
    RetryAfterForm::Seconds,
    RetryAfterForm::Decimal,
    RetryAfterForm::Date,
    RetryAfterForm::Body,
    RetryAfterForm::Missing,
];
