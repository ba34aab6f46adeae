//! What a status means.

use crate::GraphError;

/// What a status says about the request, or the item of a batch, that it answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Done.
    Success,
    /// The quota is used up: send again, later, at no cost.
    Throttled,
    /// A passing fault: try again, so many times.
    Transient,
    /// The token was refused.
    TokenRefused,
    /// The identity lacks a role: nothing will succeed.
    RoleMissing,
    /// Multi Admin Approval stands in the way: nothing will succeed.
    ApprovalNeeded,
    /// It does not exist.
    NotFound,
    /// It will never succeed.
    Rejected,
}

impl Verdict {
    /// Graph understood the request, took its token, and said something that will not change.
    #[must_use]
    pub fn is_definite(self) -> bool {
        matches!(self, Self::Success | Self::NotFound | Self::Rejected)
    }
}

/// Judges a status with the error that came along.
#[must_use]
pub fn judge(status: u16, error: &GraphError) -> Verdict {
    match status {
        200..=299 => Verdict::Success,
        400 | 403 if error.approval => Verdict::ApprovalNeeded,
        401 => Verdict::TokenRefused,
        403 => Verdict::RoleMissing,
        404 => Verdict::NotFound,
        429 => Verdict::Throttled,
        // 424: documented for a batch whose items failed, never seen.
        408 | 424 => Verdict::Transient,
        501 | 505 => Verdict::Rejected,
        500..=599 => Verdict::Transient,
        _ => Verdict::Rejected,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_documented_status() {
        let plain = GraphError::default();
        let approval = GraphError {
            approval: true,
            ..GraphError::default()
        };
        for (statuses, verdict) in [
            (&[200, 202, 204][..], Verdict::Success),
            (
                &[408, 424, 500, 502, 503, 504, 507, 509, 520],
                Verdict::Transient,
            ),
            (&[400, 405, 409, 410, 422, 302, 501], Verdict::Rejected),
            (&[401], Verdict::TokenRefused),
            (&[403], Verdict::RoleMissing),
            (&[404], Verdict::NotFound),
            (&[429], Verdict::Throttled),
        ] {
            for status in statuses {
                assert_eq!(judge(*status, &plain), verdict, "{status}");
            }
        }
        assert_eq!(judge(400, &approval), Verdict::ApprovalNeeded);
        assert_eq!(judge(403, &approval), Verdict::ApprovalNeeded);
        assert_eq!(judge(404, &approval), Verdict::NotFound);
    }
}
