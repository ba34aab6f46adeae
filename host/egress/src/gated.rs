//! The one way to send a request with a token.

use bytes::Bytes;
use http::{HeaderValue, Request, Response, header::AUTHORIZATION};
use intune_sync_graph::Properties;
use intune_sync_ids::Guid;

use crate::{
    carrier::Carrier,
    client::{ClientError, Limits, ResponseBody, Timeouts, host_of},
    credential::{Authorization, Credential, UnknownToken},
    gate::{
        Allowed, CLIENT_REQUEST_ID, Direct, Gate, Policy, Proposal, Rules, header_of, sync, webhook,
    },
    redact::Secrets,
    request_ids::RequestIds,
    response::response_headers,
};

/// The way to Microsoft Graph: a gate, the credential behind it, and what carries the requests.
pub struct Gated<P, C> {
    gate: Gate<P>,
    credential: C,
    carrier: Carrier,
    ids: RequestIds,
}

/// A request that the gate has admitted, which can be sent once.
#[must_use = "it is not sent"]
pub struct Admitted<'a, P: Policy, C> {
    gated: &'a Gated<P, C>,
    allowed: Allowed<P::Call, P::Token>,
    /// Its `client-request-id`.
    request_id: Guid,
}

/// An admitted request with its token.
pub(crate) struct Ready<'a> {
    request: Request<Bytes>,
    limits: Limits,
    host: String,
    secrets: Secrets,
    carrier: &'a Carrier,
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
            ids: RequestIds::default(),
        }
    }

    /// The same, with `client-request-id`s that depend on this seed alone: for rehearsals, which repeat themselves.
    #[must_use]
    pub fn with_request_ids(self, seed: u64) -> Self {
        let ids = RequestIds::seeded(seed);
        Self { ids, ..self }
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
            ids: self.ids,
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
            request_id: self.ids.next(),
        })
    }
}

impl<C> Gated<sync::Writes, C> {
    /// Puts a request to the gate whose body is not complete yet.
    ///
    /// # Errors
    ///
    /// Whatever the gate refuses for its method, address or headers.
    pub fn check_head(&self, proposal: &Proposal<'_>) -> Result<sync::Head, sync::Refusal> {
        self.gate.check_head(proposal)
    }
}

impl<C> Gated<webhook::Webhook, C> {
    /// Puts a request to the gate whose body is not complete yet.
    ///
    /// # Errors
    ///
    /// Whatever the gate refuses for its method, address or headers.
    pub fn check_head(&self, proposal: &Proposal<'_>) -> Result<(), webhook::Refusal> {
        self.gate.check_head(proposal)
    }
}

impl<P: Policy, C> Admitted<'_, P, C> {
    /// What the request does.
    pub const fn call(&self) -> &P::Call {
        &self.allowed.call
    }

    /// What the proposal had where the token goes.
    pub(crate) const fn token(&self) -> &P::Token {
        &self.allowed.token
    }

    /// The `client-request-id` with which it leaves: the host's own.
    pub(crate) const fn request_id(&self) -> Guid {
        self.request_id
    }

    /// The `client-request-id` that it was proposed with, if it had one.
    pub(crate) const fn proposed_id(&self) -> Option<Guid> {
        self.allowed.proposed_id
    }
}

impl<C> Admitted<'_, sync::Writes, C> {
    /// Where this reads the first page of the list and names properties, these are read too.
    pub(crate) fn also_read(&mut self, properties: Properties) {
        let sync::Call::List(read) = &mut self.allowed.call else {
            return;
        };
        if read.also_select(properties) {
            self.allowed.uri = self.gated.rules().origin.at(sync::target_of(read));
        }
    }
}

impl<P: Direct, C: Credential<P::Token>> Admitted<'_, P, C> {
    /// Sends the request with its token, and returns once the head of the response is there. Of the response's headers
    /// those that [`KEPT_RESPONSE_HEADERS`](crate::KEPT_RESPONSE_HEADERS) names are kept. Where the response repeats
    /// the token, the token is replaced.
    ///
    /// A request of a run is not sent by this, but by [`Held::send`](crate::Held::send), once it is in the books.
    ///
    /// # Errors
    ///
    /// When there is no response in time, or one beyond the limits.
    pub async fn send(self, timeouts: Timeouts) -> Result<Response<ResponseBody>, SendError> {
        self.ready(timeouts)?.send().await
    }
}

impl<'a, P: Policy, C: Credential<P::Token>> Admitted<'a, P, C> {
    /// Puts the token on the request.
    pub(crate) fn ready(self, timeouts: Timeouts) -> Result<Ready<'a>, SendError> {
        let limits = timeouts.with_body(P::response_limit(&self.allowed.call));
        let authorization = self.gated.credential.authorization(&self.allowed.token)?;
        let (bearer, secrets) = match authorization.map(Authorization::into_parts) {
            Some((bearer, secrets)) => (Some(bearer), secrets),
            None => (None, Secrets::default()),
        };
        Ok(Ready {
            host: host_of(&self.allowed.uri),
            request: self.allowed.into_request(bearer, self.request_id),
            limits,
            secrets,
            carrier: &self.gated.carrier,
        })
    }
}

impl Ready<'_> {
    pub(crate) async fn send(self) -> Result<Response<ResponseBody>, SendError> {
        let Self {
            request,
            limits,
            host,
            secrets,
            carrier,
        } = self;
        let (mut head, body) = carrier.send(request, limits).await?.into_parts();
        head.headers = response_headers(&head.headers)
            .map_err(|problem| ClientError::Headers { host, problem })?;
        Ok(secrets.replace(Response::from_parts(head, body)))
    }
}

impl<C, T> Allowed<C, T> {
    /// The request as it leaves: with the real token, and with the id by which Microsoft's support finds it.
    fn into_request(self, bearer: Option<HeaderValue>, id: Guid) -> Request<Bytes> {
        let mut request = Request::new(Bytes::from(self.body));
        *request.method_mut() = self.method;
        *request.uri_mut() = self.uri;
        *request.headers_mut() = self.headers;
        request
            .headers_mut()
            .insert(CLIENT_REQUEST_ID, header_of(id));
        if let Some(bearer) = bearer {
            request.headers_mut().insert(AUTHORIZATION, bearer);
        }
        request
    }
}
