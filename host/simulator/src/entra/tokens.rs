//! Access tokens: issued by the identity endpoints, checked by Graph, revoked in between; and the roles they carry.

use std::{collections::HashMap, sync::Arc};

use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};

use crate::{
    clock::{Clock, Millis},
    config::{DirectoryConfig, ExpiresIn, ExpiresOn, TokensConfig},
    dice::{Dice, Draw, random_guid},
    entra::directory::{IDENTITY, IDENTITY_APP},
};

/// Graph's roots, one for each cloud: there are no tokens for anything else.
pub(crate) const RESOURCES: [&str; 4] = [
    "https://graph.microsoft.com",
    "https://graph.microsoft.us",
    "https://dod-graph.microsoft.us",
    "https://microsoftgraph.chinacloudapi.cn",
];

/// The tokens that were issued.
pub(crate) struct Tokens {
    config: TokensConfig,
    dice: Dice,
    clock: Clock,
    /// The roles in the tokens that are issued from now on.
    roles: Arc<[String]>,
    /// The administrator's token, and its scopes.
    admin: Option<(String, Caller)>,
    issued: HashMap<String, Token>,
    latest: Option<String>,
    revocations: usize,
}

#[derive(Debug, Clone)]
struct Token {
    expires: Millis,
    revoked: bool,
    roles: Arc<[String]>,
}

/// The sender of a request, according to its token.
#[derive(Debug, Clone, Default)]
pub(crate) struct Caller {
    roles: Arc<[String]>,
}

/// A token as an identity endpoint returns it.
pub(crate) struct Issued {
    pub(crate) token: String,
    /// Seconds since 1970.
    pub(crate) expires_on: u64,
    /// Seconds from now.
    pub(crate) expires_in: u64,
    /// Whether it was issued before.
    pub(crate) cached: bool,
}

/// Why a token is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenProblem {
    Missing,
    /// From now on, no token is accepted.
    NoneAccepted,
    Unknown,
    Expired,
    Revoked,
}

impl Tokens {
    pub(crate) fn new(
        config: TokensConfig,
        directory: &DirectoryConfig,
        dice: Dice,
        clock: Clock,
    ) -> Self {
        let admin = directory.admin_token.clone().map(|token| {
            let roles = directory.admin_scopes.clone().into();
            (token, Caller { roles })
        });
        Self {
            roles: config.roles.clone().into(),
            admin,
            config,
            dice,
            clock,
            issued: HashMap::new(),
            latest: None,
            revocations: 0,
        }
    }

    /// Sets the app roles that the identity has from now on. Existing tokens keep theirs.
    pub(crate) fn set_roles(&mut self, roles: Arc<[String]>) {
        self.roles = roles;
    }

    /// A token for `audience`: a new one, or the latest one if `from_cache` and it has not expired.
    pub(crate) fn issue(&mut self, audience: &str, from_cache: bool, now: Millis) -> Issued {
        let cached = self.latest.clone().filter(|_| from_cache);
        if let Some(token) = cached
            && let Some(known) = self.issued.get(&token).filter(|known| known.expires > now)
        {
            return self.issued(token, known.expires, now, true);
        }
        let (age, roles) = match self.issued.is_empty() {
            true if self.config.first_issued_seconds_ago > 0 => (
                u64::from(self.config.first_issued_seconds_ago) * 1_000,
                self.config.roles.clone().into(),
            ),
            _ => (0, Arc::clone(&self.roles)),
        };
        let expires = (now + u64::from(self.config.lifetime_seconds) * 1_000).saturating_sub(age);
        let issued_at = self.clock.time_of_day(now).saturating_sub(age);
        let token = self.sign(audience, issued_at, expires, &roles);
        self.issued.insert(
            token.clone(),
            Token {
                expires,
                revoked: false,
                roles,
            },
        );
        self.latest = Some(token.clone());
        self.issued(token, expires, now, false)
    }

    /// Checks the value of an `Authorization` header after `writes` were admitted.
    ///
    /// # Errors
    ///
    /// Why the token is not accepted.
    pub(crate) fn check(
        &mut self,
        authorization: Option<&str>,
        now: Millis,
        writes: u64,
    ) -> Result<Caller, TokenProblem> {
        while self
            .config
            .revoke_after_writes
            .get(self.revocations)
            .is_some_and(|after| *after <= writes)
        {
            self.revocations += 1;
            self.issued
                .values_mut()
                .for_each(|token| token.revoked = true);
        }
        let token = authorization.and_then(|value| {
            let (scheme, token) = value.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then_some(token)
        });
        let Some(token) = token else {
            return Err(TokenProblem::Missing);
        };
        if self
            .config
            .refuse_after_writes
            .is_some_and(|after| after <= writes)
        {
            return Err(TokenProblem::NoneAccepted);
        }
        if self.config.fixed.as_deref() == Some(token) {
            let roles = self.config.roles.clone().into();
            return Ok(Caller { roles });
        }
        if let Some((_, admin)) = self.admin.as_ref().filter(|(known, _)| known == token) {
            return Ok(admin.clone());
        }
        match self.issued.get(token) {
            None => Err(TokenProblem::Unknown),
            Some(token) if token.expires <= now => Err(TokenProblem::Expired),
            Some(token) if token.revoked => Err(TokenProblem::Revoked),
            Some(token) => Ok(Caller {
                roles: Arc::clone(&token.roles),
            }),
        }
    }

    fn issued(&self, token: String, expires: Millis, now: Millis, cached: bool) -> Issued {
        let expires_on = self.clock.time_of_day(expires) / 1_000;
        Issued {
            token,
            expires_on,
            expires_in: (expires - now) / 1_000,
            cached,
        }
    }

    /// A JSON Web Token that looks real, with a random signature. `issued_at` is in milliseconds since 1970.
    fn sign(&self, audience: &str, issued_at: u64, expires: Millis, roles: &[String]) -> String {
        let roll = |subject| self.dice.roll(Draw::Token, subject);
        let number = self.issued.len() as u64;
        let header = json!({"typ": "JWT", "alg": "RS256", "kid": "simulator"});
        let payload = json!({
            "aud": audience,
            "iss": format!("https://sts.windows.net/{}/", self.config.tenant),
            "iat": issued_at / 1_000,
            "nbf": issued_at / 1_000,
            "exp": self.clock.time_of_day(expires) / 1_000,
            "appid": IDENTITY_APP.to_string(),
            "oid": IDENTITY.to_string(),
            "tid": self.config.tenant,
            "idtyp": "app",
            "roles": roles,
            "uti": random_guid(roll(number), roll(!number)).to_string(),
        });
        let signature: Vec<u8> = (0..32)
            .flat_map(|part| roll(number << 8 | part).to_be_bytes())
            .collect();
        let parts = [
            header.to_string().as_bytes(),
            payload.to_string().as_bytes(),
            &signature,
        ]
        .map(|part| BASE64URL_NOPAD.encode(part));
        parts.join(".")
    }
}

impl Issued {
    /// The body of the endpoint's response, with the expiry in these forms.
    pub(crate) fn body(&self, expires_on: ExpiresOn, expires_in: ExpiresIn) -> Value {
        let mut body = json!({"access_token": self.token, "token_type": "Bearer"});
        let seconds = self.expires_on;
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
            ExpiresIn::Text => body["expires_in"] = json!(self.expires_in.to_string()),
            ExpiresIn::Number => body["expires_in"] = json!(self.expires_in),
            ExpiresIn::Absent => {}
        }
        body
    }
}

impl Caller {
    /// Whether the token has this role.
    pub(crate) fn has(&self, role: &str) -> bool {
        self.roles.iter().any(|held| held == role)
    }
}
