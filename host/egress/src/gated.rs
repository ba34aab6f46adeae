//! The one way to send a request with a token.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, header::AUTHORIZATION};
use intune_sync_ids::Guid;

use crate::{
    carrier::Carrier,
    client::{ClientError, ResponseBody, Timeouts, host_of},
    credential::{Credential, UnknownToken},
    gate::{Allowed, CLIENT_REQUEST_ID, Gate, Policy, Proposal, Rules, header_of, sync},
    random,
    redact::Secrets,
    response::response_headers,
};

/// The way to Microsoft Graph: a gate, the credential behind it, and what carries the requests.
pub struct Gated<P, C> {
    gate: Gate<P>,
    credential: C,
    carrier: Carrier,
}

/// A request that the gate has admitted, which can be sent once.
#[must_use = "it is not sent"]
pub struct Admitted<'a, P: Policy, C> {
    gated: &'a Gated<P, C>,
    allowed: Allowed<P::Call, P::Token>,
}

/// Why an admitted request got no response.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// What it presents does not name a token. It was not sent.
    #[error(transparent)]
    Token(#[from] UnknownToken),
    /// There is no response, or none that can be handed over.
    #[error(transparent)]
    Client(#[from] ClientError),
}

impl<P, C> Gated<P, C> {
    /// Requests under these rules, with this credential.
    pub fn new(rules: Rules<P>, credential: C, carrier: impl Into<Carrier>) -> Self {
        Self {
            gate: Gate::new(rules),
            credential,
            carrier: carrier.into(),
        }
    }

    /// The rules it is under.
    pub const fn rules(&self) -> &Rules<P> {
        self.gate.rules()
    }

    /// The credential behind the gate.
    pub const fn credential(&self) -> &C {
        &self.credential
    }

    /// The same gate and carrier, with another credential.
    pub fn with_credential<D>(self, credential: D) -> Gated<P, D> {
        Gated {
            gate: self.gate,
            credential,
            carrier: self.carrier,
        }
    }

    /// Permits these writes from now on, and no others.
    pub fn permit(&mut self, writes: P) {
        let origin = self.rules().origin.clone();
        self.gate = Gate::new(Rules { origin, writes });
    }
}

impl<P: Policy, C: Credential<P::Token>> Gated<P, C> {
    /// Puts a request to the gate.
    ///
    /// # Errors
    ///
    /// Whatever the gate refuses.
    pub fn admit(&self, proposal: &Proposal<'_>) -> Result<Admitted<'_, P, C>, P::Refusal> {
        self.gate.check(proposal).map(|allowed| Admitted {
            gated: self,
            allowed,
        })
    }
}

impl<C> Gated<sync::Writes, C> {
    /// Puts a request to the gate whose body is not complete yet.
    ///
    /// # Errors
    ///
    /// Whatever the gate refuses for its method, address or headers.
    pub fn check_head(&self, proposal: &Proposal<'_>) -> Result<(), sync::Refusal> {
        self.gate.check_head(proposal)
    }
}

impl<P: Policy, C: Credential<P::Token>> Admitted<'_, P, C> {
    /// What the request does.
    pub const fn call(&self) -> &P::Call {
        &self.allowed.call
    }

    /// Sends the request with its token, and returns once the head of the response is there. Of the response's headers
    /// those that [`KEPT_RESPONSE_HEADERS`](crate::KEPT_RESPONSE_HEADERS) names are kept. Where the response repeats
    /// the token, the token is replaced.
    ///
    /// # Errors
    ///
    /// When there is no response in time, or one beyond the limits.
    pub async fn send(self, timeouts: Timeouts) -> Result<Response<ResponseBody>, SendError> {
        let limits = timeouts.with_body(P::response_limit(&self.allowed.call));
        let carrier = &self.gated.carrier;
        let bearer = self.gated.credential.authorization(&self.allowed.token)?;
        let secrets = Secrets::new(bearer.as_ref().map(HeaderValue::as_bytes));
        let host = host_of(&self.allowed.uri);
        let request = self.allowed.into_request(bearer);
        let (mut head, body) = carrier.send(request, limits).await?.into_parts();
        head.headers = response_headers(&head.headers)
            .map_err(|problem| ClientError::Headers { host, problem })?;
        Ok(secrets.replace(Response::from_parts(head, body)))
    }
}

impl<C, T> Allowed<C, T> {
    /// The request as it leaves: with the real token, and with a `client-request-id` where the proposal had none.
    fn into_request(self, bearer: Option<HeaderValue>) -> Request<Bytes> {
        let mut request = Request::new(Bytes::from(self.body));
        *request.method_mut() = self.method;
        *request.uri_mut() = self.uri;
        *request.headers_mut() = self.headers;
        name(request.headers_mut());
        if let Some(bearer) = bearer {
            request.headers_mut().insert(AUTHORIZATION, bearer);
        }
        request
    }
}

/// Gives a request the id by which Microsoft's support finds it, unless it has one: a random GUID (version 4).
fn name(headers: &mut HeaderMap) {
    headers.entry(CLIENT_REQUEST_ID).or_insert_with(|| {
        let version = random::bits() & !(0xf << 76) | 4 << 76;
        let variant = version & !(0b11 << 62) | 0b10 << 62;
        let halves = ((variant >> 64) as u64, variant as u64);
        header_of(Guid::from_halves(halves.0, halves.1))
    });
}
