//! `--ca-file`: certificates to trust in addition to the system's.

use std::{fmt::Display, path::Path};

use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};

use super::ClientError;

/// The certificates of a PEM file, at least one.
///
/// # Errors
///
/// When the file cannot be read, holds no certificate, or holds an invalid one.
pub(super) fn read(path: &Path) -> Result<Vec<reqwest::Certificate>, ClientError> {
    let fail = |reason: &dyn Display| ClientError::CaFile {
        path: path.display().to_string(),
        reason: reason.to_string(),
    };
    let text = std::fs::read(path).map_err(|error| fail(&error))?;
    if text.trim_ascii().is_empty() {
        return Err(fail(&"it is empty"));
    }
    // Added to a store only to learn whether each one can be trusted at all.
    let mut store = RootCertStore::empty();
    let mut certificates = Vec::new();
    for (index, der) in CertificateDer::pem_slice_iter(&text).enumerate() {
        let number = index + 1;
        let der = der.map_err(|_| fail(&format!("certificate {number} in it is not valid PEM")))?;
        let certificate = reqwest::Certificate::from_der(&der).map_err(|error| fail(&error))?;
        store.add(der).map_err(|_| {
            fail(&format!(
                "certificate {number} in it is not a valid X.509 certificate"
            ))
        })?;
        certificates.push(certificate);
    }
    if certificates.is_empty() {
        return Err(fail(&"it holds no `BEGIN CERTIFICATE` block"));
    }
    Ok(certificates)
}
