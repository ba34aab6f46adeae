//! The managed identity endpoints of App Service and of virtual machines.

use http::{HeaderMap, header::RETRY_AFTER};
use serde_json::json;
use url::form_urlencoded;

use crate::{
    clock::Millis,
    config::IdentityConfig,
    entra::tokens::{RESOURCES, Tokens},
    response::Response,
    statistics::Ledger,
};

/// A managed identity endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Endpoint {
    AppService,
    VirtualMachine,
}

/// The identity service behind the endpoints.
pub(crate) struct ManagedIdentity {
    config: IdentityConfig,
    requests: u32,
}

impl Endpoint {
    /// The endpoint at a path.
    pub(crate) fn at(path: &str) -> Option<Self> {
        match path.trim_end_matches('/') {
            "/msi/token" => Some(Self::AppService),
            "/metadata/identity/oauth2/token" => Some(Self::VirtualMachine),
            _ => None,
        }
    }

    fn version(self) -> &'static str {
        match self {
            Self::AppService => "2019-08-01",
            Self::VirtualMachine => "2018-02-01",
        }
    }

    /// The parameters that name an identity.
    fn names(self) -> [&'static str; 3] {
        match self {
            Self::AppService => ["client_id", "principal_id", "mi_res_id"],
            Self::VirtualMachine => ["client_id", "object_id", "msi_res_id"],
        }
    }
}

impl ManagedIdentity {
    pub(crate) fn new(config: IdentityConfig) -> Self {
        Self {
            config,
            requests: 0,
        }
    }

    /// Responds to a request for a token.
    pub(crate) fn respond(
        &mut self,
        endpoint: Endpoint,
        (query, headers): (&str, &HeaderMap),
        (tokens, ledger): (&mut Tokens, &mut Ledger),
        now: Millis,
    ) -> Response {
        self.requests += 1;
        let parameters: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
        let parameter = |name: &str| {
            parameters
                .iter()
                .find(|(known, _)| known == name)
                .map(|(_, value)| &**value)
        };
        let mut named = None;
        for name in endpoint.names() {
            if let Some(value) = parameter(name) {
                ledger
                    .statistics
                    .identities
                    .insert(format!("{name}={value}"));
                named = Some(value);
            }
        }
        let header = |name: &str| headers.get(name).map(|value| value.as_bytes());
        let permitted = match endpoint {
            Endpoint::AppService => {
                header("x-identity-header") == Some(self.config.header.as_bytes())
            }
            Endpoint::VirtualMachine => {
                header("metadata").is_some_and(|value| value.eq_ignore_ascii_case(b"true"))
            }
        };
        let resource = parameter("resource")
            .unwrap_or_default()
            .trim_end_matches('/');
        if !permitted {
            match endpoint {
                Endpoint::AppService => {
                    error(401, "unauthorized", "X-IDENTITY-HEADER is missing or wrong")
                }
                Endpoint::VirtualMachine => error(
                    400,
                    "bad_request_102",
                    "Required metadata header not specified",
                ),
            }
        } else if parameter("api-version") != Some(endpoint.version()) {
            error(
                400,
                "bad_request_100",
                "The api-version is missing or not supported",
            )
        } else if self.requests <= self.config.failures {
            error(
                500,
                "unknown",
                "Failed to retrieve a token from the identity service",
            )
        } else if self.requests - self.config.failures <= self.config.throttled {
            let mut response = error(
                429,
                "too_many_requests",
                "Temporarily throttled, too many requests",
            );
            response.header(RETRY_AFTER, "1");
            response
        } else if self.config.not_found
            || self
                .config
                .only
                .as_deref()
                .is_some_and(|only| named != Some(only))
        {
            error(400, "invalid_request", "Identity not found")
        } else if !RESOURCES.contains(&resource) {
            error(
                400,
                "invalid_resource",
                "AADSTS500011: the resource principal was not found in the tenant",
            )
        } else {
            let issued = tokens.issue(resource, self.config.cache, now);
            ledger.statistics.tokens_issued += u64::from(!issued.cached);
            ledger.statistics.audiences.insert(resource.to_owned());
            let mut body = issued.body(self.config.expires_on, self.config.expires_in);
            body["resource"] = json!(resource);
            Response::json(200, body.to_string())
        }
    }
}

fn error(status: u16, code: &str, description: &str) -> Response {
    let body = json!({"error": code, "error_description": description});
    Response::json(status, body.to_string())
}
