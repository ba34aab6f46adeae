//! The assertion by which an app proves that it has the certificate's key: a JSON Web Token that it signs itself.

use data_encoding::BASE64URL_NOPAD;
use intune_sync_identity::{App, Secret};
use intune_sync_ids::Guid;
use ring::{
    rand::{SecureRandom, SystemRandom},
    signature::RSA_PSS_SHA256,
};
use serde_json::json;

use crate::ClientCertificate;

/// For how long an assertion is good, in seconds. Microsoft advises 5 to 10 minutes; the longer leaves room for a clock
/// that is slow.
pub const ASSERTION_LIFETIME: i64 = 10 * 60;

impl ClientCertificate {
    /// An assertion for one request for a token. `now` is in seconds since 1970.
    ///
    /// PS256 with `x5t#S256` is what Entra ID documents, next to RS256 with SHA-1:
    /// <https://learn.microsoft.com/entra/identity-platform/certificate-credentials>
    #[must_use]
    pub fn assertion(&self, app: &App, now: i64) -> Secret {
        let header = json!({"alg": "PS256", "typ": "JWT", "x5t#S256": self.x5t_s256()});
        let client = app.client_id.to_string();
        let claims = json!({
            "aud": app.token_url(),
            "iss": client,
            "sub": client,
            "jti": unique().to_string(),
            "iat": now,
            "nbf": now,
            "exp": now + ASSERTION_LIFETIME,
        });
        let mut token = [header, claims]
            .map(|part| BASE64URL_NOPAD.encode(part.to_string().as_bytes()))
            .join(".");
        let mut signature = vec![0; self.key.public().modulus_len()];
        self.key
            .sign(
                &RSA_PSS_SHA256,
                &SystemRandom::new(),
                token.as_bytes(),
                &mut signature,
            )
            .expect("the signature is as long as the modulus, and the system has randomness");
        token.push('.');
        token.push_str(&BASE64URL_NOPAD.encode(&signature));
        Secret::parse(&token).expect("Base64 and dots, of about a kilobyte")
    }
}

/// An id that no other assertion has.
fn unique() -> Guid {
    let mut bytes = [0; 16];
    SystemRandom::new()
        .fill(&mut bytes)
        .expect("the operating system has randomness; without it there is no TLS either");
    Guid::from_bits(u128::from_be_bytes(bytes))
}
