//! Entra ID's token endpoint, for apps that authenticate with a secret, a certificate or an assertion.

use http::header::RETRY_AFTER;
use serde_json::json;
use url::form_urlencoded;

use crate::{
    clock::{Clock, Millis},
    config::EntraConfig,
    entra::{
        certificate::{self, AssertionProblem, Expected},
        job_tokens::{Acceptance, JobTokens},
        tokens::{RESOURCES, Tokens},
    },
    response::Response,
    statistics::Ledger,
};

/// The token endpoint.
pub(crate) struct TokenEndpoint {
    config: EntraConfig,
    clock: Clock,
    requests: u32,
    /// The assertions that were exchanged for a token, and the ids of those that the app signed itself.
    used: Vec<String>,
}

/// A request for a token.
pub(crate) struct TokenRequest<'a> {
    pub(crate) tenant: &'a str,
    /// The endpoint's own host.
    pub(crate) host: &'a str,
    pub(crate) body: &'a [u8],
}

/// An error of Entra ID.
struct Problem {
    status: u16,
    error: &'static str,
    /// The number in `AADSTS7000215`.
    code: u32,
    message: &'static str,
}

const fn problem(status: u16, error: &'static str, code: u32, message: &'static str) -> Problem {
    Problem {
        status,
        error,
        code,
        message,
    }
}

const TRANSIENT: Problem = problem(
    503,
    "temporarily_unavailable",
    90033,
    "A transient error has occurred. Please try again.",
);
const THROTTLED: Problem = problem(429, "too_many_requests", 50196, "Too many requests.");
const NO_TENANT: Problem = problem(
    400,
    "invalid_request",
    90002,
    "Tenant not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud.",
);
const NO_APP: Problem = problem(
    400,
    "unauthorized_client",
    700_016,
    "Application was not found in the directory.",
);
const BAD_GRANT: Problem = problem(
    400,
    "unsupported_grant_type",
    70003,
    "The app requested an unsupported grant type.",
);
const NO_PROOF: Problem = problem(
    401,
    "invalid_client",
    7_000_218,
    "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
);
const WRONG_SECRET: Problem = problem(
    401,
    "invalid_client",
    7_000_215,
    "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the \
     client secret ID.",
);
const OLD_SECRET: Problem = problem(
    401,
    "invalid_client",
    7_000_222,
    "The provided client secret keys for app are expired.",
);
const NO_FEDERATION: Problem = problem(
    400,
    "invalid_request",
    700_213,
    "No matching federated identity record found for presented assertion subject.",
);
const OLD_ASSERTION: Problem = problem(
    401,
    "invalid_client",
    700_024,
    "Client assertion is not within its valid time range.",
);
const NO_MATCH: Problem = problem(
    400,
    "invalid_client",
    70_021,
    "No matching federated identity record found for presented assertion.",
);
const WRONG_SIGNATURE: Problem = problem(
    401,
    "invalid_client",
    700_027,
    "The certificate with identifier used to sign the client assertion is not registered on application. [Reason - The \
     key was not found.]",
);
const WRONG_AUDIENCE: Problem = problem(
    401,
    "invalid_client",
    700_023,
    "Client assertion audience claim does not match Realm issuer.",
);
const OLD_CERTIFICATE: Problem = problem(
    401,
    "invalid_client",
    7_000_222,
    "The provided client certificate keys for app are expired.",
);
const NO_RESOURCE: Problem = problem(
    400,
    "invalid_resource",
    500_011,
    "The resource principal was not found in the tenant.",
);

impl TokenEndpoint {
    pub(crate) fn new(config: EntraConfig, clock: Clock) -> Self {
        Self {
            config,
            clock,
            requests: 0,
            used: Vec::new(),
        }
    }

    /// The tenant whose token endpoint is at this path.
    pub(crate) fn tenant_at(path: &str) -> Option<&str> {
        let tenant = path.strip_prefix('/')?.strip_suffix("/oauth2/v2.0/token")?;
        (!tenant.is_empty() && !tenant.contains('/')).then_some(tenant)
    }

    /// Responds to a request for a token.
    pub(crate) fn respond(
        &mut self,
        request: &TokenRequest<'_>,
        (tokens, job_tokens, ledger): (&mut Tokens, &mut JobTokens, &mut Ledger),
        now: Millis,
    ) -> Response {
        self.requests += 1;
        let TokenRequest { tenant, body, .. } = *request;
        let parameters: Vec<_> = form_urlencoded::parse(body).collect();
        let parameter = |name: &str| {
            let found = parameters.iter().find(|(known, _)| known == name);
            found.map_or("", |(_, value)| &**value)
        };
        let statistics = &mut ledger.statistics;
        let client_id = parameter("client_id").to_ascii_lowercase();
        statistics.identities.insert(format!("tenant={tenant}"));
        statistics
            .identities
            .insert(format!("client_id={client_id}"));
        let resource = parameter("scope")
            .strip_suffix("/.default")
            .filter(|resource| RESOURCES.contains(resource));
        let problem = if self.requests <= self.config.failures {
            Some(TRANSIENT)
        } else if self.requests - self.config.failures <= self.config.throttled {
            Some(THROTTLED)
        } else if tenant.to_ascii_lowercase() != self.config.tenant {
            Some(NO_TENANT)
        } else if client_id != self.config.client_id {
            Some(NO_APP)
        } else if parameter("grant_type") != "client_credentials" {
            Some(BAD_GRANT)
        } else {
            self.authenticate(request, &parameter, job_tokens, now)
        };
        let resource = match (problem, resource) {
            (Some(problem), _) => return problem.response(),
            (None, None) => return NO_RESOURCE.response(),
            (None, Some(resource)) => resource,
        };
        self.used.push(parameter("client_assertion").to_owned());
        let issued = tokens.issue(resource, false, now);
        statistics.tokens_issued += 1;
        statistics.audiences.insert(resource.to_owned());
        let mut body = issued.body(self.config.expires_on, self.config.expires_in);
        body["ext_expires_in"] = json!(issued.expires_in);
        Response::json(200, body.to_string())
    }

    /// Why the app is not authenticated; `None` if it is.
    fn authenticate<'a>(
        &mut self,
        request: &TokenRequest<'_>,
        parameter: &impl Fn(&str) -> &'a str,
        job_tokens: &mut JobTokens,
        now: Millis,
    ) -> Option<Problem> {
        const BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

        match (parameter("client_secret"), parameter("client_assertion")) {
            ("", "") => Some(NO_PROOF),
            ("", _) if parameter("client_assertion_type") != BEARER => Some(NO_FEDERATION),
            ("", assertion) => {
                let is_known = self
                    .config
                    .assertions
                    .iter()
                    .any(|known| known == assertion);
                let is_used = self.used.iter().any(|used| used == assertion);
                match job_tokens.take(assertion, now) {
                    Some(Acceptance::Accepted) => None,
                    Some(Acceptance::OutOfTime) => Some(OLD_ASSERTION),
                    Some(Acceptance::NotTrusted) => Some(NO_MATCH),
                    None if is_known && is_used => Some(OLD_ASSERTION),
                    None if is_known => None,
                    None => self.check_signed(request, assertion, now),
                }
            }
            (secret, _) if secret != self.config.client_secret => Some(WRONG_SECRET),
            _ if self.config.secret_expired => Some(OLD_SECRET),
            _ => None,
        }
    }

    /// Why an assertion that the app may have signed itself is not accepted; `None` if it is.
    fn check_signed(
        &mut self,
        request: &TokenRequest<'_>,
        assertion: &str,
        now: Millis,
    ) -> Option<Problem> {
        let Some(certificate) = &self.config.certificate else {
            return Some(NO_FEDERATION);
        };
        if self.config.certificate_expired {
            return Some(OLD_CERTIFICATE);
        }
        let TokenRequest { tenant, host, .. } = request;
        let expected = Expected {
            certificate,
            audience: &format!("https://{host}/{tenant}/oauth2/v2.0/token"),
            client_id: &self.config.client_id,
            now: self.clock.time_of_day(now) / 1_000,
        };
        match certificate::check(assertion, &expected) {
            // Each request has to have an assertion of its own.
            Ok(id) if self.used.contains(&id) => Some(OLD_ASSERTION),
            Ok(id) => {
                self.used.push(id);
                None
            }
            Err(AssertionProblem::Signature) => Some(WRONG_SIGNATURE),
            Err(AssertionProblem::Time) => Some(OLD_ASSERTION),
            Err(AssertionProblem::Audience) => Some(WRONG_AUDIENCE),
        }
    }
}

impl Problem {
    /// The error as Entra ID writes it, with a description of several lines.
    fn response(&self) -> Response {
        let Self {
            status,
            error,
            code,
            message,
        } = self;
        let trace = "0f8fad5b-d9cb-469f-a165-70867728950e";
        let body = json!({
            "error": error,
            "error_description": format!("AADSTS{code}: {message}\r\nTrace ID: {trace}\r\nCorrelation ID: {trace}"),
            "error_codes": [code],
            "trace_id": trace,
            "correlation_id": trace,
            "error_uri": format!("https://login.microsoftonline.com/error?code={code}"),
        });
        let mut response = Response::json(*status, body.to_string());
        if *status == 429 {
            response.header(RETRY_AFTER, "1");
        }
        response
    }
}
