//! A message to people: what is wrong, and what to do about it.

/// What is wrong, and what to do about it.
///
/// The message starts in lower case and has no full stop; values are in backticks. It shows as the error's text, and the
/// hint follows on a separate line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Advice {
    /// The value and what is allowed, or what failed, in one sentence.
    pub message: String,
    /// What to do about it, in one sentence; may be empty.
    pub hint: String,
}

impl Advice {
    /// A message and its hint.
    pub fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: hint.into(),
        }
    }

    /// A message that no hint helps with.
    pub fn without_hint(message: impl Into<String>) -> Self {
        Self::new(message, "")
    }
}

impl From<intune_sync_wit::Problem> for Advice {
    fn from(intune_sync_wit::Problem { message, hint }: intune_sync_wit::Problem) -> Self {
        Self { message, hint }
    }
}

impl From<Advice> for intune_sync_wit::Problem {
    fn from(Advice { message, hint }: Advice) -> Self {
        Self { message, hint }
    }
}
