//! Why a file is not a certificate that an app can prove itself with.

/// What is wrong with the file, as the end of a sentence that begins with its name. Nothing of its content is in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// It is of another form, or broken.
    #[error("is neither PEM nor PFX")]
    Unreadable,
    /// A block of a PEM file is broken.
    #[error("is not valid PEM")]
    BrokenPem,
    /// There is no private key in it.
    #[error("holds no private key")]
    NoKey,
    /// There is no telling which one to use.
    #[error("holds several private keys")]
    SeveralKeys,
    /// There is no certificate in it.
    #[error("holds no certificate")]
    NoCertificate,
    /// A certificate in it is broken.
    #[error("holds a certificate that is not a valid X.509 certificate")]
    NotX509,
    /// Entra ID takes signatures by RSA keys.
    #[error("holds a private key that is not an RSA key")]
    NotRsa,
    /// ring refuses the key.
    #[error("holds an RSA key that cannot be used: {0}")]
    KeyRejected(&'static str),
    /// The key in a PEM file needs a password.
    #[error("holds an encrypted private key")]
    EncryptedPem,
    /// A password was given for a PEM file.
    #[error("is PEM, which takes no password")]
    PemWithPassword,
    /// No certificate in it has the key.
    #[error("holds a private key that belongs to none of its certificates")]
    OtherKey,
    /// The PFX file does not open without a password.
    #[error("needs a password")]
    PasswordNeeded,
    /// The PFX file does not open with the password.
    #[error("does not open with the password")]
    WrongPassword,
    /// The PFX file is encrypted or protected by something rare.
    #[error("is PFX with {0}, which is not supported")]
    Unsupported(&'static str),
    /// The certificate has expired.
    #[error("holds a certificate that expired on {0}")]
    Expired(String),
    /// The certificate is not valid yet.
    #[error("holds a certificate that is not valid before {0}")]
    NotYetValid(String),
}

impl CertificateError {
    /// What helps.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Unreadable
            | Self::BrokenPem
            | Self::NoKey
            | Self::SeveralKeys
            | Self::NoCertificate
            | Self::NotX509
            | Self::OtherKey => {
                "`--client-certificate-file` takes PEM with one certificate and its RSA key in PKCS#8 or PKCS#1, or PFX \
                 (PKCS#12) with both"
            }
            Self::NotRsa | Self::KeyRejected(_) => {
                "Entra ID takes assertions signed by an RSA key, of 2048 to 4096 bits: make a certificate with one"
            }
            Self::EncryptedPem => {
                "`openssl pkcs8 -in KEY.pem -out PLAIN.pem` decrypts the key; or use PFX with \
                 `--client-certificate-password-file`"
            }
            Self::PemWithPassword => {
                "leave `--client-certificate-password-file` out, or give a PFX file"
            }
            Self::PasswordNeeded => "give `--client-certificate-password-file`",
            Self::WrongPassword => {
                "write the password of the PFX file, and nothing else, to the file of \
                 `--client-certificate-password-file`"
            }
            Self::Unsupported(_) => {
                "write it anew: `openssl pkcs12 -in OLD.pfx -nodes -out APP.pem` makes PEM of it"
            }
            Self::Expired(_) | Self::NotYetValid(_) => {
                "make a new certificate and upload it to the app registration; check the clock of this machine"
            }
        }
    }
}
