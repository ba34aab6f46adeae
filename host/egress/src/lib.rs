//! The only crate that can send: the gates, the credentials and the HTTP client.
//!
//! A request to Microsoft Graph leaves through a [`Gated`], which owns all three: it admits what its [`Gate`] lists,
//! rewrites the request, puts the token of its [`Credential`] on it and sends it. Each command has its
//! own gate, on one frame: [`sync`] for the sandboxed component, [`grant`] and [`doctor`] for the commands of that
//! name, and [`groups`] for `--group`. A notification leaves through the gate of its [`webhook`], and never with a
//! token.
//!
//! A request for a token goes to an identity endpoint through a [`TokenClient`], which sends no `Authorization` header
//! but a [`Proof`] of where it comes from.
//!
//! There is no third way. The client has no method that sends, except for this crate:
//!
//! ```compile_fail,E0624
//! # async fn send(bearer: http::HeaderValue) {
//! use intune_sync_egress::{HttpClient, Limits};
//!
//! let mut request = http::Request::post("https://graph.microsoft.com/v1.0/users").body(bytes::Bytes::new()).unwrap();
//! request.headers_mut().insert("authorization", bearer);
//! let client = HttpClient::direct();
//! client.send(request, Limits::default()).await; // error: method `send` is private
//! # }
//! ```
//!
//! Nor does a request of a run leave past its books: one that [custody](Custody) has not entered cannot be sent.
//!
//! ```compile_fail,E0599
//! # async fn send<C: intune_sync_egress::Credential<intune_sync_egress::sync::PresentedToken>>(
//! #     admitted: intune_sync_egress::Admitted<'_, intune_sync_egress::sync::Writes, C>,
//! # ) {
//! admitted.send(intune_sync_egress::Timeouts::default()).await; // error: `Writes: Direct` is not satisfied
//! # }
//! ```
//!
//! Nor does an admitted request give away its token:
//!
//! ```compile_fail,E0616
//! # fn take(admitted: intune_sync_egress::Admitted<'_, intune_sync_egress::grant::Writes, intune_sync_egress::Bearer>) {
//! let request = admitted.allowed; // error: field `allowed` is private
//! # }
//! ```
//!
//! And a gate cannot be written elsewhere, so that none is laxer than those here:
//!
//! ```compile_fail,E0277
//! use intune_sync_egress::{Parsed, Policy, Proposal, grant};
//!
//! struct Everything;
//!
//! impl Policy for Everything { // error: the trait bound `Everything: Sealed` is not satisfied
//!     type Call = ();
//!     type Token = ();
//!     type Refusal = grant::Refusal;
//!
//!     fn read(&self, _: &Proposal<'_>) -> Result<Parsed<(), ()>, grant::Refusal> {
//!         unimplemented!()
//!     }
//!
//!     fn response_limit(_: &()) -> usize {
//!         usize::MAX
//!     }
//! }
//! ```

mod carrier;
mod client;
mod credential;
mod custody;
mod gate;
mod gated;
mod random;
mod redact;
mod request_ids;
mod response;
mod token_client;
mod tokens;

pub use self::{
    carrier::{Carrier, Transport},
    client::{
        ClientError, ClientOptions, HttpClient, Limits, RESPONSE_TIMEOUT, ResponseBody, Timeouts,
        proxy_for,
    },
    credential::{Anonymous, Authorization, Bearer, Credential, UnknownToken},
    custody::{
        Conclusion, Counts, Custody, Done, Held, NamesFound, Planned, READS_MAX,
        Refusal as CustodyRefusal, ReportedOutcome, TakenDevice, Terms, Trouble, Untrue,
    },
    gate::{
        Allowed, Direct, Gate, Parsed, Policy, Proposal, Refusal, Rules, doctor, grant, groups,
        sync, webhook,
    },
    gated::{Admitted, Gated, SendError},
    response::{
        KEPT_RESPONSE_HEADERS, RESPONSE_HEADER_LIMIT, RESPONSE_HEADERS_LIMIT, ResponseError,
        response_headers,
    },
    token_client::{Proof, TokenClient},
    tokens::{Surrogate, TokenCache, TokenSource, Unavailable, obtain},
};
