//! Assertions that an app signs with the key of its certificate.

use data_encoding::BASE64URL_NOPAD;
use ring::digest::{SHA256, digest};
use rustls_pki_types::{CertificateDer, pem::PemObject};
use serde_json::Value;

/// How far clocks may differ, in seconds.
const SKEW: u64 = 5 * 60;

/// Why an assertion is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AssertionProblem {
    /// It is not signed with the key of the app's certificate, or in another way than is documented.
    Signature,
    /// It has expired, is not valid yet, or is good for too long.
    Time,
    /// It is for something else, or from someone else.
    Audience,
}

/// What an assertion must say.
pub(super) struct Expected<'a> {
    /// The certificate, as PEM.
    pub(super) certificate: &'a str,
    pub(super) audience: &'a str,
    pub(super) client_id: &'a str,
    /// In seconds since 1970.
    pub(super) now: u64,
}

/// Checks an assertion, and returns its id.
///
/// # Errors
///
/// Why it is not accepted.
pub(super) fn check(assertion: &str, expected: &Expected<'_>) -> Result<String, AssertionProblem> {
    let (signed, signature) = assertion
        .rsplit_once('.')
        .ok_or(AssertionProblem::Signature)?;
    let (header, claims) = signed.split_once('.').ok_or(AssertionProblem::Signature)?;
    let (header, claims) = (json(header)?, json(claims)?);
    let certificate = CertificateDer::from_pem_slice(expected.certificate.as_bytes())
        .map_err(|_| AssertionProblem::Signature)?;
    let thumbprint = BASE64URL_NOPAD.encode(digest(&SHA256, &certificate).as_ref());
    if header["alg"] != "PS256" || header["typ"] != "JWT" || header["x5t#S256"] != thumbprint {
        return Err(AssertionProblem::Signature);
    }
    let signature = BASE64URL_NOPAD
        .decode(signature.as_bytes())
        .map_err(|_| AssertionProblem::Signature)?;
    webpki::EndEntityCert::try_from(&certificate)
        .and_then(|certificate| {
            let algorithm = webpki::ring::RSA_PSS_2048_8192_SHA256_LEGACY_KEY;
            certificate.verify_signature(algorithm, signed.as_bytes(), &signature)
        })
        .map_err(|_| AssertionProblem::Signature)?;
    let client = expected.client_id;
    if claims["aud"] != expected.audience || claims["iss"] != client || claims["sub"] != client {
        return Err(AssertionProblem::Audience);
    }
    let time = |name: &str| claims[name].as_u64().ok_or(AssertionProblem::Time);
    let (from, until) = (time("nbf")?, time("exp")?);
    let is_now = from <= expected.now + SKEW && expected.now < until;
    // Entra ID takes longer ones; Microsoft advises against them.
    if !is_now || until.saturating_sub(from) > 10 * 60 {
        return Err(AssertionProblem::Time);
    }
    let id = claims["jti"].as_str().filter(|id| !id.is_empty());
    id.map(str::to_owned).ok_or(AssertionProblem::Signature)
}

fn json(part: &str) -> Result<Value, AssertionProblem> {
    let bytes = BASE64URL_NOPAD.decode(part.as_bytes()).ok();
    let value = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    value.ok_or(AssertionProblem::Signature)
}
