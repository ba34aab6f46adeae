//! Whether a webhook can be reached, without a message: `HEAD /` at its origin, which shows nothing of its address.

use http::{HeaderMap, Method, uri::PathAndQuery};

use super::{Address, RESPONSE_LIMIT, Refusal};
use crate::{
    Anonymous, Carrier, ClientError, Gated, SendError, Timeouts,
    gate::{Direct, Parsed, Policy, Proposal, Rules, expect_no_body, sealed::Sealed},
};

/// One request, to the root of an origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Reach;

const ROOT: PathAndQuery = PathAndQuery::from_static("/");

impl Sealed for Reach {}

impl Direct for Reach {}

impl Policy for Reach {
    type Call = ();
    type Token = ();
    type Refusal = Refusal;

    fn read(&self, proposal: &Proposal<'_>) -> Result<Parsed<(), ()>, Refusal> {
        if proposal.uri.path_and_query() != Some(&ROOT) {
            return Err(Refusal::Target);
        }
        if *proposal.method != Method::HEAD {
            return Err(Refusal::Method);
        }
        expect_no_body(proposal.body)?;
        Ok(Parsed {
            method: Method::HEAD,
            target: ROOT,
            proposed_id: None,
            body: Vec::new(),
            token: (),
            call: (),
        })
    }

    fn response_limit((): &()) -> usize {
        RESPONSE_LIMIT
    }
}

/// Requests the root of the address's origin: whatever the response is, the webhook can be reached.
///
/// # Errors
///
/// Why there is no response.
pub async fn reach(
    address: &Address,
    carrier: impl Into<Carrier>,
    timeouts: Timeouts,
) -> Result<(), SendError> {
    let origin = address.origin().clone();
    let uri = origin.at(ROOT);
    let writes = Reach;
    let gated = Gated::new(Rules { origin, writes }, Anonymous, carrier);
    let proposal = Proposal {
        method: &Method::HEAD,
        uri: &uri,
        headers: &HeaderMap::new(),
        body: b"",
    };
    let admitted = gated
        .admit(&proposal)
        .map_err(|refusal| ClientError::Other {
            host: address.origin().authority(),
            reason: refusal.to_string(),
        })?;
    admitted.send(timeouts).await.map(drop)
}
