//! What a status means, for each kind of request: the only place that says so.

use crate::{GraphError, Source};

/// A request, or an item of a batch, as far as the meaning of a status depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Requested {
    /// A page of the list.
    Page,
    /// A sync.
    Single,
    /// A batch of syncs as a whole.
    Envelope,
    /// A sync in a batch.
    Item,
    /// A call of the bulk action.
    Bulk,
}

/// A device that is refused with more tokens than this, while others are accepted, is refused for another reason than
/// its token.
pub const TOKEN_REFUSALS_MAX: u8 = 5;
/// This many failed requests in a row are not the fault of a device: Graph may be down.
pub const OUTAGE_FAILURES: u32 = 10;

/// What a response means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Done.
    Success,
    /// The quota is used up: send again later, at no cost.
    Throttled,
    /// A passing fault: try again, a limited number of times.
    Transient,
    /// The token was refused.
    TokenRefused,
    /// The identity may not do this: nothing of the kind will succeed.
    NotAuthorized(Missing),
    /// It does not exist.
    NotFound,
    /// It will never succeed.
    Rejected,
    /// Items of the batch failed, and the body says which. If it does not, the fault may pass.
    ItemsFailed,
    /// Graph does not take this kind of request here: the devices have to be sent in another way.
    Unsupported,
    /// The request may have too many devices.
    TooLarge,
    /// The list may be readable with another query, or from its beginning.
    QueryRefused,
}

/// What the identity lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// An application permission.
    Role,
    /// Another administrator's approval, which Multi Admin Approval requires.
    Approval,
}

impl Verdict {
    /// Graph understood the request, accepted its token, and said something that will not change.
    #[must_use]
    pub fn is_definite(self) -> bool {
        match self {
            Self::Success
            | Self::NotFound
            | Self::Rejected
            | Self::Unsupported
            | Self::TooLarge
            | Self::QueryRefused => true,
            Self::Throttled
            | Self::Transient
            | Self::TokenRefused
            | Self::NotAuthorized(_)
            | Self::ItemsFailed => false,
        }
    }
}

/// Whether a page that fails with this status again and again may be readable with a simpler query.
#[must_use]
pub fn may_be_the_query(status: u16) -> bool {
    status == 500
}

/// Judges a status, with the error that came along (docs/graph-facts.md#statuses). A success with an error is judged by
/// the error's code.
#[must_use]
pub fn judge(requested: Requested, status: u16, error: &GraphError) -> Verdict {
    use Requested::{Bulk, Envelope, Page};
    let status = match status {
        200..=299 if error.source == Source::Graph => error.usual_status(),
        status => status,
    };
    match (requested, status) {
        (_, 200..=299) => Verdict::Success,
        (_, 400 | 403 | 412) if error.approval => Verdict::NotAuthorized(Missing::Approval),
        (_, 401) => Verdict::TokenRefused,
        // Graph writes JSON: a proxy or a firewall on the way has said so.
        (_, 403) if error.source == Source::Other => Verdict::Transient,
        (_, 403) => Verdict::NotAuthorized(Missing::Role),
        (_, 429) => Verdict::Throttled,
        // Graph ignores unsupported filters (docs/graph-facts.md#list-filters), but these may still be about one, or
        // about a link to the next page that has expired.
        (Page, 400 | 410 | 501) => Verdict::QueryRefused,
        (Bulk, 400 | 413) => Verdict::TooLarge,
        (Envelope, 404 | 405 | 410 | 501) => Verdict::Unsupported,
        // Documented for a batch whose items failed, but never seen (docs/graph-facts.md#batches).
        (Envelope, 424) => Verdict::ItemsFailed,
        (_, 408 | 424) => Verdict::Transient,
        (_, 500 | 502..=504 | 506..=599) => Verdict::Transient,
        (Bulk, _) => Verdict::Unsupported,
        (_, 404) => Verdict::NotFound,
        _ => Verdict::Rejected,
    }
}

/// Judges a response that is not what was requested, or that has nothing more to say than its status: a success may
/// hold an error instead.
#[must_use]
pub fn judge_response(
    requested: Requested,
    status: u16,
    body: &[u8],
    headers: &[(String, String)],
) -> (Verdict, GraphError) {
    let error = GraphError::of_response(status, body, headers);
    match judge(requested, status, &error) {
        Verdict::Success => {
            let error = GraphError::instead(status, body, headers).unwrap_or(error);
            (judge(requested, status, &error), error)
        }
        verdict => (verdict, error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Requested; 5] = [
        Requested::Page,
        Requested::Single,
        Requested::Envelope,
        Requested::Item,
        Requested::Bulk,
    ];

    fn each(requested: &[Requested], statuses: &[u16], verdict: Verdict) {
        for requested in requested {
            for status in statuses {
                let judged = judge(*requested, *status, &GraphError::default());
                assert_eq!(judged, verdict, "{requested:?} {status}");
            }
        }
    }

    #[test]
    fn each_documented_status() {
        use Requested::{Bulk, Envelope, Item, Page, Single};
        each(&ALL, &[200, 202, 204], Verdict::Success);
        let passing = [408, 500, 502, 503, 504, 507, 509, 520];
        each(&ALL, &passing, Verdict::Transient);
        each(&[Page, Single, Item, Bulk], &[424], Verdict::Transient);
        each(&[Envelope], &[424], Verdict::ItemsFailed);
        each(&ALL, &[401], Verdict::TokenRefused);
        each(&ALL, &[403], Verdict::NotAuthorized(Missing::Role));
        each(&ALL, &[429], Verdict::Throttled);
        each(&[Page, Single, Item], &[404], Verdict::NotFound);
        let rejected = [302, 405, 409, 413, 422, 505];
        each(&[Page, Single, Item], &rejected, Verdict::Rejected);
        each(&[Single, Item], &[410, 501], Verdict::Rejected);
        each(&[Single, Envelope, Item], &[400], Verdict::Rejected);
        each(&[Page], &[400, 410, 501], Verdict::QueryRefused);
        each(&[Envelope], &[404, 405, 410, 501], Verdict::Unsupported);
        each(&[Envelope], &[302, 409, 422, 505], Verdict::Rejected);
        each(&[Bulk], &[400, 413], Verdict::TooLarge);
        each(&[Bulk], &[302, 404, 405, 501, 505], Verdict::Unsupported);
    }

    #[test]
    fn a_success_with_an_error_is_an_error() {
        for (code, verdict) in [
            ("TooManyRequests", Verdict::Throttled),
            ("toomanyrequests", Verdict::Throttled),
            ("InvalidAuthenticationToken", Verdict::TokenRefused),
            ("Forbidden", Verdict::NotAuthorized(Missing::Role)),
            ("ResourceNotFound", Verdict::NotFound),
            ("BadRequest", Verdict::Rejected),
            ("InternalServerError", Verdict::Transient),
            ("", Verdict::Transient),
        ] {
            let error = GraphError {
                source: Source::Graph,
                ..GraphError::new(code, "")
            };
            assert_eq!(judge(Requested::Item, 200, &error), verdict, "{code}");
            assert_eq!(judge(Requested::Single, 204, &error), verdict, "{code}");
        }
    }

    #[test]
    fn a_403_that_is_not_graphs_may_pass() {
        let error = GraphError {
            source: Source::Other,
            ..GraphError::default()
        };
        for requested in ALL {
            assert_eq!(judge(requested, 403, &error), Verdict::Transient);
        }
    }

    #[test]
    fn an_approval_is_required_with_400_403_or_412() {
        let approval = GraphError {
            approval: true,
            ..GraphError::default()
        };
        for requested in ALL {
            for status in [400, 403, 412] {
                let judged = judge(requested, status, &approval);
                assert_eq!(judged, Verdict::NotAuthorized(Missing::Approval));
            }
        }
        let judged = judge(Requested::Single, 404, &approval);
        assert_eq!(judged, Verdict::NotFound);
    }

    #[test]
    fn what_will_not_change_is_definite() {
        for status in [204, 400, 404, 413] {
            let verdict = judge(Requested::Single, status, &GraphError::default());
            assert!(verdict.is_definite(), "{status}: {verdict:?}");
        }
        for status in [401, 403, 429, 500, 503] {
            let verdict = judge(Requested::Single, status, &GraphError::default());
            assert!(!verdict.is_definite(), "{status}: {verdict:?}");
        }
    }

    /// Graph has responded so to filters that it takes at other times; 503 says of itself that it will pass.
    #[test]
    fn a_page_that_fails_with_500_may_be_readable_with_a_simpler_query() {
        assert!(may_be_the_query(500));
        for status in [200, 400, 429, 502, 503, 504] {
            assert!(!may_be_the_query(status), "{status}");
        }
    }
}
