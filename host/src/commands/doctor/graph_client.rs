//! The way to Graph: each request passes the gate of `doctor`.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, StatusCode};
use intune_sync_egress::{
    Anonymous, Bearer, ClientError, Credential, Gated, HttpClient, Proposal, SendError, Timeouts,
    doctor::{Call, Probe, Rules},
    proxy_for,
};
use intune_sync_ids::Origin;
use jiff::Timestamp;

use super::{
    clock::ClockReading,
    step::{Cause, Finding, Outcome},
};
use crate::{cli::DoctorOptions, graph::GraphResponse};

/// How long the head of a response may take, and each further piece.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Graph, reached without a token or with one.
pub(super) struct GraphClient<C> {
    graph: Gated<Probe, C>,
    has_ca_file: bool,
}

impl GraphClient<Anonymous> {
    pub(super) fn new(options: &DoctorOptions, client: HttpClient) -> Self {
        let rules = Rules {
            origin: options.graph.clone(),
            writes: Probe(options.probe),
        };
        Self {
            graph: Gated::new(rules, Anonymous, client),
            has_ca_file: options.ca_file.is_some(),
        }
    }

    /// From now on, requests carry this token.
    pub(super) fn authenticated(self, token: Bearer) -> GraphClient<Bearer> {
        GraphClient {
            graph: self.graph.with_credential(token),
            has_ca_file: self.has_ca_file,
        }
    }

    /// Requests a page without a token. Graph refuses, which proves the whole way there and back and shows its clock,
    /// whatever the identity.
    pub(super) async fn probe_unauthenticated(&self) -> (Outcome, Option<ClockReading>) {
        let requested = SystemTime::now();
        let response = match self.send(Call::Page).await {
            Ok(response) => response,
            Err(error) => return (Outcome::Failed(self.explain(&error)), None),
        };
        let reading = response.date().map(|graph| ClockReading {
            graph,
            requested,
            received: SystemTime::now(),
        });
        let outcome = match response.status {
            StatusCode::UNAUTHORIZED => Outcome::Passed(self.reached()),
            status if is_passing(status) => Outcome::Failed(unavailable(&response)),
            status if status.is_client_error() && response.error().is_graphs() => {
                Outcome::Failed(refused(&response))
            }
            _ => Outcome::Failed(self.not_graph(&response)),
        };
        (outcome, reading)
    }
}

impl<C: Credential<()>> GraphClient<C> {
    /// Sends a request that the gate admits.
    pub(super) async fn send(&self, call: Call) -> Result<GraphResponse, ClientError> {
        let refused = |reason: String| ClientError::Other {
            host: self.origin().to_string(),
            reason,
        };
        let admitted = self
            .graph
            .admit(&Proposal {
                method: &call.method(),
                uri: &self.origin().at(call.target()),
                headers: &HeaderMap::new(),
                body: b"",
            })
            .map_err(|refusal| refused(refusal.to_string()))?;
        let timeouts = Timeouts {
            first_byte: TIMEOUT,
            between_bytes: TIMEOUT,
        };
        match admitted.send(timeouts).await {
            Ok(response) => GraphResponse::read(response).await,
            Err(SendError::Client(error)) => Err(error),
            Err(error) => Err(refused(error.to_string())),
        }
    }
}

impl<C> GraphClient<C> {
    fn origin(&self) -> &Origin {
        &self.graph.rules().origin
    }

    fn reached(&self) -> String {
        let mut text = format!("`{}` responds", self.origin());
        if let Some(proxy) = self.proxy() {
            text = format!("{text} through the proxy `{proxy}`");
        }
        if self.has_ca_file {
            text = format!("{text}; the CA file is in use");
        }
        text
    }

    /// The proxy that requests go through.
    fn proxy(&self) -> Option<String> {
        proxy_for(&self.origin().to_string().parse().ok()?)
    }

    /// Why there is no response.
    pub(super) fn explain(&self, error: &ClientError) -> Finding {
        let origin = self.origin();
        let proxy = self.proxy();
        match (error, proxy) {
            // rustls: `certificate expired: …`, `certificate not valid yet: …`.
            (ClientError::Tls { host, reason }, _)
                if reason.contains("certificate expired") || reason.contains("not valid yet") =>
            {
                Finding::new(
                    Cause::WrongClock,
                    format!(
                        "at the time of this machine's clock, {}, the certificate of `{host}` is not valid: {reason}",
                        Timestamp::now().strftime("%Y-%m-%d %H:%M:%SZ")
                    ),
                    "set the clock; if it is right, the server has an old certificate: check the proxy",
                )
            }
            // The proxy has let it through: the fault is behind it.
            (
                ClientError::Tls { .. }
                | ClientError::TooLarge { .. }
                | ClientError::Headers { .. }
                | ClientError::CaFile { .. },
                _,
            )
            | (_, None) => Finding::new(
                Cause::GraphUnreachable,
                format!("no way to `{origin}`: {error}"),
                error.hint(),
            ),
            (_, Some(proxy)) => Finding::new(
                Cause::ProxyBlocked,
                match error {
                    ClientError::Proxy { problem, .. } => {
                        format!("no way to `{origin}` through the proxy `{proxy}`: {problem}")
                    }
                    _ => format!("no way to `{origin}` through the proxy `{proxy}`: {error}"),
                },
                format!(
                    "have the proxy let `{}` through, or correct `HTTPS_PROXY`; `NO_PROXY` names what needs none",
                    origin.to_string().trim_start_matches("https://")
                ),
            ),
        }
    }

    fn not_graph(&self, response: &GraphResponse) -> Finding {
        let words = match response.error().error.to_string() {
            words if words.is_empty() => words,
            words => format!(": {words}"),
        };
        Finding::new(
            Cause::NotGraph,
            format!(
                "the server at `{}` is not Microsoft Graph: a request without a token got {} instead of 401{words}",
                self.origin(),
                response.status.as_u16(),
            ),
            "check `--graph-url`, and the proxy: it may need a sign-in",
        )
    }
}

/// Graph refuses a request without a token, and not for that reason.
fn refused(response: &GraphResponse) -> Finding {
    Finding::new(
        Cause::RequestRefused,
        format!(
            "Microsoft Graph is there, and returned an error other than 401 to a request without a token ({})",
            response.error()
        ),
        "see its message, and run it again; if it says nothing that helps, report this with the request id",
    )
}

/// Whether a status means trouble that passes.
pub(super) fn is_passing(status: StatusCode) -> bool {
    status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error()
}

/// Graph is in trouble.
pub(super) fn unavailable(response: &GraphResponse) -> Finding {
    let hint = match response.status {
        StatusCode::TOO_MANY_REQUESTS => {
            "other requests use up the quota: run it again in a minute"
        }
        _ => "see Microsoft's service health, and run it again later",
    };
    Finding::new(
        Cause::GraphUnavailable,
        format!("Microsoft Graph is there, and fails ({})", response.error()),
        hint,
    )
}

#[cfg(test)]
mod tests {
    use rustls::{CertificateError, pki_types::UnixTime};

    use super::*;

    fn explained(error: &ClientError) -> Finding {
        let rules = Rules {
            origin: "https://graph.microsoft.com".parse().expect("an origin"),
            writes: Probe(None),
        };
        let client = GraphClient {
            graph: Gated::new(rules, Anonymous, HttpClient::direct()),
            has_ca_file: false,
        };
        client.explain(error)
    }

    fn tls(reason: &rustls::Error) -> ClientError {
        ClientError::Tls {
            host: "graph.microsoft.com".into(),
            reason: reason.to_string(),
        }
    }

    /// Graph renews its certificates: where one is out of date, the clock that says so is wrong.
    #[test]
    fn a_certificate_that_is_out_of_date_means_the_clock() {
        let at = |seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        for error in [
            CertificateError::ExpiredContext {
                time: at(20),
                not_after: at(10),
            },
            CertificateError::NotValidYetContext {
                time: at(10),
                not_before: at(20),
            },
        ] {
            let finding = explained(&tls(&rustls::Error::InvalidCertificate(error)));
            assert_eq!(finding.cause, Cause::WrongClock, "{finding:?}");
            assert!(finding.advice.hint.starts_with("set the clock"));
        }
        let unknown = rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer);
        let finding = explained(&tls(&unknown));
        assert_eq!(finding.cause, Cause::GraphUnreachable);
        assert!(finding.advice.hint.contains("--ca-file"), "{finding:?}");
    }
}
