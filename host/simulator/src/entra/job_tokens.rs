//! The tokens that GitHub Actions and Azure Pipelines issue to their jobs, and that Entra ID accepts once.

use std::collections::HashMap;

use data_encoding::BASE64URL_NOPAD;
use http::{HeaderMap, Method, header::AUTHORIZATION};
use serde_json::json;
use url::form_urlencoded;

use crate::{
    clock::{Clock, Millis},
    config::PipelinesConfig,
    dice::{Dice, Draw, random_guid},
    response::Response,
    statistics::Ledger,
};

/// A system that issues tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Issuer {
    GithubActions,
    AzurePipelines,
}

/// The tokens that were issued.
pub(crate) struct JobTokens {
    config: PipelinesConfig,
    dice: Dice,
    clock: Clock,
    requests: u32,
    /// When each expires.
    issued: HashMap<String, Millis>,
}

/// What Entra ID makes of an assertion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Acceptance {
    Accepted,
    OutOfTime,
    NotTrusted,
}

impl Issuer {
    /// The issuer at a path.
    pub(crate) fn at(path: &str) -> Option<Self> {
        match path {
            "/actions/idtoken" => Some(Self::GithubActions),
            "/pipelines/oidctoken" => Some(Self::AzurePipelines),
            _ => None,
        }
    }
}

impl JobTokens {
    pub(crate) fn new(config: PipelinesConfig, dice: Dice, clock: Clock) -> Self {
        Self {
            config,
            dice,
            clock,
            requests: 0,
            issued: HashMap::new(),
        }
    }

    /// Responds to a request for a token.
    pub(crate) fn respond(
        &mut self,
        issuer: Issuer,
        (method, query, headers): (&Method, &str, &HeaderMap),
        ledger: &mut Ledger,
        now: Millis,
    ) -> Response {
        self.requests += 1;
        let parameters: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
        let parameter = |name: &str| {
            let found = parameters.iter().find(|(known, _)| known == name);
            found.map_or("", |(_, value)| &**value)
        };
        let authorization = headers.get(AUTHORIZATION).map(|value| value.as_bytes());
        let bearer = format!("Bearer {}", self.config.job_token);
        let connection = parameter("serviceConnectionId").to_ascii_lowercase();
        let expected = match issuer {
            Issuer::GithubActions => Method::GET,
            Issuer::AzurePipelines => Method::POST,
        };
        if *method != expected {
            return Response::empty(405);
        }
        if authorization != Some(bearer.as_bytes()) {
            return error(401, "The request is not authorized.");
        }
        if self.requests <= self.config.failures {
            return error(503, "The service is unavailable.");
        }
        let audience = parameter("audience").to_owned();
        match issuer {
            // GitHub puts the audience into the token, whatever it is.
            Issuer::GithubActions => {
                ledger
                    .statistics
                    .identities
                    .insert(format!("audience={audience}"));
            }
            Issuer::AzurePipelines if parameter("api-version") != "7.1" => {
                return error(400, "No api-version was supplied for the request.");
            }
            Issuer::AzurePipelines if connection != self.config.service_connection => {
                return error(404, "The service connection does not exist.");
            }
            Issuer::AzurePipelines => {}
        }
        ledger.statistics.job_tokens_issued += 1;
        let audience = match issuer {
            Issuer::GithubActions => audience,
            Issuer::AzurePipelines => "api://AzureADTokenExchange".to_owned(),
        };
        let token = self.issue(&audience, now);
        let body = match issuer {
            Issuer::GithubActions => json!({"count": token.len(), "value": token}),
            Issuer::AzurePipelines => json!({"oidcToken": token}),
        };
        Response::json(200, body.to_string())
    }

    /// What becomes of an assertion; `None` if it is not one of these tokens. A good one is used up.
    pub(super) fn take(&mut self, assertion: &str, now: Millis) -> Option<Acceptance> {
        let expires = self.issued.get_mut(assertion)?;
        Some(if !self.config.trusted {
            Acceptance::NotTrusted
        } else if *expires <= now {
            Acceptance::OutOfTime
        } else {
            *expires = 0;
            Acceptance::Accepted
        })
    }

    fn issue(&mut self, audience: &str, now: Millis) -> String {
        let number = self.issued.len() as u64;
        let roll = |subject| self.dice.roll(Draw::Token, subject ^ 0x6a6f_6200_0000);
        let expires = now + u64::from(self.config.lifetime_seconds) * 1_000;
        let payload = json!({
            "aud": audience,
            "exp": self.clock.time_of_day(expires) / 1_000,
            "jti": random_guid(roll(number), roll(!number)).to_string(),
        });
        let token = format!(
            "eyJhbGciOiJSUzI1NiJ9.{}.am9i",
            BASE64URL_NOPAD.encode(payload.to_string().as_bytes())
        );
        // One for somebody else is of no use here.
        let expires = match audience {
            "api://AzureADTokenExchange" => expires,
            _ => 0,
        };
        self.issued.insert(token.clone(), expires);
        token
    }
}

fn error(status: u16, message: &str) -> Response {
    Response::json(status, json!({"message": message}).to_string())
}
