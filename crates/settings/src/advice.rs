//! A message to people: what is wrong, and what to do about it.

use crate::variable;

/// What is wrong, and what to do about it.
///
/// The message starts in lower case and has no full stop; values are in backticks. It shows as the error's text, and
/// the hint follows on a separate line.
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

    /// The same for the user of a component, who has no flags: `` `--cloud usgov` `` becomes
    /// `` `INTUNE_SYNC_CLOUD=usgov` ``.
    #[must_use]
    pub fn by_variables(self) -> Self {
        Self {
            message: by_variables(&self.message),
            hint: by_variables(&self.hint),
        }
    }

    /// The same message with this hint.
    #[must_use]
    pub fn with_hint(self, hint: impl Into<String>) -> Self {
        Self {
            hint: hint.into(),
            ..self
        }
    }

    /// A message that no hint helps with.
    pub fn without_hint(message: impl Into<String>) -> Self {
        Self::new(message, "")
    }
}

/// A text with variables instead of flags, as [`Advice::by_variables`] has them.
#[must_use]
pub fn by_variables(text: &str) -> String {
    let parts = text.split('`').enumerate().map(|(at, part)| {
        // Every other part is in backticks.
        match part.strip_prefix("--").filter(|_| at % 2 == 1) {
            Some(flag) => match flag.split_once(' ') {
                Some((key, value)) => format!("{}={value}", variable(key)),
                None => variable(flag),
            },
            None => part.to_owned(),
        }
    });
    parts.collect::<Vec<_>>().join("`")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_become_variables_and_nothing_else_does() {
        let advice = Advice::new(
            "`x` is not --allowed",
            "give `--max-rate`, or `--cloud usgov`; see `intune-sync doctor`",
        );
        let expected = Advice::new(
            "`x` is not --allowed",
            "give `INTUNE_SYNC_MAX_RATE`, or `INTUNE_SYNC_CLOUD=usgov`; see `intune-sync doctor`",
        );
        assert_eq!(advice.by_variables(), expected);
    }
}
