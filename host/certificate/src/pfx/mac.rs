//! What shows that the password is right and that nothing has been changed.

use ring::{digest, hmac};
use yasna::{ASN1Result, BERReader, models::ObjectIdentifier};

use super::{
    MAX_ITERATIONS, Password,
    kdf::{Purpose, derive},
};
use crate::{CertificateError, x509::is};

const SHA1: &[u64] = &[1, 3, 14, 3, 2, 26];
const SHA256: &[u64] = &[2, 16, 840, 1, 101, 3, 4, 2, 1];
const SHA384: &[u64] = &[2, 16, 840, 1, 101, 3, 4, 2, 2];
const SHA512: &[u64] = &[2, 16, 840, 1, 101, 3, 4, 2, 3];

/// A MAC and how it is made.
pub(super) struct Mac {
    digest: ObjectIdentifier,
    value: Vec<u8>,
    salt: Vec<u8>,
    iterations: u32,
}

impl Mac {
    pub(super) fn read(reader: BERReader<'_, '_>) -> ASN1Result<Self> {
        reader.read_sequence(|mac| {
            let (digest, value) = mac.next().read_sequence(|info| {
                let digest = info.next().read_sequence(|algorithm| {
                    let name = algorithm.next().read_oid()?;
                    algorithm.read_optional(|value| value.read_der())?;
                    Ok(name)
                })?;
                Ok((digest, info.next().read_bytes()?))
            })?;
            Ok(Self {
                digest,
                value,
                salt: mac.next().read_bytes()?,
                iterations: mac.read_optional(|value| value.read_u32())?.unwrap_or(1),
            })
        })
    }

    /// Checks the MAC of `safe`.
    ///
    /// # Errors
    ///
    /// When the password is another, or the algorithm is not known.
    pub(super) fn check(&self, safe: &[u8], password: &Password) -> Result<(), CertificateError> {
        let (digest, hmac) = self.algorithm()?;
        if self.iterations > MAX_ITERATIONS {
            return Err(CertificateError::Unsupported("too many iterations"));
        }
        let key = derive(
            digest,
            Purpose::Mac,
            (&password.utf16, &self.salt, self.iterations),
            digest.output_len(),
        );
        hmac::verify(&hmac::Key::new(hmac, &key), safe, &self.value)
            .map_err(|_| CertificateError::WrongPassword)
    }

    fn algorithm(&self) -> Result<(&'static digest::Algorithm, hmac::Algorithm), CertificateError> {
        let known: [(&[u64], &'static digest::Algorithm, hmac::Algorithm); 4] = [
            (
                SHA1,
                &digest::SHA1_FOR_LEGACY_USE_ONLY,
                hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            ),
            (SHA256, &digest::SHA256, hmac::HMAC_SHA256),
            (SHA384, &digest::SHA384, hmac::HMAC_SHA384),
            (SHA512, &digest::SHA512, hmac::HMAC_SHA512),
        ];
        known
            .into_iter()
            .find(|(name, ..)| is(&self.digest, name))
            .map(|(_, digest, hmac)| (digest, hmac))
            .ok_or(CertificateError::Unsupported("an unusual MAC"))
    }
}
