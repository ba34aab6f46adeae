//! PEM: certificates and keys as text.

use rustls_pki_types::pem::{PemObject, SectionKind};

use crate::{CertificateError, Contents, PrivateKey};

/// How a block begins.
const BEGIN: &[u8] = b"-----BEGIN ";

/// What a PEM file holds; `None` if it is not PEM.
///
/// # Errors
///
/// When a block is broken, or the key is encrypted.
pub(crate) fn read(file: &[u8]) -> Result<Option<Contents>, CertificateError> {
    if !contains(file, BEGIN) {
        return Ok(None);
    }
    // Of PKCS#8, and of OpenSSL's own older form.
    let encrypted: [&[u8]; 2] = [
        b"-----BEGIN ENCRYPTED PRIVATE KEY",
        b"Proc-Type: 4,ENCRYPTED",
    ];
    if encrypted.iter().any(|mark| contains(file, mark)) {
        return Err(CertificateError::EncryptedPem);
    }
    let mut contents = Contents::default();
    for block in <(SectionKind, Vec<u8>)>::pem_slice_iter(file) {
        let (kind, der) = block.map_err(|_| CertificateError::BrokenPem)?;
        match kind {
            SectionKind::Certificate => contents.certificates.push(der),
            SectionKind::PrivateKey => contents.keys.push(PrivateKey::Pkcs8(der)),
            SectionKind::RsaPrivateKey => contents.keys.push(PrivateKey::Pkcs1(der)),
            SectionKind::EcPrivateKey => contents.keys.push(PrivateKey::Other),
            _ => {}
        }
    }
    Ok(Some(contents))
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}
