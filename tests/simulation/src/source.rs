//! Where the tokens of a run come from: each way that is requests and responses, with what the host adds to it.

use std::fmt;

use bytes::Bytes;
use http::{HeaderValue, Request, header::AUTHORIZATION};
use intune_sync_certificate::ClientCertificate;
use intune_sync_identity::{
    AccessToken, App, Endpoint, ManagedIdentity, PipelineJob, ProofKind, Secret, TokenError,
};
use intune_sync_simulator::Delivery;

/// A way to obtain tokens.
pub enum Source {
    /// The managed identity of a platform. A key of Azure Arc is what the simulated tenant says of it.
    Managed(ManagedIdentity),
    /// An app that proves who it is.
    App {
        /// The app.
        app: App,
        /// How it proves it.
        proof: Proof,
    },
}

/// How an app proves who it is, each time anew.
pub enum Proof {
    /// By a secret.
    Secret(Secret),
    /// By the tokens that something puts into a file, one after the other.
    File(Vec<Secret>),
    /// By assertions that it signs.
    Certificate {
        /// The certificate.
        certificate: Box<ClientCertificate>,
        /// The time of day at the start of the run, in seconds since 1970.
        started_at: i64,
    },
    /// By tokens that its job is issued.
    Job(PipelineJob),
}

/// What comes after a response.
pub(crate) enum Next {
    /// This request.
    Send(Request<Bytes>),
    /// A token, or none.
    Done(Result<AccessToken, TokenError>),
}

impl Source {
    /// The first request for a token. `now` is in milliseconds since the start of the run.
    pub(crate) fn begin(&mut self, scope: &str, now: u64) -> Request<Bytes> {
        match self {
            Self::Managed(identity) => sendable(identity.request(scope)),
            Self::App { app, proof } => match proof {
                Proof::Secret(secret) => {
                    sendable(app.request(ProofKind::ClientSecret, secret, scope))
                }
                Proof::File(tokens) => {
                    let token = tokens.remove(0);
                    sendable(app.request(ProofKind::Assertion, &token, scope))
                }
                Proof::Certificate {
                    certificate,
                    started_at,
                } => {
                    let seconds = i64::try_from(now / 1_000).expect("a run of hours");
                    let assertion = certificate.assertion(app, *started_at + seconds);
                    sendable(app.request(ProofKind::Certificate, &assertion, scope))
                }
                Proof::Job(job) => with(sendable(job.request()), job.token().bearer()),
            },
        }
    }

    /// Takes in the response to the latest request; `is_first` if that was the one from [`begin`](Self::begin).
    pub(crate) fn handle_response(&self, scope: &str, delivery: &Delivery, is_first: bool) -> Next {
        let Delivery::Response(response) = delivery else {
            let closed = self.endpoint().no_response("the connection was closed", "");
            return Next::Done(Err(closed));
        };
        match self {
            Self::Managed(identity) => {
                if let Some(path) = identity.challenge(response).filter(|_| is_first) {
                    let key = Secret::parse(&key_in(path)).expect("visible ASCII");
                    return Next::Send(with(sendable(identity.request(scope)), key.basic()));
                }
            }
            Self::App {
                app,
                proof: Proof::Job(job),
            } if is_first => {
                return match job.handle_response(response) {
                    Ok(assertion) => {
                        Next::Send(sendable(app.request(job.proof_kind(), &assertion, scope)))
                    }
                    Err(error) => Next::Done(Err(error)),
                };
            }
            Self::App { .. } => {}
        }
        // Without a date, which means nothing on a virtual clock.
        Next::Done(self.endpoint().handle_response(response, None))
    }

    fn endpoint(&self) -> Endpoint {
        match self {
            Self::Managed(identity) => identity.endpoint(),
            Self::App { app, proof } => app.endpoint(match proof {
                Proof::Secret(_) => ProofKind::ClientSecret,
                Proof::File(_) => ProofKind::Assertion,
                Proof::Certificate { .. } => ProofKind::Certificate,
                Proof::Job(job) => job.proof_kind(),
            }),
        }
    }
}

/// What it is, without its secrets.
impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Managed(identity) => identity.fmt(f),
            Self::App { proof, .. } => f.write_str(match proof {
                Proof::Secret(_) => "client secret",
                Proof::File(_) => "workload identity",
                Proof::Certificate { .. } => "client certificate",
                Proof::Job(job) => return job.fmt(f),
            }),
        }
    }
}

fn sendable(request: intune_sync_identity::TokenRequest) -> Request<Bytes> {
    request.map(|form| form.0.into())
}

fn with(mut request: Request<Bytes>, authorization: HeaderValue) -> Request<Bytes> {
    request.headers_mut().insert(AUTHORIZATION, authorization);
    request
}

/// What the simulated tenant has in the file `…/7.key`.
fn key_in(path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or_default();
    format!("arc-key-{}", name.trim_end_matches(".key"))
}
