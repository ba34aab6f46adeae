//! Access tokens: issued by the identity endpoints, checked by Graph, revoked in between; and what they permit.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::json;

use crate::clock::{Clock, Millis};
use crate::config::{DirectoryConfig, TokensConfig};
use crate::dice::{Dice, Matter};
use crate::directory::{IDENTITY, IDENTITY_APP};
use crate::errors::Refusal;
use crate::guid::Guid;

/// The tokens that were issued.
pub(crate) struct Tokens {
    config: TokensConfig,
    dice: Dice,
    clock: Clock,
    /// What the identity is permitted: in the tokens that are issued from now on.
    roles: Arc<[String]>,
    /// The administrator's token, and what it permits.
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

/// Who sends a request, as its token says.
#[derive(Debug, Clone, Default)]
pub(crate) struct Caller {
    roles: Arc<[String]>,
}

/// A token as an identity endpoint answers it.
pub(crate) struct Issued {
    pub(crate) token: String,
    /// Seconds since 1970.
    pub(crate) expires_on: u64,
    /// Seconds from now.
    pub(crate) expires_in: u64,
    /// It was not made for this request.
    pub(crate) cached: bool,
}

const READ: &str = "DeviceManagementManagedDevices.Read.All";
const READ_WRITE: &str = "DeviceManagementManagedDevices.ReadWrite.All";
const PRIVILEGED: &str = "DeviceManagementManagedDevices.PrivilegedOperations.All";

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

    /// The app roles that the identity has from now on. Tokens that are there already keep theirs.
    pub(crate) fn assign(&mut self, roles: Arc<[String]>) {
        self.roles = roles;
    }

    /// A token for `audience`: the latest one if that is wanted and has not expired, else a new one.
    pub(crate) fn issue(&mut self, audience: &str, from_cache: bool, now: Millis) -> Issued {
        let cached = self.latest.clone().filter(|_| from_cache);
        if let Some(token) = cached
            && let Some(known) = self.issued.get(&token).filter(|known| known.expires > now)
        {
            return self.answer(token, known.expires, now, true);
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
        let token = self.write(audience, issued_at, expires, &roles);
        self.issued.insert(
            token.clone(),
            Token {
                expires,
                revoked: false,
                roles,
            },
        );
        self.latest = Some(token.clone());
        self.answer(token, expires, now, false)
    }

    /// Whether Graph takes the value of an `Authorization` header when `writes` were let through before.
    pub(crate) fn check(
        &mut self,
        authorization: Option<&str>,
        now: Millis,
        writes: u64,
    ) -> Result<Caller, Refusal> {
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
            return Err(Refusal::bad_token("Access token is empty."));
        };
        if self
            .config
            .refuse_after_writes
            .is_some_and(|after| after <= writes)
        {
            return Err(Refusal::bad_token("Access token validation failure."));
        }
        if self.config.fixed.as_deref() == Some(token) {
            let roles = self.config.roles.clone().into();
            return Ok(Caller { roles });
        }
        if let Some((_, admin)) = self.admin.as_ref().filter(|(known, _)| known == token) {
            return Ok(admin.clone());
        }
        match self.issued.get(token) {
            None => Err(Refusal::bad_token(
                "Access token validation failure. Invalid audience.",
            )),
            Some(token) if token.expires <= now => Err(Refusal::bad_token(
                "Lifetime validation failed, the token is expired.",
            )),
            Some(token) if token.revoked => Err(Refusal::bad_token(
                "Continuous access evaluation resulted in challenge: the token is revoked.",
            )),
            Some(token) => Ok(Caller {
                roles: Arc::clone(&token.roles),
            }),
        }
    }

    /// Whether the caller may sync devices when `writes` were let through before.
    pub(crate) fn may_sync(&self, caller: &Caller, writes: u64) -> Result<(), Refusal> {
        let lost = self
            .config
            .role_lost_after_writes
            .is_some_and(|after| after <= writes);
        if caller.has(PRIVILEGED) && !lost {
            Ok(())
        } else {
            Err(Refusal::missing_role(PRIVILEGED))
        }
    }

    fn answer(&self, token: String, expires: Millis, now: Millis, cached: bool) -> Issued {
        let expires_on = self.clock.time_of_day(expires) / 1_000;
        Issued {
            token,
            expires_on,
            expires_in: (expires - now) / 1_000,
            cached,
        }
    }

    /// A JSON Web Token that looks real; its signature signs nothing.
    /// `issued_at` is in milliseconds since 1970.
    fn write(&self, audience: &str, issued_at: u64, expires: Millis, roles: &[String]) -> String {
        let roll = |subject| self.dice.roll(Matter::Token, subject);
        let number = self.issued.len() as u64;
        let header = json!({"typ": "JWT", "alg": "RS256", "kid": "simulator"});
        let payload = json!({
            "aud": audience,
            "iss": format!("https://sts.windows.net/{}/", self.config.tenant),
            "iat": issued_at / 1_000,
            "nbf": issued_at / 1_000,
            "exp": self.clock.time_of_day(expires) / 1_000,
            "appid": IDENTITY_APP,
            "oid": IDENTITY,
            "tid": self.config.tenant,
            "idtyp": "app",
            "roles": roles,
            "uti": Guid::random(roll(number), roll(!number)).to_string(),
        });
        let signature: Vec<u8> = (0..32)
            .flat_map(|part| roll(number << 8 | part).to_be_bytes())
            .collect();
        let parts = [
            header.to_string().as_bytes(),
            payload.to_string().as_bytes(),
            &signature,
        ]
        .map(base64url);
        parts.join(".")
    }
}

impl Caller {
    /// Whether the token permits this.
    pub(crate) fn has(&self, role: &str) -> bool {
        self.roles.iter().any(|held| held == role)
    }

    /// Whether the caller may list devices.
    pub(crate) fn may_list(&self) -> Result<(), Refusal> {
        if self.has(READ) || self.has(READ_WRITE) {
            return Ok(());
        }
        Err(Refusal::missing_role(&format!("{READ}, {READ_WRITE}")))
    }
}

/// RFC 4648 section 5, without padding.
pub(crate) fn base64url(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let group = chunk
            .iter()
            .chain([0, 0].iter())
            .take(3)
            .fold(0_usize, |group, byte| group << 8 | *byte as usize);
        for place in 0..=chunk.len() {
            text.push(char::from(ALPHABET[group >> (18 - 6 * place) & 63]));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::base64url;

    #[test]
    fn base64url_is_that_of_the_rfc() {
        let cases = [
            ("", ""),
            ("f", "Zg"),
            ("fo", "Zm8"),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg"),
            ("foobar", "Zm9vYmFy"),
        ];
        for (text, encoded) in cases {
            assert_eq!(base64url(text.as_bytes()), encoded);
        }
        assert_eq!(base64url(&[0xfb, 0xff]), "-_8");
    }
}
