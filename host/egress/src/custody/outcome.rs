//! What a response to a request for syncs says of each device, read with the code that the engine reads it with.

use intune_sync_graph::{
    BatchResponse, BulkOutcome, GraphError, Requested, Verdict, judge, judge_response, read_batch,
    read_bulk, read_json,
};
use intune_sync_ids::Guid;
use serde::de::IgnoredAny;

use super::books::Trouble;

/// What came of one sync.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Came {
    /// Graph has accepted it.
    Accepted,
    /// Graph does not know the device.
    Gone,
    /// Graph has refused it for good.
    Refused,
    /// Graph has refused it to this identity.
    Forbidden,
    /// Graph has refused the token.
    TokenRefused,
    /// It failed in a way that may pass, or it is not known what became of it.
    Failed,
    /// It was throttled, or Graph takes it in another way: it says nothing of the device.
    Undecided,
}

impl Came {
    /// Graph has said something of the device that will not change.
    pub(super) fn is_definite(&self) -> bool {
        matches!(self, Self::Accepted | Self::Gone | Self::Refused)
    }

    fn of(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Success => Self::Accepted,
            Verdict::NotFound => Self::Gone,
            Verdict::Rejected
            | Verdict::Unsupported
            | Verdict::TooLarge
            | Verdict::QueryRefused => Self::Refused,
            Verdict::NotAuthorized(_) => Self::Forbidden,
            Verdict::TokenRefused => Self::TokenRefused,
            Verdict::Throttled => Self::Undecided,
            Verdict::Transient | Verdict::ItemsFailed => Self::Failed,
        }
    }

    /// What the failure of a shared request as a whole says of each of its devices.
    fn of_shared(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Success | Verdict::Transient | Verdict::ItemsFailed => Self::Failed,
            Verdict::TokenRefused => Self::TokenRefused,
            // One of the devices may be the reason, or the way in which they were sent.
            Verdict::Throttled
            | Verdict::NotAuthorized(_)
            | Verdict::NotFound
            | Verdict::Rejected
            | Verdict::Unsupported
            | Verdict::TooLarge
            | Verdict::QueryRefused => Self::Undecided,
        }
    }
}

/// A complete response.
pub(super) struct Received<'a> {
    pub(super) status: u16,
    pub(super) headers: &'a [(String, String)],
    pub(super) body: &'a [u8],
}

/// What came of each sync of a request, in its order.
pub(super) struct Outcomes {
    pub(super) of: Vec<(Came, Trouble)>,
    /// Requests, or items, that were throttled.
    pub(super) throttled: u64,
}

impl Outcomes {
    /// All alike.
    fn all(devices: usize, came: Came, trouble: &Trouble) -> Self {
        Self {
            of: vec![(came, trouble.clone()); devices],
            throttled: 0,
        }
    }

    /// There is no response: whether Graph has acted is not known.
    pub(super) fn unknown(devices: usize) -> Self {
        Self::all(devices, Came::Failed, &Trouble::default())
    }

    /// Reads a response.
    pub(super) fn read(requested: Requested, devices: &[Guid], received: &Received<'_>) -> Self {
        let items = match requested {
            Requested::Envelope => items(devices.len(), received),
            Requested::Bulk => bulk(devices, received),
            _ => None,
        };
        if let Some(items) = items {
            return items;
        }
        let Received {
            status,
            headers,
            body,
        } = *received;
        let (verdict, error) = judge_response(requested, status, body, headers);
        let trouble = trouble(Some(status), error);
        let is_single = requested == Requested::Single;
        let came = match verdict {
            Verdict::Success if is_single && !is_json(body) => Came::Failed,
            verdict if is_single => Came::of(verdict),
            verdict => Came::of_shared(verdict),
        };
        let throttled = u64::from(verdict == Verdict::Throttled);
        Self {
            throttled,
            ..Self::all(devices.len(), came, &trouble)
        }
    }
}

/// The items of a batch; `None` if the response has none.
fn items(count: usize, received: &Received<'_>) -> Option<Outcomes> {
    let Received {
        status,
        headers,
        body,
    } = *received;
    let named = GraphError::named(headers);
    let error = GraphError::of_response(status, body, headers);
    let verdict = judge(Requested::Envelope, status, &error);
    if !matches!(verdict, Verdict::Success | Verdict::ItemsFailed) {
        return None;
    }
    let BatchResponse { items, .. } = read_batch(body, count)?;
    let mut throttled = 0;
    let of = items.into_iter().map(|item| match item {
        Some(item) => {
            let error = GraphError::of(&item.body, &item.headers);
            let verdict = judge(Requested::Item, item.status, &error);
            throttled += u64::from(verdict == Verdict::Throttled);
            (Came::of(verdict), trouble(Some(item.status), error))
        }
        None => (Came::Failed, trouble(None, named.clone())),
    });
    Some(Outcomes {
        of: of.collect(),
        throttled,
    })
}

/// The devices of a bulk action; `None` if the response does not name them.
fn bulk(devices: &[Guid], received: &Received<'_>) -> Option<Outcomes> {
    let Received {
        status,
        headers,
        body,
    } = *received;
    if !(200..300).contains(&status) {
        return None;
    }
    let response = read_bulk(body)?;
    let trouble = trouble(None, GraphError::named(headers));
    let of = devices.iter().map(|device| {
        let came = match response.of(*device) {
            Some(BulkOutcome::Successful) => Came::Accepted,
            Some(BulkOutcome::NotFound) => Came::Gone,
            Some(BulkOutcome::NotSupported) => Came::Refused,
            Some(BulkOutcome::Failed) | None => Came::Failed,
        };
        (came, trouble.clone())
    });
    Some(Outcomes {
        of: of.collect(),
        throttled: 0,
    })
}

fn trouble(status: Option<u16>, error: GraphError) -> Trouble {
    Trouble {
        status,
        code: error.code,
        message: error.message,
        request_id: error.request_id,
        client_request_id: None,
    }
}

fn is_json(body: &[u8]) -> bool {
    body.is_empty() || read_json::<IgnoredAny>(body).is_ok()
}
