//! The managed identity endpoints of App Service, of virtual machines and of Azure Arc.

use http::{
    HeaderMap,
    header::{RETRY_AFTER, WWW_AUTHENTICATE},
};
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
    AzureArc,
}

/// The identity service behind the endpoints.
pub(crate) struct ManagedIdentity {
    config: IdentityConfig,
    requests: u32,
    /// The keys that were named, each until it is used.
    arc_keys: Vec<Option<String>>,
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
            Self::AzureArc => "2020-06-01",
        }
    }

    /// The parameters that name an identity.
    fn names(self) -> [&'static str; 3] {
        match self {
            Self::AppService => ["client_id", "principal_id", "mi_res_id"],
            Self::VirtualMachine => ["client_id", "object_id", "msi_res_id"],
            // The server has one identity.
            Self::AzureArc => [""; 3],
        }
    }
}

impl ManagedIdentity {
    pub(crate) fn new(config: IdentityConfig) -> Self {
        Self {
            config,
            requests: 0,
            arc_keys: Vec::new(),
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
        let endpoint = match (endpoint, &self.config.arc_keys_in) {
            (Endpoint::VirtualMachine, Some(_)) => Endpoint::AzureArc,
            _ => endpoint,
        };
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
            Endpoint::VirtualMachine | Endpoint::AzureArc => {
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
                Endpoint::VirtualMachine | Endpoint::AzureArc => error(
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
        } else if let Some(challenge) = self.challenge(endpoint, header("authorization")) {
            challenge
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

    /// The response of Azure Arc to a request without a key, or with another one than was asked for.
    fn challenge(&mut self, endpoint: Endpoint, authorization: Option<&[u8]>) -> Option<Response> {
        let folder = self.config.arc_keys_in.as_ref()?;
        if endpoint != Endpoint::AzureArc {
            return None;
        }
        if let Some(given) = authorization {
            let named = self.arc_keys.iter_mut().find(|key| {
                let key = key.as_ref().map(|key| format!("Basic {key}"));
                key.is_some_and(|key| key.as_bytes() == given)
            });
            return match named {
                Some(key) => {
                    *key = None;
                    None
                }
                None => Some(error(401, "unauthorized", "The key is wrong")),
            };
        }
        let number = self.arc_keys.len();
        self.arc_keys.push(Some(format!("arc-key-{number}")));
        let mut response = Response::empty(401);
        response.header(
            WWW_AUTHENTICATE,
            &format!("Basic realm={folder}/{number}.key"),
        );
        Some(response)
    }
}

fn error(status: u16, code: &str, description: &str) -> Response {
    let body = json!({"error": code, "error_description": description});
    Response::json(status, body.to_string())
}
