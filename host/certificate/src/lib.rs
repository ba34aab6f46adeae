//! The certificate that an app of Entra ID proves itself with: read from a PEM or PFX file, and the assertions that are
//! signed with its key.
//!
//! Signatures, digests, HMAC and PBKDF2 are ring's, which TLS uses too. A PFX file is encrypted with ciphers that ring
//! does not have: these are single crates that only decrypt here.

mod assertion;
mod error;
mod pem;
mod pfx;
mod x509;

use data_encoding::BASE64URL_NOPAD;
use ring::{
    digest::{SHA256, digest},
    rsa,
};

pub use self::{assertion::ASSERTION_LIFETIME, error::CertificateError};

use self::x509::X509;

/// An X.509 certificate with its private key, an RSA key. It holds a secret, so there is no `Debug`.
pub struct ClientCertificate {
    key: rsa::KeyPair,
    /// The SHA-256 digest of the certificate.
    thumbprint: Vec<u8>,
    valid_from: i64,
    valid_until: i64,
}

/// What a file holds, before a certificate and a key are matched.
#[derive(Default)]
struct Contents {
    /// DER.
    certificates: Vec<Vec<u8>>,
    /// DER, as PKCS#8 or as PKCS#1.
    keys: Vec<PrivateKey>,
}

enum PrivateKey {
    Pkcs8(Vec<u8>),
    Pkcs1(Vec<u8>),
    /// A key of another kind, such as EC.
    Other,
}

impl ClientCertificate {
    /// Reads the content of a file: PEM with a certificate and its private key, or PFX, which `password` opens. A PFX
    /// file that was written without one has the empty password.
    ///
    /// # Errors
    ///
    /// What is wrong with the file.
    pub fn read(file: &[u8], password: Option<&str>) -> Result<Self, CertificateError> {
        let contents = match pem::read(file)? {
            Some(_) if password.is_some() => return Err(CertificateError::PemWithPassword),
            Some(contents) => contents,
            None => pfx::read(file, password)?,
        };
        contents.matched()
    }

    /// Checks that the certificate is valid at a time, in seconds since 1970.
    ///
    /// # Errors
    ///
    /// When it has expired, or is not valid yet.
    pub fn check_validity(&self, now: i64) -> Result<(), CertificateError> {
        if now > self.valid_until {
            return Err(CertificateError::Expired(date(self.valid_until)));
        }
        if now < self.valid_from {
            return Err(CertificateError::NotYetValid(date(self.valid_from)));
        }
        Ok(())
    }

    /// When it expires, as a date.
    #[must_use]
    pub fn expires(&self) -> String {
        date(self.valid_until)
    }

    /// The header `x5t#S256` of assertions: by it Entra ID finds the certificate among those of the app.
    fn x5t_s256(&self) -> String {
        BASE64URL_NOPAD.encode(&self.thumbprint)
    }
}

impl Contents {
    /// The one key, with the certificate that it belongs to: files often hold those of the issuers too.
    fn matched(self) -> Result<ClientCertificate, CertificateError> {
        let key = match self.keys.as_slice() {
            [] => return Err(CertificateError::NoKey),
            [key] => key.parse()?,
            _ => return Err(CertificateError::SeveralKeys),
        };
        if self.certificates.is_empty() {
            return Err(CertificateError::NoCertificate);
        }
        for der in &self.certificates {
            let certificate = X509::read(der).ok_or(CertificateError::NotX509)?;
            if certificate.rsa_public_key == key.public().as_ref() {
                return Ok(ClientCertificate {
                    key,
                    thumbprint: digest(&SHA256, der).as_ref().to_vec(),
                    valid_from: certificate.valid_from,
                    valid_until: certificate.valid_until,
                });
            }
        }
        Err(CertificateError::OtherKey)
    }
}

impl PrivateKey {
    fn parse(&self) -> Result<rsa::KeyPair, CertificateError> {
        let parsed = match self {
            Self::Pkcs8(der) if !x509::is_rsa_pkcs8(der) => return Err(CertificateError::NotRsa),
            Self::Pkcs8(der) => rsa::KeyPair::from_pkcs8(der),
            Self::Pkcs1(der) => rsa::KeyPair::from_der(der),
            Self::Other => return Err(CertificateError::NotRsa),
        };
        parsed.map_err(|rejected| CertificateError::KeyRejected(in_words(&rejected.to_string())))
    }
}

/// Why ring refuses a key: it has a name for each reason, and no sentence.
fn in_words(rejected: &str) -> &'static str {
    match rejected {
        "TooSmall" => "it is shorter than 2048 bits",
        "TooLarge" => "it is longer than 4096 bits",
        "PrivateModulusLenNotMultipleOf512Bits" => "its length is not a multiple of 1024 bits",
        _ => "it is damaged",
    }
}

/// A time in seconds since 1970 as a date in UTC.
fn date(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds)
        .unwrap_or(jiff::Timestamp::MAX)
        .strftime("%Y-%m-%d")
        .to_string()
}

#[cfg(test)]
mod tests;
