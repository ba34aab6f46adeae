//! Azure identities without I/O: how a token is requested, what comes back, and when to request the next one.
//!
//! The program and the components send the requests and read the clock; everything else about tokens is here, once.

mod address;
mod authority;
mod claims;
mod endpoint;
mod entra;
mod managed;
mod naming;
mod pipeline;
mod platform;
mod refusal;
mod request;
mod response;
mod source;
mod state;
mod tenant;
mod token;

pub use self::{
    authority::{AUTHORITY_HOST, Authority},
    claims::Claims,
    endpoint::Endpoint,
    entra::{App, ProofKind},
    managed::{ManagedIdentity, UserAssigned},
    naming::Naming,
    pipeline::{CONNECTION_CLIENT_ID, CONNECTION_TENANT_ID, PIPELINE_VARIABLES, PipelineJob},
    platform::{
        CLIENT_ID, FEDERATED_TOKEN_FILE, IMDS_HOST, PLATFORM_VARIABLES, Platform, TENANT_ID,
    },
    refusal::{Refusal, one_line},
    request::{Form, TokenRequest},
    source::Source,
    state::{Fetch, Patience, TRY_AGAIN, TokenId, TokenState, Usable},
    tenant::TenantId,
    token::{AccessToken, MAX_TOKEN_BYTES, Secret, TokenError, TokenErrorKind},
};
