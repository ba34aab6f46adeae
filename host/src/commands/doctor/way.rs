//! The way to Graph: each request passes the egress gate, as those of the sandbox do.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri, header};
use intune_sync_gate::{Gate, Rules, Writes, answer_headers};
use intune_sync_ids::Origin;
use jiff::Timestamp;

use super::{
    clock::ClockReading,
    step::{Cause, Finding, Outcome},
};
use crate::{
    cli::DoctorOptions,
    graph::{Answer, client_request_id},
    http_client::{ClientError, HttpClient, Limits, proxy_for},
};

/// A page of one device, of which no more than this is asked for.
pub(super) const PAGE: &str = "/v1.0/deviceManagement/managedDevices?$top=1&$select=id";

/// How long an answer may take, and its pieces.
const PATIENCE: Duration = Duration::from_secs(30);

/// The way to Graph.
pub(super) struct Way<'a> {
    client: &'a HttpClient,
    origin: Origin,
    gate: Gate,
    has_ca_file: bool,
}

impl<'a> Way<'a> {
    pub(super) fn new(options: &DoctorOptions, client: &'a HttpClient) -> Self {
        Self {
            client,
            origin: options.graph.clone(),
            gate: Gate::new(Rules {
                origin: options.graph.clone(),
                writes: match options.probe {
                    Some(_) => Writes::Syncs,
                    None => Writes::None,
                },
            }),
            has_ca_file: options.ca_file.is_some(),
        }
    }

    /// Sends a request that the gate lets out, with a token or without.
    pub(super) async fn send(
        &self,
        method: Method,
        target: &str,
        token: Option<&HeaderValue>,
    ) -> Result<Answer, ClientError> {
        let host = self.origin.to_string();
        let refused = |reason: String| ClientError::Other {
            host: host.clone(),
            reason,
        };
        let uri: Uri = format!("{}{target}", self.origin)
            .parse()
            .map_err(|_| refused(format!("`{target}` is no address")))?;
        // What stands in the place of a token, for the gate, which wants one of every request.
        let placeholder = HeaderValue::from_static("Bearer placeholder");
        let headers = HeaderMap::from_iter([
            (header::AUTHORIZATION, placeholder),
            (
                header::HeaderName::from_static("client-request-id"),
                client_request_id(),
            ),
        ]);
        let allowed = self
            .gate
            .check(&method, &uri, &headers, b"")
            .map_err(|refusal| refused(refusal.to_string()))?;
        let limits = Limits {
            first_byte: PATIENCE,
            between_bytes: PATIENCE,
            body: allowed.call.answer_limit() as u64,
        };
        let mut request = Request::new(allowed.body.into());
        *request.method_mut() = allowed.method;
        *request.uri_mut() = allowed.uri;
        *request.headers_mut() = allowed.headers;
        if let Some(token) = token {
            request
                .headers_mut()
                .insert(header::AUTHORIZATION, token.clone());
        }
        let response = self.client.send(request, limits).await?;
        let mut answer = Answer::read(response).await?;
        answer.headers =
            answer_headers(&answer.headers).map_err(|error| refused(error.to_string()))?;
        Ok(answer)
    }

    /// Asks for a page without a token, which Graph refuses: that it does shows the whole way there and back, and its
    /// clock, whatever the identity is worth.
    pub(super) async fn knock(&self) -> (Outcome, Option<ClockReading>) {
        let requested = SystemTime::now();
        let answer = match self.send(Method::GET, PAGE, None).await {
            Ok(answer) => answer,
            Err(error) => return (Outcome::Failed(self.explain(&error)), None),
        };
        let reading = answer.date().map(|graph| ClockReading {
            graph,
            requested,
            received: SystemTime::now(),
        });
        let outcome = match answer.status {
            StatusCode::UNAUTHORIZED => Outcome::Passed(self.reached()),
            status if is_passing(status) => Outcome::Failed(unavailable(&answer)),
            _ => Outcome::Failed(self.not_graph(&answer)),
        };
        (outcome, reading)
    }

    fn reached(&self) -> String {
        let mut text = format!("`{}` answers", self.origin);
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
        proxy_for(&self.origin.to_string().parse().ok()?)
    }

    /// Why there is no answer.
    pub(super) fn explain(&self, error: &ClientError) -> Finding {
        let origin = &self.origin;
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
                    "set the clock; if it is right, what answers there has an old certificate: check the proxy",
                )
            }
            // The proxy has let it through: it is about what answers behind it.
            (
                ClientError::Tls { .. } | ClientError::TooLarge { .. } | ClientError::CaFile { .. },
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
                    // The error's own words take the host for the one that was spoken to.
                    ClientError::Refused { .. } => {
                        format!("no way to `{origin}`: the proxy `{proxy}` refuses the connection")
                    }
                    ClientError::ConnectTimeout { after, .. } => format!(
                        "no way to `{origin}`: the proxy `{proxy}` does not answer within {} s",
                        after.as_secs()
                    ),
                    ClientError::Dns { reason, .. } => format!(
                        "no way to `{origin}`: the name of the proxy `{proxy}` cannot be resolved: {reason}"
                    ),
                    _ => format!("no way to `{origin}` through the proxy `{proxy}`: {error}"),
                },
                format!(
                    "have the proxy let `{}` through, or correct `HTTPS_PROXY`; `NO_PROXY` names what needs none",
                    origin.to_string().trim_start_matches("https://")
                ),
            ),
        }
    }

    fn not_graph(&self, answer: &Answer) -> Finding {
        Finding::new(
            Cause::NotGraph,
            format!(
                "what answers at `{}` is not Microsoft Graph: a request without a token got {} in place of 401",
                self.origin,
                answer.error()
            ),
            "check `--graph-url`, and the proxy: it may want a sign-in of its own",
        )
    }
}

/// Whether a status is that of trouble which passes.
pub(super) fn is_passing(status: StatusCode) -> bool {
    status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error()
}

/// Graph is in trouble.
pub(super) fn unavailable(answer: &Answer) -> Finding {
    let hint = match answer.status {
        StatusCode::TOO_MANY_REQUESTS => {
            "other requests use up the quota: run it again in a minute"
        }
        _ => "see Microsoft's service health, and run it again later",
    };
    Finding::new(
        Cause::GraphUnavailable,
        format!("Microsoft Graph is there, and fails ({})", answer.error()),
        hint,
    )
}

#[cfg(test)]
mod tests {
    use rustls::{CertificateError, pki_types::UnixTime};

    use super::*;

    fn explained(error: &ClientError) -> Finding {
        let client = HttpClient::direct();
        let origin: Origin = "https://graph.microsoft.com".parse().expect("an origin");
        let way = Way {
            client: &client,
            gate: Gate::new(Rules {
                origin: origin.clone(),
                writes: Writes::None,
            }),
            origin,
            has_ca_file: false,
        };
        way.explain(error)
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
