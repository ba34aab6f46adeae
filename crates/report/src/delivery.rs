//! What a webhook's response to a message means.

use intune_sync_settings::Advice;

/// Why a message is not known to have arrived, and whether it makes sense to send it again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undelivered {
    /// What is wrong: `status 404: no such workflow`.
    pub why: String,
    /// What to do about it.
    pub hint: &'static str,
    /// The trouble passes, so that the message may be sent again.
    pub passes: bool,
}

impl Undelivered {
    /// A response of this status, which is not 2xx, with this first line in its body.
    #[must_use]
    pub fn refused(status: u16, line: &str) -> Self {
        let (hint, passes) = match status {
            429 => ("it gets too many messages", true),
            500..=599 => ("it is in trouble", true),
            300..=399 => (
                "redirects are not followed: give the address to which it leads",
                false,
            ),
            401 | 403 | 404 | 410 => (
                "the webhook was removed or turned off, or its address is incomplete: make a new one, or copy it again",
                false,
            ),
            _ => (
                "it may take another kind of message: see `--notify-kind`",
                false,
            ),
        };
        let mut why = format!("status {status}");
        if !line.is_empty() {
            why += &format!(": {line}");
        }
        Self { why, hint, passes }
    }

    /// What to report about the message to `webhook`.
    #[must_use]
    pub fn advice(&self, webhook: &str) -> Advice {
        not_sent(webhook, &self.why, self.hint)
    }
}

/// The message to `webhook` was not sent, as far as is known.
#[must_use]
pub fn not_sent(webhook: &str, why: &str, hint: &str) -> Advice {
    Advice::new(
        format!("the message to {webhook} was not sent: {why}"),
        hint,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trouble_passes_and_a_refusal_does_not() {
        for (status, passes) in [
            (429, true),
            (503, true),
            (302, false),
            (404, false),
            (400, false),
        ] {
            let refused = Undelivered::refused(status, "");
            assert_eq!(
                (refused.passes, refused.why),
                (passes, format!("status {status}"))
            );
        }
        let advice = Undelivered::refused(400, "no card").advice("`hooks.example`");
        assert_eq!(
            advice.message,
            "the message to `hooks.example` was not sent: status 400: no card"
        );
    }
}
