//! The identity endpoints of App Service and of virtual machines.

use http::HeaderMap;
use http::header::RETRY_AFTER;
use serde_json::{Value, json};
use url::form_urlencoded;

use crate::clock::Millis;
use crate::config::{ExpiresIn, ExpiresOn, IdentityConfig};
use crate::reply::Reply;
use crate::statistics::Ledger;
use crate::tokens::{Issued, Tokens};

/// An identity endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Endpoint {
    AppService,
    VirtualMachine,
}

/// The identity service behind the endpoints.
pub(crate) struct Identity {
    config: IdentityConfig,
    requests: u32,
}

/// Graph's roots, one for each cloud: there are no tokens for anything else.
pub(crate) const RESOURCES: [&str; 4] = [
    "https://graph.microsoft.com",
    "https://graph.microsoft.us",
    "https://dod-graph.microsoft.us",
    "https://microsoftgraph.chinacloudapi.cn",
];

impl Endpoint {
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

impl Identity {
    pub(crate) fn new(config: IdentityConfig) -> Self {
        Self {
            config,
            requests: 0,
        }
    }

    /// Answers a request for a token.
    pub(crate) fn answer(
        &mut self,
        endpoint: Endpoint,
        (query, headers): (&str, &HeaderMap),
        (tokens, ledger): (&mut Tokens, &mut Ledger),
        now: Millis,
    ) -> Reply {
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
            let mut reply = error(
                429,
                "too_many_requests",
                "Temporarily throttled, too many requests",
            );
            reply.header(RETRY_AFTER, "1");
            reply
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
            let mut body = token_body(&issued, self.config.expires_on, self.config.expires_in);
            body["resource"] = json!(resource);
            Reply::json(200, body.to_string().into_bytes())
        }
    }
}

/// A token as it is answered, its end in these forms.
pub(crate) fn token_body(issued: &Issued, expires_on: ExpiresOn, expires_in: ExpiresIn) -> Value {
    let mut body = json!({"access_token": issued.token, "token_type": "Bearer"});
    let seconds = issued.expires_on;
    match expires_on {
        ExpiresOn::Text => body["expires_on"] = json!(seconds.to_string()),
        ExpiresOn::Number => body["expires_on"] = json!(seconds),
        ExpiresOn::Date => {
            let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
            let time = jiff::Timestamp::from_second(seconds).unwrap_or(jiff::Timestamp::MAX);
            body["expires_on"] = json!(time.strftime("%m/%d/%Y %H:%M:%S +00:00").to_string());
        }
        ExpiresOn::Absent => {}
    }
    match expires_in {
        ExpiresIn::Text => body["expires_in"] = json!(issued.expires_in.to_string()),
        ExpiresIn::Number => body["expires_in"] = json!(issued.expires_in),
        ExpiresIn::Absent => {}
    }
    body
}

fn error(status: u16, code: &str, description: &str) -> Reply {
    let body = json!({"error": code, "error_description": description});
    Reply::json(status, body.to_string().into_bytes())
}
